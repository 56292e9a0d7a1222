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


@dataclass(frozen=True)
class Mixed:
    """An order with picks of chance: places, and which of them were picked, and from what."""

    order: NDArray[np.intp]
    of_all: frozenset[int] = frozenset()
    of_kinds: frozenset[int] = frozenset()


def with_random_share(
    order: NDArray[np.intp],
    *,
    numbers: Sequence[int],
    is_open: Sequence[bool],
    share: float,
    n_read: int = 0,
    is_behind: Sequence[bool] | None = None,
) -> Mixed:
    """Return ``order`` with a share of the open records the next ones in random order.

    As many again are the next ones of those that are ``is_behind``: of kinds that the order serves
    less well.  ``order`` holds places into ``numbers``, ``is_open`` and ``is_behind``; records that
    are not open stay where they are.  Picks are spread evenly over what is read from the first
    record on, of which ``n_read`` is done: an order that is soon replaced by another one does not
    put them off.  Nothing changes where the share is 0; at 1 the open ones come in random order.
    """
    if not share:
        return Mixed(order)
    slots = [slot for slot, place in enumerate(order) if is_open[place]]
    ranked = [int(order[slot]) for slot in slots]
    place_of = {numbers[place]: place for place in ranked}
    chance = [place_of[number] for number in random_order(place_of)]
    behind = [place for place in chance if is_behind is not None and is_behind[place]]
    queues, taken = (iter(ranked), iter(chance), iter(behind)), set[int]()
    picked: tuple[set[int], ...] = (set(), set(), set())
    mixed = order.copy()
    for turn, slot in enumerate(slots, start=n_read + 1):
        kind = 1 if _is_turn(turn, share) else 2 if _is_turn(turn, share, after=0.5) else 0
        place = next((one for one in queues[kind] if one not in taken), None)
        if place is None:  # of the kinds that are behind all have their places
            kind, place = 0, next(one for one in queues[0] if one not in taken)
        taken.add(place)
        mixed[slot] = place
        picked[kind].add(place)
    return Mixed(mixed, frozenset(picked[1]), frozenset(picked[2]))


def _is_turn(turn: int, share: float, *, after: float = 0.0) -> bool:
    """Say whether a turn is one of the evenly spread ones that make up a share."""
    return floor(turn * share + after) > floor((turn - 1) * share + after)


def _key(number: int) -> bytes:
    return hashlib.sha256(f"siftmap, random order: {number}".encode()).digest()
