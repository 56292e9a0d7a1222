"""Records on reviewers' screens: where more people read than it takes, each gets another one.

A lease keeps nobody from deciding; it only keeps the queue from giving a record to more people
than it needs.  It ends by itself, so that nothing waits for somebody who went home.
"""

from collections.abc import Mapping
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
from screening.queue.assignments import readers
from screening.queue.candidates import Opening, has_room
from screening.queue.next_records import next_openings

HOLD = timedelta(minutes=15)
AHEAD = 3  # candidates that are tried before the queue is asked anew
TRIES = 4


def take_next(database: Database, *, review_id: UUID, stage: Stage, by: Actor) -> UUID | None:
    """Return the caller's next record and hold it for them; None where nothing awaits them.

    Nothing is held where no more people screen than a record needs.  Raises NotAllowed for
    anybody but a reviewer.
    """
    found: dict[UUID, Opening] = {}
    for _ in range(TRIES):
        with database.reading() as session:
            found = next_openings(session, review_id=review_id, stage=stage, by=by, limit=AHEAD)
            is_shared = _is_shared(session, review_id, stage)
        if not found or not is_shared:
            break
        try:
            with database.writing_if_free() as session:
                if held := _hold(session, review_id, stage, by, found):
                    return held
        except Busy:  # with a long import, perhaps: reading goes on
            break
    # Whoever loses every race reads on all the same.
    return next(iter(found), None)


def are_others_reading(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> bool:
    """Say whether records are on other people's screens, which may come back to the queue."""
    others = select(Reservation.record_id).where(
        Reservation.review_id == review_id,
        Reservation.stage == stage,
        Reservation.account_id != by.account_id,
        Reservation.until > utc_now(),
    )
    return session.scalar(select(others.exists())) is True


def _is_shared(session: Session, review_id: UUID, stage: Stage) -> bool:
    return len(readers(session, review_id)) > most_needed(session, review_id, stage)


def _hold(
    session: Session, review_id: UUID, stage: Stage, by: Actor, found: Mapping[UUID, Opening]
) -> UUID | None:
    """Hold the first of the records that still has room for the caller."""
    lock_review(session, review_id)  # others who hold one wait here, and see this one
    chosen = next(
        (
            id_
            for id_, one in found.items()
            # What was joined meanwhile may be done with.
            if cluster_of(session, review_id=review_id, record_id=id_) == one.cluster
            and has_room(session, stage, by, one)
        ),
        None,
    )
    if chosen is not None:
        mine = (Reservation.review_id == review_id, Reservation.account_id == by.account_id)
        session.execute(delete(Reservation).where(*mine, Reservation.stage == stage))
        session.add(
            Reservation(
                review_id=review_id,
                account_id=by.account_id,
                stage=stage,
                record_id=chosen,
                until=utc_now() + HOLD,
            )
        )
    return chosen
