"""What a person may know of others' decisions: the one place where their content is read out.

Until a round is complete and settled, what a decision says is known to its author alone, and that
it exists to leads alone.  A reviewer never sees another's decision, nor what the records they
screened came to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from review.clusters import cluster_of, members
from review.decisions import live_decisions
from review.events import Actor
from review.permissions import Action, check
from review.resolution import resolutions, standing
from review.tables import Decision, Record
from review.vocabulary import Resolution, Stage, Verdict


@dataclass(frozen=True)
class Conflict:
    """A record that reviewers disagree about, with the decisions that an adjudicator settles."""

    record: Record
    stage: Stage
    decisions: Sequence[Decision]  # names are for the page to leave out


def own_decisions(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int = 5
) -> list[tuple[Decision, Record]]:
    """Return the caller's latest decisions that stand, newest first, each with its record."""
    later = aliased(Decision)
    rows = session.execute(
        select(Decision, Record)
        .join(Record, Record.id == Decision.record_id)
        .where(
            Decision.review_id == review_id,
            Decision.stage == stage,
            Decision.reviewer_id == by.account_id,
            ~exists().where(later.supersedes_id == Decision.id),
        )
        .order_by(Decision.event_number.desc())
        .limit(limit)
    )
    return list(rows.tuples())


def n_own_decisions(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Return on how many records the caller's decision stands."""
    later = aliased(Decision)
    return (
        session.scalar(
            select(func.count(Decision.record_id.distinct())).where(
                Decision.review_id == review_id,
                Decision.stage == stage,
                Decision.reviewer_id == by.account_id,
                Decision.verdict != Verdict.WITHDRAWN,
                ~exists().where(later.supersedes_id == Decision.id),
            )
        )
        or 0
    )


def own_decision(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> Decision | None:
    """Return the caller's decision on a record that stands, in the current round."""
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    now = standing(session, review_id=review_id, stage=stage, cluster=cluster)
    live = live_decisions(session, review_id=review_id, cluster=cluster, stage=stage, now=now)
    return next((one for one in reversed(live) if one.reviewer_id == by.account_id), None)


def conflicts(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int = 100
) -> list[Conflict]:
    """Return the conflicts that the caller may settle, the earliest record first.

    An adjudicator who decided on a record never sees that it is in conflict: that would tell them
    what the other reviewer said.
    """
    check(session, review_id=review_id, by=by, action=Action.ADJUDICATE)
    table = resolutions(session, review_id=review_id, stage=stage)
    member = members(review_id)
    own = (
        select(member.c.cluster_id)
        .join(Decision, Decision.record_id == member.c.record_id)
        .where(Decision.stage == stage, Decision.reviewer_id == by.account_id)
    )
    records = session.scalars(
        select(Record)
        .join(table, table.c.cluster_id == Record.id)
        .where(
            table.c.resolution == Resolution.CONFLICT.value,
            table.c.consensus_allowed | Record.id.not_in(own),
        )
        .order_by(Record.number)
        .limit(limit)
    ).all()
    return [_conflict(session, review_id, stage, record) for record in records]


def _conflict(session: Session, review_id: UUID, stage: Stage, record: Record) -> Conflict:
    cluster = cluster_of(session, review_id=review_id, record_id=record.id)
    now = standing(session, review_id=review_id, stage=stage, cluster=cluster)
    live = live_decisions(session, review_id=review_id, cluster=cluster, stage=stage, now=now)
    return Conflict(record=record, stage=stage, decisions=live)
