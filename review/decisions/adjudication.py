"""Resolving a conflict between reviewers, and undoing that."""

from collections.abc import Collection
from uuid import UUID, uuid4

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from review.decisions.situation import (
    Situation,
    check_reason,
    decided_in_round,
    live_decisions,
    situation_of,
)
from review.errors import Conflicting, Invalid, NotAllowed, NotFound, Stale
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.reviews import protocol_of
from review.states.closing import check_closed
from review.tables import (
    AdjudicatedDecision,
    Adjudication,
    AdjudicationWithdrawal,
    Decision,
    FullText,
    Removal,
    Reopening,
    Retrieval,
    StudyReport,
)
from review.tables.base import utc_now
from review.vocabulary import Act, Resolution, Stage, Verdict

FOLLOW = (Decision, Reopening, Removal, Retrieval, FullText, StudyReport)
"""Acts on a record that may follow from how a conflict was resolved."""


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
    """Resolve a conflict, citing the decisions that it replaces; flushes.

    Raises Stale where ``settles`` is not exactly the live decisions of the round, Conflicting
    where there is no conflict or a decision may still change, NotAllowed for one of the round's
    reviewers, who may propose a consensus where the protocol allows it.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.ADJUDICATE)
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    check_resolution(session, situation, verdict=verdict, reason=exclusion_reason)
    # First of all: whether there is a conflict would reveal the other reviewer's decision.
    if decided_in_round(session, situation):
        raise NotAllowed("You decided on this record yourself. Someone else must resolve it.")
    check_conflict(session, situation)
    cited = live_decisions(session, situation)
    if {decision.id for decision in cited} != set(settles):
        raise Stale("A decision changed after this page was opened. Reload it and check again.")
    rows = resolution_rows(
        situation, cited, verdict=verdict, exclusion_reason=exclusion_reason, note=note
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.ADJUDICATE,
        by=by,
        rows=rows,
        subject=("record", record_id),
    )
    return rows[0]


def check_resolution(
    session: Session, situation: Situation, *, verdict: Verdict, reason: str | None
) -> None:
    """Raise Invalid unless a conflict can be resolved with this verdict and reason."""
    if verdict not in (Verdict.INCLUDE, Verdict.EXCLUDE):
        raise Invalid("Resolve a conflict with include or exclude.")
    protocol = protocol_of(session, situation.review_id)
    check_reason(protocol, stage=situation.stage, verdict=verdict, reason=reason)


def check_conflict(session: Session, situation: Situation) -> None:
    """Raise Conflicting unless the record is in conflict and no decision on it may still change."""
    check_closed(
        session,
        review_id=situation.review_id,
        stage=situation.stage,
        cluster=situation.cluster,
    )
    if situation.state.resolution is not Resolution.CONFLICT:
        raise Conflicting("This conflict has already been resolved. Nothing was saved.")


def resolution_rows(
    situation: Situation,
    cited: Collection[Decision],
    *,
    verdict: Verdict,
    exclusion_reason: str | None,
    note: str | None,
) -> tuple[Adjudication, *tuple[AdjudicatedDecision, ...]]:
    """Return the rows of a resolution that counts in place of the decisions ``cited``."""
    if situation.by.account_id is None:
        raise NotAllowed("Only a person can resolve a conflict.")
    adjudication = Adjudication(
        id=uuid4(),
        record_id=situation.record_id,
        stage=situation.stage,
        round=situation.state.round,
        adjudicator_id=situation.by.account_id,
        verdict=verdict,
        exclusion_reason=exclusion_reason,
        note=note,
        decided_at=utc_now(),
    )
    links = (
        AdjudicatedDecision(id=uuid4(), adjudication_id=adjudication.id, decision_id=decision.id)
        for decision in cited
    )
    return adjudication, *links


def withdraw_adjudication(
    session: Session, *, review_id: UUID, adjudication_id: UUID, by: Actor
) -> Adjudication:
    """Undo the caller's own resolution, so that the record is in conflict again; flushes.

    Raises NotFound unless it is theirs, NotAllowed for a consensus, Conflicting where it has been
    undone already or something was done since that follows from it.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.ADJUDICATE)
    adjudication = session.get(Adjudication, adjudication_id)
    if (
        adjudication is None
        or adjudication.review_id != review_id
        or adjudication.adjudicator_id != by.account_id
    ):
        raise NotFound("There is no such resolution of yours in this review.")
    withdrawn = select(AdjudicationWithdrawal.id).where(
        AdjudicationWithdrawal.adjudication_id == adjudication_id
    )
    if session.scalar(withdrawn) is not None:
        raise Conflicting("This resolution has already been undone.")
    situation = situation_of(
        session,
        review_id=review_id,
        record_id=adjudication.record_id,
        stage=adjudication.stage,
        by=by,
    )
    if decided_in_round(session, situation):
        raise NotAllowed("This conflict was resolved by consensus, so it cannot be undone here.")
    if _is_used(session, situation, adjudication):
        raise Conflicting(
            "This resolution can no longer be undone, because later work depends on it. "
            "Ask the lead to reopen the record."
        )
    record_act(
        session,
        review_id=review_id,
        act=Act.WITHDRAW_ADJUDICATION,
        by=by,
        rows=[AdjudicationWithdrawal(id=uuid4(), adjudication_id=adjudication_id)],
        subject=("record", adjudication.record_id),
    )
    return adjudication


def last_resolution(session: Session, *, review_id: UUID, by: Actor) -> Adjudication | None:
    """Return the caller's newest resolution that has not been undone, while it still can be."""
    check(session, review_id=review_id, by=by, action=Action.ADJUDICATE)
    withdrawn = exists().where(AdjudicationWithdrawal.adjudication_id == Adjudication.id)
    newest = session.scalar(
        select(Adjudication)
        .where(
            Adjudication.review_id == review_id,
            Adjudication.adjudicator_id == by.account_id,
            ~withdrawn,
        )
        .order_by(Adjudication.event_number.desc())
        .limit(1)
    )
    if newest is None:
        return None
    situation = situation_of(
        session, review_id=review_id, record_id=newest.record_id, stage=newest.stage, by=by
    )
    is_final = decided_in_round(session, situation) or _is_used(session, situation, newest)
    return None if is_final else newest


def _is_used(session: Session, situation: Situation, adjudication: Adjudication) -> bool:
    """Say whether anything happened to the record since that depends on its resolution."""
    return any(
        session.scalar(
            select(func.count())
            .select_from(table)
            .where(
                table.review_id == situation.review_id,
                table.record_id.in_(situation.cluster),
                table.event_number > adjudication.event_number,
            )
        )
        for table in FOLLOW
    )
