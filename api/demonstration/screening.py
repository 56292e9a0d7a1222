"""Screening on title and abstract: two reviewers, their disagreements and second thoughts."""

from collections.abc import Mapping, Sequence
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from api.demonstration.copies import Entry
from api.demonstration.people import Cast
from review.decisions.adjudication import adjudicate
from review.decisions.blinding import conflicts
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.events import Actor
from review.states.flow import FlowState, record_rows
from review.tables import Decision, Record
from review.vocabulary import Stage, Verdict
from screening.ranking.random_sample import random_order

STAGE = Stage.TITLE_ABSTRACT
SHARE_RELEVANT, SHARE_OTHER = 0.86, 0.73  # of the records, that both reviewers get to
N_SAMPLE = 150  # of them that a sample in random order has
N_SLIPS = 2  # relevant records that both reviewers exclude
N_ONE_ALONE = 40  # records that only one reviewer has decided on, for each of them
N_EARLY = 150
SHARE_UNLIKE = 0.062
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
    """What both reviewers do with titles and abstracts, drawn from one source of chance."""

    def __init__(self, cast: Cast, entries: Mapping[UUID, Entry], chance: Random) -> None:
        self.cast = cast
        self.entries = entries
        self.chance = chance
        self.sample: set[int] = set()
        self.slips: set[int] = set()

    def plan(self, session: Session) -> tuple[list[Record], list[Record]]:
        """Return the records that both decide on, and those that one alone decides on.

        The former come as from a ranking, relevant ones mostly first, with a random sample whole.
        """
        both: list[Record] = []
        others: list[Record] = []
        unscreened = _in_state(session, self.cast, FlowState.UNSCREENED)
        self.sample |= set(random_order(record.number for record in unscreened)[:N_SAMPLE])
        for record in unscreened:
            share = SHARE_OTHER if self._reason(record) else SHARE_RELEVANT
            is_read = self.chance.random() < share or record.number in self.sample
            (both if is_read else others).append(record)
        # Two slips, for the second look at what was decided.
        relevant = [record.number for record in both if not self._reason(record)]
        self.slips = set(relevant[-N_SLIPS:])
        both.sort(key=lambda record: self.chance.gauss(1.5 if self._reason(record) else 0))
        return both, self.chance.sample(others, 2 * N_ONE_ALONE)

    def decide_both(self, session: Session, records: Sequence[Record]) -> None:
        """Let both reviewers decide, seldom differently."""
        for record in records:
            is_unlike = self.chance.random() < SHARE_UNLIKE
            odd_one_out = self.chance.choice(self.cast.reviewers)
            for reviewer in self.cast.reviewers:
                is_other = (is_unlike and reviewer == odd_one_out) or record.number in self.slips
                self._decide(session, record, reviewer, is_other=is_other)

    def decide_alone(self, session: Session, records: Sequence[Record]) -> None:
        """Let the first half be decided on by one reviewer and the rest by the other."""
        for place, record in enumerate(records):
            reviewer = self.cast.reviewers[place >= len(records) // 2]
            decision = self._decide(session, record, reviewer)
            if place % (len(records) // N_WITHDRAWN) == 0:
                self._change(session, decision, Verdict.WITHDRAWN, reviewer)

    def change_minds(self, session: Session, records: Sequence[Record]) -> None:
        """Let a reviewer say maybe first and decide in earnest afterwards."""
        for place, record in enumerate(records[:N_CHANGED]):
            right = Verdict.EXCLUDE if self._reason(record) else Verdict.INCLUDE
            for reviewer in self.cast.reviewers:
                is_unsure = reviewer == self.cast.reviewers[place % 2]
                first = decide(
                    session,
                    review_id=self.cast.review_id,
                    record_id=record.id,
                    stage=STAGE,
                    verdict=Verdict.MAYBE if is_unsure else right,
                    by=reviewer,
                )
                if is_unsure:
                    self._change(session, first, right, reviewer)

    def settle_half(self, session: Session) -> None:
        """Let the lead settle every second conflict, and those of the random sample."""
        open_ones = conflicts(
            session, review_id=self.cast.review_id, stage=STAGE, by=self.cast.lead, limit=500
        )
        for place, conflict in enumerate(open_ones):
            if place % 2 and conflict.record.number not in self.sample:
                continue
            reason = self._reason(conflict.record)
            adjudicate(
                session,
                review_id=self.cast.review_id,
                record_id=conflict.record.id,
                stage=STAGE,
                verdict=Verdict.EXCLUDE if reason else Verdict.INCLUDE,
                exclusion_reason=reason,
                settles=[one.id for one in conflict.decisions],
                note=self.chance.choice((None, *NOTES)),
                by=self.cast.lead,
            )

    def reopen_one(self, session: Session) -> None:
        """Start a new round for a record that was excluded, which one reviewer has read again."""
        excluded = _in_state(session, self.cast, FlowState.EXCLUDED)[N_EARLY:]
        record = next(one for one in excluded if one.number not in self.sample)
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
        self, session: Session, record: Record, reviewer: Actor, *, is_other: bool = False
    ) -> Decision:
        reason = self._reason(record)
        verdict = Verdict.EXCLUDE if reason else Verdict.INCLUDE
        if is_other:
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
        self, session: Session, decision: Decision, verdict: Verdict, reviewer: Actor
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


def _in_state(session: Session, cast: Cast, flow_state: FlowState) -> list[Record]:
    rows = record_rows(session, review_id=cast.review_id, states=[flow_state], limit=5000)
    return [record for record, _, _ in rows]
