"""The current round of each cluster at a stage: its decisions, and the rules it began under."""

from typing import Any

from sqlalchemy import CTE, Select, Subquery, and_, case, exists, func, not_, select
from sqlalchemy.orm import aliased

from review.states.calibration import calibration_targets
from review.states.clusters import Scope, Viewer, members
from review.tables import Decision, Reopening, RoundRule, StageRule
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
    """Return every decision of each cluster's current round, and whether it is live.

    Those that are hidden from the scope's viewer are left out.
    """
    successor = aliased(Decision)
    is_changed = exists().where(successor.supersedes_id == Decision.id, scope.up_to(successor))
    query = (
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
    )
    return only_shown(query, scope, stage).cte()


def only_shown(query: Select[Any], scope: Scope, stage: Stage) -> Select[Any]:
    """Return a query for decisions of a stage without those hidden from the scope's viewer."""
    if scope.viewer is None:
        return query
    hidden = hidden_rounds(scope, stage, scope.viewer)
    is_hidden = and_(hidden.c.record_id == Decision.record_id, hidden.c.round == Decision.round)
    own = Decision.reviewer_id == scope.viewer.account_id
    return query.outerjoin(hidden, is_hidden).where(hidden.c.record_id.is_(None) | own)


def hidden_rounds(scope: Scope, stage: Stage, viewer: Viewer) -> CTE:
    """Return (record_id, round) of the rounds in which others' decisions are hidden from a person.

    That is each cluster's current round until the person's own decision in it has closed.  If
    they have none in it, it is until the round has all the decisions that it needs and all of them
    have closed, so that the person cannot decide in it any more.  Whether a past state is asked
    about does not matter: what somebody may not know now, they may not know of yesterday.
    """
    now = Scope(scope.review_id, only=scope.only)
    rounds = current_rounds(now, stage, members(now))
    decisions = round_decisions(now, stage, rounds)
    rules = round_rules(now, stage, rounds, decisions=decisions)
    is_own = decisions.c.reviewer_id == viewer.account_id
    is_open = decisions.c.id.in_(viewer.open_decision_ids)
    n_own = func.sum(case((is_own, 1), else_=0))
    n_own_open = func.sum(case((and_(is_own, is_open), 1), else_=0))
    n_open = func.sum(case((is_open, 1), else_=0))
    n_reviewers = func.count(decisions.c.reviewer_id.distinct())
    tally = (
        select(
            decisions.c.cluster_id,
            (n_own > 0).label("has_own"),
            (n_own_open > 0).label("has_own_open"),
            (n_open > 0).label("has_open"),
            n_reviewers.label("n_reviewers"),
        )
        .where(decisions.c.is_live)
        .group_by(decisions.c.cluster_id)
        .subquery()
    )
    is_complete = and_(tally.c.n_reviewers >= rules.c.decisions_needed, not_(tally.c.has_open))
    is_shown = case((tally.c.has_own, not_(tally.c.has_own_open)), else_=is_complete)
    return (
        select(rounds.c.record_id, rounds.c.round)
        .join(tally, tally.c.cluster_id == rounds.c.cluster_id)
        .join(rules, rules.c.cluster_id == rounds.c.cluster_id)
        .where(not_(is_shown))
        .cte()
        .prefix_with("MATERIALIZED")
    )


def round_rules(scope: Scope, stage: Stage, rounds: CTE, *, decisions: CTE) -> CTE:
    """Return one row for each cluster: the rules that its round goes by.

    They are those it began under, or newer ones that the lead applied to it; a round without
    decisions goes by the newest.
    A record in an open calibration set needs a decision from each of its reviewers, whatever the
    protocol says.
    """
    pinned = (
        select(decisions.c.cluster_id, func.min(decisions.c.protocol_version).label("version"))
        .group_by(decisions.c.cluster_id)
        .subquery()
    )
    applied = _applied_versions(scope, stage, rounds)
    newest = select(func.max(StageRule.version)).where(scope.up_to(StageRule)).scalar_subquery()
    version = case(
        (pinned.c.version.is_not(None), func.coalesce(applied.c.version, pinned.c.version)),
        else_=newest,
    )
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
        .outerjoin(applied, applied.c.cluster_id == rounds.c.cluster_id)
        .outerjoin(target, target.c.cluster_id == rounds.c.cluster_id)
        .join(
            StageRule,
            and_(
                StageRule.review_id == scope.review_id,
                StageRule.stage == stage,
                StageRule.version == version,
            ),
        )
        .where(rounds.c.record_id == rounds.c.cluster_id)
        .cte()
    )


def _applied_versions(scope: Scope, stage: Stage, rounds: CTE) -> Subquery:
    """Return (cluster_id, version) of the rounds that newer rules were applied to."""
    return (
        select(rounds.c.cluster_id, func.max(RoundRule.protocol_version).label("version"))
        .select_from(RoundRule)
        .join(
            rounds,
            and_(rounds.c.record_id == RoundRule.record_id, rounds.c.round == RoundRule.round),
        )
        .where(
            scope.up_to(RoundRule),
            RoundRule.stage == stage,
            scope.limited_to(RoundRule.record_id),
        )
        .group_by(rounds.c.cluster_id)
        .subquery()
    )
