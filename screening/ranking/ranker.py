"""What to read first: likeness to what was included, and to the review's question before that."""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

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
Places = NDArray[np.intp]
Labels = NDArray[np.int64]

# Raised whenever the same parameters and labels come to give other scores.
VERSION = 3

# The usual constants of Okapi BM25, within the ranges that Robertson & Zaragoza (2009,
# doi:10.1561/1500000019) name as good in many collections; not tuned here.
BM25_K1 = 1.2
BM25_B = 0.75

# Scores that spread less than this differ by rounding errors only.
SAME = 1e-9

CUT = 6  # letters by which words are told apart: docs/adr/0022

LEAST_OF_KIND = 10  # texts whose mean and spread are worth something

TOLD = 5  # terms that are named for a record and as many against it
LEAST_SHARE = 0.05  # of the question in the score, below which its words are not named


@dataclass(frozen=True)
class Why:
    """Why a text stands where it does: terms, the weightiest first."""

    raised: list[str]
    lowered: list[str]
    asked: list[str]


class RelevanceRanker(BaseEstimator):  # type: ignore[misc]
    """Rank texts by a linear classifier of TF-IDF weights, begun from the review's question.

    The classifier follows ASReview 3's default, ELAS u4: sublinear counts of words and pairs of
    words, those in over 95 % of the texts left out; a linear support vector machine with squared
    hinge loss and C = .11; the included rows together weigh 9.8 times as much as the excluded.
    Other than there, words that begin with the same ``cut`` letters are one, a crude stemming that
    serves any language that inflects at the end (docs/adr/0022; Can et al. 2008, who find five
    letters good for Turkish).
    Added to its score is the question's BM25 score, both standardised over the collection, the
    latter times ``question_weight * (question_fade / (question_fade + n_included)) ** 2``: of the
    fades tried on nineteen labelled reviews the simplest that helped on average (measure it with
    tests/benchmarks/ranking.py).  It can hurt where the question's words mislead.

    A text of fewer than ``short`` words, mostly a title without an abstract, has fewer words that
    could speak for it, and would come last whatever it is about.  As reading goes on it is more
    and more compared with its own kind: from a share of ``fair_from`` of the collection that is
    labelled to one of ``fair_to``, the classifier's score moves to what it is when short texts and
    the others are each standardised among themselves (docs/adr/0019 has what that gains).

    While only one class is known, cosine likeness to its mean (unlikeness, where that class is
    the excluded) stands in for the classifier.  With neither labels nor question all scores are
    0, so the input order stays.  The result depends neither on chance nor on the order of the
    training rows, and everything runs in one thread.

    References
    ----------
    ASReview: van de Schoot et al. 2021, doi:10.1038/s42256-020-00287-7.
    BM25: Robertson & Zaragoza 2009, doi:10.1561/1500000019.
    Cut words: Can et al. 2008, doi:10.1002/asi.20750.
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
        cut: int | None = CUT,
        question_weight: float = 1.0,
        question_fade: float = 10.0,
        short: int = 30,
        fair_from: float = 0.1,
        fair_to: float = 0.3,
        decimals: int = 6,
    ) -> None:
        self.question = question
        self.C = C
        self.ratio = ratio
        self.ngram_range = ngram_range
        self.sublinear_tf = sublinear_tf
        self.max_df = max_df
        self.cut = cut
        self.question_weight = question_weight
        self.question_fade = question_fade
        self.short = short
        self.fair_from = fair_from
        self.fair_to = fair_to
        self.decimals = decimals

    def fit(self, X: Features, y: ArrayLike) -> Self:
        """Learn from the rows ``X`` and ``y``, 1 (included) or 0, both of shape (n,).

        There may be no row at all, and a label of -1 says that a row is not labelled.  Raises
        ValueError for other labels.
        """
        labels = _checked(y, n_rows=len(X))
        known = np.flatnonzero(labels >= 0)
        training = X.take(known)
        # Sorted by text, since the solver's last digits depend on the order of the rows.
        keys = list(zip(training.digests, labels[known].tolist(), strict=True))
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.intp)
        rows = self._weigh(X)[training.rows[order]]
        self.coef_ = self._learn(rows, labels[known[order]])
        self.training_ = sorted(keys)
        self.n_included_ = int(labels[known].sum())
        self.collection_digest_ = X.collection_digest
        return self

    def score(self, X: Features) -> Floats:
        """Return the relevance of the rows ``X``, shape (m,), higher is more relevant.

        Rounded, so that machines whose last digits differ agree.  Raises ValueError for rows of
        another collection than the one fitted on: its words weigh differently, so fit again.
        """
        check_is_fitted(self)
        if X.collection_digest != self.collection_digest_:
            raise ValueError("These rows are of another collection: fit the ranker on it first.")
        scores = self._fair(standardise(self._weigh(X) @ self.coef_), X)
        if self.question:
            scores = scores + self._question_share() * self._ask(X)
        # Adding zero turns -0.0 into 0.0.
        return np.asarray(np.round(scores[X.rows], self.decimals) + 0.0, dtype=np.float64)

    def held_out(self, X: Features, y: ArrayLike, *, folds: int = 5) -> Floats:
        """Return the score of each labelled row where its own label was not learned, shape (n,).

        Rows are put into ``folds`` by their texts, so that equal texts are held out together; rows
        that are not labelled (-1) have NaN.
        """
        labels = _checked(y, n_rows=len(X))
        fold_of = np.array([int(digest[:8], 16) % folds for digest in X.digests])
        scores = np.full(len(X), np.nan)
        for fold in range(folds):
            mine = np.flatnonzero((fold_of == fold) & (labels >= 0))
            if len(mine):
                others = np.where(fold_of == fold, -1, labels)
                scores[mine] = clone(self).fit(X, others).score(X.take(mine))
        return scores

    def explain(self, X: Features) -> list[Why]:
        """Return, for each of the rows ``X``, the terms that raised and lowered its score most.

        Only the classifier's terms, by what each adds to the score; a word that a listed pair of
        words holds is left out.  ``asked`` has the words of the question that the text holds, the
        rarest first, as long as the question counts for anything.
        """
        check_is_fitted(self)
        weights = self._weigh(X)[X.rows]
        shares = csr_array(
            (weights.data * self.coef_[weights.indices], weights.indices, weights.indptr),
            shape=weights.shape,
        )
        told = [_most_telling(shares, row) for row in range(shares.shape[0])]
        columns = sorted({int(column) for two in told for one in two for column in one})
        terms = X.terms(
            np.array(columns, dtype=np.intp), self.ngram_range, max_df=self.max_df, cut=self.cut
        )
        named = dict(zip(columns, terms, strict=True))
        asked = self._asked(X)
        return [
            Why(
                raised=_without_parts([named[one] for one in raised.tolist()]),
                lowered=_without_parts([named[one] for one in lowered.tolist()]),
                asked=asked[place],
            )
            for place, (raised, lowered) in enumerate(told)
        ]

    def rank(self, X: Features) -> Places:
        """Return the places in ``X``, shape (m,), most relevant first; ties keep input order."""
        return np.argsort(-self.score(X), kind="stable")

    def fingerprint(self) -> str:
        """Return the sha256 of all that the scores follow from: the same one, the same ranks.

        That is the parameters (the question among them), the texts and labels learned from, in
        any order, and the collection that says how rare a word is.
        """
        check_is_fitted(self)
        basis = {
            "versions": {"ranker": VERSION, "features": features.VERSION},
            "parameters": self.get_params(),
            "training": self.training_,
            "collection": self.collection_digest_,
        }
        return hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()

    def _fair(self, scores: Floats, X: Features) -> Floats:
        """Return the scores with short texts moved towards their place among their own kind."""
        n_labelled = len(self.training_)
        done = (n_labelled / max(X.n_texts, 1) - self.fair_from) / (self.fair_to - self.fair_from)
        share = min(max(done, 0.0), 1.0)
        is_short = X.lengths < self.short
        if share == 0 or min(is_short.sum(), (~is_short).sum()) < LEAST_OF_KIND:
            return scores
        within = scores.copy()
        for kind in (is_short, ~is_short):
            within[kind] = standardise(scores[kind])
        return np.asarray(scores + share * (within - scores), dtype=np.float64)

    def _asked(self, X: Features) -> list[list[str]]:
        if not self.question or self._question_share() < LEAST_SHARE:
            return [[] for _ in X.rows]
        words = sorted(set(tokenise(self.question)))
        found = [word for word in words if _place_of(X.words, word) is not None]
        counts = _frequencies(X, words)
        holding = (counts > 0).sum(axis=0)
        rarest = np.argsort(holding, kind="stable")
        # What half of the texts hold tells nothing.
        telling = [column for column in rarest if 0 < holding[column] <= X.n_texts / 2]
        return [
            [found[column] for column in telling if counts[row, column]][:TOLD] for row in X.rows
        ]

    def _question_share(self) -> float:
        fading = self.question_fade / (self.question_fade + self.n_included_)
        return self.question_weight * fading**2

    def _weigh(self, X: Features) -> csr_array:
        key = ("tfidf", tuple(self.ngram_range), self.sublinear_tf, self.max_df, self.cut)
        return X.once(key, lambda: self._tfidf(X))

    def _tfidf(self, X: Features) -> csr_array:
        counts = X.counts(self.ngram_range, max_df=self.max_df, cut=self.cut)
        holding = np.bincount(counts.indices, minlength=counts.shape[1])
        values = counts.data.astype(np.float64)
        if self.sublinear_tf:
            values = 1 + np.log(values)
        # An n-gram counts as if one text more held it, so that none divides by zero.
        values *= (1 + np.log((1 + X.n_texts) / (1 + holding)))[counts.indices]
        weights = csr_array((values, counts.indices, counts.indptr), shape=counts.shape)
        norms = np.sqrt(weights.power(2).sum(axis=1))
        weights.data /= np.repeat(norms, np.diff(weights.indptr))
        return weights

    def _ask(self, X: Features) -> Floats:
        question = self.question or ""
        return X.once(("question", question), lambda: standardise(bm25(X, question)))

    def _learn(self, rows: csr_array, labels: Labels) -> Floats:
        n_included = int(labels.sum())
        n_excluded = len(labels) - n_included
        if n_included == 0 or n_excluded == 0 or rows.nnz == 0:
            return _mean_direction(rows) * (1.0 if n_included else -1.0)
        weights = np.where(labels == 1, 1.0, n_included / (self.ratio * n_excluded))
        weights *= len(labels) / weights.sum()
        model = LinearSVC(C=self.C, dual=True, random_state=0)
        model.fit(rows, labels, sample_weight=weights)
        return np.asarray(model.coef_[0], dtype=np.float64)


def _most_telling(shares: csr_array, row: int) -> tuple[Places, Places]:
    """Return the columns that add most to a row's score, and those that take most from it."""
    start, end = shares.indptr[row : row + 2]
    values, columns = shares.data[start:end], shares.indices[start:end]
    order = np.lexsort((columns, -values))
    raised = order[: 3 * TOLD][values[order[: 3 * TOLD]] > 0]
    lowered = order[::-1][: 3 * TOLD]
    return columns[raised], columns[lowered[values[lowered] < 0]]


def _without_parts(terms: Sequence[str]) -> list[str]:
    """Return the first of ``terms`` that tell a person something.

    Not those with function words, nor words that one of the pairs among them holds.
    """
    telling = [term for term in terms if ENGLISH_STOP_WORDS.isdisjoint(term.split())]
    pairs = {word for term in telling if " " in term for word in term.split()}
    return [term for term in telling if term not in pairs][:TOLD]


def in_its_words(terms: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return ``terms`` in the forms that a text of these ``words`` has, where it has them.

    To the classifier words that begin alike are one, and a term is the first form it met.
    """
    stems = [word[:CUT] for word in words]
    found = []
    for term in terms:
        wanted = [word[:CUT] for word in term.split()]
        size = len(wanted)
        starts = (n for n in range(len(stems)) if stems[n : n + size] == wanted)
        start = next(starts, None)
        found.append(term if start is None else " ".join(words[start : start + size]))
    return found


def bm25(X: Features, question: str) -> Floats:
    """Return the Okapi BM25 score of every text of the collection for ``question``, shape (n,).

    Each distinct word of the question counts once, and its rarity is ln(1 + (n - m + .5) /
    (m + .5)) where m of n texts hold it, so never negative; scores are 0 where none is found
    (Robertson & Zaragoza 2009, doi:10.1561/1500000019).
    """
    frequencies = _frequencies(X, sorted(set(tokenise(question))))
    holding = (frequencies > 0).sum(axis=0)
    rarity = np.log1p((X.n_texts - holding + 0.5) / (holding + 0.5))
    relative_length = X.lengths / max(X.lengths.mean(), 1.0) if X.n_texts else X.lengths
    saturation = BM25_K1 * (1 - BM25_B + BM25_B * relative_length)
    scores = frequencies * rarity / (frequencies + saturation[:, np.newaxis])
    return np.asarray(scores.sum(axis=1), dtype=np.float64)


def standardise(scores: Floats) -> Floats:
    """Return ``scores`` with mean 0 and standard deviation 1, or zeros where all are equal."""
    if len(scores) == 0 or (spread := float(scores.std())) < SAME:
        return np.zeros_like(scores)
    return np.asarray((scores - scores.mean()) / spread, dtype=np.float64)


def _frequencies(X: Features, words: Sequence[str]) -> Labels:
    """Count ``words`` in every text of the collection, shape (n, n_words found in any)."""
    found = [place for word in words if (place := _place_of(X.words, word)) is not None]
    column = np.full(len(X.words), -1)
    column[found] = np.arange(len(found))
    asked = column[X.tokens]
    texts = np.repeat(np.arange(X.n_texts), X.lengths)
    cells = (texts * len(found) + asked)[asked >= 0]
    counts = np.bincount(cells, minlength=X.n_texts * len(found))
    return counts.reshape(X.n_texts, len(found))


def _place_of(words: Sequence[str], word: str) -> int | None:
    place = bisect_left(words, word)
    return place if words[place : place + 1] == (word,) else None


def _checked(y: ArrayLike, *, n_rows: int) -> Labels:
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
