"""Rank texts by similarity to included records, and before any to the review's question."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, clone
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from screening.ranking import features
from screening.ranking.features import Features
from screening.ranking.question import (
    MIN_GROUP_SIZE,
    MISSES_PER_HIT,
    MISSES_TO_HALF,
    QuestionMatch,
    match_question,
    standardise,
)
from screening.ranking.terms import MAX_TERMS, RankingTerms, strongest_columns, terms_to_show

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
Labels = NDArray[np.int64]

# Raise this whenever the same parameters and labels give different scores.
VERSION = 4

MIN_QUESTION_WEIGHT = 0.05  # below which words of the question are not shown


class RelevanceRanker(BaseEstimator):  # type: ignore[misc]
    """Rank texts by a linear classifier of TF-IDF weights that starts from the review's question.

    The classifier follows ASReview 3's default, ELAS u4: sublinear counts of words and pairs of
    words, without those in over 95 % of the texts; a linear support vector machine with squared
    hinge loss and C = .11; the included rows together weigh 9.8 times as much as the excluded.
    While only included rows are known, it is replaced by cosine similarity to their mean; before
    any is known, by nothing.

    Before there is a first included row, texts are ranked by the question: its words' BM25 scores,
    standardised over the collection, plus the text's likeness to the collection as a whole.  Each
    word loses weight with every excluded text that contains it, and regains it with included ones
    (see `screening.ranking.question`).  Later, this is added to the classifier's standardised score
    times ``question_weight * (question_quarter_at / (question_quarter_at + n_included)) ** 2``, so
    its weight falls to a quarter at ``question_quarter_at`` included records.

    A text of fewer than ``short_text_words`` words, mostly a title without an abstract, has fewer
    words to match, and would rank last whatever it is about.  Such texts are moved towards the
    scores of the others by as much as they have turned out to be relevant: see `_short_text_lift`.

    With neither labels nor question all scores are 0, so the input order stays.  The result
    depends neither on chance nor on the order of the training rows, and everything runs in one
    thread.  What all this gains, and what was tried without success, is in docs/adr/0024 and 0025.

    References
    ----------
    ASReview: van de Schoot et al. 2021, doi:10.1038/s42256-020-00287-7.
    BM25: Robertson & Zaragoza 2009, doi:10.1561/1500000019.
    """

    def __init__(
        self,
        *,
        question: str | None = None,
        C: float = 0.11,
        ratio: float = 9.8,
        ngram_range: tuple[int, int] = (1, 2),
        sublinear_tf: bool = True,
        max_df: float = 0.95,
        question_weight: float = 1.0,
        question_quarter_at: float = 10.0,
        misses_to_half: float = MISSES_TO_HALF,
        misses_per_hit: float = MISSES_PER_HIT,
        short_text_words: int = 30,
        short_text_misses: float = 10.0,
        decimals: int = 6,
    ) -> None:
        self.question = question
        self.C = C
        self.ratio = ratio
        self.ngram_range = ngram_range
        self.sublinear_tf = sublinear_tf
        self.max_df = max_df
        self.question_weight = question_weight
        self.question_quarter_at = question_quarter_at
        self.misses_to_half = misses_to_half
        self.misses_per_hit = misses_per_hit
        self.short_text_words = short_text_words
        self.short_text_misses = short_text_misses
        self.decimals = decimals

    def fit(self, X: Features, y: ArrayLike, *, languages: Sequence[str] | None = None) -> Self:
        """Train on the rows ``X`` and their labels ``y``, 1 (included) or 0, both of shape (n,).

        There may be no row at all.  A label of -1 means that a row is not labelled.  ``languages``
        has one for every text of the collection, for the question's part of the score.  Raises
        ValueError for other labels.
        """
        labels = _checked_labels(y, n_rows=len(X))
        known = np.flatnonzero(labels >= 0)
        training = X.take(known)
        # Sorted by text, since the solver's last digits depend on the order of the rows.
        keys = list(zip(training.digests, labels[known].tolist(), strict=True))
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)
        rows, sorted_labels = training.rows[order], labels[known[order]]
        self.languages_ = None if languages is None else tuple(languages)
        self.coef_ = self._fit_terms(self._weights(X)[rows], sorted_labels)
        self.n_included_ = int(sorted_labels.sum())
        self.word_weights_ = self._match(X).word_weights(
            included=rows[sorted_labels == 1],
            excluded=rows[sorted_labels == 0],
            misses_to_half=self.misses_to_half,
            misses_per_hit=self.misses_per_hit,
        )
        self.short_text_lift_ = self._short_text_lift(self._is_short(X)[rows], sorted_labels)
        self.training_ = sorted(keys)
        self.collection_digest_ = X.collection_digest
        return self

    def score(self, X: Features) -> Floats:
        """Return the relevance of the rows ``X``, shape (m,); higher is more relevant.

        Scores are rounded, so that machines whose last digits differ agree.  Raises ValueError for
        rows of another collection than the one fitted on, because its words have other weights.
        """
        check_is_fitted(self)
        if X.collection_digest != self.collection_digest_:
            raise ValueError("These rows are from another collection. Fit the ranker on it first.")
        scores = self._lift_short_texts(standardise(self._weights(X) @ self.coef_), X)
        if self.question:
            scores = scores + self._current_question_weight() * self._question_scores(X)
        # Adding zero turns -0.0 into 0.0.
        return np.asarray(np.round(scores[X.rows], self.decimals) + 0.0, dtype=np.float64)

    def held_out_scores(
        self,
        X: Features,
        y: ArrayLike,
        *,
        languages: Sequence[str] | None = None,
        folds: int = 5,
    ) -> Floats:
        """Return each labelled row's score by a ranker that did not see its label, shape (n,).

        Rows are put into ``folds`` by their texts, so that equal texts are held out together.  Rows
        without a label (-1) get NaN.
        """
        labels = _checked_labels(y, n_rows=len(X))
        fold_of = np.array([int(digest[:8], 16) % folds for digest in X.digests])
        scores = np.full(len(X), np.nan)
        for fold in range(folds):
            in_fold = np.flatnonzero((fold_of == fold) & (labels >= 0))
            if len(in_fold):
                other_labels = np.where(fold_of == fold, -1, labels)
                ranker = clone(self).fit(X, other_labels, languages=languages)
                scores[in_fold] = ranker.score(X.take(in_fold))
        return scores

    def explain(self, X: Features) -> list[RankingTerms]:
        """Return, for each of the rows ``X``, the terms that raised and lowered its score most.

        These are the classifier's terms, sorted by how much each adds to the score; a word that is
        part of a listed pair of words is left out.  ``asked`` lists the words of the question that
        the text contains, the rarest first, as long as they still have some weight.
        """
        check_is_fitted(self)
        weights = self._weights(X)[X.rows]
        contributions = csr_array(
            (weights.data * self.coef_[weights.indices], weights.indices, weights.indptr),
            shape=weights.shape,
        )
        strongest = [strongest_columns(contributions, row) for row in range(len(X))]
        columns = sorted({int(column) for both in strongest for column in np.concatenate(both)})
        terms = X.terms(np.array(columns, dtype=np.intp), self.ngram_range, max_df=self.max_df)
        term_of = dict(zip(columns, terms, strict=True))
        return [
            RankingTerms(
                raised=terms_to_show([term_of[column] for column in raised.tolist()]),
                lowered=terms_to_show([term_of[column] for column in lowered.tolist()]),
                asked=asked,
            )
            for (raised, lowered), asked in zip(strongest, self._question_words(X), strict=True)
        ]

    def rank(self, X: Features) -> Positions:
        """Return the positions in ``X``, shape (m,), most relevant first; ties keep their order."""
        return np.argsort(-self.score(X), kind="stable")

    def fingerprint(self) -> str:
        """Return the sha256 of everything the scores depend on: equal ones have equal ranks.

        That is the parameters with the question, the texts and labels trained on, in any order,
        and the collection with its languages, which says how rare a word is.
        """
        check_is_fitted(self)
        basis = {
            "versions": {"ranker": VERSION, "features": features.VERSION},
            "parameters": self.get_params(),
            "training": self.training_,
            "collection": self.collection_digest_,
            "languages": self.languages_,
        }
        return hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()

    def _is_short(self, X: Features) -> NDArray[np.bool_]:
        return np.asarray(X.lengths < self.short_text_words)

    def _short_text_lift(self, is_short: NDArray[np.bool_], labels: Labels) -> float:
        """Return how far to move short texts towards the scores of the others, from 0 to 1.

        That is the rate of included texts among the short ones, as if ``short_text_misses`` more of
        them had been excluded, divided by the rate among the others: short texts are rarely
        relevant, and nothing moves before one has been included.
        """
        hits, n_short = int(labels[is_short].sum()), int(is_short.sum())
        other_hits, n_others = int(labels[~is_short].sum()), int((~is_short).sum())
        if not other_hits:
            return 0.0
        rate, other_rate = hits / (n_short + self.short_text_misses), other_hits / n_others
        return min(rate / other_rate, 1.0)

    def _lift_short_texts(self, scores: Floats, X: Features) -> Floats:
        """Return the scores, moved towards a scale of their own for short texts and for others."""
        is_short = self._is_short(X)
        if not self.short_text_lift_ or min(is_short.sum(), (~is_short).sum()) < MIN_GROUP_SIZE:
            return scores
        within_group = scores.copy()
        for group in (is_short, ~is_short):
            within_group[group] = standardise(scores[group])
        return np.asarray(scores + self.short_text_lift_ * (within_group - scores))

    def _match(self, X: Features) -> QuestionMatch:
        question = self.question or ""
        return X.derive_once(
            ("question", question, self.languages_, *self._tfidf_key()),
            lambda: match_question(X, question, tfidf=self._weights(X), languages=self.languages_),
        )

    def _question_scores(self, X: Features) -> Floats:
        match = self._match(X)
        scores = match.scores(self.word_weights_)
        # Once some words have proved right, those that are left carry the question's whole weight.
        return (standardise(scores) if self.n_included_ else scores) + match.typicality

    def _question_words(self, X: Features) -> list[list[str]]:
        """Return the words of the question that each of the rows contains, the rarest first."""
        match, weight = self._match(X), self._current_question_weight()
        is_shown = (weight * self.word_weights_ >= MIN_QUESTION_WEIGHT) & match.is_telling
        return [match.words_in(row, is_shown)[:MAX_TERMS] for row in X.rows]

    def _current_question_weight(self) -> float:
        fading = self.question_quarter_at / (self.question_quarter_at + self.n_included_)
        return self.question_weight * fading**2

    def _tfidf_key(self) -> tuple[Any, ...]:
        return ("tfidf", tuple(self.ngram_range), self.sublinear_tf, self.max_df)

    def _weights(self, X: Features) -> csr_array:
        return X.derive_once(self._tfidf_key(), lambda: self._tfidf(X))

    def _tfidf(self, X: Features) -> csr_array:
        counts = X.counts(self.ngram_range, max_df=self.max_df)
        n_texts_with = np.bincount(counts.indices, minlength=counts.shape[1])
        values = counts.data.astype(np.float64)
        if self.sublinear_tf:
            values = 1 + np.log(values)
        # As if each n-gram were in one more text, so that nothing is divided by zero.
        values *= (1 + np.log((1 + X.n_texts) / (1 + n_texts_with)))[counts.indices]
        weights = csr_array((values, counts.indices, counts.indptr), shape=counts.shape)
        norms = np.sqrt(weights.power(2).sum(axis=1))
        weights.data /= np.repeat(norms, np.diff(weights.indptr))
        return weights

    def _fit_terms(self, rows: csr_array, labels: Labels) -> Floats:
        n_included = int(labels.sum())
        n_excluded = len(labels) - n_included
        if n_included == 0 or rows.nnz == 0:
            return np.zeros(rows.shape[1])
        if n_excluded == 0:
            return _mean_direction(rows)
        weights = np.where(labels == 1, 1.0, n_included / (self.ratio * n_excluded))
        weights *= len(labels) / weights.sum()
        model = LinearSVC(C=self.C, dual=True, random_state=0)
        model.fit(rows, labels, sample_weight=weights)
        return np.asarray(model.coef_[0], dtype=np.float64)


def _checked_labels(y: ArrayLike, *, n_rows: int) -> Labels:
    labels = np.asarray(y, dtype=np.int64).reshape(-1)
    if len(labels) != n_rows:
        raise ValueError(f"{n_rows} rows need as many labels, not {len(labels)}.")
    if not np.isin(labels, (-1, 0, 1)).all():
        raise ValueError("Labels are 1 (included), 0 (excluded) or -1 (not labelled).")
    return labels


def _mean_direction(rows: csr_array) -> Floats:
    total = np.asarray(rows.sum(axis=0), dtype=np.float64).reshape(-1)
    length = np.linalg.norm(total)
    return total / length if length > 0 else total
