"""Accounts and their sessions; only hashes of passwords and of session tokens are stored."""

import re
import secrets
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from review.errors import Conflicting, Invalid, NotFound
from review.people.secrets import hash_of
from review.storage.database import pairs
from review.tables import Account, LoginSession
from review.tables.base import utc_now

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
MAX_IDLE = timedelta(hours=12)
SESSION_LIFETIME = timedelta(days=7)
TOUCH_EVERY = timedelta(minutes=15)


def add_account(
    session: Session,
    *,
    email: str,
    name: str,
    password_hash: str | None,
    is_admin: bool = False,
    account_id: UUID | None = None,
) -> Account:
    """Add an account; flushes.

    Raises Invalid for an unusable address, Conflicting for an address in use.
    """
    address = email.strip().lower()
    if not EMAIL.fullmatch(address) or len(address) > 255:
        raise Invalid(f"'{email}' is not an e-mail address.")
    if session.scalar(select(Account.id).where(Account.email == address)):
        raise Conflicting(f"There is already an account for {address}.")
    account = Account(
        id=account_id or uuid4(),
        email=address,
        name=" ".join(name.split())[:255] or address,
        password_hash=password_hash,
        is_admin=is_admin,
    )
    session.add(account)
    session.flush()
    return account


def find_account(session: Session, email: str) -> Account:
    """Return the account with an e-mail address; raise NotFound if there is none."""
    account = session.scalar(select(Account).where(Account.email == email.strip().lower()))
    if account is None:
        raise NotFound(f"There is no account for {email}.")
    return account


def oldest_email(session: Session) -> str | None:
    """Return the address of the account that was made first; None if there is none."""
    return session.scalar(
        select(Account.email).order_by(Account.created_at, Account.email).limit(1)
    )


def change_password(
    session: Session, account_id: UUID, password_hash: str, *, keep: str = ""
) -> None:
    """Give an account a new password and end its sessions, except that with the token ``keep``."""
    account = session.get_one(Account, account_id)
    account.password_hash = password_hash
    session.execute(
        delete(LoginSession).where(
            LoginSession.account_id == account_id, LoginSession.token_sha256 != hash_of(keep)
        )
    )
    session.flush()


def start_session(session: Session, account_id: UUID, *, instead_of: str = "") -> str:
    """Start a signed-in session and return its token; flushes.

    A session with the token ``instead_of`` ends.
    """
    end_session(session, instead_of)
    token = secrets.token_urlsafe(32)
    session.add(LoginSession(id=uuid4(), token_sha256=hash_of(token), account_id=account_id))
    session.flush()
    return token


def account_of(session: Session, token: str) -> Account | None:
    """Return the account of a session's token; None if it is unknown, too old or ended."""
    now = utc_now()
    return session.scalar(
        select(Account)
        .join(LoginSession, LoginSession.account_id == Account.id)
        .where(
            LoginSession.token_sha256 == hash_of(token),
            LoginSession.created_at > now - SESSION_LIFETIME,
            LoginSession.seen_at > now - MAX_IDLE,
            Account.disabled_at.is_(None),
        )
    )


def is_touch_due(session: Session, token: str) -> bool:
    """Say whether the session was last marked as in use over a quarter of an hour ago."""
    seen_at = session.scalar(
        select(LoginSession.seen_at).where(LoginSession.token_sha256 == hash_of(token))
    )
    return seen_at is not None and seen_at < utc_now() - TOUCH_EVERY


def touch_session(session: Session, token: str) -> None:
    """Mark a session as in use now."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.token_sha256 == hash_of(token))
        .values(seen_at=utc_now())
    )


def end_session(session: Session, token: str) -> None:
    """End a session; its token is invalid from the next request on."""
    session.execute(delete(LoginSession).where(LoginSession.token_sha256 == hash_of(token)))


def names_of(session: Session, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of accounts, by id."""
    rows = session.execute(select(Account.id, Account.name).where(Account.id.in_(account_ids)))
    return dict(pairs(rows))
