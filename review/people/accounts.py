"""Accounts and sign-in: passwords by their argon2id hash, sessions by the hash of their token."""

import re
import secrets
from datetime import timedelta
from threading import BoundedSemaphore
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.people.secrets import hash_of
from review.tables import Account, LoginAttempt, LoginSession
from review.tables.base import utc_now

# OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = BoundedSemaphore(2)  # a storm of sign-ins must not starve the reviewers
_NOBODY = _HASHER.hash(secrets.token_hex(16))

EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
MIN_PASSWORD = 12
ATTEMPTS = 10
WINDOW = timedelta(minutes=5)
IDLE = timedelta(hours=12)
LIFETIME = timedelta(days=7)


def add_account(
    session: Session, *, email: str, name: str, password: str | None, is_admin: bool = False
) -> Account:
    """Add an account; flushes.

    Raises Invalid for an address or password that cannot be used, Conflicting for a taken address.
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
    """Return the account with an e-mail address; raise NotFound where there is none."""
    account = session.scalar(select(Account).where(Account.email == email.strip().lower()))
    if account is None:
        raise NotFound(f"There is no account for {email}.")
    return account


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password; raise Invalid for one that is too short."""
    if len(password) < MIN_PASSWORD:
        raise Invalid(f"A password has at least {MIN_PASSWORD} characters; three words will do.")
    with _AT_ONCE:
        return _HASHER.hash(password)


def check_password(session: Session, *, email: str, password: str, client: str) -> UUID:
    """Return the account that the e-mail address and password belong to.

    Takes as long for an unknown address as for a known one, and says the same.  Raises NotAllowed
    for a wrong pair, or after ten failures in five minutes from one client for one address.
    """
    recent = session.scalar(
        select(func.count())
        .select_from(LoginAttempt)
        .where(LoginAttempt.who_sha256 == _who(email, client), LoginAttempt.at > utc_now() - WINDOW)
    )
    if (recent or 0) >= ATTEMPTS:
        raise NotAllowed("Too many failed attempts. Wait five minutes, then try again.")
    account = session.scalar(select(Account).where(Account.email == email.strip().lower()))
    known = account.password_hash if account else None
    try:
        with _AT_ONCE:
            _HASHER.verify(known or _NOBODY, password)
    except VerificationError:
        account = None
    if account is None or known is None or account.disabled_at is not None:
        raise NotAllowed("This e-mail address and password do not match. Nothing was changed.")
    return account.id


def change_password(session: Session, account_id: UUID, password: str, *, keep: str = "") -> None:
    """Give an account a new password and end its sessions, but for the one of token ``keep``."""
    account = session.get_one(Account, account_id)
    account.password_hash = hash_password(password)
    session.execute(
        delete(LoginSession).where(
            LoginSession.account_id == account_id, LoginSession.token_sha256 != hash_of(keep)
        )
    )
    session.flush()


def note_failure(session: Session, *, email: str, client: str) -> None:
    """Remember a failed sign-in for the throttle, and forget those that no longer count."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.at <= utc_now() - WINDOW))
    session.add(LoginAttempt(id=uuid4(), who_sha256=_who(email, client)))
    session.flush()


def start_session(session: Session, account_id: UUID) -> str:
    """Return the token of a new signed-in session; flushes."""
    token = secrets.token_urlsafe(32)
    session.add(LoginSession(id=uuid4(), token_sha256=hash_of(token), account_id=account_id))
    session.flush()
    return token


def account_of(session: Session, token: str) -> Account | None:
    """Return who a session's token belongs to; None where it is unknown, too old or ended."""
    now = utc_now()
    return session.scalar(
        select(Account)
        .join(LoginSession, LoginSession.account_id == Account.id)
        .where(
            LoginSession.token_sha256 == hash_of(token),
            LoginSession.created_at > now - LIFETIME,
            LoginSession.seen_at > now - IDLE,
            Account.disabled_at.is_(None),
        )
    )


def is_due(session: Session, token: str) -> bool:
    """Say whether the session was last marked as in use over a quarter of an hour ago."""
    seen = session.scalar(
        select(LoginSession.seen_at).where(LoginSession.token_sha256 == hash_of(token))
    )
    return seen is not None and seen < utc_now() - timedelta(minutes=15)


def touch_session(session: Session, token: str) -> None:
    """Mark a session as in use now."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.token_sha256 == hash_of(token))
        .values(seen_at=utc_now())
    )


def end_session(session: Session, token: str) -> None:
    """End a session; its token is worth nothing from the next request on."""
    session.execute(delete(LoginSession).where(LoginSession.token_sha256 == hash_of(token)))


def _who(email: str, client: str) -> str:
    return hash_of(f"{email.strip().lower()}|{client}")
