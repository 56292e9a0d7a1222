"""Each reviewer's own next records, in the ranking that is in use."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, select, true
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, begin_act, check
from review.states.clusters import cluster_of
from review.tables import CalibrationRecord, Rank, Record, Skip
from review.vocabulary import Stage
from screening.queue.assignments import queue_tiers
from screening.queue.candidates import (
    OpenRecord,
    ReviewerQueue,
    candidate_conditions,
    open_records,
)
from screening.queue.open_calibrations import open_calibrations, records_in
from screening.queue.schedule import schedule_of
from screening.ranking.runs import current_run

LOOK_AHEAD = 10  # candidates checked at a time at least; most of them prove to be open
MOST_AT_ONCE = 50
COUNTED_EXACTLY = 50  # records left: few enough to look at each


def next_records(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int = 1
) -> list[Record]:
    """Return the caller's next records to decide on, most relevant first.

    Records without a rank come after the ranked ones, in import order, and those that the caller
    skipped after all others, the longest ago first.  A record leaves the queue once others have
    made all the decisions that it needs; what they decided never moves anything.  While the stage
    is paused there are none.
    """
    records = next_open_records(session, review_id=review_id, stage=stage, by=by, limit=limit)
    return [session.get_one(Record, record_id) for record_id in records]


def next_open_records(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int
) -> dict[UUID, OpenRecord]:
    """Return the caller's next records as `next_records`, by id, with the decisions they need."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    if schedule_of(session, review_id=review_id, stage=stage, by=by).is_paused:
        return {}
    queue = queue_of(session, review_id=review_id, stage=stage, by=by)
    records: dict[UUID, OpenRecord] = {}
    at_once = min(max(LOOK_AHEAD, limit), MOST_AT_ONCE)
    for query in _candidate_queries(session, queue):
        for record_id, record in _open_candidates(session, queue, query, at_once=at_once):
            records[record_id] = record
            if len(records) == limit:
                return records
    return records


def skip(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    stage: Stage,
    by: Actor,
    is_undone: bool = False,
) -> None:
    """Put a record after the caller's other records, or undo that.  Flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.SCREEN)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    own_skip = (Skip.account_id == by.account_id, Skip.stage == stage, Skip.record_id == cluster[0])
    session.execute(delete(Skip).where(*own_skip))
    if not is_undone:
        session.add(
            Skip(review_id=review_id, account_id=by.account_id, record_id=cluster[0], stage=stage)
        )
    session.flush()


def n_left(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Return about how many records are left for the caller; exact for at most COUNTED_EXACTLY.

    It counts unique records assigned to the caller first that neither they nor enough others have
    decided on, and once there are none of these, whatever else their queue still gives.
    """
    queue = queue_of(session, review_id=review_id, stage=stage, by=by)
    conditions = candidate_conditions(session, queue)
    candidates = select(Record.id).where(Record.review_id == review_id, *conditions(Record.id))
    tiers = queue_tiers(session, review_id=review_id, stage=stage, account_id=by.account_id)
    if tiers:
        is_own = tiers[0] | Record.id.in_(records_in(queue.calibrations.own))
        if n := _n_open(session, queue, candidates.where(is_own)):
            return n
    return _n_open(session, queue, candidates)


def _n_open(session: Session, queue: ReviewerQueue, candidates: Select[UUID]) -> int:
    """Return the number of candidates; where they are few, of those that the queue would give."""
    few = session.scalars(candidates.limit(COUNTED_EXACTLY + 1)).all()
    if len(few) <= COUNTED_EXACTLY:
        return len(open_records(session, queue, few)) if few else 0
    return session.scalar(select(func.count()).select_from(candidates.subquery())) or 0


def queue_of(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> ReviewerQueue:
    """Return whose queue it is, with the calibration sets that are open."""
    calibrations = open_calibrations(session, review_id=review_id, stage=stage, by=by)
    return ReviewerQueue(review_id, stage, by, calibrations)


def _open_candidates(
    session: Session, queue: ReviewerQueue, query: Select[UUID], *, at_once: int
) -> Iterator[tuple[UUID, OpenRecord]]:
    """Yield those of a query's candidates that still need the caller's decision, in its order."""
    offset = 0
    while candidates := session.scalars(query.offset(offset).limit(at_once)).all():
        records = open_records(session, queue, candidates)
        yield from (
            (record_id, records[record_id]) for record_id in candidates if record_id in records
        )
        offset += at_once


def _candidate_queries(session: Session, queue: ReviewerQueue) -> Iterator[Select[UUID]]:
    """Yield queries for likely candidates, in the order of the queue.

    First come those in the caller's open calibration sets, then the ranked and the unranked ones
    of each tier, last those that the caller skipped.
    """
    review_id, stage, account_id = queue.review_id, queue.stage, queue.by.account_id
    own_sets = queue.calibrations.own
    conditions = candidate_conditions(session, queue)
    own_skips = (Skip.account_id == account_id, Skip.stage == stage)
    left_out = [select(Skip.record_id).where(*own_skips)]
    candidates = (
        select(Record.id)
        .where(Record.review_id == review_id, *conditions(Record.id))
        .order_by(Record.number)
    )
    if own_sets:
        yield (
            candidates.join(CalibrationRecord, CalibrationRecord.record_id == Record.id)
            .where(CalibrationRecord.calibration_set_id.in_(own_sets))
            .where(Record.id.not_in(left_out[0]))
            .order_by(None)
            .order_by(CalibrationRecord.event_number, CalibrationRecord.position)
        )
        left_out.append(records_in(own_sets))  # yielded above
    unranked, ranked = candidates.where(*(Record.id.not_in(ids) for ids in left_out)), None
    run = current_run(session, review_id=review_id, stage=stage)
    if run is not None:
        is_of_run = Rank.model_run_id == run.id
        unranked = unranked.where(Record.id.not_in(select(Rank.record_id).where(is_of_run)))
        ranked = (
            select(Rank.record_id)
            .where(is_of_run, *conditions(Rank.record_id))
            .where(*(Rank.record_id.not_in(ids) for ids in left_out))
            .order_by(Rank.position)
        )
    tiers = queue_tiers(session, review_id=review_id, stage=stage, account_id=account_id)
    for tier in tiers or [true()]:
        if ranked is not None:
            # In a subquery of its own, so that databases go down the ranks and stop early.
            in_tier = select(tier).where(Record.id == Rank.record_id).correlate(Rank)
            yield ranked.where(in_tier.scalar_subquery()) if tiers else ranked
        yield unranked.where(tier)
    is_skipped = and_(Skip.record_id == Record.id, *own_skips)
    yield candidates.join(Skip, is_skipped).order_by(None).order_by(Skip.at, Record.number)
