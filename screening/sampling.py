"""Records read in random order, for the sake of estimates that no ranking can bend.

Every record of a review has a place in one random order, which follows from its number alone.  A
share of what reviewers are given comes from there, the first unread record each time; so the
beginning of that order fills with records whose result is known, and it is a random sample of all.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

STEP = 50
"""Sizes of the sample: 50, 100, 150, …  Fixed beforehand, since where the known beginning ends
depends on what was read, and that on relevance."""


@dataclass(frozen=True)
class SampleEstimate:
    """What a random sample of ``n_total`` records says of those not found yet."""

    n_sample: int
    n_included: int  # in the sample
    n_total: int
    n_found: int  # relevant records known in all
    confidence: float

    @property
    def most_in_all(self) -> int:
        """Return how many relevant records there are at most, at this confidence.

        The greatest number under which so few in the sample are no less likely than 1 - confidence,
        exact for drawing without replacement (one-sided Clopper & Pearson for a finite population;
        Buonaccorsi 1987, doi:10.1080/00031305.1987.10475484).
        """
        least, most = self.n_included, self.n_total - self.n_sample + self.n_included
        while least < most:
            middle = (least + most + 1) // 2
            likely = hypergeom.cdf(self.n_included, self.n_total, middle, self.n_sample)
            if likely >= 1 - self.confidence:
                least = middle
            else:
                most = middle - 1
        return max(least, self.n_found)

    @property
    def most_missed(self) -> int:
        """Return how many relevant records are left at most, at this confidence."""
        return self.most_in_all - self.n_found

    @property
    def recall_floor(self) -> float | None:
        """Return which share of the relevant records has been found at least; None for 0 of 0."""
        return self.n_found / self.most_in_all if self.most_in_all else None


def random_order(numbers: Iterable[int]) -> list[int]:
    """Return records' numbers in the random order of every review."""
    return sorted(numbers, key=_key)


def known_beginning(labels: Sequence[int]) -> Sequence[int]:
    """Return the longest sample that is known whole, of the ``labels`` in random order.

    A label is 1 (relevant), 0, or -1 where it is not known; samples grow by STEP.
    """
    n_known = next((place for place, label in enumerate(labels) if label < 0), len(labels))
    whole = n_known == len(labels)
    return labels[: n_known if whole else n_known // STEP * STEP]


def with_random_share(
    order: NDArray[np.intp],
    *,
    numbers: Sequence[int],
    is_open: Sequence[bool],
    share: float,
    n_read: int = 0,
) -> tuple[NDArray[np.intp], frozenset[int]]:
    """Return ``order`` with a share of the open records the next ones in random order.

    Beside it, the places that were picked so.  ``order`` holds places into ``numbers`` and
    ``is_open``; records that are not open stay where they are.  Picks are spread evenly over what
    is read from the first record on, of which ``n_read`` is done: an order that is soon replaced
    by another one does not put them off.  Nothing changes where the share is 0; at 1 the open ones
    come in random order.
    """
    if not share:
        return order, frozenset()
    slots = [slot for slot, place in enumerate(order) if is_open[place]]
    ranked = [int(order[slot]) for slot in slots]
    place_of = {numbers[place]: place for place in ranked}
    chance = [place_of[number] for number in random_order(place_of)]
    queues, taken = (iter(ranked), iter(chance)), set[int]()
    mixed, picked = order.copy(), set[int]()
    for turn, slot in enumerate(slots, start=n_read + 1):
        is_random = floor(turn * share) > floor((turn - 1) * share)
        place = next(one for one in queues[is_random] if one not in taken)
        taken.add(place)
        mixed[slot] = place
        if is_random:
            picked.add(place)
    return mixed, frozenset(picked)


def _key(number: int) -> bytes:
    return hashlib.sha256(f"siftmap, random order: {number}".encode()).digest()
