"""Attempts to sign in, each counted before its password is checked.

One short transaction counts the attempt and looks up the account (`begin_attempt`).  The hash
comes next and needs no session (`check`).  A second transaction takes the attempt out of the count
if the password was right (`complete_attempt`).  So however many attempts are made at once, no more
passwords are checked than the limits allow, and nobody has a connection while a hash is computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from review.errors import NotAllowed
from review.people.passwords import is_password
from review.people.secrets import hash_of
from review.storage.database import pairs
from review.tables import Account, LoginAttempt
from review.tables.base import utc_now

# Wrong passwords within ATTEMPT_WINDOW.  OWASP ASVS 5.0 (6.3.1) asks for controls against guessing;
# the numbers are ours.  A client gets half of an account's, so that it cannot lock the owner out
# alone, and a known browser has five of its own.
ATTEMPT_WINDOW = timedelta(minutes=5)
MAX_FOR_ACCOUNT = 10
MAX_FROM_CLIENT = 10
MAX_FOR_ACCOUNT_FROM_CLIENT = 5
MAX_FROM_KNOWN = 5


class TooManyAttempts(NotAllowed):
    """Too many wrong passwords; nothing was checked this time."""


@dataclass(frozen=True)
class SignInAttempt:
    """An attempt that has been counted, and what its password is checked against."""

    account_id: UUID | None  # None for an unknown address
    password_hash: str | None  # None if nobody can sign in with this address
    counted: Sequence[UUID]

    def check(self, password: str) -> None:
        """Raise NotAllowed unless this is the account's password.

        An unknown address takes as long as a known one and gets the same message.
        """
        if not is_password(password, self.password_hash):
            raise _no_match()


def begin_attempt(session: Session, *, email: str, client: str, known_as: str) -> SignInAttempt:
    """Count an attempt to sign in and return it; flushes.

    ``client`` is the network address that it comes from.  ``known_as`` identifies a browser that
    has signed in to this account before, or is empty.  Raises TooManyAttempts beyond the limits.
    """
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        session.execute(text("LOCK TABLE login_attempt IN SHARE ROW EXCLUSIVE MODE"))
    address = email.strip().lower()
    limits = _limits(address, client, known_as)
    session.execute(delete(LoginAttempt).where(LoginAttempt.at <= utc_now() - ATTEMPT_WINDOW))
    counts = select(LoginAttempt.who_sha256, func.count()).group_by(LoginAttempt.who_sha256)
    recent = session.execute(counts.where(LoginAttempt.who_sha256.in_(limits)))
    if any(n >= limits[who] for who, n in pairs(recent)):
        raise TooManyAttempts("Too many failed attempts. Wait five minutes, then try again.")
    rows = [LoginAttempt(id=uuid4(), who_sha256=who) for who in limits]
    session.add_all(rows)
    session.flush()
    account = session.scalar(select(Account).where(Account.email == address))
    is_open = account is not None and account.disabled_at is None
    return SignInAttempt(
        account_id=account.id if account else None,
        password_hash=account.password_hash if account and is_open else None,
        counted=[row.id for row in rows],
    )


def complete_attempt(session: Session, attempt: SignInAttempt) -> UUID:
    """Take a successful attempt out of the count and return its account; flushes.

    Raises NotAllowed if the account was disabled or got another password since it was looked up.
    """
    account_id = session.scalar(
        select(Account.id).where(
            Account.id == attempt.account_id,
            Account.password_hash == attempt.password_hash,
            Account.disabled_at.is_(None),
        )
    )
    if account_id is None:
        raise _no_match()
    session.execute(delete(LoginAttempt).where(LoginAttempt.id.in_(attempt.counted)))
    return account_id


def _limits(address: str, client: str, known_as: str) -> Mapping[str, int]:
    """Return how many attempts may be counted, by the hash of whom they are counted for."""
    if known_as:
        return {hash_of(f"known|{known_as}|{address}"): MAX_FROM_KNOWN}
    return {
        hash_of(f"account|{address}"): MAX_FOR_ACCOUNT,
        hash_of(f"client|{client}"): MAX_FROM_CLIENT,
        hash_of(f"both|{client}|{address}"): MAX_FOR_ACCOUNT_FROM_CLIENT,
    }


def _no_match() -> NotAllowed:
    return NotAllowed(
        "This e-mail address and password do not match. Nothing was changed. Try again."
    )
