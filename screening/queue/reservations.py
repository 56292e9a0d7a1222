"""Reservations: where more people screen than a record needs, each gets a different record.

A reservation keeps nobody from deciding.  It only keeps the queue from giving a record to more
people than it needs, and it ends by itself, so that no record waits for somebody who has left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from review.events import Actor, lock_review
from review.states.clusters import cluster_of
from review.states.resolution import most_needed
from review.storage.database import Busy, Database
from review.tables import Reservation
from review.tables.base import utc_now
from review.vocabulary import Stage
from screening.queue.assignments import assigned_reviewers
from screening.queue.candidates import OpenRecord, is_still_open
from screening.queue.next_records import next_open_records

RESERVED_FOR = timedelta(minutes=15)
N_CANDIDATES = 3  # tried before the queue is read again
MAX_ATTEMPTS = 4
# Of the records that a page has ready, the next few are reserved, and only for a short time.
N_RESERVED_AHEAD = 3
RESERVED_AHEAD_FOR = timedelta(minutes=3)


@dataclass(frozen=True)
class RecordsAhead:
    """The caller's next records, most relevant first, and whether any had to be reserved."""

    record_ids: Sequence[UUID]
    are_reserved: bool


def reserve_next(database: Database, *, review_id: UUID, stage: Stage, by: Actor) -> UUID | None:
    """Return the caller's next record and reserve it for them; None if nothing is left.

    Nothing is reserved if no more people screen than a record needs.  Raises NotAllowed for anybody
    who is not a reviewer.
    """
    candidates: dict[UUID, OpenRecord] = {}
    for _ in range(MAX_ATTEMPTS):
        with database.reading() as session:
            candidates = next_open_records(
                session, review_id=review_id, stage=stage, by=by, limit=N_CANDIDATES
            )
            needs_reservations = _has_more_reviewers_than_needed(session, review_id, stage)
        if not candidates or not needs_reservations:
            break
        try:
            with database.writing_if_free() as session:
                if reserved := _reserve_first_open(
                    session, review_id, stage, by=by, candidates=candidates
                ):
                    return reserved
        except Busy:  # with a long import, perhaps: screening goes on without a reservation
            break
    # A reviewer who loses every race still gets a record.
    return next(iter(candidates), None)


def reserve_ahead(
    database: Database,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    limit: int,
    shown: UUID | None = None,
) -> RecordsAhead:
    """Return the caller's next records, so that a page has them ready.

    Where `reserve_next` would reserve, the ``shown`` record is reserved as by `reserve_next`, and
    the next N_RESERVED_AHEAD for RESERVED_AHEAD_FOR.  The others are not: by the time they are
    shown, the page has asked again.  Raises NotAllowed for anybody who is not a reviewer.
    """
    with database.reading() as session:
        candidates = next_open_records(
            session, review_id=review_id, stage=stage, by=by, limit=limit
        )
        needs_reservations = _has_more_reviewers_than_needed(session, review_id, stage)
    if not candidates or not needs_reservations:
        return RecordsAhead(list(candidates), needs_reservations)
    try:
        with database.writing_if_free() as session:
            gone = _reserve_ahead(
                session, review_id, stage, by=by, candidates=candidates, shown=shown
            )
    except Busy:
        gone = set()
    kept = [record_id for record_id in candidates if record_id not in gone]
    return RecordsAhead(kept, needs_reservations)


def are_others_screening(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> bool:
    """Say whether others have reserved records, which may come back to the queue."""
    others = select(Reservation.record_id).where(
        Reservation.review_id == review_id,
        Reservation.stage == stage,
        Reservation.account_id != by.account_id,
        Reservation.until > utc_now(),
    )
    return session.scalar(select(others.exists())) is True


def _has_more_reviewers_than_needed(session: Session, review_id: UUID, stage: Stage) -> bool:
    n_reviewers = len(assigned_reviewers(session, review_id))
    return n_reviewers > most_needed(session, review_id, stage)


def _reserve_first_open(
    session: Session,
    review_id: UUID,
    stage: Stage,
    *,
    by: Actor,
    candidates: Mapping[UUID, OpenRecord],
) -> UUID | None:
    """Reserve the first of the candidates that still needs the caller's decision, and no other."""
    lock_review(session, review_id)  # others who reserve wait here, and then see this reservation
    chosen = next(
        (
            record_id
            for record_id, record in candidates.items()
            if _is_still_open(session, review_id, stage, by=by, record_id=record_id, record=record)
        ),
        None,
    )
    if chosen is not None:
        _reserve_only(session, review_id, stage, by=by, periods={chosen: RESERVED_FOR})
    return chosen


def _reserve_ahead(
    session: Session,
    review_id: UUID,
    stage: Stage,
    *,
    by: Actor,
    candidates: Mapping[UUID, OpenRecord],
    shown: UUID | None,
) -> set[UUID]:
    """Reserve the record on the screen and the next few; return those no longer needed."""
    lock_review(session, review_id)
    on_screen = [record_id for record_id in candidates if record_id == shown]
    ahead = [record_id for record_id in candidates if record_id != shown]
    periods: dict[UUID, timedelta] = {}
    gone: set[UUID] = set()
    for record_id in [*on_screen, *ahead]:
        if len(periods) == len(on_screen) + N_RESERVED_AHEAD:
            break
        record = candidates[record_id]
        if _is_still_open(session, review_id, stage, by=by, record_id=record_id, record=record):
            periods[record_id] = RESERVED_FOR if record_id == shown else RESERVED_AHEAD_FOR
        else:
            gone.add(record_id)
    _reserve_only(session, review_id, stage, by=by, periods=periods)
    return gone


def _is_still_open(
    session: Session,
    review_id: UUID,
    stage: Stage,
    *,
    by: Actor,
    record_id: UUID,
    record: OpenRecord,
) -> bool:
    # A record that has been merged meanwhile may need no more decisions.
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    return cluster == record.cluster and is_still_open(session, record, stage=stage, by=by)


def _reserve_only(
    session: Session,
    review_id: UUID,
    stage: Stage,
    *,
    by: Actor,
    periods: Mapping[UUID, timedelta],
) -> None:
    """Reserve these records for these periods, and end the caller's other reservations here."""
    own = (Reservation.review_id == review_id, Reservation.account_id == by.account_id)
    session.execute(delete(Reservation).where(*own, Reservation.stage == stage))
    session.add_all(
        Reservation(
            review_id=review_id,
            account_id=by.account_id,
            stage=stage,
            record_id=record_id,
            until=utc_now() + period,
        )
        for record_id, period in periods.items()
    )
