"""Jobs in the background."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base, account_key, now, pk, review_key, short
from review.vocabulary import JobState


class Job(Base):
    """A job in the background: how far it has got, and what went wrong."""

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_waiting", "state", "created_at"),
        CheckConstraint("done >= 0 AND done <= 1", name="done_is_a_share"),
        CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="a_failure_says_why"),
        CheckConstraint(
            "(state = 'running') = (leased_until IS NOT NULL)", name="who_runs_holds_a_lease"
        ),
        CheckConstraint("(leased_until IS NULL) = (lease_id IS NULL)", name="a_lease_is_somebodys"),
    )

    id: Mapped[pk]
    review_id: Mapped[review_key] = mapped_column(index=True)
    asked_by: Mapped[account_key]
    kind: Mapped[short]
    arguments: Mapped[dict[str, Any]]
    state: Mapped[JobState]
    done: Mapped[float] = mapped_column(default=0.0)
    step: Mapped[str] = mapped_column(default="", server_default="")  # what is being done, in words
    checkpoint: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]
    error: Mapped[str | None]
    created_at: Mapped[now]
    lease_id: Mapped[UUID | None]  # of the worker that runs the job
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    began_at: Mapped[datetime | None]  # when the newest attempt began
    ended_at: Mapped[datetime | None]
