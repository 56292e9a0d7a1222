"""What somebody who looks after a server sees and decides: its accounts, and its open jobs."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.errors import Conflicting
from review.people.accounts import find_account
from review.people.closing import close_account
from review.tables import Account, Job, LoginSession, Membership, Review
from review.vocabulary import JobState


class AccountLine(NamedTuple):
    """An account, when its browsers last asked for something, and in how many reviews it is."""

    account: Account
    seen_at: datetime | None
    n_reviews: int


def accounts_of_server(session: Session) -> Sequence[AccountLine]:
    """Return everybody who can sign in, or could before their account was closed, by name."""
    n_reviews = func.count(Membership.review_id.distinct())
    rows = session.execute(
        select(Account, func.max(LoginSession.seen_at), n_reviews)
        .outerjoin(LoginSession, LoginSession.account_id == Account.id)
        .outerjoin(Membership, Membership.account_id == Account.id)
        .where(Account.password_hash.is_not(None))
        .group_by(Account.id)
        .order_by(func.lower(Account.name), Account.email)
    )
    return [AccountLine(account, seen_at, n) for account, seen_at, n in rows]


def set_admin(session: Session, email: str, *, is_admin: bool) -> None:
    """Let somebody look after the server and start reviews, or no longer; flushes.

    Raises NotFound for an unknown address, Conflicting for the last one who can.
    """
    account = find_account(session, email)
    if not is_admin:
        _require_another_admin(session, account)
    account.is_admin = is_admin
    session.flush()


def close_account_of_server(session: Session, email: str) -> Sequence[str]:
    """Close an account as `close_account` does; raise Conflicting for the last admin."""
    account = find_account(session, email)
    if account.is_admin:
        _require_another_admin(session, account)
    return close_account(session, email)


def latest_jobs(session: Session, limit: int = 20) -> Sequence[tuple[Job, str]]:
    """Return the jobs that wait, run or failed last, newest first, each with its review's slug."""
    rows = session.execute(
        select(Job, Review.slug)
        .join(Review, Review.id == Job.review_id)
        .where(Job.state.in_([JobState.WAITING, JobState.RUNNING, JobState.FAILED]))
        .order_by(Job.created_at.desc())
        .limit(limit)
    )
    return [(job, slug) for job, slug in rows]


def _require_another_admin(session: Session, account: Account) -> None:
    # So that two do not take it from each other at the same moment.
    session.execute(
        select(Account.id).where(Account.is_admin).order_by(Account.id).with_for_update()
    )
    other: UUID | None = session.scalar(
        select(Account.id)
        .where(
            Account.is_admin,
            Account.disabled_at.is_(None),
            Account.password_hash.is_not(None),
            Account.id != account.id,
        )
        .limit(1)
    )
    if other is None:
        raise Conflicting(
            f"{account.name} is the only administrator. Make someone else an administrator first."
        )
