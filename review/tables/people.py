"""Accounts, and their sessions and failed sign-ins."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import Base, account_key, now, pk, sha256, short


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
    """A failed sign-in, kept for as long as the throttle counts it."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_who", "who_sha256", "at"),)

    id: Mapped[pk]
    who_sha256: Mapped[sha256]  # of the e-mail address, or of the client's address
    at: Mapped[now]
