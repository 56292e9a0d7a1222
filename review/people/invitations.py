"""Invitations: a link makes whoever opens it a member, once, as long as it holds."""

import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.events import Actor, lock_review
from review.people.secrets import hash_of
from review.permissions import Action, begin_act, check, may, roles_of
from review.reviews import give_role
from review.tables import Invitation, Review
from review.tables.base import utc_now
from review.vocabulary import Role

LIFETIME = timedelta(days=14)


def invite(
    session: Session, *, review_id: UUID, name: str, roles: Collection[Role], by: Actor
) -> tuple[Invitation, str]:
    """Return a new invitation and its token, which is shown this once; flushes.

    ``name`` says whom it is for, in the lead's words.  It holds for two weeks.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    whom = " ".join(name.split())
    if not whom or len(whom) > 255:
        raise Invalid("Say whom the invitation is for, in at most 255 characters.")
    if not roles or by.account_id is None:
        raise Invalid("Choose at least one role for the person.")
    token = secrets.token_urlsafe(24)
    invitation = Invitation(
        id=uuid4(),
        review_id=review_id,
        name=whom,
        roles=sorted(role.value for role in roles),
        token_sha256=hash_of(token),
        created_by=by.account_id,
        expires_at=utc_now() + LIFETIME,
    )
    session.add(invitation)
    session.flush()
    return invitation, token


def invitations_of(session: Session, *, review_id: UUID, by: Actor) -> Sequence[Invitation]:
    """Return the invitations that still hold, the newest first."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return session.scalars(
        select(Invitation)
        .where(
            Invitation.review_id == review_id,
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > utc_now(),
        )
        .order_by(Invitation.created_at.desc())
    ).all()


def withdraw(session: Session, *, review_id: UUID, invitation_id: UUID, by: Actor) -> None:
    """End an invitation now; again is harmless.  Flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.review_id != review_id:
        raise NotFound("There is no such invitation in this review.")
    invitation.revoked_at = invitation.revoked_at or utc_now()
    session.flush()


def opened(session: Session, token: str) -> tuple[Invitation, Review]:
    """Return the invitation that a token opens, and its review.

    Raises NotFound for one that never was, was used or withdrawn, ran out, or was made by
    somebody who is not the lead any more.
    """
    row = session.execute(
        select(Invitation, Review)
        .join(Review, Review.id == Invitation.review_id)
        .where(
            Invitation.token_sha256 == hash_of(token),
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > utc_now(),
        )
    ).one_or_none()
    if row is not None:
        roles = roles_of(session, review_id=row[1].id, account_id=row[0].created_by)
        if may(roles, Action.MANAGE):
            return row[0], row[1]
    raise NotFound("This invitation does not hold (any more). Ask the review's lead for a new one.")


def accept(session: Session, *, token: str, account_id: UUID) -> Review:
    """Make the account a member with the roles of the invitation, which is then used; flushes."""
    found, review = opened(session, token)
    lock_review(session, review.id)
    invitation, review = opened(session, token)  # nobody else used it while we waited
    for role in invitation.roles:
        give_role(
            session,
            review_id=review.id,
            account_id=account_id,
            role=Role(role),
            by=Actor.person(account_id),
            invited_by=found.created_by,
        )
    invitation.used_at, invitation.used_by = utc_now(), account_id
    session.flush()
    return review
