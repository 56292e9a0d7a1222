"""What each stage has come to for each cluster: one query over the acts, nothing stored."""

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
from sqlalchemy.orm import Session, aliased

from protocols.schema import Protocol
from review.decisions.stopping import stopped
from review.reviews import protocol_of
from review.states.calibration import called_up
from review.states.clusters import (
    THE_RECORDS,
    THE_REVIEW,
    Id,
    Ids,
    among,
    latest,
    members,
    these,
    up_to,
)
from review.tables import AdjudicatedDecision, Adjudication, Decision, Reopening, StageRule
from review.vocabulary import Resolution, Stage, Verdict

Reasons = tuple[tuple[str, ...], tuple[str, ...]]  # by stage


@dataclass(frozen=True)
class Standing:
    """How one cluster stands at one stage."""

    cluster_id: UUID
    round: int
    resolution: Resolution
    n_reviewers: int
    exclusion_reason: str | None
    is_adjudicated: bool
    decisions_needed: int
    consensus_allowed: bool
    is_called: bool  # by an open calibration, so that its people alone decide


def standing(
    session: Session, *, review_id: UUID, stage: Stage, cluster: Collection[UUID]
) -> Standing:
    """Return how the cluster made of the records ``cluster`` stands at ``stage``, now."""
    reasons = reasons_of(protocol_of(session, review_id))
    row = session.execute(_standing_query(stage, reasons), these(review_id, cluster)).one()
    return Standing(
        cluster_id=row.cluster_id,
        round=row.round,
        resolution=Resolution(row.resolution),
        n_reviewers=row.n_reviewers,
        exclusion_reason=row.exclusion_reason,
        is_adjudicated=bool(row.is_adjudicated),
        decisions_needed=row.decisions_needed,
        consensus_allowed=row.consensus_allowed,
        is_called=row.called is not None,
    )


@lru_cache(maxsize=64)
def _standing_query(stage: Stage, reasons: Reasons) -> Select[Any]:
    return select(resolution_table(THE_REVIEW, stage, reasons, only=THE_RECORDS))


def resolutions(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    as_of: int | None = None,
    only: Collection[UUID] | None = None,
    member: CTE | None = None,
) -> CTE:
    """Return one row a cluster: how it stands at ``stage`` after event ``as_of``; see below."""
    reasons = reasons_of(protocol_of(session, review_id, as_of=as_of))
    return resolution_table(review_id, stage, reasons, as_of=as_of, only=only, member=member)


def reasons_of(protocol: Protocol) -> Reasons:
    """Return the keys of a protocol's exclusion reasons at each stage, the primary ones first."""
    title_abstract, full_text = (
        tuple(reason.key for reason in protocol.reasons(stage)) for stage in Stage
    )
    return title_abstract, full_text


def resolution_table(
    review_id: Id,
    stage: Stage,
    reasons: Reasons,
    *,
    as_of: int | None = None,
    only: Ids | None = None,
    member: CTE | None = None,
) -> CTE:
    """Return one row a cluster: how it stands at ``stage`` after event ``as_of``.

    Columns: cluster_id, round, resolution, n_reviewers, exclusion_reason (the first of those
    given, in the protocol's order), is_adjudicated, decisions_needed, consensus_allowed, called
    (the decisions that an open calibration asks for, else NULL).  ``only`` limits the answer to
    whole clusters, given by their records.

    The resolution is a pure function of the live decisions of the cluster's current round by
    distinct reviewers, of what an adjudication that cites them says in their place, and of the
    rules of the protocol version under which the round began.
    """
    member = members(review_id, as_of=as_of, only=only) if member is None else member
    rounds = _rounds(member, review_id, stage, as_of, only)
    given = _given(rounds, review_id, stage, as_of, only)
    rules = _rules(rounds, given, review_id, stage, as_of, only)
    own = reasons[tuple(Stage).index(stage)]
    tally = _tally(_votes(given, rules, review_id, as_of), own)
    return _resolved(rules, tally, review_id, stage, as_of)


def resolution_tables(
    review_id: Id,
    reasons: Reasons,
    *,
    as_of: int | None = None,
    only: Ids | None = None,
    member: CTE | None = None,
) -> dict[Stage, CTE]:
    """Return the table of every stage; see above."""
    member = members(review_id, as_of=as_of, only=only) if member is None else member
    return {
        stage: resolution_table(review_id, stage, reasons, as_of=as_of, only=only, member=member)
        for stage in Stage
    }


def _rounds(member: CTE, review_id: Id, stage: Stage, as_of: int | None, only: Ids | None) -> CTE:
    """One row a record: its cluster's current round, the latest that any member was reopened to."""
    reopened = (
        select(Reopening.record_id, func.max(Reopening.round).label("round"))
        .where(
            up_to(Reopening, review_id, as_of),
            Reopening.stage == stage,
            among(Reopening.record_id, only),
        )
        .group_by(Reopening.record_id)
        .subquery()
    )
    newest = func.max(reopened.c.round).over(partition_by=member.c.cluster_id)
    return (
        select(
            member.c.record_id,
            member.c.cluster_id,
            func.coalesce(newest, 1).label("round"),
            func.min(member.c.event_number)
            .over(partition_by=member.c.cluster_id)
            .label("imported_at"),
        )
        .select_from(member)
        .outerjoin(reopened, reopened.c.record_id == member.c.record_id)
        .cte()
        .prefix_with("MATERIALIZED")
    )


def _given(rounds: CTE, review_id: Id, stage: Stage, as_of: int | None, only: Ids | None) -> CTE:
    """Every decision of each cluster's current round, and whether it still stands."""
    successor = aliased(Decision)
    is_changed = exists().where(
        successor.supersedes_id == Decision.id, up_to(successor, review_id, as_of)
    )
    return (
        select(
            rounds.c.cluster_id,
            Decision.id,
            Decision.record_id,
            Decision.event_number,
            Decision.reviewer_id,
            Decision.verdict,
            Decision.exclusion_reason,
            Decision.protocol_version,
            and_(not_(is_changed), Decision.verdict != Verdict.WITHDRAWN).label("is_live"),
        )
        .select_from(Decision)
        .join(
            rounds,
            and_(rounds.c.record_id == Decision.record_id, rounds.c.round == Decision.round),
        )
        .where(
            up_to(Decision, review_id, as_of),
            Decision.stage == stage,
            among(Decision.record_id, only),
        )
        .cte()
    )


def _rules(
    rounds: CTE, given: CTE, review_id: Id, stage: Stage, as_of: int | None, only: Ids | None
) -> CTE:
    """One row a cluster: the rules its round began under; today's where nobody has decided.

    While a calibration is open, its records need everybody's decision.
    """
    pinned = (
        select(given.c.cluster_id, func.min(given.c.protocol_version).label("version"))
        .group_by(given.c.cluster_id)
        .subquery()
    )
    newest = (
        select(func.max(StageRule.version))
        .where(up_to(StageRule, review_id, as_of))
        .scalar_subquery()
    )
    called = called_up(rounds, given, review_id, stage, as_of, only)
    needed = func.coalesce(called.c.needed, StageRule.decisions_needed)
    return (
        select(
            rounds.c.cluster_id,
            rounds.c.round,
            rounds.c.imported_at,
            needed.label("decisions_needed"),
            called.c.needed.label("called"),
            StageRule.maybe_advances,
            StageRule.reasons_must_agree,
            StageRule.consensus_allowed,
        )
        .select_from(rounds)
        .outerjoin(pinned, pinned.c.cluster_id == rounds.c.cluster_id)
        .outerjoin(called, called.c.cluster_id == rounds.c.cluster_id)
        .join(
            StageRule,
            and_(
                StageRule.review_id == review_id,
                StageRule.stage == stage,
                StageRule.version == func.coalesce(pinned.c.version, newest),
            ),
        )
        .where(rounds.c.record_id == rounds.c.cluster_id)
        .cte()
    )


def _votes(given: CTE, rules: CTE, review_id: Id, as_of: int | None) -> CTE:
    """Each live decision as it counts: an adjudication that cites it speaks in its place."""
    cites = latest(
        AdjudicatedDecision,
        AdjudicatedDecision.decision_id,
        review_id=review_id,
        as_of=as_of,
        where=AdjudicatedDecision.decision_id.in_(select(given.c.id)),
    )
    outcome = case(
        (Adjudication.id.is_not(None), Adjudication.verdict),
        (
            and_(given.c.verdict == Verdict.MAYBE, rules.c.maybe_advances),
            literal(Verdict.INCLUDE.value),
        ),
        else_=given.c.verdict,
    )
    reason = case(
        (Adjudication.id.is_not(None), Adjudication.exclusion_reason),
        else_=given.c.exclusion_reason,
    )
    return (
        select(
            given.c.cluster_id,
            given.c.reviewer_id,
            cast(outcome, String).label("outcome"),
            reason.label("reason"),
            case((Adjudication.id.is_not(None), 1), else_=0).label("is_adjudicated"),
        )
        .select_from(given)
        .join(rules, rules.c.cluster_id == given.c.cluster_id)
        .outerjoin(cites, cites.c.decision_id == given.c.id)
        .outerjoin(Adjudication, Adjudication.id == cites.c.adjudication_id)
        .where(given.c.is_live)
        .cte()
    )


def _tally(votes: CTE, reasons: Sequence[str]) -> CTE:
    """One row a cluster that has votes: how many reviewers, and how many ways they went."""

    def went(verdict: Verdict) -> ColumnElement[int]:
        return func.max(case((votes.c.outcome == verdict.value, 1), else_=0))

    # The first reason in the protocol's order is the primary one (a hierarchy of criteria).
    order = case(
        *((votes.c.reason == key, f"{place:03d}{key}") for place, key in enumerate(reasons)),
        (votes.c.reason.is_not(None), literal("999") + votes.c.reason),
        else_=None,
    )
    return (
        select(
            votes.c.cluster_id,
            func.count(votes.c.reviewer_id.distinct()).label("n_reviewers"),
            went(Verdict.INCLUDE).label("some_include"),
            went(Verdict.EXCLUDE).label("some_exclude"),
            went(Verdict.MAYBE).label("some_maybe"),
            func.max(votes.c.is_adjudicated).label("is_adjudicated"),
            func.count(votes.c.reason.distinct()).label("n_reasons"),
            func.substr(func.min(order), 4).label("reason"),
        )
        .group_by(votes.c.cluster_id)
        .cte()
    )


def _resolved(rules: CTE, tally: CTE, review_id: Id, stage: Stage, as_of: int | None) -> CTE:
    stopped_at = stopped(review_id, stage, as_of)
    n_ways = tally.c.some_include + tally.c.some_exclude + tally.c.some_maybe
    reasons_differ = and_(
        rules.c.reasons_must_agree, tally.c.n_reasons > 1, tally.c.is_adjudicated == 0
    )
    is_short = and_(tally.c.n_reviewers < rules.c.decisions_needed, tally.c.is_adjudicated == 0)
    resolution = case(
        (
            and_(
                tally.c.cluster_id.is_(None),
                rules.c.round == 1,
                rules.c.imported_at < stopped_at,
            ),
            Resolution.NOT_SCREENED.value,
        ),
        (tally.c.cluster_id.is_(None), Resolution.UNSCREENED.value),
        # A calibration waits for everybody, whether or not the first of them agree.
        (and_(rules.c.called.is_not(None), is_short), Resolution.AWAITING_SECOND.value),
        (n_ways > 1, Resolution.CONFLICT.value),
        (is_short, Resolution.AWAITING_SECOND.value),
        (tally.c.some_maybe == 1, Resolution.CONFLICT.value),
        (reasons_differ, Resolution.CONFLICT.value),
        (tally.c.some_include == 1, Resolution.INCLUDE.value),
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
            rules.c.called,
        )
        .select_from(rules)
        .outerjoin(tally, tally.c.cluster_id == rules.c.cluster_id)
        .cte()
        .prefix_with("MATERIALIZED")
    )


def most_needed(session: Session, review_id: UUID, stage: Stage) -> int:
    """Return the number of decisions that is enough under any version of the protocol."""
    most = select(func.max(StageRule.decisions_needed)).where(
        StageRule.review_id == review_id, StageRule.stage == stage
    )
    return session.scalar(most) or 1
