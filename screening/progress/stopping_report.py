"""The numbers for and against stopping, side by side; none of them decides anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.vocabulary import Stage
from screening.progress.history import labels_in_random_order
from screening.progress.order_evidence import OrderEvidence, order_evidence
from screening.progress.stopping_rules import percent
from screening.ranking.random_sample import (
    IN_CONFLICT,
    SAMPLE_STEP,
    UNKNOWN,
    SampleEstimate,
    known_sample,
)


@dataclass(frozen=True)
class StoppingReport:
    """What is known about how much is left to find at a stage."""

    stage: Stage
    order: OrderEvidence
    random_order: Sequence[int]  # labels, see `screening.ranking.random_sample`
    random_share: float

    @cached_property
    def sample(self) -> SampleEstimate | None:
        """Return what the random sample says; None until the first one is complete."""
        known = known_sample(self.random_order)
        if not known:
            return None
        return SampleEstimate(
            n_sample=len(known),
            n_included=known.count(1),
            n_total=self.order.n_total,
            n_found=self.order.n_included,
            confidence=self.order.rule.confidence,
            n_conflicts=known.count(IN_CONFLICT),
        )

    @property
    def answer(self) -> str:
        """Return whether screening may stop, by the protocol's rule, in one sentence.

        How many records may be missing comes from the test of recall, which is the rule, or else
        from the random sample: one bound, chosen beforehand, keeps its confidence.
        """
        order = self.order
        if order.n_total and not order.n_unscreened:
            if not order.n_conflicts:
                return "Everything has been screened."
            return f"Everything has been screened, and {_records(order.n_conflicts)} in conflict."
        missed = order.most_missed if order.most_missed is not None else self._sampled_missed
        if missed is None:
            return "Not yet: nothing can be said about how many relevant records may be missing."
        if order.is_reached:
            target = percent(order.rule.recall_target)
            found = f"Yes, by the protocol's rule: at least {target} of the relevant records have"
            left = f"at most {missed:,} may still be missing" if missed else "none may be missing"
            return f"{found} been found, and {left}."
        if not missed:
            return "Not yet: probably no relevant record is missing, but the rule is not met."
        return f"Not yet: up to {missed:,} relevant {_noun(missed)} may still be missing."

    @property
    def _sampled_missed(self) -> int | None:
        return self.sample.most_missed if self.sample else None

    @property
    def next_sample(self) -> str | None:
        """Return how far the next random sample is; None if every record is in the last one."""
        n_known = len(known_sample(self.random_order))
        wanted = self.random_order[: n_known + SAMPLE_STEP]
        if len(wanted) == n_known:
            return None
        n_open = wanted.count(UNKNOWN)
        return (
            f"{len(wanted) - n_open:,} of the first {len(wanted):,} records in random order have"
            f" all the decisions they need; {n_open:,} still"
            f" {'needs' if n_open == 1 else 'need'} some."
        )

    @property
    def methods(self) -> str:
        """Return sentences for the methods section of a report, with the current numbers."""
        order = self.order
        if not order.n_total or order.n_unscreened == order.n_total:
            return order.sentence
        sentences = [self._how_screened] if order.n_ranked else []
        sentences.append(
            f"Of {order.n_total:,} records, {order.n_resolved:,} were resolved and"
            f" {order.n_included:,} of these were included."
        )
        sentences += filter(None, [order.unordered if order.n_ranked else "", self._test])
        if self.sample:
            sentences.append(self._sample(self.sample))
        return " ".join(sentences)

    @property
    def numbers(self) -> dict[str, Any]:
        """Return the numbers that are stored with a stop."""
        order, sample = self.order, self.sample
        return {
            "n_total": order.n_total,
            "n_resolved": order.n_resolved,
            "n_included": order.n_included,
            "recall_target": order.rule.recall_target,
            "confidence": order.rule.confidence,
            "p_value": order.test.p_value if order.test else None,
            "recall_floor": order.recall_floor,
            "consecutive_irrelevant": order.consecutive_irrelevant,
            "relevant_left": order.relevant_left,
            "n_sample": sample.n_sample if sample else None,
            "n_included_in_sample": sample.n_included if sample else None,
            "most_missed": sample.most_missed if sample else None,
        }

    @property
    def _how_screened(self) -> str:
        documents = "Titles and abstracts" if self.stage is Stage.TITLE_ABSTRACT else "Full texts"
        return (
            f"{documents} were screened in the order of a ranking that was trained on the records"
            " resolved so far: a linear support vector machine on words and pairs of words that"
            f" started from the review's question, with {percent(self.random_share)} of the records"
            " in random order."
        )

    @property
    def _test(self) -> str:
        order = self.order
        if order.nothing_to_say or not order.test:
            return order.sentence
        result = "was rejected" if order.is_reached else "could not be rejected"
        return (
            f"The hypothesis that fewer than {percent(order.rule.recall_target)} of the relevant"
            f" records had been found {result} at {percent(order.rule.confidence)} confidence from"
            f" the order of screening ({order.test.p_text}; Callaghan and Müller-Hansen 2020)."
        )

    def _sample(self, sample: SampleEstimate) -> str:
        conflicts = ""
        if sample.n_conflicts:
            conflicts = f" and {sample.n_conflicts:,} in conflict, counted as relevant"
        return (
            f"Whatever that order was, a random sample of {sample.n_sample:,} records,"
            f" {sample.n_included:,} of them relevant{conflicts}, showed that at most"
            f" {sample.most_missed:,} relevant records had not been found"
            f" ({percent(sample.confidence)} confidence)."
        )


def stopping_report(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor
) -> StoppingReport:
    """Return the numbers for and against stopping; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return StoppingReport(
        stage=stage,
        order=order_evidence(session, review_id=review_id, stage=stage),
        random_order=labels_in_random_order(session, review_id=review_id, stage=stage),
        random_share=protocol_of(session, review_id).random_share,
    )


def _noun(n: int) -> str:
    return "record" if n == 1 else "records"


def _records(n: int) -> str:
    return f"{n:,} {_noun(n)} {'is' if n == 1 else 'are'}"
