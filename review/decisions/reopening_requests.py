"""Reviewers' requests to reopen a record, and what the lead answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.reopening import reopen
from review.decisions.situation import Situation, live_decisions, situation_of
from review.errors import Conflicting, Invalid, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.states.closing import open_decisions
from review.states.clusters import Scope, cluster_of
from review.states.resolution import stage_state
from review.states.rounds import hidden_rounds
from review.states.viewers import viewer_of
from review.tables import (
    Account,
    Event,
    Record,
    Reopening,
    ReopeningRefusal,
    ReopeningRequest,
)
from review.vocabulary import Act, Stage


@dataclass(frozen=True)
class OpenRequest:
    """A request that nobody has answered yet."""

    id: UUID
    record: Record
    stage: Stage
    reviewer: str  # by name
    why: str
    at: datetime


@dataclass(frozen=True)
class OwnRequest:
    """The caller's own request about a record in its current round."""

    why: str
    refusal: str | None  # the lead's reason for not reopening it; None while it waits


def ask_to_reopen(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, why: str, by: Actor
) -> ReopeningRequest:
    """Ask the lead to reopen a record that the caller has decided on; flushes.

    Raises Invalid without a reason, Conflicting without a closed decision of the caller's own in
    this round, or if their earlier request has not been answered yet.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.SCREEN)
    if not why.strip():
        raise Invalid("Say why the record should be reopened.")
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    own = {
        decision.id
        for decision in live_decisions(session, situation)
        if decision.reviewer_id == by.account_id
    }
    if not own:
        raise Conflicting("You have no decision on this record, so you need not have it reopened.")
    scope: dict[str, Any] = {"review_id": review_id, "stage": stage}
    if own <= {
        decision.id for decision in open_decisions(session, **scope, reviewer_id=by.account_id)
    }:
        raise Conflicting("You can still change this decision yourself, so do that.")
    earlier = _own_in_round(session, situation)
    if earlier is not None and earlier.refusal is None:
        raise Conflicting("You have already asked. The lead has not answered yet.")
    request = ReopeningRequest(
        id=uuid4(),
        record_id=record_id,
        stage=stage,
        round=situation.state.round,
        reviewer_id=by.account_id,
        why=why.strip(),
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.ASK_TO_REOPEN,
        by=by,
        rows=[request],
        subject=("record", record_id),
    )
    return request


def reopen_as_asked(session: Session, *, review_id: UUID, request_id: UUID, by: Actor) -> Reopening:
    """Reopen the record of a request, for the reason that the reviewer gave; flushes."""
    request = _waiting_request(session, review_id, request_id, by=by)
    return reopen(
        session,
        review_id=review_id,
        record_id=request.record_id,
        stage=request.stage,
        why=request.why,
        by=by,
    )


def refuse_reopening(
    session: Session, *, review_id: UUID, request_id: UUID, why: str, by: Actor
) -> ReopeningRefusal:
    """Answer a request without reopening the record; flushes.  Raises Invalid without a reason."""
    request = _waiting_request(session, review_id, request_id, by=by)
    if not why.strip():
        raise Invalid("Say why the record is not reopened. The reviewer will read it.")
    refusal = ReopeningRefusal(id=uuid4(), request_id=request.id, why=why.strip())
    record_act(
        session,
        review_id=review_id,
        act=Act.REFUSE_REOPENING,
        by=by,
        rows=[refusal],
        subject=("record", request.record_id),
    )
    return refusal


def open_requests(session: Session, *, review_id: UUID, by: Actor) -> list[OpenRequest]:
    """Return the requests that nobody has answered, the earliest first; for the lead.

    A reason says much about a decision, so a lead who screens gets none about records on which
    others' decisions are hidden from them.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = session.execute(
        select(ReopeningRequest, Record, Account.name, Event.at)
        .join(Record, Record.id == ReopeningRequest.record_id)
        .join(Account, Account.id == ReopeningRequest.reviewer_id)
        .join(
            Event,
            (Event.review_id == ReopeningRequest.review_id)
            & (Event.number == ReopeningRequest.event_number),
        )
        .outerjoin(ReopeningRefusal, ReopeningRefusal.request_id == ReopeningRequest.id)
        .where(ReopeningRequest.review_id == review_id, ReopeningRefusal.id.is_(None))
        .order_by(ReopeningRequest.event_number)
    )
    return [
        OpenRequest(request.id, record, request.stage, name, request.why, at)
        for request, record, name, at in rows.all()
        if _round_now(session, request) == request.round
        and not _is_hidden_from_reader(session, request)
    ]


def own_request(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> OwnRequest | None:
    """Return the caller's newest request to reopen a record; None if it has been reopened."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    return _own_in_round(session, situation)


def _own_in_round(session: Session, situation: Situation) -> OwnRequest | None:
    row = session.execute(
        select(ReopeningRequest.why, ReopeningRefusal.why)
        .outerjoin(ReopeningRefusal, ReopeningRefusal.request_id == ReopeningRequest.id)
        .where(
            ReopeningRequest.record_id.in_(situation.cluster),
            ReopeningRequest.stage == situation.stage,
            ReopeningRequest.round == situation.state.round,
            ReopeningRequest.reviewer_id == situation.by.account_id,
        )
        .order_by(ReopeningRequest.event_number.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else OwnRequest(*row)


def _waiting_request(
    session: Session, review_id: UUID, request_id: UUID, *, by: Actor
) -> ReopeningRequest:
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    request = session.get(ReopeningRequest, request_id)
    if request is None or request.review_id != review_id:
        raise NotFound("There is no such request in this review.")
    refused = select(ReopeningRefusal.id).where(ReopeningRefusal.request_id == request_id)
    if session.scalar(refused) is not None or _round_now(session, request) > request.round:
        raise Conflicting("This request has already been answered. Nothing was saved.")
    return request


def _is_hidden_from_reader(session: Session, request: ReopeningRequest) -> bool:
    viewer = viewer_of(session, request.review_id)
    if viewer is None:
        return False
    cluster = cluster_of(session, review_id=request.review_id, record_id=request.record_id)
    hidden = hidden_rounds(Scope(request.review_id, only=cluster), request.stage, viewer)
    return session.scalar(select(hidden.c.record_id).limit(1)) is not None


def _round_now(session: Session, request: ReopeningRequest) -> int:
    cluster = cluster_of(session, review_id=request.review_id, record_id=request.record_id)
    state = stage_state(session, review_id=request.review_id, stage=request.stage, cluster=cluster)
    return state.round
