"""Conflicts: the records that reviewers disagree on, as those who may resolve them see them.

An adjudicator sees the decisions without names, and never a conflict that they are part of.  Where
the protocol allows consensus, the reviewers who disagree see their own conflict, once none of them
can change their decision any more.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check, may, require, roles_of_actor
from review.searches.records import records_by_id
from review.states.closing import open_clusters
from review.states.clusters import Scope, clusters_of, members, withdrawn_records
from review.states.resolution import resolutions
from review.states.rounds import current_rounds, round_decisions
from review.tables import Account, Decision, Membership, Record, StageRule
from review.tables.base import utc_now
from review.vocabulary import Resolution, Role, Stage


@dataclass(frozen=True)
class OpenConflict:
    """A record that reviewers disagree about, with the decisions that one resolution replaces."""

    record: Record
    stage: Stage
    decisions: Sequence[Decision]  # in an order that does not tell whose they are
    is_own: bool  # whether the caller has decided on the record in this round
    is_live_own: bool  # and is still one of several who disagree
    pair: str  # which reviewers made them, without saying who they are

    @property
    def since(self) -> datetime:
        """When the last of the decisions was made."""
        return max(decision.decided_at for decision in self.decisions)

    @property
    def days(self) -> int:
        """How many whole days ago that was."""
        return (utc_now() - self.since).days


class Order(StrEnum):
    """The orders in which conflicts can be listed."""

    OLDEST = "oldest"
    NEWEST = "newest"
    NUMBER = "number"
    TITLE = "title"


@dataclass(frozen=True)
class ConflictFilter:
    """Which conflicts to show; everything that is left out matches all."""

    stage: Stage | None = None
    search_id: UUID | None = None
    pair: str = ""
    text: str = ""
    days: int = 0  # how old at least
    order: Order = Order.OLDEST

    def applied_to(self, conflicts: Collection[OpenConflict]) -> list[OpenConflict]:
        """Return the conflicts that match, in order."""
        found = [conflict for conflict in conflicts if self._matches(conflict)]
        return sorted(found, key=KEYS[self.order], reverse=self.order is Order.NEWEST)

    def _matches(self, conflict: OpenConflict) -> bool:
        record = conflict.record
        words = self.text.casefold().split()
        searched = " ".join([record.title or "", *record.authors, record.doi or ""]).casefold()
        return (
            self.stage in (None, conflict.stage)
            and self.search_id in (None, record.search_id)
            and self.pair in ("", conflict.pair)
            and conflict.days >= self.days
            and all(word in searched for word in words)
        )


KEYS = {
    Order.OLDEST: lambda conflict: (conflict.since, conflict.record.number),
    Order.NEWEST: lambda conflict: (conflict.since, conflict.record.number),
    Order.NUMBER: lambda conflict: conflict.record.number,
    Order.TITLE: lambda conflict: (conflict.record.title or "").casefold(),
}


def open_conflicts(
    session: Session, *, review_id: UUID, by: Actor, stages: Collection[Stage] = tuple(Stage)
) -> list[OpenConflict]:
    """Return the conflicts that the caller may resolve or agree on, the earliest record first.

    A conflict waits until its decisions have closed: until then it may end by itself.  Raises
    NotAllowed for anybody who neither resolves conflicts nor screens.
    """
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    roles = roles_of_actor(session, review_id=review_id, by=by)
    adjudicates, screens = may(roles, Action.ADJUDICATE), may(roles, Action.SCREEN)
    if not screens:
        require(roles, Action.ADJUDICATE)
    found: list[OpenConflict] = []
    for stage in stages:
        may_agree = _in_conflict(session, review_id, stage)
        closed = may_agree.keys() - open_clusters(session, review_id=review_id, stage=stage)
        found += [
            conflict
            for conflict in _conflicts_of(session, review_id, stage, by=by, clusters=closed)
            if (
                screens and may_agree[conflict.record.id] and conflict.is_live_own
                if conflict.is_own
                else adjudicates
            )
        ]
    return found


def stages_with_consensus(session: Session, review_id: UUID) -> list[Stage]:
    """Return the stages at which any version of the protocol has allowed consensus."""
    allowed = session.scalars(
        select(StageRule.stage).where(StageRule.review_id == review_id, StageRule.consensus_allowed)
    )
    return sorted(set(allowed), key=list(Stage).index)


def n_conflicts_not_closed(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Return how many conflicts the caller may resolve once their decisions have closed."""
    check(session, review_id=review_id, by=by, action=Action.ADJUDICATE)
    cluster_ids = _in_conflict(session, review_id, stage).keys() & open_clusters(
        session, review_id=review_id, stage=stage
    )
    conflicts = _conflicts_of(session, review_id, stage, by=by, clusters=cluster_ids)
    return sum(not conflict.is_own for conflict in conflicts)


@dataclass(frozen=True)
class ConflictSummary:
    """What a lead who does not resolve conflicts sees of them."""

    n: dict[Stage, int]
    adjudicators: Sequence[str]  # by name


def summary(session: Session, *, review_id: UUID, by: Actor) -> ConflictSummary:
    """Return how many conflicts there are and who can resolve them; for the lead.

    A lead who also screens counts those that they may know of.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    names = session.scalars(
        select(Account.name)
        .join(Membership, Membership.account_id == Account.id)
        .where(
            Membership.review_id == review_id,
            Membership.role == Role.ADJUDICATOR,
            Account.disabled_at.is_(None),
        )
        .order_by(Account.name)
    )
    n = {stage: len(_in_conflict(session, review_id, stage)) for stage in Stage}
    return ConflictSummary(n, names.all())


def _in_conflict(session: Session, review_id: UUID, stage: Stage) -> dict[UUID, bool]:
    """Return the clusters in conflict: by their earliest record, whether consensus is allowed."""
    table = resolutions(session, review_id=review_id, stage=stage)
    query = select(table.c.cluster_id, table.c.consensus_allowed).where(
        table.c.resolution == Resolution.CONFLICT.value
    )
    if (out := withdrawn_records(session, review_id)) is not None:
        query = query.where(table.c.cluster_id.not_in(out))
    rows = session.execute(query)
    return {cluster_id: bool(is_allowed) for cluster_id, is_allowed in rows}


def _conflicts_of(
    session: Session, review_id: UUID, stage: Stage, *, by: Actor, clusters: Collection[UUID]
) -> list[OpenConflict]:
    """Return the conflict of each cluster, the earliest record first.

    The decisions are sorted by their ids, which are random, so the same person comes first on one
    record and second on another.
    """
    if not clusters:
        return []
    record_ids = clusters_of(session, review_id=review_id, record_ids=clusters).values()
    scope = Scope(review_id, only={id_ for cluster in record_ids for id_ in cluster})
    made = round_decisions(scope, stage, current_rounds(scope, stage, members(scope)))
    rows = session.execute(
        select(made.c.cluster_id, made.c.is_live, Decision)
        .join(Decision, Decision.id == made.c.id)
        .where(made.c.cluster_id.in_(clusters))
        .order_by(Decision.id)
    )
    live: dict[UUID, list[Decision]] = {}
    own = set()
    for cluster_id, is_live, decision in rows:
        if is_live:
            live.setdefault(cluster_id, []).append(decision)
        if decision.reviewer_id == by.account_id:
            own.add(cluster_id)
    records = records_by_id(session, record_ids=live.keys())
    return [
        OpenConflict(
            record,
            stage,
            live[record.id],
            is_own=record.id in own,
            is_live_own=_can_agree(live[record.id], by),
            pair=_pair(live[record.id]),
        )
        for record in sorted(records.values(), key=lambda record: record.number)
    ]


def _can_agree(decisions: Collection[Decision], by: Actor) -> bool:
    people = {decision.reviewer_id for decision in decisions}
    return by.account_id in people and len(people) > 1


def _pair(decisions: Collection[Decision]) -> str:
    people = sorted(str(decision.reviewer_id) for decision in decisions)
    review_id = next(iter(decisions)).review_id
    return sha256(" ".join([str(review_id), *people]).encode()).hexdigest()[:8]
