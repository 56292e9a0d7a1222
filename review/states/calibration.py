"""What open calibrations call up: which clusters, for how many decisions, and whose."""

from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Subquery, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from review.states.clusters import Id, Ids, among, up_to
from review.tables import Calibration, CalibrationEnd, CalibrationRecord
from review.vocabulary import Stage


def called_up(
    rounds: CTE, given: CTE, review_id: Id, stage: Stage, as_of: int | None, only: Ids | None
) -> Subquery:
    """Return one row for each cluster that an open calibration calls up: its needed decisions.

    ``rounds`` and ``given`` are the tables of the same names in `review.states.resolution`.

    That are clusters known by a record of it, all of whose decisions were made on this record and
    since the calibration began: joining records never takes back what had come to a result.
    """
    elsewhere = exists().where(
        given.c.cluster_id == rounds.c.cluster_id,
        given.c.is_live,
        or_(
            given.c.record_id != rounds.c.cluster_id,
            given.c.event_number < Calibration.event_number,
        ),
    )
    return (
        select(rounds.c.cluster_id, func.max(Calibration.decisions_needed).label("needed"))
        .select_from(CalibrationRecord)
        .join(rounds, rounds.c.record_id == CalibrationRecord.record_id)
        .join(Calibration, Calibration.id == CalibrationRecord.calibration_id)
        .where(
            among(CalibrationRecord.record_id, only),
            open_calibrations(review_id, stage, as_of=as_of),
            rounds.c.record_id == rounds.c.cluster_id,
            not_(elsewhere),
        )
        .group_by(rounds.c.cluster_id)
        .subquery()
    )


def open_calibrations(
    review_id: Id, stage: Stage, *, as_of: int | None = None
) -> ColumnElement[bool]:
    """Return the condition that a calibration of the stage has begun and not ended."""
    ended = select(CalibrationEnd.calibration_id).where(up_to(CalibrationEnd, review_id, as_of))
    return and_(
        up_to(Calibration, review_id, as_of),
        Calibration.stage == stage,
        Calibration.id.not_in(ended),
    )


def called_people(
    session: Session, review_id: UUID, record_id: UUID, stage: Stage
) -> frozenset[UUID]:
    """Return the people of the open calibration that a record belongs to, if it does."""
    people = session.scalar(
        select(Calibration.people)
        .join(CalibrationRecord, CalibrationRecord.calibration_id == Calibration.id)
        .where(CalibrationRecord.record_id == record_id, open_calibrations(review_id, stage))
    )
    return frozenset(map(UUID, people or ()))
