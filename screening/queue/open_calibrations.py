"""The open calibration sets of a stage: which a reviewer takes part in, and how far they are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from review.decisions.situation import IS_LIVE
from review.events import Actor
from review.states.calibration import is_open_calibration
from review.states.clusters import Scope
from review.tables import CalibrationRecord, CalibrationSet, Decision
from review.vocabulary import Stage


@dataclass(frozen=True)
class OpenCalibrations:
    """The ids of open calibration sets: those that a reviewer takes part in, and the others."""

    own: Sequence[UUID]
    others: Sequence[UUID]


@dataclass(frozen=True)
class CalibrationProgress:
    """How far a reviewer is in an open calibration set."""

    label: str
    n_records: int
    n_own: int  # records that the reviewer has decided on


def open_calibrations(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor
) -> OpenCalibrations:
    """Return the open calibration sets of a stage."""
    rows = session.execute(
        select(CalibrationSet.id, CalibrationSet.reviewers).where(
            is_open_calibration(Scope(review_id), stage)
        )
    ).all()
    own = [id_ for id_, reviewers in rows if str(by.account_id) in reviewers]
    return OpenCalibrations(own=own, others=[id_ for id_, _ in rows if id_ not in own])


def records_in(calibration_ids: Collection[UUID]) -> Select[UUID]:
    """Return the query for the ids of the records in some calibration sets."""
    return select(CalibrationRecord.record_id).where(
        CalibrationRecord.calibration_set_id.in_(calibration_ids)
    )


def calibration_progress(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> CalibrationProgress | None:
    """Return the caller's progress in the open calibration set that a record belongs to.

    None if it belongs to none, or to one that the caller takes no part in.
    """
    calibration = session.scalar(
        select(CalibrationSet)
        .join(CalibrationRecord, CalibrationRecord.calibration_set_id == CalibrationSet.id)
        .where(
            CalibrationRecord.record_id == record_id, is_open_calibration(Scope(review_id), stage)
        )
        .order_by(CalibrationSet.event_number)
        .limit(1)
    )
    if calibration is None or str(by.account_id) not in calibration.reviewers:
        return None
    own = select(Decision.record_id).where(
        Decision.reviewer_id == by.account_id, Decision.stage == stage, IS_LIVE
    )
    n_records = select(func.count()).where(CalibrationRecord.calibration_set_id == calibration.id)
    return CalibrationProgress(
        label=calibration.label,
        n_records=session.scalar(n_records) or 0,
        n_own=session.scalar(n_records.where(CalibrationRecord.record_id.in_(own))) or 0,
    )
