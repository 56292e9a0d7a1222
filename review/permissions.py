"""Permissions: one table of who may do what, with a check that raises and one that answers."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import NotAllowed, NotFound
from review.events import Actor, lock_review
from review.tables import Account, Membership
from review.vocabulary import ActorKind, Role


class Action(StrEnum):
    """What a member may want to do."""

    VIEW = "view"
    SCREEN = "screen"
    MARK_DUPLICATES = "mark_duplicates"
    ADJUDICATE = "adjudicate"
    CODE = "code"
    READ = "read"
    SEE_COUNTS = "see_counts"
    SEE_PROGRESS = "see_progress"
    MANAGE = "manage"


# Reviewers do not see counts, because counts change with the decisions of others.
ALLOWED: dict[Action, frozenset[Role]] = {
    Action.VIEW: frozenset(Role),
    Action.SCREEN: frozenset({Role.REVIEWER}),
    # Those who read the records come across duplicates that the model did not merge.
    Action.MARK_DUPLICATES: frozenset({Role.REVIEWER, Role.LEAD}),
    Action.ADJUDICATE: frozenset({Role.ADJUDICATOR}),
    Action.CODE: frozenset({Role.REVIEWER, Role.LEAD}),
    # Full texts are for those who work on the review; they may not be published.
    Action.READ: frozenset({Role.REVIEWER, Role.LEAD, Role.ADJUDICATOR}),
    Action.SEE_COUNTS: frozenset({Role.LEAD, Role.ADJUDICATOR, Role.ADVISOR}),
    # That a record awaits a second decision, or is in conflict, reveals what was decided.
    Action.SEE_PROGRESS: frozenset({Role.LEAD}),
    Action.MANAGE: frozenset({Role.LEAD}),
}

PERSON_ONLY = frozenset({Action.SCREEN, Action.ADJUDICATE, Action.CODE})


def roles_of(session: Session, *, review_id: UUID, account_id: UUID) -> frozenset[Role]:
    """Return the roles of an account in a review, empty for a disabled account."""
    roles = session.scalars(
        select(Membership.role)
        .join(Account, Account.id == Membership.account_id)
        .where(
            Membership.review_id == review_id,
            Membership.account_id == account_id,
            Account.disabled_at.is_(None),
        )
    )
    return frozenset(roles)


def roles_of_actor(session: Session, *, review_id: UUID, by: Actor) -> frozenset[Role]:
    """Return the roles that ``by`` acts in; the operator and the model act as a lead."""
    if by.account_id is None:
        return frozenset({Role.LEAD})
    return roles_of(session, review_id=review_id, account_id=by.account_id)


def screens(session: Session, *, review_id: UUID, by: Actor) -> bool:
    """Say whether somebody is a reviewer, whatever else they are."""
    return Role.REVIEWER in roles_of_actor(session, review_id=review_id, by=by)


def may(roles: frozenset[Role], action: Action) -> bool:
    """Say whether somebody with ``roles`` may do ``action``.

    Counts change with every decision, so a reviewer sees them only if they are a lead too.  No
    reviewer sees how far others are with a single record.
    """
    if action is Action.SEE_COUNTS and Role.REVIEWER in roles:
        return Role.LEAD in roles
    if action is Action.SEE_PROGRESS and Role.REVIEWER in roles:
        return False
    return not roles.isdisjoint(ALLOWED[action])


def check(session: Session, *, review_id: UUID, by: Actor, action: Action) -> None:
    """Raise NotAllowed if ``by`` may not do ``action``, NotFound if they are not a member."""
    if by.kind is not ActorKind.PERSON or by.account_id is None:
        if action in PERSON_ONLY:
            raise NotAllowed("Only a person can do this. Name the account with --as EMAIL.")
        return
    roles = roles_of(session, review_id=review_id, account_id=by.account_id)
    if not roles:
        raise NotFound("There is no such review.")
    require(roles, action)


def require(roles: frozenset[Role], action: Action) -> None:
    """Raise NotAllowed if somebody with ``roles`` may not do ``action``."""
    if not may(roles, action):
        needed = " or ".join(sorted(ALLOWED[action]))
        raise NotAllowed(f"This needs the role {needed}. Ask the review's lead.")


def begin_act(session: Session, *, review_id: UUID, by: Actor, action: Action) -> None:
    """Lock the review and check that ``by`` may do ``action``; every act begins with this.

    `review.events.record_act` writes the act and its event.  Raises as `check` does.
    """
    lock_review(session, review_id)
    check(session, review_id=review_id, by=by, action=action)
