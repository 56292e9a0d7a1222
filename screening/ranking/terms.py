"""The terms that explain a text's score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

MAX_TERMS = 5  # shown for a record, and as many against it


@dataclass(frozen=True)
class RankingTerms:
    """The terms that explain a text's score, the strongest first."""

    raised: list[str]
    lowered: list[str]
    asked: list[str]  # words of the question that the text contains


def strongest_columns(
    contributions: csr_array, row: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the columns that raise a row's score most, and those that lower it most."""
    start, end = contributions.indptr[row : row + 2]
    values, columns = contributions.data[start:end], contributions.indices[start:end]
    order = np.lexsort((columns, -values))
    raised = order[: 3 * MAX_TERMS][values[order[: 3 * MAX_TERMS]] > 0]
    lowered = order[::-1][: 3 * MAX_TERMS]
    return columns[raised], columns[lowered[values[lowered] < 0]]


def terms_to_show(terms: Sequence[str]) -> list[str]:
    """Return the first of ``terms`` that mean something to a person.

    Left out are terms with function words, and words that are part of a pair among ``terms``.
    """
    telling = [term for term in terms if ENGLISH_STOP_WORDS.isdisjoint(term.split())]
    words_of_pairs = {word for term in telling if " " in term for word in term.split()}
    return [term for term in telling if term not in words_of_pairs][:MAX_TERMS]
