"""Records screened in random order, for estimates that do not depend on the ranking.

Every record of a review has a position in one random order, which depends only on its number.  A
share of the records that reviewers get are the next open ones of that order.  So its beginning
fills with resolved records, and these are a random sample of the whole review.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

SAMPLE_STEP = 50
"""Samples have 50, 100, 150, … records.  These sizes are fixed beforehand, because where the
resolved beginning of the random order ends depends on what was screened, and so on relevance."""

UNKNOWN, IN_CONFLICT = -1, 2
"""Labels beside 1 (relevant) and 0: no complete decisions yet, and decisions that disagree."""


@dataclass(frozen=True)
class SampleEstimate:
    """What a random sample of ``n_total`` records says about relevant ones not found yet.

    Records in conflict count as relevant in the sample and as not found, so that the bounds are no
    tighter than they will be once the conflicts are resolved, whichever way.
    """

    n_sample: int
    n_included: int  # in the sample
    n_total: int
    n_found: int  # relevant records known in the whole review
    confidence: float
    n_conflicts: int = 0  # in the sample

    @property
    def most_relevant(self) -> int:
        """Return how many relevant records there are at most, at this confidence.

        This is the greatest number for which so few of them in the sample have a probability of at
        least 1 - confidence, exact for drawing without replacement (one-sided Clopper & Pearson for
        a finite population; Buonaccorsi 1987, doi:10.1080/00031305.1987.10475484).
        """
        n_relevant = self.n_included + self.n_conflicts
        least, most = n_relevant, self.n_total - self.n_sample + n_relevant
        while least < most:
            middle = (least + most + 1) // 2
            probability = hypergeom.cdf(n_relevant, self.n_total, middle, self.n_sample)
            if probability >= 1 - self.confidence:
                least = middle
            else:
                most = middle - 1
        return max(least, self.n_found)

    @property
    def most_missed(self) -> int:
        """Return how many relevant records have not been found at most, at this confidence."""
        return self.most_relevant - self.n_found

    @property
    def recall_floor(self) -> float | None:
        """Return the share of relevant records that has been found at least; None for 0 of 0."""
        return self.n_found / self.most_relevant if self.most_relevant else None


def random_order(numbers: Iterable[int]) -> list[int]:
    """Return the numbers of records in the random order, which is the same in every review."""
    return sorted(numbers, key=_sort_key)


def known_sample(labels: Sequence[int]) -> Sequence[int]:
    """Return the longest sample without an UNKNOWN label, from ``labels`` in random order.

    Other labels are 1 (relevant), 0 and IN_CONFLICT; samples grow by SAMPLE_STEP.
    """
    n_known = next((n for n, label in enumerate(labels) if label < 0), len(labels))
    is_all_known = n_known == len(labels)
    return labels[: n_known if is_all_known else n_known // SAMPLE_STEP * SAMPLE_STEP]


@dataclass(frozen=True)
class MixedOrder:
    """An order with random picks: the indices of its records, and of those that were picked."""

    order: NDArray[np.intp]
    picked_from_all: frozenset[int] = frozenset()
    picked_from_groups: frozenset[int] = frozenset()  # that the ranking serves less well


def with_random_share(
    order: NDArray[np.intp],
    *,
    numbers: Sequence[int],
    is_open: Sequence[bool],
    share: float,
    n_resolved: int = 0,
    is_behind: Sequence[bool] | None = None,
) -> MixedOrder:
    """Return ``order`` with a share of the open records replaced by the next in random order.

    As many again are the next ones among those that are ``is_behind``: records of groups that the
    ranking serves less well.  ``order`` has indices into ``numbers``, ``is_open`` and
    ``is_behind``; records that are not open keep their positions.  Picks are spread evenly over
    screening as a whole, of which ``n_resolved`` records are done, so that an order that is soon
    replaced by another does not postpone them.  With a share of 0 nothing changes; with 1 the open
    records come in random order.
    """
    if not share:
        return MixedOrder(order)
    open_positions = [position for position, record in enumerate(order) if is_open[record]]
    ranked = [int(order[position]) for position in open_positions]
    by_number = {numbers[record]: record for record in ranked}
    at_random = [by_number[number] for number in random_order(by_number)]
    behind = [record for record in at_random if is_behind is not None and is_behind[record]]
    queues, used = (iter(ranked), iter(at_random), iter(behind)), set[int]()
    picked: tuple[set[int], ...] = (set(), set(), set())
    mixed = order.copy()
    for n, position in enumerate(open_positions, start=n_resolved + 1):
        queue = 1 if _is_pick(n, share) else 2 if _is_pick(n, share, offset=0.5) else 0
        record = next((record for record in queues[queue] if record not in used), None)
        if record is None:  # all records of the groups that are behind have been used
            queue, record = 0, next(record for record in queues[0] if record not in used)
        used.add(record)
        mixed[position] = record
        picked[queue].add(record)
    return MixedOrder(mixed, frozenset(picked[1]), frozenset(picked[2]))


def _is_pick(n: int, share: float, *, offset: float = 0.0) -> bool:
    """Say whether the ``n``-th record is one of the evenly spread picks that make up ``share``."""
    return floor(n * share + offset) > floor((n - 1) * share + offset)


def _sort_key(number: int) -> bytes:
    return hashlib.sha256(f"siftmap, random order: {number}".encode()).digest()
