"""Access for people and programs: invitations, tokens, and requests already answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base, account_key, now, pk, review_key, sha256, short


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


class Invitation(Base):
    """A link that makes the person who opens it a member, once; only its hash is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("(used_at IS NULL) = (used_by IS NULL)", name="used_by_somebody"),
    )

    id: Mapped[pk]
    review_id: Mapped[review_key] = mapped_column(index=True)
    name: Mapped[short]  # the lead's note of who it is for
    roles: Mapped[list[str]]
    token_sha256: Mapped[sha256] = mapped_column(unique=True)
    created_by: Mapped[account_key]
    created_at: Mapped[now]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))


class AnsweredRequest(Base):
    """The answer given under an idempotency key, so that a repeated request changes nothing."""

    __tablename__ = "answered_request"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[pk]
    account_id: Mapped[account_key]
    key: Mapped[short]
    request_sha256: Mapped[sha256]  # of method, address and content
    answer: Mapped[dict[str, Any]]
    at: Mapped[now]
