"""The numbers for and against stopping, side by side; none of them decides anything."""

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
from screening.progress.history import (
    count_resolutions,
    known_sample_labels,
    labels_in_screening_order,
)
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
class StoppingReport:
    """What is known about how much is left to find at a stage."""

    stage: Stage
    rule: StoppingRule
    n_total: int  # records of the stage, screened or not
    n_resolved: int
    n_included: int
    n_conflicts: int
    test: RecallTest
    recall_floor: float | None  # the greatest recall that the same test supports
    consecutive_irrelevant: int
    relevant_left: float | None
    sample: SampleEstimate | None  # None until the first random sample is all resolved
    random_share: float
    was_ranked: bool

    @property
    def methods(self) -> str:
        """Return sentences for the methods section of a report, with the current numbers."""
        documents = "Titles and abstracts" if self.stage is Stage.TITLE_ABSTRACT else "Full texts"
        sentences = []
        if self.was_ranked:
            sentences.append(
                f"{documents} were screened in the order of a ranking that was trained on the"
                " records resolved so far: a linear support vector machine on words and pairs of"
                " words that started from the review's question, with"
                f" {percent(self.random_share)} of the records in random order."
            )
        sentences += [
            f"The reviewers screened {self.n_resolved:,} of {self.n_total:,} records and included"
            f" {self.n_included:,}.",
            f"The hypothesis that fewer than {percent(self.test.recall_target)} of the relevant"
            f" records had been found {'was' if self.test.is_reached else 'could not be'} rejected"
            f" at {percent(self.test.confidence)} confidence ({self.test.p_text}; Callaghan and"
            " Müller-Hansen 2020).",
        ]
        if self.sample:
            sentences.append(
                f"A random sample of {self.sample.n_sample:,} records, {self.sample.n_included:,}"
                f" of them relevant, showed that at most {self.sample.most_missed:,} relevant"
                f" records had not been found ({percent(self.sample.confidence)} confidence)."
            )
        return " ".join(sentences)

    @property
    def numbers(self) -> dict[str, Any]:
        """Return the numbers that are stored with a stop."""
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


def stopping_report(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor
) -> StoppingReport:
    """Return the numbers for and against stopping; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    protocol = protocol_of(session, review_id)
    rule = protocol.stopping
    labels = labels_in_screening_order(session, review_id=review_id, stage=stage)
    counts = count_resolutions(session, review_id=review_id, stage=stage)
    n_total, n_included = sum(counts.values()), counts[Resolution.INCLUDE]
    n_resolved = sum(counts[resolution] for resolution in FINISHED)
    n_in_order = _n_in_order(labels, counts)
    sample = known_sample_labels(session, review_id=review_id, stage=stage)
    return StoppingReport(
        stage=stage,
        rule=rule,
        n_total=n_total,
        n_resolved=n_resolved,
        n_included=n_included,
        n_conflicts=counts[Resolution.CONFLICT],
        test=recall_test(
            labels,
            n_total=n_in_order,
            recall_target=rule.recall_target,
            confidence=rule.confidence,
        ),
        recall_floor=recall_floor(labels, n_total=n_in_order, confidence=rule.confidence),
        consecutive_irrelevant=consecutive_irrelevant(labels),
        relevant_left=relevant_left(labels, n_total=n_in_order),
        sample=SampleEstimate(len(sample), sum(sample), n_total, n_included, rule.confidence)
        if sample
        else None,
        random_share=protocol.random_share,
        was_ranked=current_run(session, review_id=review_id, stage=stage) is not None,
    )


def supported_recall(
    session: Session, *, review_id: UUID, stage: Stage, confidence: float
) -> tuple[int, float | None]:
    """Return how many records were screened in a known order, and the recall that they support."""
    labels = labels_in_screening_order(session, review_id=review_id, stage=stage)
    counts = count_resolutions(session, review_id=review_id, stage=stage)
    n_total = _n_in_order(labels, counts)
    return len(labels), recall_floor(labels, n_total=n_total, confidence=confidence)


def _n_in_order(labels: Sequence[int], counts: Mapping[Resolution, int]) -> int:
    """Return how many records were screened in a known order or still need decisions.

    Records with imported decisions have no known order, and say nothing about what is left.
    """
    incomplete = (Resolution.UNSCREENED, Resolution.AWAITING_SECOND, Resolution.NOT_SCREENED)
    return len(labels) + sum(counts[resolution] for resolution in incomplete)
