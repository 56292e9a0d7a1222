"""Who screens what: assignments, reservations, skips and calibration sets."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import (
    ActRow,
    Base,
    account_key,
    act_args,
    now,
    pk,
    review_key,
    short,
    within_review,
)
from review.vocabulary import Stage


class Assignment(ActRow, Base):
    """How much a reviewer screens, in which languages and searches; the newest one counts."""

    __tablename__ = "assignment"
    __table_args__ = act_args(
        "assignment", CheckConstraint("workload BETWEEN 0 AND 100", name="workload_in_range")
    )

    account_id: Mapped[account_key]
    workload: Mapped[int]  # relative to the others'; with 0, a reviewer screens what others leave
    languages: Mapped[list[str]]  # ISO 639-1 codes; empty for all
    searches: Mapped[list[str]]  # ids of searches; empty for all


class StageSchedule(ActRow, Base):
    """When a stage is due, and whether it is paused; the newest one counts."""

    __tablename__ = "stage_schedule"
    __table_args__ = act_args("stage_schedule")

    stage: Mapped[Stage]
    due_on: Mapped[date | None]
    is_paused: Mapped[bool]
    note: Mapped[str | None]  # for the reviewers


class Reservation(Base):
    """A record on a reviewer's screen, or one of the next; others get another meanwhile."""

    __tablename__ = "reservation"
    __table_args__ = (within_review("record"), Index("ix_reservation_record", "record_id", "stage"))

    review_id: Mapped[review_key] = mapped_column(primary_key=True)
    account_id: Mapped[account_key] = mapped_column(primary_key=True)
    stage: Mapped[Stage] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class Skip(Base):
    """A record that a reviewer put off; it comes back after all others."""

    __tablename__ = "skip"
    __table_args__ = (
        within_review("record"),
        UniqueConstraint("account_id", "record_id", "stage"),
    )

    id: Mapped[pk]
    review_id: Mapped[review_key] = mapped_column(index=True)
    account_id: Mapped[account_key]
    record_id: Mapped[UUID]
    stage: Mapped[Stage]
    at: Mapped[now]


class OwnTerm(Base):
    """A word or phrase that a reviewer has marked in every text, for their own eyes only."""

    __tablename__ = "own_term"
    __table_args__ = (UniqueConstraint("review_id", "account_id", "term"),)

    id: Mapped[pk]
    review_id: Mapped[review_key]
    account_id: Mapped[account_key]
    term: Mapped[short]


class RecordLabel(Base):
    """A label that somebody gave a record, for themselves or for everybody in the review."""

    __tablename__ = "record_label"
    __table_args__ = (
        within_review("record"),
        UniqueConstraint("record_id", "account_id", "name"),
        Index("ix_record_label_of", "review_id", "account_id", "name"),
    )

    id: Mapped[pk]
    review_id: Mapped[review_key]
    account_id: Mapped[account_key]
    record_id: Mapped[UUID]
    name: Mapped[short]
    is_shared: Mapped[bool]
    at: Mapped[now]


class CalibrationSet(ActRow, Base):
    """Records that every reviewer decides on, to see whether all apply the criteria alike."""

    __tablename__ = "calibration_set"
    __table_args__ = act_args(
        "calibration_set",
        UniqueConstraint("review_id", "id"),
        CheckConstraint("decisions_needed > 1", name="takes_two"),
    )

    stage: Mapped[Stage]
    label: Mapped[short]
    is_random: Mapped[bool]  # False where the lead picked them
    reviewers: Mapped[list[str]]  # account ids of those who decide while it is open
    decisions_needed: Mapped[int]  # one from each of them


class CalibrationRecord(ActRow, Base):
    """A record of a calibration set, with its position in the order in which all screen."""

    __tablename__ = "calibration_record"
    __table_args__ = act_args(
        "calibration_record",
        within_review("calibration_set"),
        within_review("record"),
        UniqueConstraint("calibration_set_id", "record_id"),
        Index("ix_calibration_record_of", "record_id"),
    )

    calibration_set_id: Mapped[UUID]
    record_id: Mapped[UUID]
    position: Mapped[int]


class CalibrationEnd(ActRow, Base):
    """The end of a calibration set: its records need no more decisions than other records."""

    __tablename__ = "calibration_end"
    __table_args__ = act_args(
        "calibration_end", within_review("calibration_set"), UniqueConstraint("calibration_set_id")
    )

    calibration_set_id: Mapped[UUID]
