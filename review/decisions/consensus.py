"""Consensus: a reviewer who disagrees proposes, the others agree; nobody resolves alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.adjudication import check_conflict, check_resolution, resolution_rows
from review.decisions.situation import Situation, live_decisions, situation_of
from review.errors import Conflicting, NotAllowed, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.tables import ActRow, Adjudication, ConsensusAnswer, ConsensusProposal
from review.vocabulary import Act, Stage, Verdict


@dataclass(frozen=True)
class Proposal:
    """The newest proposal about a conflict, and what the reviewers have said to it."""

    proposal: ConsensusProposal
    is_own: bool  # whether the caller made it
    is_declined: bool
    has_agreed: bool  # whether the caller has


def propose(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    stage: Stage,
    verdict: Verdict,
    by: Actor,
    exclusion_reason: str | None = None,
    note: str | None = None,
) -> ConsensusProposal:
    """Propose how to resolve a conflict that the caller is part of; flushes.

    It takes the place of an earlier proposal.  Raises Conflicting unless the protocol allows
    consensus, the caller has a decision in the round, the decisions differ, and none may still
    change.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.SCREEN)
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    check_resolution(session, situation, verdict=verdict, reason=exclusion_reason)
    _check_part(session, situation)
    proposal = ConsensusProposal(
        id=uuid4(),
        record_id=situation.cluster[0],
        stage=stage,
        round=situation.state.round,
        reviewer_id=by.account_id,
        verdict=verdict,
        exclusion_reason=exclusion_reason,
        note=note,
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.PROPOSE_CONSENSUS,
        by=by,
        rows=[proposal],
        subject=("record", record_id),
    )
    return proposal


def answer(
    session: Session, *, review_id: UUID, proposal_id: UUID, agrees: bool, by: Actor
) -> Adjudication | None:
    """Agree with somebody's proposal, or decline it; flushes.

    Returns the resolution once everybody who decided has agreed, else None.  Raises NotFound for a
    proposal of another review; NotAllowed for one's own; Conflicting where there is a newer one,
    the caller has answered already or has no part in it.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.SCREEN)
    proposal = session.get(ConsensusProposal, proposal_id)
    if proposal is None or proposal.review_id != review_id:
        raise NotFound("There is no such proposal in this review.")
    situation = situation_of(
        session, review_id=review_id, record_id=proposal.record_id, stage=proposal.stage, by=by
    )
    _check_part(session, situation)
    if proposal.reviewer_id == by.account_id:
        raise NotAllowed("This is your own proposal. Another reviewer must answer it.")
    newest = _newest(session, situation)
    if newest is None or newest.id != proposal_id:
        raise Conflicting("There is a newer proposal. Reload the page to see it.")
    answers = _answers(session, proposal)
    if any(given.reviewer_id == by.account_id for given in answers):
        raise Conflicting("You have already answered this proposal.")
    given = ConsensusAnswer(
        id=uuid4(), proposal_id=proposal_id, reviewer_id=by.account_id, agrees=agrees
    )
    cited = live_decisions(session, situation)
    agreeing = {one.reviewer_id for one in [*answers, given] if one.agrees}
    rows: tuple[ActRow, ...] = ()
    if {decision.reviewer_id for decision in cited} <= agreeing | {proposal.reviewer_id}:
        rows = resolution_rows(
            situation,
            cited,
            verdict=proposal.verdict,
            exclusion_reason=proposal.exclusion_reason,
            note=proposal.note,
        )
    record_act(
        session,
        review_id=review_id,
        act=Act.ADJUDICATE if rows else Act.ANSWER_CONSENSUS,
        by=by,
        rows=[given, *rows],
        subject=("record", proposal.record_id),
    )
    return next((row for row in rows if isinstance(row, Adjudication)), None)


def proposal_on(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> Proposal | None:
    """Return the newest proposal about a conflict that the caller is part of, if there is one."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    newest = _newest(session, situation)
    if newest is None or by.account_id not in _reviewers(session, situation):
        return None
    answers = _answers(session, newest)
    return Proposal(
        newest,
        is_own=newest.reviewer_id == by.account_id,
        is_declined=any(not given.agrees for given in answers),
        has_agreed=any(given.agrees and given.reviewer_id == by.account_id for given in answers),
    )


def _check_part(session: Session, situation: Situation) -> None:
    """Raise unless the actor is one of those who disagree and may agree by consensus.

    Whether the actor has decided is asked first: to anybody else every conflict looks alike.
    """
    reviewers = _reviewers(session, situation)
    if situation.by.account_id not in reviewers or len(reviewers) == 1:
        raise Conflicting(
            "Only the reviewers who decided on this record can resolve it by consensus."
        )
    if not situation.state.consensus_allowed:
        raise Conflicting(
            "The protocol does not allow consensus at this stage. An adjudicator must resolve it."
        )
    check_conflict(session, situation)


def _reviewers(session: Session, situation: Situation) -> set[UUID]:
    return {decision.reviewer_id for decision in live_decisions(session, situation)}


def _newest(session: Session, situation: Situation) -> ConsensusProposal | None:
    return session.scalar(
        select(ConsensusProposal)
        .where(
            ConsensusProposal.review_id == situation.review_id,
            ConsensusProposal.record_id.in_(situation.cluster),
            ConsensusProposal.stage == situation.stage,
            ConsensusProposal.round == situation.state.round,
        )
        .order_by(ConsensusProposal.event_number.desc())
        .limit(1)
    )


def _answers(session: Session, proposal: ConsensusProposal) -> Sequence[ConsensusAnswer]:
    return session.scalars(
        select(ConsensusAnswer).where(ConsensusAnswer.proposal_id == proposal.id)
    ).all()
