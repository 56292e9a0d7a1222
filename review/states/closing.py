"""When a decision closes: until then its author may change it, and nothing else uses it.

A decision closes after 20 further decisions of its author at that stage or after 24 hours,
whichever comes first, or when its author closes all theirs.  The protocol sets both numbers; those
of the version that the decision was made under count.  Nothing that others do matters, so whether a
decision can still be changed reveals nothing.  Imported decisions are closed from the beginning.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from review.errors import Conflicting
from review.states.clusters import clusters_of
from review.tables import Closing, Decision, ImportedDecision, StageRule
from review.tables.base import utc_now
from review.vocabulary import Stage, Verdict

DECISIONS, HOURS = 20, 24  # under versions of a protocol from before there was such a rule


@dataclass(frozen=True)
class OpenDecision:
    """A live decision that its author may still change."""

    id: UUID
    record_id: UUID
    reviewer_id: UUID
    n_left: int  # further decisions of its author until it closes
    closes_at: datetime  # at the latest


def open_decisions(
    session: Session, *, review_id: UUID, stage: Stage, reviewer_id: UUID | None = None
) -> list[OpenDecision]:
    """Return the open decisions of a stage, of one reviewer or of all, the newest first."""
    rules = _rules(session, review_id, stage)
    n_most = max(n for n, _ in rules.values())
    if n_most == 0:
        return []
    now = utc_now()
    n_later = func.row_number().over(
        partition_by=Decision.reviewer_id, order_by=Decision.event_number.desc()
    )
    recent = select(Decision.id, (n_later - 1).label("n_later")).where(
        Decision.review_id == review_id,
        Decision.stage == stage,
        Decision.verdict != Verdict.WITHDRAWN,
        Decision.decided_at > now - max(longest for _, longest in rules.values()),
        ~exists().where(ImportedDecision.decision_id == Decision.id),
    )
    if reviewer_id is not None:
        recent = recent.where(Decision.reviewer_id == reviewer_id)
    counted, successor = recent.subquery(), aliased(Decision)
    rows = session.execute(
        select(Decision, counted.c.n_later)
        .join(counted, counted.c.id == Decision.id)
        .where(counted.c.n_later < n_most, ~exists().where(successor.supersedes_id == Decision.id))
        .order_by(Decision.event_number.desc())
    )
    closed_up_to = _closed_up_to(session, review_id, stage)
    found = []
    for decision, n_further in rows:
        n_allowed, time_allowed = rules[decision.protocol_version]
        closes_at = decision.decided_at + time_allowed
        is_closed = decision.event_number < closed_up_to.get(decision.reviewer_id, 0)
        if n_further < n_allowed and closes_at > now and not is_closed:
            found.append(
                OpenDecision(
                    id=decision.id,
                    record_id=decision.record_id,
                    reviewer_id=decision.reviewer_id,
                    n_left=n_allowed - n_further,
                    closes_at=closes_at,
                )
            )
    return found


def open_clusters(session: Session, *, review_id: UUID, stage: Stage) -> set[UUID]:
    """Return the clusters, by their earliest record, on which a decision may still be changed."""
    record_ids = {
        decision.record_id for decision in open_decisions(session, review_id=review_id, stage=stage)
    }
    clusters = clusters_of(session, review_id=review_id, record_ids=record_ids)
    return {cluster[0] for cluster in clusters.values()}


def is_any_open(
    session: Session, *, review_id: UUID, stage: Stage, cluster: Collection[UUID]
) -> bool:
    """Say whether a reviewer may still change a decision on any of the cluster's records."""
    still_open = open_decisions(session, review_id=review_id, stage=stage)
    return any(decision.record_id in cluster for decision in still_open)


def check_closed(
    session: Session, *, review_id: UUID, stage: Stage, cluster: Collection[UUID]
) -> None:
    """Raise Conflicting while a reviewer may still change a decision on the cluster's records.

    Check this before anything that depends on what reviewers decided, so that a refusal does not
    reveal it.
    """
    if is_any_open(session, review_id=review_id, stage=stage, cluster=cluster):
        raise Conflicting(
            "A reviewer may still change a decision on this record. Wait until it has closed: "
            "usually a day after it was made, or when the reviewer is done for now."
        )


def _rules(session: Session, review_id: UUID, stage: Stage) -> Mapping[int, tuple[int, timedelta]]:
    """Return, by version of the protocol, after how many decisions and how long one closes."""
    rows = session.execute(
        select(
            StageRule.version,
            func.coalesce(StageRule.closes_after_decisions, DECISIONS),
            func.coalesce(StageRule.closes_after_hours, HOURS),
        ).where(StageRule.review_id == review_id, StageRule.stage == stage)
    )
    return {version: (n, timedelta(hours=hours)) for version, n, hours in rows}


def _closed_up_to(session: Session, review_id: UUID, stage: Stage) -> Mapping[UUID, int]:
    """Return the event at which each reviewer last closed all their decisions."""
    rows = session.execute(
        select(Closing.reviewer_id, func.max(Closing.event_number))
        .where(Closing.review_id == review_id, Closing.stage == stage)
        .group_by(Closing.reviewer_id)
    )
    return {reviewer_id: number for reviewer_id, number in rows}  # noqa: C416 - for mypy
