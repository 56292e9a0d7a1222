"""What a person keeps for themself: nothing of it is counted, and nobody else sees it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base, account_key, now, pk, review_key, within_review
from review.vocabulary import Stage


class Skip(Base):
    """A record that a reviewer put off; it comes back after the others."""

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


class Lease(Base):
    """The record on a reviewer's screen, one for each stage; others are given another meanwhile."""

    __tablename__ = "lease"
    __table_args__ = (within_review("record"), Index("ix_lease_record", "record_id", "stage"))

    review_id: Mapped[review_key] = mapped_column(primary_key=True)
    account_id: Mapped[account_key] = mapped_column(primary_key=True)
    stage: Mapped[Stage] = mapped_column(primary_key=True)
    record_id: Mapped[UUID]
    until: Mapped[datetime]
