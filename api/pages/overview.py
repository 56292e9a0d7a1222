"""The first page of a review: what is done, what is stuck, what is next."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api.web.deps import CurrentActor, CurrentReview, ReadSession, ReviewContext, ReviewId
from api.web.rendering import render
from api.web.routing import PageRouter
from review.activity import recent_activity
from review.decisions.blinding import n_own_decisions, own_decisions
from review.decisions.conflicts import open_conflicts, stages_with_consensus
from review.decisions.discussion import unanswered
from review.decisions.reopening_requests import open_requests
from review.duplicates.questions import questions
from review.events import Actor
from review.permissions import screens
from review.prisma.counts import Flow, count_flow
from review.reviews import protocol_of
from review.searches.searches import n_searches
from review.states.flow import FlowState
from review.studies.contracts import n_contracts
from review.vocabulary import Role, Stage
from screening.progress.languages import language_gap
from screening.progress.order_evidence import order_evidence
from screening.queue.coverage import uncovered
from screening.queue.next_records import n_left
from screening.queue.schedule import schedule_of

router = PageRouter()
FOUND = (
    "database_results",
    "register_results",
    "website_results",
    "organisation_results",
    "citations_results",
    "contact_results",
    "other_source_results",
)


@router.get("/reviews/{slug}")
def overview(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    review_id: ReviewId,
    by: CurrentActor,
) -> Response:
    """Show the flow in one band to people who may see counts, their own work to reviewers."""
    protocol = protocol_of(session, review_id)
    flow = count_flow(session, review_id=review_id) if here.may("see_counts") else None
    return render(
        request,
        "overview/overview.html",
        protocol=protocol,
        flow=flow,
        band=_band(session, review_id, flow) if flow else None,
        schedules={
            stage: schedule_of(session, review_id=review_id, stage=stage, by=by) for stage in Stage
        }
        if here.may("read")
        else {},
        own=_own_work(session, review_id, by) if here.may("screen") else {},
        n_conflicts=_n_conflicts(here, flow),
        n_to_agree=_n_to_agree(session, review_id=review_id, by=by),
        unanswered=unanswered(session, review_id=review_id, by=by),
        **(_for_lead(session, review_id, by) if here.may("manage") else {}),
    )


def _band(session: Session, review_id: UUID, flow: Flow) -> dict[str, int]:
    found = flow.total(*FOUND)
    return {
        "searches": n_searches(session, review_id=review_id),
        "records": found,
        "unique": found - flow.total("duplicates", "other_duplicates"),
        "contracts": n_contracts(session, review_id=review_id),
    }


def _own_work(session: Session, review_id: UUID, by: Actor) -> dict[str, dict[str, Any]]:
    """Return, for each stage, how much the reviewer has done and has left."""
    return {
        stage.value: {
            "left": n_left(session, review_id=review_id, stage=stage, by=by),
            "done": n_own_decisions(session, review_id=review_id, stage=stage, by=by),
            "recent": own_decisions(session, review_id=review_id, stage=stage, by=by),
        }
        for stage in Stage
    }


def _n_conflicts(here: ReviewContext, flow: Flow | None) -> int | None:
    """Return the number of conflicts; None for people whose own decisions may be among them."""
    if flow is None or not here.may("adjudicate") or Role.REVIEWER in here.roles:
        return None
    return flow.flow_states[FlowState.CONFLICT] + flow.flow_states[FlowState.FULL_TEXT_CONFLICT]


def _n_to_agree(session: Session, *, review_id: UUID, by: Actor) -> int:
    """Return the number of the person's own conflicts, where reviewers may agree on them."""
    if not screens(session, review_id=review_id, by=by):
        return 0
    stages = stages_with_consensus(session, review_id)
    conflicts = open_conflicts(session, review_id=review_id, by=by, stages=stages)
    return sum(conflict.is_own for conflict in conflicts)


def _for_lead(session: Session, review_id: UUID, by: Actor) -> dict[str, Any]:
    return {
        "missing": {
            stage: gap
            for stage in Stage
            if (gap := uncovered(session, review_id=review_id, stage=stage, by=by))
        },
        "n_questions": len(questions(session, review_id=review_id)),
        "n_requests": len(open_requests(session, review_id=review_id, by=by)),
        "activities": recent_activity(session, review_id=review_id, by=by),
        "gap": language_gap(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT),
        "order": order_evidence(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT),
    }
