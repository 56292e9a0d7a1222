"""A review, its members, the versions of its protocol, and its event log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import (
    ActRow,
    Base,
    account_key,
    act_args,
    now,
    pk,
    review_key,
    sha256,
    short,
    within_review,
    words,
)
from review.vocabulary import Act, ActorKind, Role, Stage


class Review(Base):
    """One systematic review; everything else belongs to exactly one."""

    __tablename__ = "review"

    id: Mapped[pk]
    slug: Mapped[short] = mapped_column(unique=True)
    title: Mapped[str]
    created_at: Mapped[now]


class Membership(Base):
    """One role of one person in one review."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("review_id", "account_id", "role"),)

    id: Mapped[pk]
    review_id: Mapped[review_key]
    account_id: Mapped[account_key] = mapped_column(index=True)
    role: Mapped[Role]
    since: Mapped[now]


class Event(Base):
    """One act in a review's log: numbered without gaps, hash-chained, never changed."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("review_id", "previous_hash"),  # a chain cannot fork
        CheckConstraint("number > 0", name="numbered_from_one"),
        CheckConstraint(
            "(actor_kind = 'person') = (actor_id IS NOT NULL)", name="a_person_is_named"
        ),
    )

    review_id: Mapped[UUID] = mapped_column(
        ForeignKey("review.id", ondelete="RESTRICT"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # No CHECK: the list of acts grows with the system, and old logs must not be rebuilt for it.
    act: Mapped[Act] = mapped_column(words(Act, checked=False))
    actor_kind: Mapped[ActorKind]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    at: Mapped[datetime]
    subject_kind: Mapped[short | None]
    subject_id: Mapped[UUID | None]
    n_rows: Mapped[int]
    digest: Mapped[sha256]  # of the rows that the act wrote
    detail: Mapped[dict[str, Any]]  # old and new values of what has no act table
    previous_hash: Mapped[sha256]
    hash: Mapped[sha256]


class ProtocolVersion(ActRow, Base):
    """One version of the protocol: the text exactly as loaded."""

    __tablename__ = "protocol_version"
    __table_args__ = act_args(
        "protocol_version",
        UniqueConstraint("review_id", "id"),
        UniqueConstraint("review_id", "number"),
        CheckConstraint("number = 1 OR why IS NOT NULL", name="an_amendment_says_why"),
    )

    number: Mapped[int]
    text: Mapped[str]
    sha256: Mapped[sha256]
    why: Mapped[str | None]
    made_at: Mapped[now]


class ProtocolDraft(Base):
    """A next version of a review's protocol that somebody is still writing."""

    __tablename__ = "protocol_draft"

    review_id: Mapped[UUID] = mapped_column(
        ForeignKey("review.id", ondelete="RESTRICT"), primary_key=True
    )
    text: Mapped[str]
    based_on: Mapped[int]  # the version that it changes
    saved_by: Mapped[account_key]
    saved_at: Mapped[now]


class StageRule(ActRow, Base):
    """The rules of one stage under one version of the protocol."""

    __tablename__ = "stage_rule"
    __table_args__ = act_args(
        "stage_rule",
        within_review("protocol_version"),
        UniqueConstraint("protocol_version_id", "stage"),
        UniqueConstraint("review_id", "version", "stage"),
        CheckConstraint("decisions_needed IN (1, 2)", name="one_or_two_decisions"),
    )

    protocol_version_id: Mapped[UUID]
    version: Mapped[int]
    stage: Mapped[Stage]
    decisions_needed: Mapped[int]
    maybe_advances: Mapped[bool]
    reasons_must_agree: Mapped[bool]
    consensus_allowed: Mapped[bool]
    # Until when a reviewer may change a decision; NULL in rows of older releases (see closing.py).
    closes_after_decisions: Mapped[int | None]
    closes_after_hours: Mapped[int | None]
