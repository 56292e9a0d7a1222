"""The current round of each cluster at a stage: its decisions, and the rules it began under."""

from sqlalchemy import CTE, and_, exists, func, not_, select
from sqlalchemy.orm import aliased

from review.states.calibration import calibration_targets
from review.states.clusters import Scope
from review.tables import Decision, Reopening, StageRule
from review.vocabulary import Stage, Verdict


def current_rounds(scope: Scope, stage: Stage, member: CTE) -> CTE:
    """Return one row for each record: record_id, cluster_id, round, imported_at.

    The round of a cluster is the latest that any of its records was reopened to; imported_at is
    the event that imported the earliest of them.
    """
    reopened = (
        select(Reopening.record_id, func.max(Reopening.round).label("round"))
        .where(
            scope.up_to(Reopening),
            Reopening.stage == stage,
            scope.limited_to(Reopening.record_id),
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


def round_decisions(scope: Scope, stage: Stage, rounds: CTE) -> CTE:
    """Return every decision of each cluster's current round, and whether it is live."""
    successor = aliased(Decision)
    is_changed = exists().where(successor.supersedes_id == Decision.id, scope.up_to(successor))
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
            scope.up_to(Decision),
            Decision.stage == stage,
            scope.limited_to(Decision.record_id),
        )
        .cte()
    )


def round_rules(scope: Scope, stage: Stage, rounds: CTE, *, decisions: CTE) -> CTE:
    """Return one row for each cluster: the rules its round began under, else the newest.

    A record in an open calibration set needs a decision from each of its reviewers, whatever the
    protocol says.
    """
    pinned = (
        select(decisions.c.cluster_id, func.min(decisions.c.protocol_version).label("version"))
        .group_by(decisions.c.cluster_id)
        .subquery()
    )
    newest = select(func.max(StageRule.version)).where(scope.up_to(StageRule)).scalar_subquery()
    target = calibration_targets(scope, stage, rounds, decisions=decisions)
    needed = func.coalesce(target.c.needed, StageRule.decisions_needed)
    return (
        select(
            rounds.c.cluster_id,
            rounds.c.round,
            rounds.c.imported_at,
            needed.label("decisions_needed"),
            target.c.needed.label("calibration_target"),
            StageRule.maybe_advances,
            StageRule.reasons_must_agree,
            StageRule.consensus_allowed,
        )
        .select_from(rounds)
        .outerjoin(pinned, pinned.c.cluster_id == rounds.c.cluster_id)
        .outerjoin(target, target.c.cluster_id == rounds.c.cluster_id)
        .join(
            StageRule,
            and_(
                StageRule.review_id == scope.review_id,
                StageRule.stage == stage,
                StageRule.version == func.coalesce(pinned.c.version, newest),
            ),
        )
        .where(rounds.c.record_id == rounds.c.cluster_id)
        .cte()
    )
