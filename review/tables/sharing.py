"""What goes beyond the people at work: jobs, programs, invitations, published maps, links."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
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
)
from review.vocabulary import JobState


class ApiToken(Base):
    """A bearer token for programs, as its hash; it can do what its scopes and its owner may."""

    __tablename__ = "api_token"

    id: Mapped[pk]
    account_id: Mapped[account_key] = mapped_column(index=True)
    name: Mapped[short]
    token_sha256: Mapped[sha256] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[now]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Job(Base):
    """Work in the background, as people see it: how far it is, and what went wrong."""

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
    lease_id: Mapped[UUID | None]  # of the worker that holds it
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    began_at: Mapped[datetime | None]  # the newest attempt
    ended_at: Mapped[datetime | None]


class Publication(ActRow, Base):
    """A frozen, numbered, citable state of the map: its data and definition, and their hash."""

    __tablename__ = "publication"
    __table_args__ = act_args(
        "publication",
        UniqueConstraint("review_id", "id"),
        UniqueConstraint("review_id", "number"),
    )

    number: Mapped[int]
    title: Mapped[str]
    up_to_event: Mapped[int]
    content: Mapped[dict[str, Any]]
    sha256: Mapped[sha256]


class ShareLink(Base):
    """An address under which a publication can be read without an account, as its hash."""

    __tablename__ = "share_link"
    __table_args__ = (within_review("publication"),)

    id: Mapped[pk]
    review_id: Mapped[review_key]
    publication_id: Mapped[UUID] = mapped_column(index=True)
    token_sha256: Mapped[sha256] = mapped_column(unique=True)
    # Sites that may show the page in a frame of theirs.
    frame_origins: Mapped[list[str]] = mapped_column(server_default="[]")
    created_by: Mapped[account_key]
    created_at: Mapped[now]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Invitation(Base):
    """A link that makes whoever opens it a member, once; only its hash is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("(used_at IS NULL) = (used_by IS NULL)", name="used_by_somebody"),
    )

    id: Mapped[pk]
    review_id: Mapped[review_key] = mapped_column(index=True)
    name: Mapped[short]  # whom it is for, in the lead's words
    roles: Mapped[list[str]]
    token_sha256: Mapped[sha256] = mapped_column(unique=True)
    created_by: Mapped[account_key]
    created_at: Mapped[now]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))


class AnsweredRequest(Base):
    """What a program was answered under an idempotency key, so that a repeat changes nothing."""

    __tablename__ = "answered_request"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[pk]
    account_id: Mapped[account_key]
    key: Mapped[short]
    said_sha256: Mapped[sha256]  # of method, address and content
    answer: Mapped[dict[str, Any]]
    at: Mapped[now]


class ExternalId(ActRow, Base):
    """The name of a study or contract in somebody else's list, such as INDIGO's."""

    __tablename__ = "external_id"
    __table_args__ = act_args(
        "external_id",
        within_review("study"),
        within_review("contract"),
        Index("ix_external_id_value", "review_id", "scheme", "value"),
        CheckConstraint(
            "(study_id IS NULL) <> (contract_id IS NULL)", name="of_one_study_or_contract"
        ),
    )

    study_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    scheme: Mapped[short]
    value: Mapped[short]
