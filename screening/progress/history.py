"""Screening in its order: what agreement and stopping rules are computed from.

Both use only rounds that are complete.  They are for leads: reviewers must not see any of this
while screening goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Select, case, func, select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.states.clusters import (
    RECORDS_PARAM,
    REVIEW_PARAM,
    VIEWER,
    Scope,
    Viewer,
    bind_params,
    members,
)
from review.states.flow import REMOVED, RETRIEVED, FlowState, flow_state_table
from review.states.resolution import Reasons, reasons_of, resolution_table, resolution_tables
from review.states.rounds import only_shown
from review.states.viewers import viewer_of
from review.tables import Decision, ImportedDecision
from review.vocabulary import FINISHED, Resolution, Stage, Verdict
from screening.ranking.random_sample import IN_CONFLICT, UNKNOWN, random_order

COMPLETE = (*FINISHED, Resolution.CONFLICT)  # has all the decisions that it needs
LABELS = {Resolution.INCLUDE: 1, Resolution.EXCLUDE: 0}
FLOW_STATES_OF_STAGE = {
    Stage.TITLE_ABSTRACT: frozenset(FlowState) - REMOVED,
    Stage.FULL_TEXT: RETRIEVED,
}


@dataclass(frozen=True)
class RoundDecision:
    """A decision in a cluster's current round; it need not be live any more."""

    id: UUID
    reviewer_id: UUID
    verdict: Verdict
    supersedes_id: UUID | None
    event_number: int
    exclusion_reason: str | None


@dataclass(frozen=True)
class ScreenedLabels:
    """Labels of screened records: 1 (included), 0 (excluded) or -1 (in conflict).

    Nobody knows in which order records with imported decisions were screened.  Before a ranking
    records come as they were imported, so their order says nothing about those that are left.
    """

    imported: Sequence[int]
    unranked: Sequence[int]  # screened here before the first record that came from a ranking
    ranked: Sequence[int]  # since then, in the order of screening


def count_resolutions(session: Session, *, review_id: UUID, stage: Stage) -> dict[Resolution, int]:
    """Return the number of records of the stage with each resolution."""
    rows = _rows_of(session, review_id, stage, query_of=_resolution_counts)
    counts = {Resolution(row[0]): row[1] for row in rows}
    return {resolution: counts.get(resolution, 0) for resolution in Resolution}


def _rows_of(
    session: Session,
    review_id: UUID,
    stage: Stage,
    *,
    query_of: Callable[[Stage, Reasons, Viewer | None], Select[Any]],
) -> Sequence[Any]:
    """Run a query that is built once, as the person may see it whom the session reads for."""
    viewer = viewer_of(session, review_id)
    reasons = reasons_of(protocol_of(session, review_id))
    query = query_of(stage, reasons, VIEWER if viewer else None)
    return session.execute(query, bind_params(review_id, viewer=viewer)).all()


@lru_cache(maxsize=64)
def _resolution_counts(stage: Stage, reasons: Reasons, viewer: Viewer | None) -> Select[Any]:
    resolved = _resolutions_by_number(stage, reasons, viewer).subquery()
    return select(resolved.c.resolution, func.count()).group_by(resolved.c.resolution)


@lru_cache(maxsize=64)
def _resolutions_by_number(stage: Stage, reasons: Reasons, viewer: Viewer | None) -> Select[Any]:
    """Return the query for the number and the resolution of each record of the stage."""
    scope = Scope(REVIEW_PARAM, viewer=viewer)
    resolved = resolution_tables(scope, reasons)
    states = flow_state_table(scope, reasons, resolved=resolved)
    table = resolved[stage]
    return (
        select(states.c.number, table.c.resolution)
        .join(states, states.c.record_id == table.c.cluster_id)
        .where(states.c.flow_state.in_([state.value for state in FLOW_STATES_OF_STAGE[stage]]))
    )


def screened_labels(session: Session, *, review_id: UUID, stage: Stage) -> ScreenedLabels:
    """Return the labels of all screened records of the stage.

    A record was screened when the first decision of its round was made.  A record that awaits a
    second decision counts as unscreened: which ones do depends on the ranking alone and says
    nothing about them.
    """
    imported, own, n_unranked = list[int](), list[int](), None
    for row in _rows_of(session, review_id, stage, query_of=_screened_query):
        label = LABELS.get(Resolution(row.resolution), -1)
        if row.n_imported:
            imported.append(label)
            continue
        if n_unranked is None and row.first_ranked == row.first:
            n_unranked = len(own)
        own.append(label)
    return ScreenedLabels(
        imported, own[:n_unranked], [] if n_unranked is None else own[n_unranked:]
    )


def labels_in_random_order(session: Session, *, review_id: UUID, stage: Stage) -> list[int]:
    """Return a label for each record of the stage: see `screening.ranking.random_sample`."""
    known = LABELS | {Resolution.CONFLICT: IN_CONFLICT}
    labels = {
        row.number: known.get(row.resolution, UNKNOWN)
        for row in _rows_of(session, review_id, stage, query_of=_resolutions_by_number)
    }
    return [labels[number] for number in random_order(labels)]


def verdict_pairs(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    only: Collection[UUID] | None = None,
    as_of: int | None = None,
) -> dict[tuple[UUID, UUID], list[tuple[str, str]]]:
    """Return, for every two reviewers, their verdicts on the records that both decided on.

    Records are those that had all the decisions they need after event ``as_of``; with ``only``,
    just those of them in whole clusters of these records.  Verdicts are those that were live when
    the last reviewer had decided: later changes and adjudications do not count.  For the lead; for
    a lead who screens, records with decisions that are hidden from them are left out.
    """
    return pairs_in(
        complete_verdicts(
            session, review_id=review_id, stage=stage, by=by, only=only, as_of=as_of
        ).values()
    )


def complete_verdicts(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    only: Collection[UUID] | None = None,
    as_of: int | None = None,
) -> dict[UUID, list[tuple[UUID, Verdict]]]:
    """Return (reviewer, verdict) of each record that had all its decisions, as `verdict_pairs`."""
    complete = complete_decisions(
        session, review_id=review_id, stage=stage, by=by, only=only, as_of=as_of
    )
    return {
        cluster_id: [(decision.reviewer_id, decision.verdict) for decision in decisions]
        for cluster_id, decisions in complete.items()
    }


def complete_decisions(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    only: Collection[UUID] | None = None,
    as_of: int | None = None,
) -> dict[UUID, list[RoundDecision]]:
    """Return one decision of each reviewer on each record that had all, as `verdict_pairs`."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    by_cluster = _decisions_by_cluster(session, review_id, stage, only=only, as_of=as_of)
    return {
        cluster_id: sorted(_when_complete(decisions), key=lambda decision: decision.reviewer_id)
        for cluster_id, decisions in by_cluster.items()
    }


def pairs_in(
    records: Iterable[Sequence[tuple[UUID, Verdict]]],
) -> dict[tuple[UUID, UUID], list[tuple[str, str]]]:
    """Return, for every two reviewers, their verdicts on the records that both decided on."""
    pairs: dict[tuple[UUID, UUID], list[tuple[str, str]]] = defaultdict(list)
    for verdicts in records:
        for (first, verdict), (second, other_verdict) in combinations(verdicts, 2):
            pairs[first, second].append((verdict.value, other_verdict.value))
    return dict(sorted(pairs.items()))


def _when_complete(decisions: Sequence[RoundDecision]) -> list[RoundDecision]:
    """Return each reviewer's decision as it was when the last reviewer had decided."""
    live: dict[UUID, dict[UUID, RoundDecision]] = defaultdict(dict)
    complete: dict[UUID, RoundDecision] = {}
    for decision in decisions:
        own = live[decision.reviewer_id]
        if decision.supersedes_id is not None:
            own.pop(decision.supersedes_id, None)
        if decision.verdict is not Verdict.WITHDRAWN:
            own[decision.id] = decision
        current = {reviewer: list(made.values())[-1] for reviewer, made in live.items() if made}
        if len(current) > len(complete):
            complete = current
    return list(complete.values())


def _decisions_by_cluster(
    session: Session,
    review_id: UUID,
    stage: Stage,
    *,
    only: Collection[UUID] | None,
    as_of: int | None,
) -> dict[UUID, list[RoundDecision]]:
    viewer = viewer_of(session, review_id)
    scope = Scope(
        REVIEW_PARAM, as_of, None if only is None else RECORDS_PARAM, VIEWER if viewer else None
    )
    reasons = reasons_of(protocol_of(session, review_id, as_of=as_of))
    query = _decisions_query(stage, reasons, scope)
    by_cluster: dict[UUID, list[RoundDecision]] = defaultdict(list)
    for cluster_id, *columns in session.execute(query, bind_params(review_id, only, viewer=viewer)):
        by_cluster[cluster_id].append(RoundDecision(*columns))
    return by_cluster


@lru_cache(maxsize=64)
def _decisions_query(stage: Stage, reasons: Reasons, scope: Scope) -> Select[Any]:
    query, table = _of_current_rounds(scope, stage, reasons)
    query = query.where(table.c.resolution.in_(COMPLETE))
    return query.add_columns(
        table.c.cluster_id,
        Decision.id,
        Decision.reviewer_id,
        Decision.verdict,
        Decision.supersedes_id,
        Decision.event_number,
        Decision.exclusion_reason,
    ).order_by(Decision.event_number)


@lru_cache(maxsize=64)
def _screened_query(stage: Stage, reasons: Reasons, viewer: Viewer | None) -> Select[Any]:
    """Return the query for screened clusters, in order of first decision.

    Columns: resolution, n_imported, and the events of the first decision and of the first one on a
    record that was in a ranking.
    """
    query, table = _of_current_rounds(Scope(REVIEW_PARAM, viewer=viewer), stage, reasons)
    was_ranked = Decision.rank_shown.is_not(None)
    first = func.min(Decision.event_number)
    return (
        query.add_columns(
            table.c.resolution,
            func.count(ImportedDecision.id).label("n_imported"),
            first.label("first"),
            func.min(case((was_ranked, Decision.event_number))).label("first_ranked"),
        )
        .outerjoin(ImportedDecision, ImportedDecision.decision_id == Decision.id)
        .where(table.c.resolution.in_(COMPLETE))
        .group_by(table.c.cluster_id, table.c.resolution)
        .order_by(first)
    )


def _of_current_rounds(scope: Scope, stage: Stage, reasons: Reasons) -> tuple[Select[Any], CTE]:
    """Return a query without columns over decisions in current rounds, and its resolutions."""
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
            table.c.cluster_id.not_in(select(member.c.record_id).where(member.c.is_withdrawn)),
            Decision.stage == stage,
            Decision.round == table.c.round,
        )
    )
    return only_shown(query, scope, stage), table
