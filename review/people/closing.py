"""Closing an account, and opening it again: nothing more can be done with it; the past stays."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, aliased

from review.errors import Conflicting, Invalid
from review.people.accounts import find_account
from review.tables import Account, ApiToken, LoginSession, Membership, Review
from review.tables.base import utc_now
from review.vocabulary import Role


def close_account(session: Session, email: str) -> Sequence[str]:
    """Close an account, and return the reviews that have no other lead; flushes.

    Its sessions end and its tokens are revoked: the next request is refused.  Its decisions, codes
    and roles stay as they are.  Raises NotFound for an unknown address, Conflicting for an account
    that is closed already.
    """
    account = find_account(session, email)
    if account.disabled_at is not None:
        raise Conflicting(f"The account {account.email} is closed already.")
    account.disabled_at = utc_now()
    session.execute(delete(LoginSession).where(LoginSession.account_id == account.id))
    session.execute(
        update(ApiToken)
        .where(ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=utc_now())
    )
    session.flush()
    return _without_lead(session, account)


def reopen_account(session: Session, email: str) -> None:
    """Open a closed account again, with its old password and roles; flushes.

    Its tokens stay revoked.  Raises NotFound for an unknown address, Conflicting for an account
    that is open, Invalid for the account of an external reviewer, which nobody can sign in to.
    """
    account = find_account(session, email)
    if account.disabled_at is None:
        raise Conflicting(f"The account {account.email} is open.")
    if account.password_hash is None:
        raise Invalid(f"{account.email} is not an account that someone can sign in to.")
    account.disabled_at = None
    session.flush()


def _without_lead(session: Session, closed: Account) -> Sequence[str]:
    """Return the reviews that a closed account leads, and nobody whose account is open."""
    other = aliased(Membership)
    has_lead = (
        select(other.id)
        .join(Account, Account.id == other.account_id)
        .where(other.review_id == Review.id, other.role == Role.LEAD, Account.disabled_at.is_(None))
        .exists()
    )
    return session.scalars(
        select(Review.slug)
        .join(Membership, Membership.review_id == Review.id)
        .where(Membership.account_id == closed.id, Membership.role == Role.LEAD, ~has_lead)
        .order_by(Review.slug)
    ).all()
