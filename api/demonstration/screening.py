"""Screening on title and abstract by two reviewers who disagree and change their minds."""

from collections.abc import Mapping, Sequence
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from api.demonstration.copies import SourceEntry
from api.demonstration.people import Cast, close_all
from review.decisions.adjudication import adjudicate
from review.decisions.conflicts import open_conflicts
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.events import Actor
from review.states.flow import FlowState, record_rows
from review.tables import Decision, Record
from review.vocabulary import Stage, Verdict
from screening.ranking.random_sample import random_order

STAGE = Stage.TITLE_ABSTRACT
SHARE_RELEVANT, SHARE_IRRELEVANT = 0.86, 0.73  # of the records that both reviewers decide on
N_SAMPLE = 150  # records in the random sample
N_MISTAKES = 2  # relevant records that both reviewers exclude
N_ALONE = 40  # records that only one reviewer has decided on, for each reviewer
N_EARLY = 150
SHARE_DISAGREEMENTS = 0.062
N_CHANGED, N_WITHDRAWN = 8, 4
WHY_REOPENED = (
    "The abstract turned out to be that of another paper; the right one was found and both should "
    "read it. (synthetic)"
)
NOTES = (
    "Payment seems to depend on activities only.",
    "Only the title is to go by.",
    "Background mentions the contract, the study does not.",
    "To discuss: is this an outcome or an output?",
    "Check whether this reports the same study as another record.",
)


class Screening:
    """Lets both reviewers decide on titles and abstracts, with random draws from ``chance``."""

    def __init__(self, cast: Cast, entries: Mapping[UUID, SourceEntry], chance: Random) -> None:
        self.cast = cast
        self.entries = entries
        self.chance = chance
        self.sample: set[int] = set()
        self.mistakes: set[int] = set()

    def plan(self, session: Session) -> tuple[list[Record], list[Record]]:
        """Return the records that both decide on, and those that only one decides on.

        The former are as if ranked, mostly with relevant records first, and include the whole
        random sample.
        """
        both: list[Record] = []
        rest: list[Record] = []
        unscreened = _records_in(session, self.cast, FlowState.UNSCREENED)
        self.sample |= set(random_order(record.number for record in unscreened)[:N_SAMPLE])
        for record in unscreened:
            share = SHARE_IRRELEVANT if self._reason(record) else SHARE_RELEVANT
            is_decided = self.chance.random() < share or record.number in self.sample
            (both if is_decided else rest).append(record)
        # Two mistakes for the page that checks decisions.
        relevant = [record.number for record in both if not self._reason(record)]
        self.mistakes = set(relevant[-N_MISTAKES:])
        both.sort(key=lambda record: self.chance.gauss(1.5 if self._reason(record) else 0))
        return both, self.chance.sample(rest, 2 * N_ALONE)

    def decide_both(self, session: Session, records: Sequence[Record]) -> None:
        """Let both reviewers decide, and sometimes disagree."""
        for record in records:
            disagrees = self.chance.random() < SHARE_DISAGREEMENTS
            dissenter = self.chance.choice(self.cast.reviewers)
            for reviewer in self.cast.reviewers:
                is_opposite = (
                    disagrees and reviewer == dissenter
                ) or record.number in self.mistakes
                self._decide(session, record, reviewer, is_opposite=is_opposite)

    def decide_alone(self, session: Session, records: Sequence[Record]) -> None:
        """Let one reviewer decide on the first half and the other on the second half."""
        for index, record in enumerate(records):
            reviewer = self.cast.reviewers[index >= len(records) // 2]
            decision = self._decide(session, record, reviewer)
            if index % (len(records) // N_WITHDRAWN) == 0:
                self._change(session, decision, Verdict.WITHDRAWN, reviewer=reviewer)

    def change_minds(self, session: Session, records: Sequence[Record]) -> None:
        """Let a reviewer first decide maybe, then change the decision."""
        for index, record in enumerate(records[:N_CHANGED]):
            right = Verdict.EXCLUDE if self._reason(record) else Verdict.INCLUDE
            for reviewer in self.cast.reviewers:
                is_unsure = reviewer == self.cast.reviewers[index % 2]
                first = decide(
                    session,
                    review_id=self.cast.review_id,
                    record_id=record.id,
                    stage=STAGE,
                    verdict=Verdict.MAYBE if is_unsure else right,
                    by=reviewer,
                )
                if is_unsure:
                    self._change(session, first, right, reviewer=reviewer)

    def resolve_half(self, session: Session) -> None:
        """Let the lead resolve every second conflict, and all in the random sample."""
        close_all(session, self.cast, STAGE)
        conflicts = open_conflicts(
            session, review_id=self.cast.review_id, stages=[STAGE], by=self.cast.lead
        )
        for index, conflict in enumerate(conflicts):
            if index % 2 and conflict.record.number not in self.sample:
                continue
            reason = self._reason(conflict.record)
            adjudicate(
                session,
                review_id=self.cast.review_id,
                record_id=conflict.record.id,
                stage=STAGE,
                verdict=Verdict.EXCLUDE if reason else Verdict.INCLUDE,
                exclusion_reason=reason,
                settles=[decision.id for decision in conflict.decisions],
                note=self.chance.choice((None, *NOTES)),
                by=self.cast.lead,
            )

    def reopen_one(self, session: Session) -> None:
        """Reopen an excluded record; one reviewer has already decided on it again."""
        excluded = _records_in(session, self.cast, FlowState.EXCLUDED)[N_EARLY:]
        record = next(record for record in excluded if record.number not in self.sample)
        reopen(
            session,
            review_id=self.cast.review_id,
            record_id=record.id,
            stage=STAGE,
            why=WHY_REOPENED,
            by=self.cast.lead,
        )
        self._decide(session, record, self.cast.reviewers[0])

    def _reason(self, record: Record) -> str | None:
        return self.entries[record.id].work.reason

    def _decide(
        self, session: Session, record: Record, reviewer: Actor, *, is_opposite: bool = False
    ) -> Decision:
        reason = self._reason(record)
        verdict = Verdict.EXCLUDE if reason else Verdict.INCLUDE
        if is_opposite:
            verdict = Verdict.INCLUDE if reason else Verdict.EXCLUDE
            reason = None if reason else "nothing_about_contract"
        elif verdict is Verdict.INCLUDE and self.chance.random() < 0.1:
            verdict = Verdict.MAYBE
        says_why = verdict is Verdict.EXCLUDE and self.chance.random() < 0.5
        return decide(
            session,
            review_id=self.cast.review_id,
            record_id=record.id,
            stage=STAGE,
            verdict=verdict,
            exclusion_reason=reason if says_why else None,
            note=self.chance.choice(NOTES) if self.chance.random() < 0.05 else None,
            seconds=round(self.chance.lognormvariate(3, 0.6), 1),
            by=reviewer,
        )

    def _change(
        self, session: Session, decision: Decision, verdict: Verdict, *, reviewer: Actor
    ) -> None:
        decide(
            session,
            review_id=self.cast.review_id,
            record_id=decision.record_id,
            stage=STAGE,
            verdict=verdict,
            supersedes_id=decision.id,
            by=reviewer,
        )


def _records_in(session: Session, cast: Cast, state: FlowState) -> list[Record]:
    rows = record_rows(session, review_id=cast.review_id, states=[state], limit=5000)
    return [record for record, _, _ in rows]
