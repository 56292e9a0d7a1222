"""When a stage is due and whether it is paused, which its lead sets and every reviewer sees."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Invalid
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.tables import StageSchedule
from review.vocabulary import Act, Stage

LONGEST_NOTE = 500  # characters


@dataclass(frozen=True)
class Schedule:
    """The schedule of a stage; nothing is due or paused where none was set."""

    due_on: date | None = None
    is_paused: bool = False
    note: str | None = None


def set_schedule(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    due_on: date | None = None,
    is_paused: bool = False,
    note: str = "",
) -> StageSchedule:
    """Set when a stage is due, and pause or resume it; flushes.

    While a stage is paused, the queue gives nobody a record.  A decision that somebody makes before
    their page has noticed the pause still counts.  Raises Invalid for a long note.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"The note may have {LONGEST_NOTE} characters at most.")
    row = StageSchedule(
        id=uuid4(), stage=stage, due_on=due_on, is_paused=is_paused, note=note.strip() or None
    )
    record_act(session, review_id=review_id, act=Act.SCHEDULE, by=by, rows=[row])
    return row


def schedule_of(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> Schedule:
    """Return the schedule of a stage; for everybody in the review."""
    check(session, review_id=review_id, by=by, action=Action.READ)
    newest = session.scalar(
        select(StageSchedule)
        .where(StageSchedule.review_id == review_id, StageSchedule.stage == stage)
        .order_by(StageSchedule.event_number.desc())
        .limit(1)
    )
    if newest is None:
        return Schedule()
    return Schedule(newest.due_on, newest.is_paused, newest.note)
