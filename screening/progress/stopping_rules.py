"""When reading more is unlikely to find much more: numbers for people who decide to stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import hypergeom

LATELY = 5  # relevant records whose stretch says how often one is found of late


@dataclass(frozen=True)
class RecallTest:
    """A test of "recall is below the target"; a small p-value speaks for having enough."""

    p_value: float
    recall_target: float
    confidence: float
    n_seen: int
    n_included: int
    n_total: int

    @property
    def is_reached(self) -> bool:
        """Whether recall below the target is rejected at this confidence."""
        return self.p_value < 1 - self.confidence

    @property
    def p_text(self) -> str:
        """The p-value as it is printed."""
        return "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"

    @property
    def sentence(self) -> str:
        """What the test says, for people; it advises and never decides."""
        target, confidence = percent(self.recall_target), percent(self.confidence)
        read = f"After {self.n_seen} of {self.n_total} records, {self.n_included} of them relevant"
        if self.is_reached:
            verdict = f"recall of at least {target} is supported at {confidence} confidence"
        else:
            verdict = f"recall below {target} cannot be ruled out at {confidence} confidence"
        return f"{read}, {verdict} ({self.p_text})."


def recall_test(
    labels: Sequence[int], *, n_total: int, recall_target: float = 0.95, confidence: float = 0.95
) -> RecallTest:
    """Test whether recall is still below ``recall_target``, from the order of reading.

    ``labels``, shape (n_seen,), are 1 (relevant), 0, or -1 (not resolved yet) in the order in which
    records were read; ``n_total`` counts those not read as well.  Every tail of what was read is
    taken as if drawn at random from itself and the unread: under the hypothesis the two hold at
    least floor(included / target) + 1 - (included before the tail) relevant records, so few in the
    tail are unlikely.  The p-value is the least over all tails; as the ranking is better than
    chance, the test is conservative.  Records that are not resolved count as relevant in the tails
    and as not found, so that however they come out the p-value was no smaller.  Raises ValueError
    for counts or shares that make no sense.

    References
    ----------
    Callaghan & Müller-Hansen 2020, doi:10.1186/s13643-020-01521-4, "Ranked quasi-sampling".
    """
    y = _checked(labels)
    if n_total < len(y):
        raise ValueError(f"{len(y)} records were read, more than the {n_total} there are.")
    if not (0 < recall_target <= 1 and 0 < confidence < 1):
        raise ValueError("The recall target and the confidence are shares between 0 and 1.")
    return RecallTest(
        p_value=_least_p_value(y, n_total=n_total, recall_target=recall_target),
        recall_target=recall_target,
        confidence=confidence,
        n_seen=len(y),
        n_included=int((y == 1).sum()),
        n_total=n_total,
    )


def recall_floor(labels: Sequence[int], *, n_total: int, confidence: float = 0.95) -> float | None:
    """Return the greatest recall that the same test supports; None where nothing relevant is known.

    The hypotheses "``m`` or more relevant records are unread" are rejected from some ``m`` on; the
    recall is then at least included / (included + m - 1), at this confidence for that one test.
    """
    # It is shown on a page and takes a second for a large review, so it is worked out once.
    return _recall_floor(_checked(labels).astype(np.int8).tobytes(), n_total, confidence)


@lru_cache(maxsize=64)
def _recall_floor(labels: bytes, n_total: int, confidence: float) -> float | None:
    y = np.frombuffer(labels, dtype=np.int8).astype(np.int64)
    included = int((y == 1).sum())
    if not included:
        return None
    least, most = 1, n_total - len(y) + 1  # more than are unread cannot be missing
    while least < most:
        middle = (least + most) // 2
        if _p_value_of_missing(y, n_total=n_total, missing=middle) < 1 - confidence:
            most = middle
        else:
            least = middle + 1
    return included / (included + least - 1)


def relevant_left(labels: Sequence[int], *, n_total: int) -> float | None:
    """Return about how many relevant records are unread, at the rate of late; None before any.

    The rate is that of the stretch in which the last LATELY relevant records were found, with all
    that was read since.  An order that is better than chance finds ever fewer, so this is too
    many, often several times; it is an estimate without an interval (as in Howard et al. 2020,
    doi:10.1016/j.envint.2020.105623, who also look at the gaps between relevant records).
    """
    y = _checked(labels)
    relevant = np.flatnonzero(y)
    if not len(relevant):
        return None
    n_late = min(LATELY, len(relevant))
    begins = int(relevant[-n_late - 1]) + 1 if len(relevant) > n_late else 0
    return (n_total - len(y)) * n_late / (len(y) - begins)


def consecutive_irrelevant(labels: Sequence[int]) -> int:
    """Return how many records since the last relevant one, ``labels`` in order of reading."""
    relevant = np.flatnonzero(_checked(labels))
    return len(labels) - (int(relevant[-1]) + 1 if len(relevant) else 0)


def percent(share: float) -> str:
    """Return a share as people read it, with four digits at most."""
    return f"{100 * share:.4g} %"


def _checked(labels: ArrayLike) -> NDArray[np.int64]:
    y = np.asarray(labels, dtype=np.int64).reshape(-1)
    if not np.isin(y, (-1, 0, 1)).all():
        raise ValueError("Labels are 1 (relevant), 0 (irrelevant) or -1 (not resolved).")
    return y


def _least_p_value(y: NDArray[np.int64], *, n_total: int, recall_target: float) -> float:
    included = int((y == 1).sum())
    # Exact: 0.95 is meant as 95/100, which no binary number is.
    fewest_in_all = int(included / Fraction(str(recall_target))) + 1
    return _p_value_of_missing(y, n_total=n_total, missing=fewest_in_all - included)


def _p_value_of_missing(y: NDArray[np.int64], *, n_total: int, missing: int) -> float:
    """Return the p-value of the hypothesis that ``missing`` or more relevant ones are unread."""
    y = np.abs(y)  # who is not resolved may be relevant
    included, n_unread = int(y.sum()), n_total - len(y)
    if missing > n_unread:
        return 0.0  # too few records are left for that
    # Of the tails that hold as many relevant records the longest has the least p-value, so only
    # tails that begin with all that was read, or just after a relevant record, need a look.
    starts = np.concatenate(([0], np.flatnonzero(y) + 1))
    tails = len(y) - starts
    in_tail = included - np.arange(len(starts))
    p_values = hypergeom.cdf(in_tail, tails + n_unread, in_tail + missing, tails)
    return float(np.clip(p_values.min(), 0.0, 1.0))
