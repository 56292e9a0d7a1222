"""Accounts, their sessions, and who may do what in which review."""

from datetime import datetime

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
    sha256,
    short,
)
from review.vocabulary import Role


class Account(Base):
    """A person who can sign in."""

    __tablename__ = "account"

    id: Mapped[pk]
    email: Mapped[short] = mapped_column(unique=True)  # lower case
    name: Mapped[short]
    password_hash: Mapped[short | None]  # argon2id; None until the person sets one
    is_admin: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[now]


class LoginSession(Base):
    """A signed-in browser; only a hash of its cookie is kept."""

    __tablename__ = "login_session"

    id: Mapped[pk]
    token_sha256: Mapped[sha256] = mapped_column(unique=True)
    account_id: Mapped[account_key] = mapped_column(index=True)
    created_at: Mapped[now]
    seen_at: Mapped[now]


class LoginAttempt(Base):
    """A failed sign-in, kept for as long as the throttle looks back."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_who", "who_sha256", "at"),)

    id: Mapped[pk]
    who_sha256: Mapped[sha256]  # of the e-mail address, or of the client's address
    at: Mapped[now]


class Membership(Base):
    """One role of one person in one review."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("review_id", "account_id", "role"),)

    id: Mapped[pk]
    review_id: Mapped[review_key]
    account_id: Mapped[account_key] = mapped_column(index=True)
    role: Mapped[Role]
    since: Mapped[now]


class Assignment(ActRow, Base):
    """What a reviewer reads first, and what they do not read; the latest one holds."""

    __tablename__ = "assignment"
    __table_args__ = act_args(
        "assignment", CheckConstraint("share BETWEEN 0 AND 100", name="share_of_some")
    )

    account_id: Mapped[account_key]
    share: Mapped[int]  # against the others' shares; 0 reads what others leave
    languages: Mapped[list[str]]  # that they read, as ISO 639-1; none for all
    searches: Mapped[list[str]]  # whose records they read, by id; none for all
