"""Who reads a session: from a person who screens, some decisions of others are hidden."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.orm import Session

from review.permissions import roles_of
from review.states.closing import open_decisions
from review.states.clusters import Viewer
from review.vocabulary import Role, Stage

READER = "reader"  # key in `Session.info` of a function that returns an account's id, or None


def read_for(session: Session, reader: Callable[[], UUID | None]) -> None:
    """Let a session read what an account may know; ``reader`` is asked when it matters."""
    session.info[READER] = reader


def viewer_of(session: Session, review_id: UUID) -> Viewer | None:
    """Return the person whom the session reads for, if they screen in the review; else None.

    Sessions that write, train or verify read for nobody, and see everything.
    """
    reader = session.info.get(READER)
    account_id: UUID | None = reader() if reader is not None else None
    if account_id is None:
        return None
    if Role.REVIEWER not in roles_of(session, review_id=review_id, account_id=account_id):
        return None
    return Viewer(
        account_id,
        tuple(
            decision.id
            for stage in Stage
            for decision in open_decisions(session, review_id=review_id, stage=stage)
        ),
    )
