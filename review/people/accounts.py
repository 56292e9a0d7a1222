"""Accounts and sign-in; passwords are stored as argon2id hashes, session tokens as SHA-256."""

import re
import secrets
from collections.abc import Collection
from datetime import timedelta
from threading import BoundedSemaphore
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.people.secrets import hash_of
from review.storage.database import pairs
from review.tables import Account, LoginAttempt, LoginSession
from review.tables.base import utc_now

# OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_HASHING_SLOTS = BoundedSemaphore(2)  # a storm of sign-ins must not starve the reviewers
_DUMMY_HASH = _HASHER.hash(secrets.token_hex(16))  # checked if there is no account

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
MIN_PASSWORD = 12
MAX_ATTEMPTS = 10  # failed ones, within ATTEMPT_WINDOW
ATTEMPT_WINDOW = timedelta(minutes=5)
MAX_IDLE = timedelta(hours=12)
SESSION_LIFETIME = timedelta(days=7)
TOUCH_EVERY = timedelta(minutes=15)


def add_account(
    session: Session, *, email: str, name: str, password: str | None, is_admin: bool = False
) -> Account:
    """Add an account; flushes.

    Raises Invalid for an unusable address or password, Conflicting for an address in use.
    """
    address = email.strip().lower()
    if not EMAIL.fullmatch(address) or len(address) > 255:
        raise Invalid(f"'{email}' is not an e-mail address.")
    if session.scalar(select(Account.id).where(Account.email == address)):
        raise Conflicting(f"There is already an account for {address}.")
    account = Account(
        id=uuid4(),
        email=address,
        name=" ".join(name.split())[:255] or address,
        password_hash=None if password is None else hash_password(password),
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


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password; raise Invalid for one that is too short."""
    if len(password) < MIN_PASSWORD:
        raise Invalid(
            f"Choose a password of at least {MIN_PASSWORD} characters, such as three words."
        )
    with _HASHING_SLOTS:
        return _HASHER.hash(password)


def check_password(session: Session, *, email: str, password: str, client: str) -> UUID:
    """Return the id of the account with this e-mail address and password.

    An unknown address takes as long as a known one and gets the same message.  Raises NotAllowed
    for a wrong pair, or after ten failures in five minutes from one client for one address.
    """
    recent = session.scalar(
        select(func.count())
        .select_from(LoginAttempt)
        .where(
            LoginAttempt.who_sha256 == _attempt_hash(email, client),
            LoginAttempt.at > utc_now() - ATTEMPT_WINDOW,
        )
    )
    if (recent or 0) >= MAX_ATTEMPTS:
        raise NotAllowed("Too many failed attempts. Wait five minutes, then try again.")
    account = session.scalar(select(Account).where(Account.email == email.strip().lower()))
    known_hash = account.password_hash if account else None
    try:
        with _HASHING_SLOTS:
            _HASHER.verify(known_hash or _DUMMY_HASH, password)
    except VerificationError:
        account = None
    if account is None or known_hash is None or account.disabled_at is not None:
        raise NotAllowed(
            "This e-mail address and password do not match. Nothing was changed. Try again."
        )
    return account.id


def change_password(session: Session, account_id: UUID, password: str, *, keep: str = "") -> None:
    """Give an account a new password and end its sessions, except that with the token ``keep``."""
    account = session.get_one(Account, account_id)
    account.password_hash = hash_password(password)
    session.execute(
        delete(LoginSession).where(
            LoginSession.account_id == account_id, LoginSession.token_sha256 != hash_of(keep)
        )
    )
    session.flush()


def record_failed_login(session: Session, *, email: str, client: str) -> None:
    """Record a failed sign-in for the limit, and delete those that no longer count."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.at <= utc_now() - ATTEMPT_WINDOW))
    session.add(LoginAttempt(id=uuid4(), who_sha256=_attempt_hash(email, client)))
    session.flush()


def start_session(session: Session, account_id: UUID) -> str:
    """Start a signed-in session and return its token; flushes."""
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


def _attempt_hash(email: str, client: str) -> str:
    return hash_of(f"{email.strip().lower()}|{client}")


def names_of(session: Session, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of accounts, by id."""
    rows = session.execute(select(Account.id, Account.name).where(Account.id.in_(account_ids)))
    return dict(pairs(rows))
