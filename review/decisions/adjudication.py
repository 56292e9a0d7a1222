"""Resolving a conflict between reviewers."""

from collections.abc import Collection
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from review.decisions.situation import (
    check_reason,
    decided_in_round,
    live_decisions,
    situation_of,
)
from review.errors import Conflicting, Invalid, NotAllowed, Stale
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.reviews import protocol_of
from review.states.closing import check_closed
from review.tables import AdjudicatedDecision, Adjudication
from review.tables.base import utc_now
from review.vocabulary import Act, Resolution, Stage, Verdict


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
    reviewers (unless the protocol allows consensus).
    """
    begin_act(session, review_id=review_id, by=by, action=Action.ADJUDICATE)
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    if verdict not in (Verdict.INCLUDE, Verdict.EXCLUDE):
        raise Invalid("Resolve a conflict with include or exclude.")
    check_reason(
        protocol_of(session, review_id), stage=stage, verdict=verdict, reason=exclusion_reason
    )
    # First of all: whether there is a conflict would reveal the other reviewer's decision.
    if not situation.state.consensus_allowed and decided_in_round(session, situation):
        raise NotAllowed("You decided on this record yourself. Someone else must resolve it.")
    check_closed(session, review_id=review_id, stage=stage, cluster=situation.cluster)
    if situation.state.resolution is not Resolution.CONFLICT:
        raise Conflicting("This conflict has already been resolved. Nothing was saved.")
    cited = live_decisions(session, situation)
    if {decision.id for decision in cited} != set(settles):
        raise Stale("A decision changed after this page was opened. Reload it and check again.")
    adjudication = Adjudication(
        id=uuid4(),
        record_id=record_id,
        stage=stage,
        round=situation.state.round,
        adjudicator_id=by.account_id,
        verdict=verdict,
        exclusion_reason=exclusion_reason,
        note=note,
        decided_at=utc_now(),
    )
    links = [
        AdjudicatedDecision(id=uuid4(), adjudication_id=adjudication.id, decision_id=decision.id)
        for decision in cited
    ]
    record_act(
        session,
        review_id=review_id,
        act=Act.ADJUDICATE,
        by=by,
        rows=[adjudication, *links],
        subject=("record", record_id),
    )
    return adjudication
