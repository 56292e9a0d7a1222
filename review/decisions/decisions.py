"""Deciding on a record, and changing one's mind."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.marked_words import checked_marks, marks_of, rows_of_marks
from review.decisions.situation import (
    Situation,
    check_reason,
    latest_own_decision,
    live_decisions,
    situation_of,
)
from review.errors import Conflicting, NotFound, Settled, Stale
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.reports.retrieval import is_removed, is_retrieved, is_withdrawn
from review.reviews import protocol_state
from review.states.calibration import calibration_reviewers
from review.states.closing import is_any_open, open_decisions
from review.states.resolution import stage_state
from review.tables import Decision, ModelRun, Rank
from review.tables.base import utc_now
from review.vocabulary import Act, Resolution, Stage, Verdict

IDEMPOTENT_FIELDS = ("record_id", "stage", "verdict", "exclusion_reason", "note")


def decide(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    stage: Stage,
    verdict: Verdict,
    by: Actor,
    exclusion_reason: str | None = None,
    note: str | None = None,
    seconds: float | None = None,
    supersedes_id: UUID | None = None,
    idempotency_key: UUID | None = None,
    marked_words: Sequence[str] = (),
) -> Decision:
    """Add reviewer ``by``'s verdict on a record, superseding their earlier one in this round.

    ``marked_words`` are the words that decided; they replace those of the earlier decision.

    The same ``idempotency_key`` with the same content returns the decision made before.
    Raises NotFound for a record that is not in this review, Conflicting where the record does not
    need the caller's decision, Stale where ``supersedes_id`` is not their live decision, and
    Settled once their own decision has closed.  Flushes; the caller commits.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.SCREEN)
    content = dict(
        zip(IDEMPOTENT_FIELDS, (record_id, stage, verdict, exclusion_reason, note), strict=True)
    )
    marks = checked_marks(marked_words, verdict=verdict)
    repeated = _repeated(session, review_id, by, key=idempotency_key, content=content, marks=marks)
    if repeated:
        return repeated
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    protocol = protocol_state(session, review_id)
    check_reason(protocol.protocol, stage=stage, verdict=verdict, reason=exclusion_reason)
    latest = latest_own_decision(session, situation)
    # First of all, and whatever others did: why a decision is refused must not depend on them.
    live = live_decisions(session, situation)
    _check_own_is_open(session, situation, live)
    if not _is_change(latest, verdict, supersedes_id) and not _needs_decision(
        session, situation, live, is_first=latest is None
    ):
        # One sentence, whatever the cause: the cause may reveal what others decided.
        raise Conflicting("This record does not need your decision. Nothing was saved.")
    decision = Decision(
        **content,
        id=uuid4(),
        round=situation.state.round,
        reviewer_id=by.account_id,
        seconds=seconds,
        protocol_version=protocol.number,
        idempotency_key=idempotency_key,
        supersedes_id=latest.id if latest else None,
        decided_at=utc_now(),
        **_rank_now(session, situation),
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.DECIDE,
        by=by,
        rows=[decision, *rows_of_marks(decision.id, marks)],
        subject=("record", record_id),
    )
    return decision


def decision_of(session: Session, *, review_id: UUID, decision_id: UUID, by: Actor) -> Decision:
    """Return a decision of the caller's own; raise NotFound for anybody else's."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    decision = session.get(Decision, decision_id)
    if decision is None or decision.review_id != review_id or decision.reviewer_id != by.account_id:
        raise NotFound("You have no such decision.")
    return decision


def decision_made_with(
    session: Session, *, review_id: UUID, key: UUID, by: Actor
) -> Decision | None:
    """Return the caller's own decision that was made with an idempotency key, if there is one."""
    return session.scalar(
        select(Decision).where(
            Decision.review_id == review_id,
            Decision.reviewer_id == by.account_id,
            Decision.idempotency_key == key,
        )
    )


def _repeated(
    session: Session,
    review_id: UUID,
    by: Actor,
    *,
    key: UUID | None,
    content: Mapping[str, Any],
    marks: Sequence[str],
) -> Decision | None:
    if key is None:
        return None
    earlier = decision_made_with(session, review_id=review_id, key=key, by=by)
    if earlier is None:
        return None
    is_same = all(getattr(earlier, name) == value for name, value in content.items())
    if not is_same or marks_of(session, [earlier.id]).get(earlier.id, []) != marks:
        raise Conflicting("This page has already saved another decision. Reload it to continue.")
    return earlier


def _check_own_is_open(session: Session, situation: Situation, live: Collection[Decision]) -> None:
    """Raise Settled where the actor's own live decision in this round has closed."""
    reviewer_id = situation.by.account_id
    own = {decision.id for decision in live if decision.reviewer_id == reviewer_id}
    scope: dict[str, Any] = {"review_id": situation.review_id, "stage": situation.stage}
    if own and own - {
        decision.id for decision in open_decisions(session, **scope, reviewer_id=reviewer_id)
    }:
        raise Settled("This decision can no longer be changed. Ask the lead to reopen the record.")


def _is_change(latest: Decision | None, verdict: Verdict, supersedes_id: UUID | None) -> bool:
    """Say whether this changes a live decision; raise Stale where ``supersedes_id`` is not it."""
    live = latest if latest is not None and latest.verdict is not Verdict.WITHDRAWN else None
    if live is None and verdict is Verdict.WITHDRAWN:
        raise Conflicting("You have no decision to withdraw here.")
    if supersedes_id is None and live is None:
        return False
    if latest is None or supersedes_id != latest.id:
        raise Stale("You have already changed this decision. Reload to see the current one.")
    return live is not None


def _needs_decision(
    session: Session, situation: Situation, live: Collection[Decision], *, is_first: bool
) -> bool:
    """Say whether the record needs the actor's decision, their first in this round or not."""
    review_id, cluster, state = situation.review_id, situation.cluster, situation.state
    scope: dict[str, Any] = {"review_id": review_id, "stage": situation.stage, "cluster": cluster}
    reviewers = {decision.reviewer_id for decision in live}
    # A reviewer who has withdrawn a decision may decide again until those of others have closed.
    is_full = (
        situation.by.account_id not in reviewers
        and len(reviewers) >= state.decisions_needed
        and (is_first or not is_any_open(session, **scope))
    )
    return not (
        is_full
        or state.resolution is Resolution.NOT_SCREENED
        or is_withdrawn(session, cluster)
        or (not reviewers and is_removed(session, review_id=review_id, cluster=cluster))
        or (state.in_calibration and not _may_decide_in_calibration(session, situation))
        or situation.is_resolved_by_adjudicator
        or (situation.stage is Stage.FULL_TEXT and not _is_at_full_text(session, situation))
    )


def _may_decide_in_calibration(session: Session, situation: Situation) -> bool:
    """Say whether the actor reviews the open calibration set and decides on its own record."""
    root = situation.cluster[0]
    reviewers = calibration_reviewers(
        session, situation.review_id, record_id=root, stage=situation.stage
    )
    return situation.record_id == root and situation.by.account_id in reviewers


def _is_at_full_text(session: Session, situation: Situation) -> bool:
    review_id, cluster = situation.review_id, situation.cluster
    before = stage_state(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster)
    return before.resolution is Resolution.INCLUDE and is_retrieved(
        session, review_id=review_id, cluster=cluster
    )


def _rank_now(session: Session, situation: Situation) -> dict[str, int | str | None]:
    shown = session.execute(
        select(Rank.position, ModelRun.fingerprint)
        .join(ModelRun, ModelRun.id == Rank.model_run_id)
        .where(
            ModelRun.review_id == situation.review_id,
            ModelRun.stage == situation.stage,
            ModelRun.ready_at.is_not(None),
            Rank.record_id == situation.cluster[0],
        )
        .order_by(ModelRun.ready_at.desc())
        .limit(1)
    ).one_or_none()
    position, fingerprint = shown or (None, None)
    return {"rank_shown": position, "model_fingerprint": fingerprint}
