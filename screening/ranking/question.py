"""How well texts match the review's question, before and while records are screened."""

import re
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import rankdata

from screening.ranking.features import Features, tokenise

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]

# The usual constants of Okapi BM25, within the ranges that Robertson & Zaragoza (2009,
# doi:10.1561/1500000019) found good in many collections; not tuned here.
BM25_K1 = 1.2
BM25_B = 0.75

# A word of the question has half its weight after so many irrelevant records with the word and
# no relevant one.  A relevant record outweighs ten irrelevant ones, about as in the classifier.
# Tried on families of labelled reviews: docs/adr/0024 and 0025.
MISSES_TO_HALF = 5.0
MISSES_PER_HIT = 10.0

BEGINNINGS = re.compile(r"(\w+)\*")
LAST_LETTER = chr(sys.maxunicode)

MOST_TYPICAL = 1.5  # what the text most like the collection gains, and the least like it loses

MIN_GROUP_SIZE = 10  # texts needed for a useful mean and standard deviation
MIN_SPREAD = 1e-9  # of scores; below this they differ only by rounding errors


@dataclass(frozen=True)
class QuestionMatch:
    """How well each text of a collection matches the words of a question."""

    words: tuple[str, ...]  # of the question, those that some text contains
    word_scores: csr_array  # BM25 of each text for each word, shape (n, n_words)
    n_texts_with: NDArray[np.int64]  # each word
    spread: float  # standard deviation of the texts' scores while no word has lost weight
    typicality: Floats  # how much each text resembles the collection, from -1.5 to 1.5
    groups: NDArray[np.intp]  # the number of each text's language

    def word_weights(
        self,
        *,
        included: Positions,
        excluded: Positions,
        misses_to_half: float = MISSES_TO_HALF,
        misses_per_hit: float = MISSES_PER_HIT,
    ) -> Floats:
        """Return the weight of each word, 1 at first, shape (n_words,).

        A word loses weight with every irrelevant text that contains it, so a question whose words
        mislead makes room for its other words.  It regains weight with relevant texts that contain
        it.  ``included`` and ``excluded`` are positions of texts in the collection.
        """
        hits, misses = (_n_texts_with(self.word_scores[rows]) for rows in (included, excluded))
        kept = misses_to_half + misses_per_hit * hits
        return np.asarray(kept / (kept + misses), dtype=np.float64)

    def scores(self, word_weights: Floats) -> Floats:
        """Return the texts' scores, shape (n,), on the scale they have with weights of 1.

        Their mean is 0 in every language, so that a question without words in a language neither
        helps nor harms its texts.
        """
        scores = self.word_scores @ word_weights
        if self.spread < MIN_SPREAD:
            return np.zeros_like(scores)
        means = np.bincount(self.groups, weights=scores) / np.maximum(np.bincount(self.groups), 1)
        return np.asarray((scores - means[self.groups]) / self.spread)

    @property
    def is_telling(self) -> NDArray[np.bool_]:
        """Say of each word whether it is in at most half of the texts, shape (n_words,)."""
        return np.asarray(self.n_texts_with <= self.word_scores.shape[0] / 2)

    def words_in(self, text: int, is_shown: NDArray[np.bool_]) -> list[str]:
        """Return the words in the text at this position, the rarest first, that may be shown."""
        start, end = self.word_scores.indptr[text : text + 2]
        columns = np.sort(self.word_scores.indices[start:end])
        rarest = columns[np.argsort(self.n_texts_with[columns], kind="stable")]
        return [self.words[column] for column in rarest if is_shown[column]]


def match_question(
    X: Features, question: str, *, tfidf: csr_array, languages: Sequence[str] | None = None
) -> QuestionMatch:
    """Return how the texts of a collection match the distinct words of ``question``.

    A word that ends in ``*`` means every word that begins so.

    A text also counts for how much it resembles the whole collection, by the cosine of its TF-IDF
    weights, rows of ``tfidf``, and their sum.  The collection is what the review's searches found,
    so what most of it shares tends to be near to the question.  Only the ranks of the cosines
    count, so that no text gains or loses more than a clear match with the question gives it.  They
    are ranks within a language, if the texts' ``languages`` are given, shape (n,): a text has
    little in common with texts in another language, whatever it is about.
    """
    words = _words_in_texts(X, question)
    scores = bm25(X, words)
    groups = _numbered([""] * X.n_texts if languages is None else languages)
    likeness = tfidf @ np.asarray(tfidf.sum(axis=0)).reshape(-1)
    return QuestionMatch(
        words=words,
        word_scores=scores,
        n_texts_with=_n_texts_with(scores),
        spread=float(scores.sum(axis=1).std()) if X.n_texts else 0.0,
        typicality=MOST_TYPICAL * _evenly_spread(likeness, groups),
        groups=groups,
    )


def bm25(X: Features, words: Sequence[str]) -> csr_array:
    """Return the Okapi BM25 score of every text of the collection for each of ``words``.

    The shape is (n, n_words); some text must contain each word.  A word's rarity is
    ln(1 + (n - m + .5) / (m + .5)), where m of n texts contain it, so it is never negative
    (Robertson & Zaragoza 2009, doi:10.1561/1500000019).
    """
    counts = _counts(X, words)
    n_texts_with = _n_texts_with(counts)
    rarity = np.log1p((X.n_texts - n_texts_with + 0.5) / (n_texts_with + 0.5))
    relative_length = X.lengths / max(X.lengths.mean(), 1.0) if X.n_texts else X.lengths
    saturation = BM25_K1 * (1 - BM25_B + BM25_B * relative_length)
    saturations = np.repeat(saturation, np.diff(counts.indptr))
    scores = counts.data * rarity[counts.indices] / (counts.data + saturations)
    return csr_array((scores, counts.indices, counts.indptr), shape=counts.shape)


def standardise(scores: Floats) -> Floats:
    """Return ``scores`` with mean 0 and standard deviation 1, or zeros if all are equal."""
    if len(scores) == 0 or (spread := float(scores.std())) < MIN_SPREAD:
        return np.zeros_like(scores)
    return np.asarray((scores - scores.mean()) / spread, dtype=np.float64)


def _numbered(languages: Sequence[str]) -> NDArray[np.intp]:
    """Return a number for each text's language; languages of too few texts share one."""
    n_texts_in = Counter(languages)
    common = sorted(language for language, n in n_texts_in.items() if n >= MIN_GROUP_SIZE)
    number_of = {language: number for number, language in enumerate(common, start=1)}
    return np.array([number_of.get(language, 0) for language in languages], dtype=np.intp)


def _evenly_spread(scores: Floats, groups: NDArray[np.intp]) -> Floats:
    """Return the ranks of ``scores`` in their groups, spread over -1 to 1; equal ones are equal."""
    rounded = np.round(scores, 9)  # so that machines whose last digits differ agree
    spread = np.zeros(len(scores))
    for group in np.unique(groups):
        in_group = groups == group
        spread[in_group] = (2 * rankdata(rounded[in_group]) - 1) / in_group.sum() - 1
    return spread


def _counts(X: Features, words: Sequence[str]) -> csr_array:
    """Return how often each text contains each of ``words``."""
    column_of_word = np.full(len(X.words), -1)
    column_of_word[[bisect_left(X.words, word) for word in words]] = np.arange(len(words))
    columns = column_of_word[X.tokens]
    is_used = columns >= 0
    texts = np.repeat(np.arange(X.n_texts), X.lengths)
    counts = csr_array(
        (np.ones(is_used.sum()), (texts[is_used], columns[is_used])), shape=(X.n_texts, len(words))
    )
    counts.sum_duplicates()
    return counts


def _n_texts_with(counts: csr_array) -> NDArray[np.int64]:
    """Return how many rows have something in each column."""
    return np.bincount(counts.indices, minlength=counts.shape[1])


def _words_in_texts(X: Features, question: str) -> tuple[str, ...]:
    """Return the distinct words of ``question`` that some text contains, sorted."""
    found = {word for word in tokenise(question) if _contains(X.words, word)}
    for beginning in tokenise(" ".join(BEGINNINGS.findall(question))):
        first, end = (bisect_left(X.words, word) for word in (beginning, beginning + LAST_LETTER))
        found.update(X.words[first:end])
    return tuple(sorted(found))


def _contains(words: Sequence[str], word: str) -> bool:
    """Say whether ``word`` is one of the sorted ``words``."""
    position = bisect_left(words, word)
    return words[position : position + 1] == (word,)
