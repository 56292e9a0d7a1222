"""Each reviewer's own next records, in the one order that is in use."""

from collections.abc import Collection, Iterator
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, select, true
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, begin_act, check
from review.states.clusters import cluster_of
from review.tables import CalibrationRecord, Rank, Record, Skip
from review.vocabulary import Stage
from screening.queue.assignments import parts_for
from screening.queue.calibration import Rounds, open_rounds, records_of
from screening.queue.candidates import Opening, openings, wanted_by
from screening.ranking.runs import current_run

LOOK_AHEAD = 10  # candidates checked at a time; most of them prove to be open


def next_records(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int = 1
) -> list[Record]:
    """Return the caller's next records to decide on, most relevant first.

    Records that no ranking has seen come after the ranked ones, in import order, and those that
    the caller skipped after all others, the longest ago first.  Whether others have decided may
    take a record out of the queue once it has all it needs; what they decided never moves anything.
    """
    found = next_openings(session, review_id=review_id, stage=stage, by=by, limit=limit)
    return [session.get_one(Record, record_id) for record_id in found]


def next_openings(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int
) -> dict[UUID, Opening]:
    """Return the caller's next records as above, each with what it wants."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    found: dict[UUID, Opening] = {}
    rounds = open_rounds(session, review_id, stage, by)
    for query in _in_order(session, review_id, stage, by, rounds):
        for record_id, opening in _candidates(session, review_id, stage, by, query, rounds[0]):
            found[record_id] = opening
            if len(found) == limit:
                return found
    return found


def skip(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    stage: Stage,
    by: Actor,
    is_undone: bool = False,
) -> None:
    """Put a record off, to come back after the caller's other records, or no more.  Flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.SCREEN)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    mine = (Skip.account_id == by.account_id, Skip.stage == stage, Skip.record_id == cluster[0])
    session.execute(delete(Skip).where(*mine))
    if not is_undone:
        session.add(
            Skip(review_id=review_id, account_id=by.account_id, record_id=cluster[0], stage=stage)
        )
    session.flush()


def n_left(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Return about how many records are left for the caller; quick, and not exact.

    Counted are unique records of the caller's own share that neither they nor enough others have
    decided on.
    """
    rounds = open_rounds(session, review_id, stage, by)
    wanted = wanted_by(session, review_id, stage, by, rounds)
    query = select(func.count(Record.id)).where(Record.review_id == review_id, *wanted(Record.id))
    parts = parts_for(session, review_id=review_id, stage=stage, account_id=by.account_id)
    if parts:
        query = query.where(parts[0] | Record.id.in_(records_of(rounds[0])))
    return session.scalar(query) or 0


def _candidates(
    session: Session,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    query: Select[UUID],
    own_rounds: Collection[UUID],
) -> Iterator[tuple[UUID, Opening]]:
    offset = 0
    while candidates := session.scalars(query.offset(offset).limit(LOOK_AHEAD)).all():
        found = openings(session, review_id, stage, by, candidates, own_rounds)
        yield from ((one, found[one]) for one in candidates if one in found)
        offset += LOOK_AHEAD


def _in_order(
    session: Session, review_id: UUID, stage: Stage, by: Actor, rounds: Rounds
) -> Iterator[Select[UUID]]:
    """Yield queries for likely candidates.

    First those of the caller's open calibration rounds, then the ranked ones and the others, last
    those put off.
    """
    own_rounds, _ = rounds
    wanted = wanted_by(session, review_id, stage, by, rounds)
    skips = (Skip.account_id == by.account_id, Skip.stage == stage)
    not_now = [select(Skip.record_id).where(*skips)]
    every = (
        select(Record.id)
        .where(Record.review_id == review_id, *wanted(Record.id))
        .order_by(Record.number)
    )
    if own_rounds:
        yield (
            every.join(CalibrationRecord, CalibrationRecord.record_id == Record.id)
            .where(CalibrationRecord.calibration_set_id.in_(own_rounds))
            .where(Record.id.not_in(not_now[0]))
            .order_by(None)
            .order_by(CalibrationRecord.event_number, CalibrationRecord.position)
        )
        not_now.append(records_of(own_rounds))  # they were given
    unranked, ranked = every.where(*(Record.id.not_in(some) for some in not_now)), None
    run = current_run(session, review_id=review_id, stage=stage)
    if run is not None:
        ranks = Rank.model_run_id == run.id
        unranked = unranked.where(Record.id.not_in(select(Rank.record_id).where(ranks)))
        ranked = (
            select(Rank.record_id)
            .where(ranks, *wanted(Rank.record_id))
            .where(*(Rank.record_id.not_in(some) for some in not_now))
            .order_by(Rank.position)
        )
    parts = parts_for(session, review_id=review_id, stage=stage, account_id=by.account_id)
    for part in parts or [true()]:
        if ranked is not None:
            # In a subquery of its own, so that databases go down the ranks and stop early.
            of_rank = select(part).where(Record.id == Rank.record_id).correlate(Rank)
            yield ranked.where(of_rank.scalar_subquery()) if parts else ranked
        yield unranked.where(part)
    put_off = and_(Skip.record_id == Record.id, *skips)
    yield every.join(Skip, put_off).order_by(None).order_by(Skip.at, Record.number)
