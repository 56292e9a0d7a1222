"""Discussions: what those who decided on a record, and those who resolve it, write to each other.

One opens once a record's round is complete and nobody can change their decision any more, so that
what is written influences no decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID, uuid4

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from review.decisions.situation import (
    IS_LIVE,
    Situation,
    decided_in_round,
    live_decisions,
    situation_of,
)
from review.errors import Conflicting, Invalid
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check, may, roles_of_actor, screens
from review.states.closing import is_any_open
from review.states.clusters import Scope, latest
from review.tables import Account, Comment, Decision, Event, Record
from review.vocabulary import FINISHED, Act, Resolution, Stage

LONGEST = 2000  # characters


@dataclass(frozen=True)
class Entry:
    """A comment as somebody may see it: reviewers go by their number, not their name."""

    author: str
    at: datetime
    text: str


def comment(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, text: str, by: Actor
) -> Comment:
    """Write to the others who decided on a record or resolve it; flushes.

    Raises Invalid for an empty or very long text, Conflicting for anybody without a part in it and
    while a reviewer may still decide or change a decision.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.READ)
    words = text.strip()
    if not words or len(words) > LONGEST:
        raise Invalid(f"A comment needs between 1 and {LONGEST:,} characters.")
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    if not _takes_part(session, situation):
        raise Conflicting(
            "You cannot comment on this record now. Comments open to the people involved once it "
            "has all its decisions and none can be changed."
        )
    written = Comment(
        id=uuid4(),
        record_id=situation.cluster[0],
        stage=stage,
        round=situation.state.round,
        author_id=by.account_id,
        text=words,
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.COMMENT,
        by=by,
        rows=[written],
        subject=("record", record_id),
    )
    return written


def discussion(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> list[Entry] | None:
    """Return what was written about a record in its round, oldest first; None to outsiders.

    Also None while a reviewer may still decide or change a decision.
    """
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    if not _takes_part(session, situation):
        return None
    rows = session.execute(
        select(Comment, Account.name, Event.at)
        .join(Account, Account.id == Comment.author_id)
        .join(
            Event, (Event.review_id == Comment.review_id) & (Event.number == Comment.event_number)
        )
        .where(
            Comment.review_id == review_id,
            Comment.record_id.in_(situation.cluster),
            Comment.stage == stage,
            Comment.round == situation.state.round,
        )
        .order_by(Comment.event_number)
    )
    decided = session.scalars(
        select(Decision.reviewer_id).where(
            Decision.record_id.in_(situation.cluster), Decision.stage == stage
        )
    )
    numbers = _numbers(live_decisions(session, situation))
    shown = (
        dict.fromkeys(decided, "A reviewer")  # now withdrawn, say
        | {reviewer_id: f"Reviewer {number}" for reviewer_id, number in numbers.items()}
        | {by.account_id: "You"}
    )
    return [
        Entry(shown.get(written.author_id, name), at, written.text) for written, name, at in rows
    ]


def unanswered(session: Session, *, review_id: UUID, by: Actor, limit: int = 3) -> list[Record]:
    """Return records that the caller decided on and others wrote about last, the newest first.

    Nobody who does not screen has any.
    """
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    if not screens(session, review_id=review_id, by=by):
        return []
    last = latest(Scope(review_id), Comment, Comment.record_id, Comment.stage)
    has_decided = exists().where(
        Decision.record_id == last.c.record_id,
        Decision.stage == last.c.stage,
        Decision.round == last.c.round,
        Decision.reviewer_id == by.account_id,
        IS_LIVE,
    )
    rows = session.execute(
        select(Record, last.c.stage)
        .join(last, last.c.record_id == Record.id)
        .where(last.c.author_id != by.account_id, has_decided)
        .order_by(last.c.event_number.desc())
    )
    shown = (
        record
        for record, stage in rows
        if discussion(session, review_id=review_id, record_id=record.id, stage=stage, by=by)
    )
    return list(islice(shown, limit))


def number_of(decisions: Sequence[Decision], by: Actor) -> int | None:
    """Return the number that the caller goes by among those who decided on a record."""
    return None if by.account_id is None else _numbers(decisions).get(by.account_id)


def _numbers(decisions: Sequence[Decision]) -> dict[UUID, int]:
    """Return the number of each reviewer: that of their decision, where these are listed by id."""
    ordered = sorted(decisions, key=lambda decision: decision.id)
    return {decision.reviewer_id: number for number, decision in enumerate(ordered, start=1)}


def n_comments(session: Session, *, review_id: UUID, by: Actor) -> dict[tuple[UUID, Stage], int]:
    """Return how many comments there are on each record and stage.

    Comments of earlier rounds count too.
    """
    check(session, review_id=review_id, by=by, action=Action.READ)
    rows = session.execute(
        select(Comment.record_id, Comment.stage, func.count())
        .where(Comment.review_id == review_id)
        .group_by(Comment.record_id, Comment.stage)
    )
    return {(record_id, stage): n for record_id, stage, n in rows}


def _takes_part(session: Session, situation: Situation) -> bool:
    """Say whether the actor may read and write about the record as it is now.

    Those who decided on it may; others only if they can resolve it, or lead without screening.
    """
    review_id, stage, by = situation.review_id, situation.stage, situation.by
    if by.account_id is None or situation.state.resolution not in (*FINISHED, Resolution.CONFLICT):
        return False
    if is_any_open(session, review_id=review_id, stage=stage, cluster=situation.cluster):
        return False
    roles = roles_of_actor(session, review_id=review_id, by=by)
    if decided_in_round(session, situation):
        return may(roles, Action.SCREEN)
    return may(roles, Action.ADJUDICATE) or may(roles, Action.SEE_PROGRESS)
