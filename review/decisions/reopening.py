"""Reopening a record, so that it is screened again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session

from review.errors import Conflicting, Invalid
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.closing import check_closed
from review.states.clusters import cluster_of, clusters_of
from review.states.resolution import stage_state
from review.tables import Decision, Event, Reopening, ReopeningRequest
from review.vocabulary import Act, Resolution, Stage


def reopen(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, why: str, by: Actor
) -> Reopening:
    """Start a new round for a record at a stage; earlier decisions no longer count.  Flushes.

    Raises Invalid without a reason, Conflicting where nobody has decided yet or where a reviewer
    may still change their decision themselves.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not why.strip():
        raise Invalid("Give a reason for reopening this record.")
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    now = stage_state(session, review_id=review_id, stage=stage, cluster=cluster)
    if now.resolution is Resolution.UNSCREENED:
        raise Conflicting("Nobody has decided on this record yet, so there is nothing to reopen.")
    check_closed(session, review_id=review_id, stage=stage, cluster=cluster)
    # A duplicate that was merged and split again may have left decisions in a later round.
    latest_round = session.scalar(
        select(func.max(Decision.round)).where(
            Decision.review_id == review_id,
            Decision.record_id.in_(cluster),
            Decision.stage == stage,
        )
    )
    reopening = Reopening(
        id=uuid4(),
        record_id=cluster[0],
        stage=stage,
        round=1 + max(now.round, latest_round or 0),
        why=why.strip(),
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.REOPEN,
        by=by,
        rows=[reopening],
        subject=("record", record_id),
    )
    return reopening


@dataclass(frozen=True)
class Reopened:
    """That a record was reopened, and why, as far as a reviewer may know it."""

    at: datetime
    why: str | None


def reopened(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    record_ids: Collection[UUID],
    by: Actor,
) -> dict[UUID, Reopened]:
    """Return the newest reopening of each record that has one, by record.

    Another reviewer's reason for asking is left out: it may say what they would decide.
    """
    of_stage = (Reopening.review_id == review_id, Reopening.stage == stage)
    if session.scalar(select(Reopening.id).where(*of_stage).limit(1)) is None:
        return {}
    clusters = clusters_of(session, review_id=review_id, record_ids=record_ids)
    among = {id_ for cluster in clusters.values() for id_ in cluster}
    asked = exists().where(
        ReopeningRequest.review_id == Reopening.review_id,
        ReopeningRequest.stage == Reopening.stage,
        ReopeningRequest.why == Reopening.why,
        ReopeningRequest.event_number < Reopening.event_number,
        ReopeningRequest.reviewer_id != by.account_id,
    )
    rows = session.execute(
        select(Reopening, Event.at, asked)
        .join(Event, and_(Event.review_id == review_id, Event.number == Reopening.event_number))
        .where(*of_stage, Reopening.record_id.in_(among))
        .order_by(Reopening.round)
    ).all()
    return {
        record_id: Reopened(at, None if is_others else reopening.why)
        for record_id, cluster in clusters.items()
        for reopening, at, is_others in rows
        if reopening.record_id in cluster
    }
