"""Rank texts by similarity to included records, and before any to the review's question."""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, clone
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from screening.ranking import features
from screening.ranking.features import Features, tokenise

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
Labels = NDArray[np.int64]

# Raise this whenever the same parameters and labels give different scores.
VERSION = 3

# The usual constants of Okapi BM25, within the ranges that Robertson & Zaragoza (2009,
# doi:10.1561/1500000019) found good in many collections; not tuned here.
BM25_K1 = 1.2
BM25_B = 0.75

MIN_SPREAD = 1e-9  # of scores; below this they differ only by rounding errors

STEM_LENGTH = 6  # letters; words that begin with the same ones count as one: docs/adr/0022

MIN_GROUP_SIZE = 10  # texts needed for a useful mean and standard deviation

MAX_TERMS = 5  # shown for a record, and as many against it
MIN_QUESTION_WEIGHT = 0.05  # below which words of the question are not shown

# Runs and fingerprints name these parameters as they were first called, so that rankings made
# before the parameters were renamed keep their fingerprints.
STORED_NAMES = {
    "stem_length": "cut",
    "question_quarter_at": "question_fade",
    "short_text_words": "short",
    "group_norm_start": "fair_from",
    "group_norm_end": "fair_to",
}


@dataclass(frozen=True)
class RankingTerms:
    """The terms that explain a text's score, the strongest first."""

    raised: list[str]
    lowered: list[str]
    asked: list[str]  # words of the question that the text contains


class RelevanceRanker(BaseEstimator):  # type: ignore[misc]
    """Rank texts by a linear classifier of TF-IDF weights that starts from the review's question.

    The classifier follows ASReview 3's default, ELAS u4: sublinear counts of words and pairs of
    words, without those in over 95 % of the texts; a linear support vector machine with squared
    hinge loss and C = .11; the included rows together weigh 9.8 times as much as the excluded.
    Unlike there, words that begin with the same ``stem_length`` letters count as one, a crude
    stemming that works for any language that inflects at the end (docs/adr/0022; Can et al. 2008,
    who find five letters good for Turkish).
    The question's BM25 score is added to the classifier's, both standardised over the collection,
    the former times ``question_weight * (question_quarter_at / (question_quarter_at + n_included))
    ** 2``, so its weight falls to a quarter at ``question_quarter_at`` included records.  Of the
    formulas tried on nineteen labelled reviews, this was the simplest that helped on average
    (measure it with tests/benchmarks/ranking.py).  It can hurt where the question's words mislead.

    A text of fewer than ``short_text_words`` words, mostly a title without an abstract, has fewer
    words to match, and would rank last whatever it is about.  As screening goes on, it is compared
    more and more with other short texts: while the labelled share of the collection rises from
    ``group_norm_start`` to ``group_norm_end``, the classifier's score moves to the one it has when
    short texts and all others are standardised separately (docs/adr/0019 says what that gains).

    While only one class is known, the classifier is replaced by cosine similarity to the mean of
    that class (dissimilarity, if it is the excluded one).  With neither labels nor question all
    scores are 0, so the input order stays.  The result depends neither on chance nor on the order
    of the training rows, and everything runs in one thread.

    References
    ----------
    ASReview: van de Schoot et al. 2021, doi:10.1038/s42256-020-00287-7.
    BM25: Robertson & Zaragoza 2009, doi:10.1561/1500000019.
    Stems: Can et al. 2008, doi:10.1002/asi.20750.
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
        stem_length: int | None = STEM_LENGTH,
        question_weight: float = 1.0,
        question_quarter_at: float = 10.0,
        short_text_words: int = 30,
        group_norm_start: float = 0.1,
        group_norm_end: float = 0.3,
        decimals: int = 6,
    ) -> None:
        self.question = question
        self.C = C
        self.ratio = ratio
        self.ngram_range = ngram_range
        self.sublinear_tf = sublinear_tf
        self.max_df = max_df
        self.stem_length = stem_length
        self.question_weight = question_weight
        self.question_quarter_at = question_quarter_at
        self.short_text_words = short_text_words
        self.group_norm_start = group_norm_start
        self.group_norm_end = group_norm_end
        self.decimals = decimals

    def fit(self, X: Features, y: ArrayLike) -> Self:
        """Train on the rows ``X`` and their labels ``y``, 1 (included) or 0, both of shape (n,).

        There may be no row at all.  A label of -1 means that a row is not labelled.  Raises
        ValueError for other labels.
        """
        labels = _checked_labels(y, n_rows=len(X))
        known = np.flatnonzero(labels >= 0)
        training = X.take(known)
        # Sorted by text, since the solver's last digits depend on the order of the rows.
        keys = list(zip(training.digests, labels[known].tolist(), strict=True))
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)
        rows = self._weights(X)[training.rows[order]]
        self.coef_ = self._fit_terms(rows, labels[known[order]])
        self.training_ = sorted(keys)
        self.n_included_ = int(labels[known].sum())
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
        scores = self._normalise_groups(standardise(self._weights(X) @ self.coef_), X)
        if self.question:
            scores = scores + self._current_question_weight() * self._question_scores(X)
        # Adding zero turns -0.0 into 0.0.
        return np.asarray(np.round(scores[X.rows], self.decimals) + 0.0, dtype=np.float64)

    def held_out_scores(self, X: Features, y: ArrayLike, *, folds: int = 5) -> Floats:
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
                scores[in_fold] = clone(self).fit(X, other_labels).score(X.take(in_fold))
        return scores

    def explain(self, X: Features) -> list[RankingTerms]:
        """Return, for each of the rows ``X``, the terms that raised and lowered its score most.

        These are the classifier's terms, sorted by how much each adds to the score; a word that is
        part of a listed pair of words is left out.  ``asked`` lists the words of the question that
        the text contains, the rarest first, as long as the question still has some weight.
        """
        check_is_fitted(self)
        weights = self._weights(X)[X.rows]
        contributions = csr_array(
            (weights.data * self.coef_[weights.indices], weights.indices, weights.indptr),
            shape=weights.shape,
        )
        strongest = [_strongest_columns(contributions, row) for row in range(len(X))]
        columns = sorted({int(column) for both in strongest for column in np.concatenate(both)})
        terms = X.terms(
            np.array(columns, dtype=np.intp),
            self.ngram_range,
            max_df=self.max_df,
            stem_length=self.stem_length,
        )
        term_of = dict(zip(columns, terms, strict=True))
        return [
            RankingTerms(
                raised=_terms_to_show([term_of[column] for column in raised.tolist()]),
                lowered=_terms_to_show([term_of[column] for column in lowered.tolist()]),
                asked=asked,
            )
            for (raised, lowered), asked in zip(strongest, self._question_words(X), strict=True)
        ]

    def rank(self, X: Features) -> Positions:
        """Return the positions in ``X``, shape (m,), most relevant first; ties keep their order."""
        return np.argsort(-self.score(X), kind="stable")

    def fingerprint(self) -> str:
        """Return the sha256 of everything the scores depend on: equal ones have equal ranks.

        That is the parameters with the question (see `stored_parameters`), the texts and labels
        trained on, in any order, and the collection, which says how rare a word is.
        """
        check_is_fitted(self)
        basis = {
            "versions": {"ranker": VERSION, "features": features.VERSION},
            "parameters": self.stored_parameters(),
            "training": self.training_,
            "collection": self.collection_digest_,
        }
        return hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()

    def stored_parameters(self) -> dict[str, Any]:
        """Return the parameters, sorted, under the names that runs and fingerprints store."""
        parameters = self.get_params()
        return dict(
            sorted((STORED_NAMES.get(name, name), value) for name, value in parameters.items())
        )

    def _normalise_groups(self, scores: Floats, X: Features) -> Floats:
        """Return the scores, those of short texts moved towards a scale of their own."""
        n_labelled = len(self.training_)
        start, end = self.group_norm_start, self.group_norm_end
        progress = (n_labelled / max(X.n_texts, 1) - start) / (end - start)
        share = min(max(progress, 0.0), 1.0)
        is_short = X.lengths < self.short_text_words
        if share == 0 or min(is_short.sum(), (~is_short).sum()) < MIN_GROUP_SIZE:
            return scores
        within_group = scores.copy()
        for group in (is_short, ~is_short):
            within_group[group] = standardise(scores[group])
        return np.asarray(scores + share * (within_group - scores), dtype=np.float64)

    def _question_words(self, X: Features) -> list[list[str]]:
        """Return the words of the question that each of the rows contains, the rarest first."""
        if not self.question or self._current_question_weight() < MIN_QUESTION_WEIGHT:
            return [[] for _ in X.rows]
        words = sorted(set(tokenise(self.question)))
        known_words = [word for word in words if _position_of(X.words, word) is not None]
        counts = _frequencies(X, words)
        n_texts_with = (counts > 0).sum(axis=0)
        rarest = np.argsort(n_texts_with, kind="stable")
        # A word that is in over half of the texts says little about any of them.
        telling = [column for column in rarest if 0 < n_texts_with[column] <= X.n_texts / 2]
        return [
            [known_words[column] for column in telling if counts[row, column]][:MAX_TERMS]
            for row in X.rows
        ]

    def _current_question_weight(self) -> float:
        fading = self.question_quarter_at / (self.question_quarter_at + self.n_included_)
        return self.question_weight * fading**2

    def _weights(self, X: Features) -> csr_array:
        key = ("tfidf", tuple(self.ngram_range), self.sublinear_tf, self.max_df, self.stem_length)
        return X.derive_once(key, lambda: self._tfidf(X))

    def _tfidf(self, X: Features) -> csr_array:
        counts = X.counts(self.ngram_range, max_df=self.max_df, stem_length=self.stem_length)
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

    def _question_scores(self, X: Features) -> Floats:
        question = self.question or ""
        return X.derive_once(("question", question), lambda: standardise(bm25(X, question)))

    def _fit_terms(self, rows: csr_array, labels: Labels) -> Floats:
        n_included = int(labels.sum())
        n_excluded = len(labels) - n_included
        if n_included == 0 or n_excluded == 0 or rows.nnz == 0:
            return _mean_direction(rows) * (1.0 if n_included else -1.0)
        weights = np.where(labels == 1, 1.0, n_included / (self.ratio * n_excluded))
        weights *= len(labels) / weights.sum()
        model = LinearSVC(C=self.C, dual=True, random_state=0)
        model.fit(rows, labels, sample_weight=weights)
        return np.asarray(model.coef_[0], dtype=np.float64)


def _strongest_columns(contributions: csr_array, row: int) -> tuple[Positions, Positions]:
    """Return the columns that raise a row's score most, and those that lower it most."""
    start, end = contributions.indptr[row : row + 2]
    values, columns = contributions.data[start:end], contributions.indices[start:end]
    order = np.lexsort((columns, -values))
    raised = order[: 3 * MAX_TERMS][values[order[: 3 * MAX_TERMS]] > 0]
    lowered = order[::-1][: 3 * MAX_TERMS]
    return columns[raised], columns[lowered[values[lowered] < 0]]


def _terms_to_show(terms: Sequence[str]) -> list[str]:
    """Return the first of ``terms`` that mean something to a person.

    Left out are terms with function words, and words that are part of a pair among ``terms``.
    """
    telling = [term for term in terms if ENGLISH_STOP_WORDS.isdisjoint(term.split())]
    words_of_pairs = {word for term in telling if " " in term for word in term.split()}
    return [term for term in telling if term not in words_of_pairs][:MAX_TERMS]


def in_text_forms(terms: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return ``terms`` in the forms in which a text with these ``words`` uses them, if it does.

    The classifier counts words with the same stem as one, and names them by the first it met.
    """
    stems = [word[:STEM_LENGTH] for word in words]
    forms = []
    for term in terms:
        term_stems = [word[:STEM_LENGTH] for word in term.split()]
        size = len(term_stems)
        starts = (n for n in range(len(stems)) if stems[n : n + size] == term_stems)
        start = next(starts, None)
        forms.append(term if start is None else " ".join(words[start : start + size]))
    return forms


def bm25(X: Features, question: str) -> Floats:
    """Return the Okapi BM25 score of every text of the collection for ``question``, shape (n,).

    Each distinct word of the question counts once.  Its rarity is ln(1 + (n - m + .5) / (m + .5)),
    where m of n texts contain it, so it is never negative.  A text with none of the words scores 0
    (Robertson & Zaragoza 2009, doi:10.1561/1500000019).
    """
    frequencies = _frequencies(X, sorted(set(tokenise(question))))
    n_texts_with = (frequencies > 0).sum(axis=0)
    rarity = np.log1p((X.n_texts - n_texts_with + 0.5) / (n_texts_with + 0.5))
    relative_length = X.lengths / max(X.lengths.mean(), 1.0) if X.n_texts else X.lengths
    saturation = BM25_K1 * (1 - BM25_B + BM25_B * relative_length)
    scores = frequencies * rarity / (frequencies + saturation[:, np.newaxis])
    return np.asarray(scores.sum(axis=1), dtype=np.float64)


def standardise(scores: Floats) -> Floats:
    """Return ``scores`` with mean 0 and standard deviation 1, or zeros if all are equal."""
    if len(scores) == 0 or (spread := float(scores.std())) < MIN_SPREAD:
        return np.zeros_like(scores)
    return np.asarray((scores - scores.mean()) / spread, dtype=np.float64)


def _frequencies(X: Features, words: Sequence[str]) -> Labels:
    """Return how often each text of the collection contains each of ``words``.

    The shape is (n, n_known): words that no text contains have no column.
    """
    known = [position for word in words if (position := _position_of(X.words, word)) is not None]
    column_of_word = np.full(len(X.words), -1)
    column_of_word[known] = np.arange(len(known))
    columns = column_of_word[X.tokens]
    texts = np.repeat(np.arange(X.n_texts), X.lengths)
    cells = (texts * len(known) + columns)[columns >= 0]
    counts = np.bincount(cells, minlength=X.n_texts * len(known))
    return counts.reshape(X.n_texts, len(known))


def _position_of(words: Sequence[str], word: str) -> int | None:
    """Return the position of ``word`` in the sorted ``words``; None if it is not there."""
    position = bisect_left(words, word)
    return position if words[position : position + 1] == (word,) else None


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
