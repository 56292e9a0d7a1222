"""The first page of a review: what is done, what is stuck, what is next."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import By, Here, ReadSession, ReviewId
from api.rendering import render
from review.blinding import n_own_decisions
from review.duplicates import questions
from review.permissions import Action, may
from review.prisma import count_flow
from review.reviews import protocol_of
from review.vocabulary import Stage

router = APIRouter()


@router.get("/reviews/{slug}")
def overview(
    request: Request, session: ReadSession, here: Here, review_id: ReviewId, by: By
) -> Response:
    """Show the flow in one band to those who may see counts, one's own work to reviewers."""
    flow = count_flow(session, review_id=review_id) if may(here.roles, Action.SEE_COUNTS) else None
    n_questions = (
        len(questions(session, review_id=review_id)) if may(here.roles, Action.MANAGE) else 0
    )
    own = {
        stage: n_own_decisions(session, review_id=review_id, stage=stage, by=by) for stage in Stage
    }
    return render(
        request,
        "overview.html",
        flow=flow,
        n_questions=n_questions,
        own=own,
        protocol=protocol_of(session, review_id),
    )
