"""What the order in which records were screened says about recall, or why it says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import ceil, floor
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.schema import StoppingRule
from review.reviews import protocol_of
from review.vocabulary import FINISHED, Resolution, Stage
from screening.progress.history import ScreenedLabels, count_resolutions, screened_labels
from screening.progress.stopping_rules import (
    RecallTest,
    consecutive_irrelevant,
    recall_floor,
    recall_test,
    relevant_left,
)

CURVE_POINTS = 200
ROUNDING = 1e-9  # a quotient of floats may be this much below a whole number


@dataclass(frozen=True)
class OrderEvidence:
    """How far a stage is, and what its order of screening says about the records that are left."""

    counts: Mapping[Resolution, int]
    labels: ScreenedLabels
    rule: StoppingRule

    @property
    def n_total(self) -> int:
        """Return the number of records of the stage, screened or not."""
        return sum(self.counts.values())

    @property
    def n_resolved(self) -> int:
        """Return how many of them are resolved."""
        return sum(self.counts[resolution] for resolution in FINISHED)

    @property
    def n_included(self) -> int:
        """Return how many of them are included."""
        return self.counts[Resolution.INCLUDE]

    @property
    def n_conflicts(self) -> int:
        """Return how many of them are in conflict."""
        return self.counts[Resolution.CONFLICT]

    @property
    def n_imported(self) -> int:
        """Return how many screened records have imported decisions."""
        return len(self.labels.imported)

    @property
    def n_unranked(self) -> int:
        """Return how many records were screened here before any ranking."""
        return len(self.labels.unranked)

    @property
    def n_ranked(self) -> int:
        """Return how many records were screened in the order of a ranking."""
        return len(self.labels.ranked)

    @property
    def n_screened(self) -> int:
        """Return how many records have all the decisions they need, conflicts included."""
        return len(self._all)

    @property
    def n_unscreened(self) -> int:
        """Return how many records do not have all the decisions they need."""
        return self.n_total - self.n_screened

    @property
    def nothing_to_say(self) -> str | None:
        """Return a sentence in place of the test, where that would say nothing; else None."""
        if not self.n_total:
            return "There are no records to screen, so nothing can be said about what is left."
        if not self.n_unscreened:
            return f"All {self.n_total:,} records have been screened, so none is left to screen."
        if not self.n_screened:
            return "No record has been screened, so nothing can be said about what is left."
        if not self.n_ranked:
            return f"The order of screening says nothing about what is left. {self.unordered}"
        if not self.n_included:
            return "No relevant record has been found yet, so no share of them can be given."
        return None

    @cached_property
    def test(self) -> RecallTest | None:
        """Return the test of recall; None without a known order or a relevant record."""
        if not (self.n_ranked and self.n_included):
            return None
        return recall_test(
            self._all,
            n_total=self.n_total,
            recall_target=self.rule.recall_target,
            confidence=self.rule.confidence,
            n_unordered=self._n_unordered,
        )

    @property
    def is_reached(self) -> bool:
        """Whether the test supports the recall that the protocol wants."""
        return self.test is not None and self.test.is_reached

    @property
    def sentence(self) -> str:
        """Return what the test says, or why it says nothing."""
        return self.nothing_to_say or (self.test.sentence if self.test else "")

    @cached_property
    def recall_floor(self) -> float | None:
        """Return the greatest recall that the same test supports."""
        if not self.test:
            return None
        return recall_floor(
            self._all,
            n_total=self.n_total,
            confidence=self.rule.confidence,
            n_unordered=self._n_unordered,
        )

    @property
    def most_missed(self) -> int | None:
        """Return how many relevant records may be missing at most, by the test; None without one.

        If at least a share r of the relevant records has been found, there are at most found / r.
        """
        if not self.recall_floor:
            return None
        most = floor(self.n_included / self.recall_floor + ROUNDING) - self.n_included
        return min(most, self.n_unscreened + self.n_conflicts)

    @property
    def curve(self) -> list[tuple[int, int]]:
        """Return how many relevant records had been found after how many screened ones.

        At most CURVE_POINTS points, the first (0, 0), in the order of screening as far as it is
        known.  A record in conflict has not been found.
        """
        found = [0, *accumulate(int(label == 1) for label in self._all)]
        step = max(1, ceil(len(found) / (CURVE_POINTS - 1)))
        kept = [*range(0, len(found) - 1, step), len(found) - 1]
        return [(n, found[n]) for n in kept]

    @property
    def relevant_left(self) -> float | None:
        """Return about how many records are left to find, at the recent rate; None if unknown."""
        n_total = self.n_ranked + self.n_unscreened
        return relevant_left(self.labels.ranked, n_total=n_total)

    @property
    def consecutive_irrelevant(self) -> int | None:
        """Return the number of records since the last relevant one; None if none was screened."""
        own = [*self.labels.unranked, *self.labels.ranked]
        return consecutive_irrelevant(own) if own else None

    @property
    def unordered(self) -> str:
        """Return why some records have no known order; empty if all of them have one."""
        reasons = []
        if self.n_imported:
            reasons.append(
                f"Decisions on {self.n_imported:,} {_records(self.n_imported)} were imported, and"
                " nobody knows in which order they were made."
            )
        if self.n_unranked:
            reasons.append(
                f"{self.n_unranked:,} {_records(self.n_unranked)} had not been ranked when they"
                " were screened, so they came in the order of their import."
            )
        if reasons and self.n_ranked:
            reasons.append("They count as screened, and their order is not used.")
        return " ".join(reasons)

    @property
    def _all(self) -> list[int]:
        return [*self.labels.imported, *self.labels.unranked, *self.labels.ranked]

    @property
    def _n_unordered(self) -> int:
        return self.n_imported + self.n_unranked


def order_evidence(session: Session, *, review_id: UUID, stage: Stage) -> OrderEvidence:
    """Return what the order of screening says at a stage; what leads see, and nobody else."""
    return OrderEvidence(
        counts=count_resolutions(session, review_id=review_id, stage=stage),
        labels=screened_labels(session, review_id=review_id, stage=stage),
        rule=protocol_of(session, review_id).stopping,
    )


def _records(n: int) -> str:
    return "record" if n == 1 else "records"
