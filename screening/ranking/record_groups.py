"""Groups of records, and whether the ranking separates relevant records equally well in each."""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from review.searches.formats.languages import language_tag

GROUPINGS = ("language", "source", "decade", "abstract")
MIN_RECORDS = 5  # included and excluded ones that an area needs
Z_95 = 1.96

Floats = NDArray[np.float64]


class RocArea(NamedTuple):
    """The area under a ROC curve: the chance that an included record outranks an excluded one."""

    area: float
    standard_error: float


def groups_of(
    *, language: str | None, source: str, year: int | None, has_abstract: bool
) -> list[str]:
    """Return the group of a record in each of GROUPINGS; empty if it is not known."""
    decade = f"{year // 10 * 10}s" if year else ""
    return [
        language_tag(language),
        source,
        decade,
        "with an abstract" if has_abstract else "without an abstract",
    ]


def are_in_groups_behind(
    groups: Sequence[Sequence[str]], labels: Sequence[int], held_out: Floats
) -> NDArray[np.bool_]:
    """Say for each record whether it is in a group that the ranking clearly serves less well.

    ``groups`` are those of `groups_of`, ``labels`` are 1 (included), 0 or -1, and ``held_out`` are
    scores by rankers that did not see the record's own label, NaN if it has none; all of shape
    (n,).
    """
    y, is_scored = np.asarray(labels), ~np.isnan(held_out)
    included, excluded = (y == 1) & is_scored, held_out[(y == 0) & is_scored]
    are_behind = np.zeros(len(y), dtype=bool)
    for names in zip(*groups, strict=True):
        column = np.array(names, dtype=object)
        for name in set(names):
            in_group = column == name
            own = roc_area(held_out[included & in_group], excluded)
            if is_behind(own, roc_area(held_out[included & ~in_group], excluded)):
                are_behind |= in_group
    return are_behind


def is_behind(own: RocArea | None, others: RocArea | None) -> bool:
    """Say whether a group's area is clearly smaller than that of the others (95 %)."""
    if own is None or others is None:
        return False
    error = sqrt(own.standard_error**2 + others.standard_error**2)
    return others.area - own.area > Z_95 * error


def roc_area(included: Floats, excluded: Floats) -> RocArea | None:
    """Return the area under the ROC curve of two sets of scores; None if one has too few.

    The standard error is that of Hanley & McNeil 1982 (doi:10.1148/radiology.143.1.7063747).
    """
    n, m = len(included), len(excluded)
    if n < MIN_RECORDS or m < MIN_RECORDS:
        return None
    ranks = rankdata(np.concatenate([included, excluded]))[:n]
    area = float((ranks.sum() - n * (n + 1) / 2) / (n * m))
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)
    return RocArea(area, sqrt(max(variance, 0) / (n * m)))
