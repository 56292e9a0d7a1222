"""A reviewer's own decisions that are still open, and closing them."""

from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.states.closing import OpenDecision, open_decisions
from review.tables import Closing
from review.vocabulary import Act, Stage


def own_open_decisions(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor
) -> list[OpenDecision]:
    """Return the decisions that the caller may still change or withdraw, the newest first."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    return open_decisions(session, review_id=review_id, stage=stage, reviewer_id=by.account_id)


def close_decisions(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Close all of the caller's decisions at a stage and return how many were open; flushes.

    Nothing is written where none is open.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.SCREEN)
    n_open = len(own_open_decisions(session, review_id=review_id, stage=stage, by=by))
    if n_open:
        closing = Closing(id=uuid4(), stage=stage, reviewer_id=by.account_id)
        record_act(session, review_id=review_id, act=Act.CLOSE_DECISIONS, by=by, rows=[closing])
    return n_open
