"""Who may do what: one table, asked in one place, with a raising and a boolean form."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import NotAllowed, NotFound
from review.events import Actor, lock_review
from review.tables import Account, Membership
from review.vocabulary import ActorKind, Role


class Action(StrEnum):
    """What a member may ask for."""

    VIEW = "view"
    SCREEN = "screen"
    MARK_DUPLICATES = "mark_duplicates"
    ADJUDICATE = "adjudicate"
    CODE = "code"
    READ = "read"
    SEE_COUNTS = "see_counts"
    SEE_PROGRESS = "see_progress"
    MANAGE = "manage"


# A reviewer is not among those who see counts: they move with the decisions of others.
ALLOWED: dict[Action, frozenset[Role]] = {
    Action.VIEW: frozenset(Role),
    Action.SCREEN: frozenset({Role.REVIEWER}),
    # Whoever reads the records meets the duplicates that the rules did not dare to join.
    Action.MARK_DUPLICATES: frozenset({Role.REVIEWER, Role.LEAD}),
    Action.ADJUDICATE: frozenset({Role.ADJUDICATOR}),
    Action.CODE: frozenset({Role.REVIEWER, Role.LEAD}),
    # Full texts are lent to those who work on the review; they are not for publication.
    Action.READ: frozenset({Role.REVIEWER, Role.LEAD, Role.ADJUDICATOR}),
    Action.SEE_COUNTS: frozenset({Role.LEAD, Role.ADJUDICATOR, Role.ADVISOR}),
    # Whether a record waits for its second decision, or is in conflict, tells what was decided.
    Action.SEE_PROGRESS: frozenset({Role.LEAD}),
    Action.MANAGE: frozenset({Role.LEAD}),
}

NEEDS_A_PERSON = frozenset({Action.SCREEN, Action.ADJUDICATE, Action.CODE})


def roles_of(session: Session, *, review_id: UUID, account_id: UUID) -> frozenset[Role]:
    """Return the roles of an account in a review; none for a disabled account."""
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
    """Return the roles that ``by`` acts in; whoever runs the server acts as a lead."""
    if by.account_id is None:
        return frozenset({Role.LEAD})
    return roles_of(session, review_id=review_id, account_id=by.account_id)


def may(roles: frozenset[Role], action: Action) -> bool:
    """Say whether somebody with ``roles`` may do ``action``.

    Counts move with every decision, so a reviewer sees them only as the lead, who must; how far
    others are with a single record no reviewer sees.
    """
    if action is Action.SEE_COUNTS and Role.REVIEWER in roles:
        return Role.LEAD in roles
    if action is Action.SEE_PROGRESS and Role.REVIEWER in roles:
        return False
    return not roles.isdisjoint(ALLOWED[action])


def check(session: Session, *, review_id: UUID, by: Actor, action: Action) -> None:
    """Raise NotAllowed where ``by`` may not do ``action``; NotFound where they are no member."""
    if by.kind is not ActorKind.PERSON or by.account_id is None:
        if action in NEEDS_A_PERSON:
            raise NotAllowed("This is a person's act; say who with --as EMAIL.")
        return
    roles = roles_of(session, review_id=review_id, account_id=by.account_id)
    if not roles:
        raise NotFound("There is no such review.")
    if not may(roles, action):
        needed = " or ".join(sorted(ALLOWED[action]))
        raise NotAllowed(f"This needs the role {needed}; ask the review's lead.")


def begin_act(session: Session, *, review_id: UUID, by: Actor, action: Action) -> None:
    """Lock the review and check that ``by`` may do ``action``: every act begins like this.

    `review.events.record_act` ends it.  Raises as `check` does.
    """
    lock_review(session, review_id)
    check(session, review_id=review_id, by=by, action=action)
