"""Kinds of records, and whether the order tells those that count of each kind as well as others."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from review.searches.formats.languages import language_tag

KINDS = ("language", "source", "decade", "abstract")
LEAST = 5  # included records of a kind, and as many of the others, below which nothing is said
Z = 1.96

Floats = NDArray[np.float64]
Chance = tuple[float, float]


def kinds_of(language: str | None, source: str, year: int | None, *, is_bare: bool) -> list[str]:
    """Return which kind a record is, for each of KINDS; empty where that is not known."""
    decade = f"{year // 10 * 10}s" if year else ""
    return [
        language_tag(language),
        source,
        decade,
        "without an abstract" if is_bare else "with one",
    ]


def of_kinds_behind(
    kinds: Sequence[Sequence[str]], labels: Sequence[int], held_out: Floats
) -> NDArray[np.bool_]:
    """Say of each record whether it is of a kind that the order surely serves less well.

    ``kinds`` are those of `kinds_of`, ``labels`` 1 (included), 0 or -1, and ``held_out`` scores
    that no record's own label went into, NaN where there is none; all of shape (n,).
    """
    y, is_scored = np.asarray(labels), ~np.isnan(held_out)
    included, excluded = (y == 1) & is_scored, held_out[(y == 0) & is_scored]
    found = np.zeros(len(y), dtype=bool)
    for names in zip(*kinds, strict=True):
        column = np.array(names, dtype=object)
        for name in set(names):
            mine = column == name
            own = chance(held_out[included & mine], excluded)
            if is_behind(own, chance(held_out[included & ~mine], excluded)):
                found |= mine
    return found


def is_behind(own: Chance | None, others: Chance | None) -> bool:
    """Say whether a kind's chance is surely less than that of the others (95 %)."""
    if own is None or others is None:
        return False
    return others[0] - own[0] > Z * sqrt(own[1] ** 2 + others[1] ** 2)


def chance(included: Floats, excluded: Floats) -> Chance | None:
    """Return the area under the ROC curve and its standard error; None for too few.

    The area is the chance that an included record has a higher score than an excluded one.

    The error is that of Hanley & McNeil 1982 (doi:10.1148/radiology.143.1.7063747).
    """
    n, m = len(included), len(excluded)
    if n < LEAST or m < LEAST:
        return None
    ranks = rankdata(np.concatenate([included, excluded]))[:n]
    area = float((ranks.sum() - n * (n + 1) / 2) / (n * m))
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)
    return area, sqrt(max(spread, 0) / (n * m))
