"""Deciding on a record, changing one's mind, and settling conflicts."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from protocols.schema import Protocol
from review.errors import Conflicting, Invalid, NotAllowed, NotFound, Settled, Stale
from review.events import Actor, lock_review, record_act
from review.permissions import Action, check
from review.reports.retrieval import is_removed, is_retrieved
from review.reviews import protocol_of, protocol_state
from review.states.calibration import called_people
from review.states.clusters import cluster_of
from review.states.resolution import Standing, standing
from review.tables import (
    AdjudicatedDecision,
    Adjudication,
    Decision,
    ModelRun,
    Rank,
    Reopening,
    Retrieval,
    StudyReport,
)
from review.tables.base import utc_now
from review.vocabulary import Act, Resolution, Stage, Verdict

SAID = ("record_id", "stage", "verdict", "exclusion_reason", "note")

_LATER = aliased(Decision)
STANDS = and_(
    Decision.verdict != Verdict.WITHDRAWN, ~exists().where(_LATER.supersedes_id == Decision.id)
)
"""That a decision was neither changed nor withdrawn; written once, as it is asked so often."""


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
) -> Decision:
    """Add reviewer ``by``'s verdict on a record, superseding their earlier one in this round.

    The same ``idempotency_key`` with the same content returns the decision made before.
    Raises NotFound for a record that is not in this review, Conflicting where the record does not
    await the caller's decision, Stale where ``supersedes_id`` is not their live decision, and
    Settled once a later act has used the resolution.  Flushes; the caller commits.
    """
    lock_review(session, review_id)
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    said = dict(zip(SAID, (record_id, stage, verdict, exclusion_reason, note), strict=True))
    if repeated := _repeated(session, review_id, by, idempotency_key, said):
        return repeated
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    now = standing(session, review_id=review_id, stage=stage, cluster=cluster)
    protocol = protocol_state(session, review_id)
    check_reason(protocol.protocol, stage=stage, verdict=verdict, reason=exclusion_reason)
    tip = _tip(session, record_id, stage, now.round, by)
    is_change = _check_supersedes(tip, verdict, supersedes_id)
    if is_change:
        _check_unused(session, review_id, cluster, stage, now)
    else:
        _check_awaits(session, review_id, record_id, cluster, now, tip, stage, by)
    decision = Decision(
        **said,
        id=uuid4(),
        round=now.round,
        reviewer_id=by.account_id,
        seconds=seconds,
        protocol_version=protocol.number,
        idempotency_key=idempotency_key,
        supersedes_id=tip.id if tip else None,
        decided_at=utc_now(),
        **_rank_now(session, review_id, stage, cluster[0]),
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.DECIDE,
        by=by,
        rows=[decision],
        subject=("record", record_id),
    )
    return decision


def adjudicate(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    stage: Stage,
    verdict: Verdict,
    settles: Collection[UUID],
    by: Actor,
    exclusion_reason: str | None = None,
    note: str | None = None,
) -> Adjudication:
    """Settle a conflict, citing the decisions it settles; flushes.

    Raises Stale where ``settles`` is not exactly the live decisions of the round, Conflicting
    where there is no conflict, NotAllowed for one of the round's reviewers (unless the protocol
    allows consensus).
    """
    lock_review(session, review_id)
    check(session, review_id=review_id, by=by, action=Action.ADJUDICATE)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    now = standing(session, review_id=review_id, stage=stage, cluster=cluster)
    if verdict not in (Verdict.INCLUDE, Verdict.EXCLUDE):
        raise Invalid("A conflict is settled as include or exclude.")
    check_reason(
        protocol_of(session, review_id), stage=stage, verdict=verdict, reason=exclusion_reason
    )
    # First of all: whether there is a conflict would tell them what the other reviewer said.
    if not now.consensus_allowed and _took_part(session, cluster, stage, now.round, by):
        raise NotAllowed("You decided on this record yourself; somebody else must settle it.")
    if now.resolution is not Resolution.CONFLICT:
        raise Conflicting("There is no conflict here any more; nothing was saved.")
    live = live_decisions(session, review_id=review_id, cluster=cluster, stage=stage, now=now)
    if {decision.id for decision in live} != set(settles):
        raise Stale("A decision changed since this page was shown; look again before settling.")
    adjudication = Adjudication(
        id=uuid4(),
        record_id=record_id,
        stage=stage,
        round=now.round,
        adjudicator_id=by.account_id,
        verdict=verdict,
        exclusion_reason=exclusion_reason,
        note=note,
        decided_at=utc_now(),
    )
    cited = [
        AdjudicatedDecision(id=uuid4(), adjudication_id=adjudication.id, decision_id=decision.id)
        for decision in live
    ]
    record_act(
        session,
        review_id=review_id,
        act=Act.ADJUDICATE,
        by=by,
        rows=[adjudication, *cited],
        subject=("record", record_id),
    )
    return adjudication


def live_decisions(
    session: Session, *, review_id: UUID, cluster: Collection[UUID], stage: Stage, now: Standing
) -> list[Decision]:
    """Return the decisions of the cluster's current round that stand, oldest first.

    Their content is not for reviewers' eyes: see review.blinding.
    """
    return list(
        session.scalars(
            select(Decision)
            .where(
                Decision.review_id == review_id,
                Decision.record_id.in_(cluster),
                Decision.stage == stage,
                Decision.round == now.round,
                STANDS,
            )
            .order_by(Decision.event_number)
        )
    )


def check_reason(protocol: Protocol, *, stage: Stage, verdict: Verdict, reason: str | None) -> None:
    """Raise Invalid unless the reason fits the verdict and the stage."""
    if reason is not None:
        if verdict is not Verdict.EXCLUDE:
            raise Invalid("A reason belongs to an exclusion only.")
        if reason not in {known.key for known in protocol.reasons(stage)}:
            raise Invalid(f"'{reason}' is not one of the protocol's exclusion reasons here.")
    elif stage is Stage.FULL_TEXT and verdict is Verdict.EXCLUDE:
        raise Invalid("At full text an exclusion needs its reason; choose one.")


def _repeated(
    session: Session, review_id: UUID, by: Actor, key: UUID | None, said: Mapping[str, Any]
) -> Decision | None:
    if key is None:
        return None
    earlier = session.scalar(
        select(Decision).where(
            Decision.review_id == review_id,
            Decision.reviewer_id == by.account_id,
            Decision.idempotency_key == key,
        )
    )
    if earlier and any(getattr(earlier, name) != value for name, value in said.items()):
        raise Conflicting("This page already saved another decision; reload it to go on.")
    return earlier


def _check_unused(
    session: Session, review_id: UUID, cluster: Sequence[UUID], stage: Stage, now: Standing
) -> None:
    if _is_used(session, review_id, cluster, stage, now):
        raise Settled("What this record came to is already in use; the lead can reopen it.")


def _check_awaits(
    session: Session,
    review_id: UUID,
    record_id: UUID,
    cluster: Sequence[UUID],
    now: Standing,
    tip: Decision | None,
    stage: Stage,
    by: Actor,
) -> None:
    live = live_decisions(session, review_id=review_id, cluster=cluster, stage=stage, now=now)
    reviewers = {decision.reviewer_id for decision in live}
    is_closed = (
        now.resolution is Resolution.NOT_SCREENED
        or (not reviewers and is_removed(session, review_id=review_id, cluster=cluster))
        # Who has decided in this round before, and took it back, may decide again.
        or (
            tip is None
            and by.account_id not in reviewers
            and len(reviewers) >= now.decisions_needed
        )
        or (now.is_called and not _has_part(session, review_id, record_id, cluster, stage, by))
        or _is_used(session, review_id, cluster, stage, now)
        or (stage is Stage.FULL_TEXT and not _is_at_full_text(session, review_id, cluster))
    )
    if is_closed:
        # One sentence, whatever the cause: the cause may tell what others decided.
        raise Conflicting("This record does not await your decision; nothing was saved.")


def _has_part(
    session: Session,
    review_id: UUID,
    record_id: UUID,
    cluster: Sequence[UUID],
    stage: Stage,
    by: Actor,
) -> bool:
    """Say whether a decision is one of an open calibration: its people's, on its own record."""
    people = called_people(session, review_id, cluster[0], stage)
    return record_id == cluster[0] and by.account_id in people


def _took_part(
    session: Session, cluster: Collection[UUID], stage: Stage, number: int, by: Actor
) -> bool:
    taken = select(Decision.id).where(
        Decision.record_id.in_(cluster),
        Decision.stage == stage,
        Decision.round == number,
        Decision.reviewer_id == by.account_id,
    )
    return session.scalar(select(taken.exists())) is True


def _is_at_full_text(session: Session, review_id: UUID, cluster: Sequence[UUID]) -> bool:
    before = standing(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster)
    return before.resolution is Resolution.INCLUDE and is_retrieved(
        session, review_id=review_id, cluster=cluster
    )


def _is_used(
    session: Session,
    review_id: UUID,
    cluster: Sequence[UUID],
    stage: Stage,
    now: Standing,
) -> bool:
    """Say whether a later act rests on what this round came to."""
    if now.is_adjudicated and now.resolution is not Resolution.CONFLICT:
        return True
    if now.resolution is not Resolution.INCLUDE:
        return False
    round_began = session.scalar(
        select(func.max(Reopening.event_number)).where(
            Reopening.review_id == review_id,
            Reopening.record_id.in_(cluster),
            Reopening.stage == stage,
        )
    )
    table = Retrieval if stage is Stage.TITLE_ABSTRACT else StudyReport
    later = select(table.id).where(
        table.review_id == review_id,
        table.record_id.in_(cluster),
        table.event_number > (round_began or 0),
    )
    return session.scalar(select(later.exists())) is True


def _tip(
    session: Session, record_id: UUID, stage: Stage, number: int, by: Actor
) -> Decision | None:
    """Return the reviewer's newest decision on the record in this round, withdrawn or not."""
    return session.scalar(
        select(Decision)
        .where(
            Decision.record_id == record_id,
            Decision.stage == stage,
            Decision.round == number,
            Decision.reviewer_id == by.account_id,
        )
        .order_by(Decision.event_number.desc())
        .limit(1)
    )


def _check_supersedes(tip: Decision | None, verdict: Verdict, supersedes_id: UUID | None) -> bool:
    """Say whether this changes a decision that stands; raise Stale for one that does not."""
    live = tip if tip is not None and tip.verdict is not Verdict.WITHDRAWN else None
    if live is None and verdict is Verdict.WITHDRAWN:
        raise Conflicting("There is no decision of yours here to withdraw.")
    if supersedes_id is None and live is None:
        return False
    if tip is None or supersedes_id != tip.id:
        raise Stale("Your decision on this record is another one by now; reload to see it.")
    return live is not None


def _rank_now(
    session: Session, review_id: UUID, stage: Stage, record_id: UUID
) -> dict[str, int | str | None]:
    shown = session.execute(
        select(Rank.position, ModelRun.fingerprint)
        .join(ModelRun, ModelRun.id == Rank.model_run_id)
        .where(
            ModelRun.review_id == review_id,
            ModelRun.stage == stage,
            ModelRun.ready_at.is_not(None),
            Rank.record_id == record_id,
        )
        .order_by(ModelRun.ready_at.desc())
        .limit(1)
    ).one_or_none()
    position, fingerprint = shown or (None, None)
    return {"rank_shown": position, "model_fingerprint": fingerprint}


def decision_of(session: Session, *, review_id: UUID, decision_id: UUID, by: Actor) -> Decision:
    """Return a decision of one's own; raise NotFound for anybody else's."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    decision = session.get(Decision, decision_id)
    if decision is None or decision.review_id != review_id or decision.reviewer_id != by.account_id:
        raise NotFound("There is no such decision of yours.")
    return decision
