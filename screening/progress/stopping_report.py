"""Whether enough was read: the numbers for it side by side, none of which decides anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.schema import StoppingRule
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.vocabulary import FINISHED, Resolution, Stage
from screening.progress.history import count_resolutions, labels_as_read, sample_as_known
from screening.progress.stopping_rules import (
    RecallTest,
    consecutive_irrelevant,
    percent,
    recall_floor,
    recall_test,
    relevant_left,
)
from screening.ranking.random_sample import SampleEstimate
from screening.ranking.runs import current_run


@dataclass(frozen=True)
class Enough:
    """What is known of how much is left to find at a stage."""

    stage: Stage
    rule: StoppingRule
    n_total: int  # records of the stage, read or not
    n_resolved: int
    n_included: int
    n_conflicts: int
    test: RecallTest
    recall_floor: float | None  # that the same test supports
    consecutive_irrelevant: int
    relevant_left: float | None
    sample: SampleEstimate | None  # None before a first random sample is known whole
    random_share: float
    was_ranked: bool

    @property
    def methods(self) -> str:
        """Return what a report's methods section can say of it, as things stand."""
        what = "Titles and abstracts" if self.stage is Stage.TITLE_ABSTRACT else "Full texts"
        said = []
        if self.was_ranked:
            said.append(
                f"{what} were given to reviewers in an order learned from what had been resolved"
                " until then: a linear support vector machine on words and pairs of words, begun"
                f" from the review's question, with {percent(self.random_share)} in random order."
            )
        said += [
            f"{self.n_resolved:,} of {self.n_total:,} records were screened, of which"
            f" {self.n_included:,} were included.",
            f"That fewer than {percent(self.test.recall_target)} of the relevant records had been"
            f" found {'was' if self.test.is_reached else 'could not be'} rejected at"
            f" {percent(self.test.confidence)} confidence ({self.test.p_text}; Callaghan and"
            " Müller-Hansen 2020).",
        ]
        if self.sample:
            said.append(
                f"A random sample of {self.sample.n_sample:,} records, {self.sample.n_included:,}"
                " of them relevant, bounds the relevant records not found at"
                f" {self.sample.most_missed:,} ({percent(self.sample.confidence)} confidence)."
            )
        return " ".join(said)

    @property
    def numbers(self) -> dict[str, Any]:
        """Return what a decision to stop is recorded with."""
        return {
            "n_total": self.n_total,
            "n_resolved": self.n_resolved,
            "n_included": self.n_included,
            "recall_target": self.rule.recall_target,
            "confidence": self.rule.confidence,
            "p_value": self.test.p_value,
            "recall_floor": self.recall_floor,
            "consecutive_irrelevant": self.consecutive_irrelevant,
            "relevant_left": self.relevant_left,
            "n_sample": self.sample.n_sample if self.sample else None,
            "n_included_in_sample": self.sample.n_included if self.sample else None,
            "most_missed": self.sample.most_missed if self.sample else None,
        }


def is_enough(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> Enough:
    """Return the numbers that speak for stopping or against it; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    protocol = protocol_of(session, review_id)
    rule = protocol.stopping
    labels = labels_as_read(session, review_id=review_id, stage=stage)
    counted = count_resolutions(session, review_id=review_id, stage=stage)
    n_total, n_included = sum(counted.values()), counted[Resolution.INCLUDE]
    n_resolved = sum(counted[one] for one in FINISHED)
    n_ordered = _n_ordered(labels, counted)
    sample = sample_as_known(session, review_id=review_id, stage=stage)
    return Enough(
        stage=stage,
        rule=rule,
        n_total=n_total,
        n_resolved=n_resolved,
        n_included=n_included,
        n_conflicts=counted[Resolution.CONFLICT],
        test=recall_test(
            labels,
            n_total=n_ordered,
            recall_target=rule.recall_target,
            confidence=rule.confidence,
        ),
        recall_floor=recall_floor(labels, n_total=n_ordered, confidence=rule.confidence),
        consecutive_irrelevant=consecutive_irrelevant(labels),
        relevant_left=relevant_left(labels, n_total=n_ordered),
        sample=SampleEstimate(len(sample), sum(sample), n_total, n_included, rule.confidence)
        if sample
        else None,
        random_share=protocol.random_share,
        was_ranked=current_run(session, review_id=review_id, stage=stage) is not None,
    )


def found_at_least(
    session: Session, *, review_id: UUID, stage: Stage, confidence: float
) -> tuple[int, float | None]:
    """Return how many records were read in order, and the recall that this supports."""
    labels = labels_as_read(session, review_id=review_id, stage=stage)
    counted = count_resolutions(session, review_id=review_id, stage=stage)
    n_total = _n_ordered(labels, counted)
    return len(labels), recall_floor(labels, n_total=n_total, confidence=confidence)


def _n_ordered(labels: Sequence[int], counted: Mapping[Resolution, int]) -> int:
    """Return how many records were read in an order that is known, or not by all who are needed.

    Decisions that were imported have no order, and tell nothing of what is left.
    """
    unread = (Resolution.UNSCREENED, Resolution.AWAITING_SECOND, Resolution.NOT_SCREENED)
    return len(labels) + sum(counted[one] for one in unread)
