"""Model runs and their ranks; nothing here counts as evidence."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base, now, pk, review_key, short, within_review
from review.vocabulary import Stage


class ModelRun(Base):
    """One training and its ranking; the newest one with ``ready_at`` set is in use."""

    __tablename__ = "model_run"
    __table_args__ = (
        UniqueConstraint("review_id", "id"),
        Index("ix_model_run_current", "review_id", "stage", "ready_at"),
    )

    id: Mapped[pk]
    review_id: Mapped[review_key]
    stage: Mapped[Stage]
    fingerprint: Mapped[short]
    parameters: Mapped[dict[str, Any]]
    n_training: Mapped[int]
    n_included: Mapped[int]
    up_to_event: Mapped[int]  # the last event that it learned from
    started_at: Mapped[now]
    ready_at: Mapped[datetime | None]


class Rank(Base):
    """A record's position in the ranking of one model run."""

    __tablename__ = "rank"
    __table_args__ = (
        within_review("record"),
        within_review("model_run"),
        UniqueConstraint("model_run_id", "position"),
    )

    model_run_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    review_id: Mapped[UUID]
    position: Mapped[int]
    score: Mapped[float]
    held_out: Mapped[float | None]  # of a resolved record: its score without its own label
    why: Mapped[dict[str, Any] | None]  # terms for and against, and whether picked at random
