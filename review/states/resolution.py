"""The resolution of each cluster at each stage: one query over the acts, nothing stored."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    select,
)
from sqlalchemy.orm import Session

from protocols.schema import Protocol
from review.reviews import protocol_of
from review.states.clusters import WRITTEN_ONCE, Scope, bind_params, latest, members
from review.states.rounds import current_rounds, round_decisions, round_rules
from review.states.stops import stopped_at
from review.states.viewers import viewer_of
from review.tables import AdjudicatedDecision, Adjudication, AdjudicationWithdrawal, StageRule
from review.vocabulary import Resolution, Stage, Verdict

Reasons = tuple[tuple[str, ...], tuple[str, ...]]  # by stage


@dataclass(frozen=True)
class StageState:
    """How far one cluster is at one stage."""

    cluster_id: UUID
    round: int
    resolution: Resolution
    n_reviewers: int
    exclusion_reason: str | None
    is_adjudicated: bool
    decisions_needed: int
    consensus_allowed: bool
    in_calibration: bool  # if so, only the reviewers of the calibration set decide


def stage_state(
    session: Session, *, review_id: UUID, stage: Stage, cluster: Collection[UUID]
) -> StageState:
    """Return how far the cluster made of the records ``cluster`` is at ``stage``, now."""
    reasons = reasons_of(protocol_of(session, review_id))
    row = session.execute(_stage_state_query(stage, reasons), bind_params(review_id, cluster)).one()
    return StageState(
        cluster_id=row.cluster_id,
        round=row.round,
        resolution=Resolution(row.resolution),
        n_reviewers=row.n_reviewers,
        exclusion_reason=row.exclusion_reason,
        is_adjudicated=bool(row.is_adjudicated),
        decisions_needed=row.decisions_needed,
        consensus_allowed=row.consensus_allowed,
        in_calibration=row.calibration_target is not None,
    )


@lru_cache(maxsize=64)
def _stage_state_query(stage: Stage, reasons: Reasons) -> Select[Any]:
    return select(resolution_table(WRITTEN_ONCE, stage, reasons))


def resolutions(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    as_of: int | None = None,
    only: Collection[UUID] | None = None,
    member: CTE | None = None,
) -> CTE:
    """Return `resolution_table` under the protocol that was in force after event ``as_of``.

    It is the table as the person whom the session reads for may see it.
    """
    reasons = reasons_of(protocol_of(session, review_id, as_of=as_of))
    scope = Scope(review_id, as_of, only, viewer_of(session, review_id))
    if only is None and member is None:
        return _whole_review(scope, stage, reasons)
    return resolution_table(scope, stage, reasons, member=member)


@lru_cache(maxsize=64)
def _whole_review(scope: Scope, stage: Stage, reasons: Reasons) -> CTE:
    """Return `resolution_table`, built once: see `review.states.flow`."""
    return resolution_table(scope, stage, reasons)


def reasons_of(protocol: Protocol) -> Reasons:
    """Return the keys of a protocol's exclusion reasons at each stage, the primary ones first."""
    title_abstract, full_text = (
        tuple(reason.key for reason in protocol.reasons(stage)) for stage in Stage
    )
    return title_abstract, full_text


def resolution_table(
    scope: Scope, stage: Stage, reasons: Reasons, *, member: CTE | None = None
) -> CTE:
    """Return one row for each cluster in ``scope``: how far it is at ``stage``.

    Columns: cluster_id, round, resolution, n_reviewers, exclusion_reason (the first of those
    given, in the protocol's order), is_adjudicated, decisions_needed, consensus_allowed,
    calibration_target (the number of decisions an open calibration asks for, else NULL).
    ``member`` is the table of `members` for the same scope, where the caller has it.

    The resolution is a pure function of the live decisions of the cluster's current round by
    distinct reviewers, of an adjudication that was not undone and counts in place of the decisions
    it cites, and of the rules of the protocol version under which the round began.
    """
    member = members(scope) if member is None else member
    rounds = current_rounds(scope, stage, member)
    decisions = round_decisions(scope, stage, rounds)
    rules = round_rules(scope, stage, rounds, decisions=decisions)
    own_reasons = reasons[tuple(Stage).index(stage)]
    tally = _tally(_counted_decisions(scope, decisions, rules), own_reasons)
    return _resolved(scope, stage, rules, tally=tally)


def resolution_tables(
    scope: Scope, reasons: Reasons, *, member: CTE | None = None
) -> dict[Stage, CTE]:
    """Return the `resolution_table` of every stage."""
    member = members(scope) if member is None else member
    return {stage: resolution_table(scope, stage, reasons, member=member) for stage in Stage}


def _counted_decisions(scope: Scope, decisions: CTE, rules: CTE) -> CTE:
    """Return each live decision as it counts: as its adjudication, if it has one, else as made."""
    is_withdrawn = exists().where(
        AdjudicationWithdrawal.adjudication_id == AdjudicatedDecision.adjudication_id,
        scope.up_to(AdjudicationWithdrawal),
    )
    cites = latest(
        scope,
        AdjudicatedDecision,
        AdjudicatedDecision.decision_id,
        where=and_(AdjudicatedDecision.decision_id.in_(select(decisions.c.id)), not_(is_withdrawn)),
    )
    verdict = case(
        (Adjudication.id.is_not(None), Adjudication.verdict),
        (
            and_(decisions.c.verdict == Verdict.MAYBE, rules.c.maybe_advances),
            literal(Verdict.INCLUDE.value),
        ),
        else_=decisions.c.verdict,
    )
    reason = case(
        (Adjudication.id.is_not(None), Adjudication.exclusion_reason),
        else_=decisions.c.exclusion_reason,
    )
    return (
        select(
            decisions.c.cluster_id,
            decisions.c.reviewer_id,
            cast(verdict, String).label("verdict"),
            reason.label("reason"),
            case((Adjudication.id.is_not(None), 1), else_=0).label("is_adjudicated"),
        )
        .select_from(decisions)
        .join(rules, rules.c.cluster_id == decisions.c.cluster_id)
        .outerjoin(cites, cites.c.decision_id == decisions.c.id)
        .outerjoin(Adjudication, Adjudication.id == cites.c.adjudication_id)
        .where(decisions.c.is_live)
        .cte()
    )


def _tally(counted: CTE, reasons: Sequence[str]) -> CTE:
    """Return one row for each cluster with decisions: how many reviewers, which verdicts."""

    def has(verdict: Verdict) -> ColumnElement[int]:
        return func.max(case((counted.c.verdict == verdict.value, 1), else_=0))

    # The first reason in the protocol's order is the primary one (a hierarchy of criteria).
    precedence = case(
        *((counted.c.reason == key, f"{index:03d}{key}") for index, key in enumerate(reasons)),
        (counted.c.reason.is_not(None), literal("999") + counted.c.reason),
        else_=None,
    )
    return (
        select(
            counted.c.cluster_id,
            func.count(counted.c.reviewer_id.distinct()).label("n_reviewers"),
            has(Verdict.INCLUDE).label("has_include"),
            has(Verdict.EXCLUDE).label("has_exclude"),
            has(Verdict.MAYBE).label("has_maybe"),
            func.max(counted.c.is_adjudicated).label("is_adjudicated"),
            func.count(counted.c.reason.distinct()).label("n_reasons"),
            func.substr(func.min(precedence), 4).label("reason"),
        )
        .group_by(counted.c.cluster_id)
        .cte()
    )


def _resolved(scope: Scope, stage: Stage, rules: CTE, *, tally: CTE) -> CTE:
    stopped = stopped_at(scope, stage)
    n_verdicts = tally.c.has_include + tally.c.has_exclude + tally.c.has_maybe
    reasons_differ = and_(
        rules.c.reasons_must_agree, tally.c.n_reasons > 1, tally.c.is_adjudicated == 0
    )
    is_short = and_(tally.c.n_reviewers < rules.c.decisions_needed, tally.c.is_adjudicated == 0)
    resolution = case(
        (
            and_(
                tally.c.cluster_id.is_(None),
                rules.c.round == 1,
                rules.c.imported_at < stopped,
            ),
            Resolution.NOT_SCREENED.value,
        ),
        (tally.c.cluster_id.is_(None), Resolution.UNSCREENED.value),
        # A calibration waits for all its reviewers, whether or not the first of them agree.
        (and_(rules.c.calibration_target.is_not(None), is_short), Resolution.AWAITING_SECOND.value),
        (n_verdicts > 1, Resolution.CONFLICT.value),
        (is_short, Resolution.AWAITING_SECOND.value),
        (tally.c.has_maybe == 1, Resolution.CONFLICT.value),
        (reasons_differ, Resolution.CONFLICT.value),
        (tally.c.has_include == 1, Resolution.INCLUDE.value),
        else_=Resolution.EXCLUDE.value,
    )
    return (
        select(
            rules.c.cluster_id,
            rules.c.round,
            resolution.label("resolution"),
            func.coalesce(tally.c.n_reviewers, 0).label("n_reviewers"),
            tally.c.reason.label("exclusion_reason"),
            func.coalesce(tally.c.is_adjudicated, 0).label("is_adjudicated"),
            rules.c.decisions_needed,
            rules.c.consensus_allowed,
            rules.c.calibration_target,
        )
        .select_from(rules)
        .outerjoin(tally, tally.c.cluster_id == rules.c.cluster_id)
        .cte()
        .prefix_with("MATERIALIZED")
    )


def most_needed(session: Session, review_id: UUID, stage: Stage) -> int:
    """Return the highest number of decisions needed under any version of the protocol."""
    most = select(func.max(StageRule.decisions_needed)).where(
        StageRule.review_id == review_id, StageRule.stage == stage
    )
    return session.scalar(most) or 1
