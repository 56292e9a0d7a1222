"""What screening has read, in order: the material of agreement and of stopping.

Both look at rounds that are complete, so they are for leads; nothing of them is a reviewer's to
see while screening goes on.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Select, func, select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check, roles_of_actor
from review.reviews import protocol_of
from review.states.clusters import RECORDS_PARAM, REVIEW_PARAM, Scope, bind_params, members
from review.states.flow import REMOVED, RETRIEVED, FlowState, flow_state_table
from review.states.resolution import Reasons, reasons_of, resolution_table, resolution_tables
from review.tables import Decision, ImportedDecision
from review.vocabulary import FINISHED, Resolution, Role, Stage, Verdict
from screening.ranking.random_sample import known_beginning, random_order

READ = (*FINISHED, Resolution.CONFLICT)  # by as many reviewers as it takes
AT_STAGE = {
    Stage.TITLE_ABSTRACT: frozenset(FlowState) - REMOVED,
    Stage.FULL_TEXT: RETRIEVED,
}


@dataclass(frozen=True)
class Given:
    """One decision of a cluster's current round."""

    id: UUID
    reviewer_id: UUID
    verdict: Verdict
    supersedes_id: UUID | None
    event_number: int


def count_resolutions(session: Session, *, review_id: UUID, stage: Stage) -> dict[Resolution, int]:
    """Return how many records of the stage have come to what."""
    query = _counted(stage, reasons_of(protocol_of(session, review_id)))
    found = {Resolution(one): n for one, n in session.execute(query, bind_params(review_id))}
    return {one: found.get(one, 0) for one in Resolution}


@lru_cache(maxsize=64)
def _counted(stage: Stage, reasons: Reasons) -> Select[Any]:
    results = _results(stage, reasons).subquery()
    return select(results.c.resolution, func.count()).group_by(results.c.resolution)


@lru_cache(maxsize=64)
def _results(stage: Stage, reasons: Reasons) -> Select[Any]:
    """Return the number of each record of the stage, and what it has come to."""
    scope = Scope(REVIEW_PARAM)
    resolved = resolution_tables(scope, reasons)
    states = flow_state_table(scope, reasons, resolved=resolved)
    table = resolved[stage]
    return (
        select(states.c.number, table.c.resolution)
        .join(states, states.c.record_id == table.c.cluster_id)
        .where(states.c.flow_state.in_([one.value for one in AT_STAGE[stage]]))
    )


def labels_as_read(session: Session, *, review_id: UUID, stage: Stage) -> list[int]:
    """Return 1 (included), 0 (excluded) or -1 (in conflict) for each record read, in that order.

    A record was read when the first decision of its round was made.  One that waits for a second
    decision counts as unread: which ones do follows from the order, and says nothing of them.
    Records with decisions that were imported are left out: nobody knows in which order they were
    read.
    """
    query = _read_query(stage, reasons_of(protocol_of(session, review_id)))
    resolutions = session.scalars(query, bind_params(review_id))
    labels = {Resolution.INCLUDE: 1, Resolution.EXCLUDE: 0}
    return [labels.get(Resolution(one), -1) for one in resolutions]


def sample_as_known(session: Session, *, review_id: UUID, stage: Stage) -> list[int]:
    """Return the longest random sample whose results are all known: 1 (included) or 0, (n,)."""
    query = _results(stage, reasons_of(protocol_of(session, review_id)))
    result = {number: one for number, one in session.execute(query, bind_params(review_id))}  # noqa: C416 - a row is not a pair to mypy
    labels = {Resolution.INCLUDE: 1, Resolution.EXCLUDE: 0}
    return list(known_beginning([labels.get(result[one], -1) for one in random_order(result)]))


def pairs_of_verdicts(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    only: Collection[UUID] | None = None,
    as_of: int | None = None,
) -> dict[tuple[UUID, UUID], list[tuple[str, str]]]:
    """Return, for each two reviewers, what they said of the records that both decided on.

    Records are those with all the decisions they need after event ``as_of``, or of them those in
    ``only``, whole clusters.  Verdicts are those that stood when the last who decides had decided:
    changes after that, and what an adjudicator said, do not count.  For the lead; a lead who
    screens is not told of records that are still in conflict.
    """
    pairs: dict[tuple[UUID, UUID], list[tuple[str, str]]] = defaultdict(list)
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    is_blind = Role.REVIEWER in roles_of_actor(session, review_id=review_id, by=by)
    given = _given(session, review_id, stage, settled_only=is_blind, only=only, as_of=as_of)
    for said in given.values():
        for (first, one), (second, other) in combinations(sorted(_when_complete(said)), 2):
            pairs[first, second].append((one.value, other.value))
    return dict(sorted(pairs.items()))


def _when_complete(said: Sequence[Given]) -> list[tuple[UUID, Verdict]]:
    """Return everybody's verdict as they stood when the last one to decide had decided."""
    live: dict[UUID, dict[UUID, Verdict]] = defaultdict(dict)
    complete: dict[UUID, Verdict] = {}
    for one in said:
        own = live[one.reviewer_id]
        if one.supersedes_id is not None:
            own.pop(one.supersedes_id, None)
        if one.verdict is not Verdict.WITHDRAWN:
            own[one.id] = one.verdict
        deciding = {who: list(kept.values())[-1] for who, kept in live.items() if kept}
        if len(deciding) > len(complete):
            complete = deciding
    return list(complete.items())


def _given(
    session: Session,
    review_id: UUID,
    stage: Stage,
    *,
    settled_only: bool,
    only: Collection[UUID] | None,
    as_of: int | None,
) -> dict[UUID, list[Given]]:
    reasons = reasons_of(protocol_of(session, review_id, as_of=as_of))
    query = _given_query(stage, reasons, settled_only, only is not None, as_of)
    given: dict[UUID, list[Given]] = defaultdict(list)
    asked = bind_params(review_id, only)
    for cluster, *said in session.execute(query, asked):
        given[cluster].append(Given(*said))
    return given


@lru_cache(maxsize=64)
def _given_query(
    stage: Stage, reasons: Reasons, settled_only: bool, is_some: bool, as_of: int | None
) -> Select[Any]:
    scope = Scope(REVIEW_PARAM, as_of, RECORDS_PARAM if is_some else None)
    query, table = _of_current_rounds(scope, stage, reasons)
    query = query.where(table.c.resolution.in_(FINISHED if settled_only else READ))
    return query.add_columns(
        table.c.cluster_id,
        Decision.id,
        Decision.reviewer_id,
        Decision.verdict,
        Decision.supersedes_id,
        Decision.event_number,
    ).order_by(Decision.event_number)


@lru_cache(maxsize=64)
def _read_query(stage: Stage, reasons: Reasons) -> Select[Any]:
    """Return what the clusters that were read have come to, by the first decision on each."""
    query, table = _of_current_rounds(Scope(REVIEW_PARAM), stage, reasons)
    return (
        query.add_columns(table.c.resolution)
        .outerjoin(ImportedDecision, ImportedDecision.decision_id == Decision.id)
        .where(table.c.resolution.in_(READ))
        .group_by(table.c.cluster_id, table.c.resolution)
        .having(func.count(ImportedDecision.id) == 0)
        .order_by(func.min(Decision.event_number))
    )


def _of_current_rounds(scope: Scope, stage: Stage, reasons: Reasons) -> tuple[Select[Any], CTE]:
    """Return a query, without columns yet, over the decisions of current rounds; and its table."""
    member = members(scope)
    table = resolution_table(scope, stage, reasons, member=member)
    query: Select[Any] = (
        select()
        .select_from(Decision)
        .join(member, member.c.record_id == Decision.record_id)
        .join(table, table.c.cluster_id == member.c.cluster_id)
        .where(
            scope.up_to(Decision),
            scope.limited_to(Decision.record_id),
            Decision.stage == stage,
            Decision.round == table.c.round,
        )
    )
    return query, table
