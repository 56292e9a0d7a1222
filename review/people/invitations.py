"""Invitations: links that give one person roles in a review, once, until they expire."""

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

INVITATION_LIFETIME = timedelta(days=14)


def invite(
    session: Session, *, review_id: UUID, name: str, roles: Collection[Role], by: Actor
) -> tuple[Invitation, str]:
    """Return a new invitation and its token, which is shown only now; flushes.

    ``name`` is the lead's name for the person invited.  The invitation is valid for two weeks.
    Raises Invalid without a name or a role.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    invitee = " ".join(name.split())
    if not invitee or len(invitee) > 255:
        raise Invalid("Enter the name of the person invited, in at most 255 characters.")
    if not roles or by.account_id is None:
        raise Invalid("Choose at least one role for the person.")
    token = secrets.token_urlsafe(24)
    invitation = Invitation(
        id=uuid4(),
        review_id=review_id,
        name=invitee,
        roles=sorted(role.value for role in roles),
        token_sha256=hash_of(token),
        created_by=by.account_id,
        expires_at=utc_now() + INVITATION_LIFETIME,
    )
    session.add(invitation)
    session.flush()
    return invitation, token


def invitations_of(session: Session, *, review_id: UUID, by: Actor) -> Sequence[Invitation]:
    """Return the invitations that are still valid, the newest first."""
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


def withdraw_invitation(
    session: Session, *, review_id: UUID, invitation_id: UUID, by: Actor
) -> None:
    """Withdraw an invitation; repeating it is harmless.  Flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.review_id != review_id:
        raise NotFound("There is no such invitation in this review.")
    invitation.revoked_at = invitation.revoked_at or utc_now()
    session.flush()


def find_invitation(session: Session, token: str) -> tuple[Invitation, Review]:
    """Return the valid invitation of a token, and its review.

    Raises NotFound if it never existed, was used or withdrawn, has expired, or was made by
    somebody who is no longer a lead.
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
        invitation, review = row
        roles = roles_of(session, review_id=review.id, account_id=invitation.created_by)
        if may(roles, Action.MANAGE):
            return invitation, review
    raise NotFound(
        "This invitation is invalid: it was used or withdrawn, or has expired. Ask the review's "
        "lead for a new one."
    )


def accept_invitation(session: Session, *, token: str, account_id: UUID) -> Review:
    """Give the account the roles of an invitation, which is then used, and return its review.

    Raises NotFound as `find_invitation` does.  Flushes.
    """
    _, review = find_invitation(session, token)
    lock_review(session, review.id)
    invitation, review = find_invitation(session, token)  # nobody used it while we waited
    for role in invitation.roles:
        give_role(
            session,
            review_id=review.id,
            account_id=account_id,
            role=Role(role),
            by=Actor.person(account_id),
            invited_by=invitation.created_by,
        )
    invitation.used_at, invitation.used_by = utc_now(), account_id
    session.flush()
    return review
