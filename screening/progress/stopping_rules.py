"""When screening more is unlikely to find much more: numbers for the people who decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import hypergeom

N_RECENT = 5  # relevant records from which the current rate of finds is estimated


@dataclass(frozen=True)
class RecallTest:
    """A test of "recall is below the target"; a small p-value is a reason to stop."""

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
        """The p-value as people read it."""
        return "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"

    @property
    def sentence(self) -> str:
        """What the test says, as a sentence; it advises and never decides."""
        target, confidence = percent(self.recall_target), percent(self.confidence)
        seen = (
            f"After {self.n_seen:,} of {self.n_total:,} records, {self.n_included:,} of them"
            " relevant"
        )
        if self.is_reached:
            result = f"recall of at least {target} is supported at {confidence} confidence"
        else:
            result = f"recall below {target} cannot be ruled out at {confidence} confidence"
        return f"{seen}, {result} ({self.p_text})."


def recall_test(
    labels: Sequence[int],
    *,
    n_total: int,
    recall_target: float = 0.95,
    confidence: float = 0.95,
    n_unordered: int = 0,
) -> RecallTest:
    """Test whether recall is still below ``recall_target``, from the order of screening.

    ``labels``, shape (n_seen,), are 1 (relevant), 0, or -1 (not resolved yet) in the order in which
    records were screened; ``n_total`` includes those not screened.  The first ``n_unordered`` of
    them came in no order that puts relevant records first: they count as screened, and no tail
    begins among them.  Every tail of the other screened records is treated as a random sample of
    itself and the unscreened ones.  Under the hypothesis,
    the two have at least floor(included / target) + 1 - (included before the tail) relevant
    records, so finding few in the tail is unlikely.  The p-value is the smallest over all tails; as
    the ranking is better than chance, the test is conservative.  Unresolved records count as
    relevant in the tails and as not found, so that the p-value is no smaller than it would be once
    they are resolved, whichever way.  Raises ValueError for impossible counts or shares.

    References
    ----------
    Callaghan & Müller-Hansen 2020, doi:10.1186/s13643-020-01521-4, "Ranked quasi-sampling".
    """
    y = _checked_labels(labels)
    if n_total < len(y):
        raise ValueError(f"{len(y)} records were screened, more than the {n_total} there are.")
    if not (0 < recall_target <= 1 and 0 < confidence < 1):
        raise ValueError("The recall target and the confidence must be shares between 0 and 1.")
    return RecallTest(
        p_value=_least_p_value(
            y, n_total=n_total, recall_target=recall_target, n_unordered=n_unordered
        ),
        recall_target=recall_target,
        confidence=confidence,
        n_seen=len(y),
        n_included=int((y == 1).sum()),
        n_total=n_total,
    )


def recall_floor(
    labels: Sequence[int], *, n_total: int, confidence: float = 0.95, n_unordered: int = 0
) -> float | None:
    """Return the greatest recall that the same test supports; None if no record is relevant yet.

    The hypotheses "``m`` or more relevant records are unscreened" are rejected from some ``m`` on.
    Recall is then at least included / (included + m - 1), at this confidence for that one test.
    """
    # Cached because a page shows it, and computing it takes a second for a large review.
    known = _checked_labels(labels).astype(np.int8).tobytes()
    return _recall_floor(known, n_total=n_total, confidence=confidence, n_unordered=n_unordered)


@lru_cache(maxsize=64)
def _recall_floor(
    labels: bytes, *, n_total: int, confidence: float, n_unordered: int
) -> float | None:
    y = np.frombuffer(labels, dtype=np.int8).astype(np.int64)
    included = int((y == 1).sum())
    if not included:
        return None
    least, most = 1, n_total - len(y) + 1  # no more can be missing than are unscreened
    while least < most:
        middle = (least + most) // 2
        p_value = _p_value_of_missing(y, n_total=n_total, missing=middle, n_unordered=n_unordered)
        if p_value < 1 - confidence:
            most = middle
        else:
            least = middle + 1
    return included / (included + least - 1)


def relevant_left(labels: Sequence[int], *, n_total: int) -> float | None:
    """Estimate how many unscreened records are relevant; None before the first relevant one.

    The rate is that of the stretch in which the last N_RECENT relevant records were found, with
    everything screened since.  A ranking that is better than chance finds ever fewer, so this is
    too high, often several times; the estimate has no interval (as in Howard et al. 2020,
    doi:10.1016/j.envint.2020.105623, who also look at the gaps between relevant records).
    """
    y = _checked_labels(labels)
    relevant = np.flatnonzero(y)
    if not len(relevant):
        return None
    n_recent = min(N_RECENT, len(relevant))
    start = int(relevant[-n_recent - 1]) + 1 if len(relevant) > n_recent else 0
    return (n_total - len(y)) * n_recent / (len(y) - start)


def consecutive_irrelevant(labels: Sequence[int]) -> int:
    """Return the number of records since the last relevant one, from labels in screening order."""
    relevant = np.flatnonzero(_checked_labels(labels))
    return len(labels) - (int(relevant[-1]) + 1 if len(relevant) else 0)


def percent(share: float) -> str:
    """Return a share as people read it, with at most four digits."""
    return f"{100 * share:.4g} %"


def _checked_labels(labels: ArrayLike) -> NDArray[np.int64]:
    y = np.asarray(labels, dtype=np.int64).reshape(-1)
    if not np.isin(y, (-1, 0, 1)).all():
        raise ValueError("Labels are 1 (relevant), 0 (irrelevant) or -1 (not resolved).")
    return y


def _least_p_value(
    y: NDArray[np.int64], *, n_total: int, recall_target: float, n_unordered: int
) -> float:
    included = int((y == 1).sum())
    # A fraction, because 0.95 means 95/100, which no binary number equals.
    fewest_in_all = int(included / Fraction(str(recall_target))) + 1
    missing = fewest_in_all - included
    return _p_value_of_missing(y, n_total=n_total, missing=missing, n_unordered=n_unordered)


def _p_value_of_missing(
    y: NDArray[np.int64], *, n_total: int, missing: int, n_unordered: int
) -> float:
    """Return the p-value for "``missing`` or more relevant records are unscreened"."""
    y = np.abs(y)  # an unresolved record may be relevant
    included, n_unscreened = int(y.sum()), n_total - len(y)
    if missing > n_unscreened:
        return 0.0  # fewer records than that are left
    # Of all tails with the same number of relevant records, the longest has the smallest p-value.
    # So only the longest, and tails that begin just after a relevant record, need to be checked.
    after_relevant = np.flatnonzero(y) + 1
    starts = np.concatenate(([n_unordered], after_relevant[after_relevant > n_unordered]))
    tails = len(y) - starts
    in_tail = included - np.concatenate(([0], np.cumsum(y)))[starts]
    p_values = hypergeom.cdf(in_tail, tails + n_unscreened, in_tail + missing, tails)
    return float(np.clip(p_values.min(), 0.0, 1.0))
