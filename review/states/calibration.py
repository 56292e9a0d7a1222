"""Records in an open calibration set: how many decisions they need, and whose."""

from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Subquery, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from review.states.clusters import Scope
from review.tables import CalibrationEnd, CalibrationRecord, CalibrationSet
from review.vocabulary import Stage


def calibration_targets(scope: Scope, stage: Stage, rounds: CTE, *, decisions: CTE) -> Subquery:
    """Return (cluster_id, needed) of each cluster in an open calibration set.

    ``rounds`` and ``decisions`` are the tables of `review.states.rounds`.

    A cluster counts while its earliest record is in the set, and all its decisions were made on
    that record and after the calibration began: merging records never reopens what was resolved.
    """
    decided_otherwise = exists().where(
        decisions.c.cluster_id == rounds.c.cluster_id,
        decisions.c.is_live,
        or_(
            decisions.c.record_id != rounds.c.cluster_id,
            decisions.c.event_number < CalibrationSet.event_number,
        ),
    )
    return (
        select(rounds.c.cluster_id, func.max(CalibrationSet.decisions_needed).label("needed"))
        .select_from(CalibrationRecord)
        .join(rounds, rounds.c.record_id == CalibrationRecord.record_id)
        .join(CalibrationSet, CalibrationSet.id == CalibrationRecord.calibration_set_id)
        .where(
            scope.limited_to(CalibrationRecord.record_id),
            is_open_calibration(scope, stage),
            rounds.c.record_id == rounds.c.cluster_id,
            not_(decided_otherwise),
        )
        .group_by(rounds.c.cluster_id)
        .subquery()
    )


def is_open_calibration(scope: Scope, stage: Stage) -> ColumnElement[bool]:
    """Return the condition that a calibration of the stage has begun and not ended."""
    ended = select(CalibrationEnd.calibration_set_id).where(scope.up_to(CalibrationEnd))
    return and_(
        scope.up_to(CalibrationSet), CalibrationSet.stage == stage, CalibrationSet.id.not_in(ended)
    )


def calibration_reviewers(
    session: Session, review_id: UUID, *, record_id: UUID, stage: Stage
) -> frozenset[UUID]:
    """Return the reviewers of the open calibration set that a record is in; empty for none."""
    people = session.scalar(
        select(CalibrationSet.reviewers)
        .join(CalibrationRecord, CalibrationRecord.calibration_set_id == CalibrationSet.id)
        .where(
            CalibrationRecord.record_id == record_id,
            is_open_calibration(Scope(review_id), stage),
        )
    )
    return frozenset(map(UUID, people or ()))
