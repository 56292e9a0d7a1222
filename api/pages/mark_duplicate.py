"""Marking the record on the screen as a duplicate of another one."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.duplicates.judgements import judge
from review.duplicates.questions import likely_duplicates, question
from review.permissions import Action, check
from review.searches.records import record_of_review
from review.vocabulary import Judgement, Stage

router = PageRouter()
MARKING = "/reviews/{slug}/records/{record_id}/duplicate"


@router.get(MARKING)
def show(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    record_id: UUID,
    q: Annotated[str, Query(max_length=500)] = "",
    other: UUID | None = None,
    stage: Stage | None = None,
) -> Response:
    """Show the records most similar to this one, or this one beside the chosen one."""
    check(session, review_id=review_id, by=by, action=Action.MARK_DUPLICATES)
    return render(
        request,
        "duplicates/mark_duplicate.html",
        record=record_of_review(session, review_id=review_id, record_id=record_id),
        found=[]
        if other
        else likely_duplicates(session, review_id=review_id, record_id=record_id, text=q),
        pair=other and question(session, review_id=review_id, left_id=record_id, right_id=other),
        other_id=other,
        stage=stage,
        q=q,
        back=back_to(request, record_id, stage),
    )


@router.post(MARKING)
@needs(Action.MARK_DUPLICATES)
def mark(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record_id: UUID,
    other: Annotated[UUID, Form()],
    stage: Annotated[Stage | None, Form()] = None,
) -> Response:
    """Merge the two, and return to the queue or to the record."""
    event = judge(
        session,
        review_id=review_id,
        left_id=record_id,
        right_id=other,
        verdict=Judgement.DUPLICATE,
        by=by,
    )
    joined = urlencode({"joined": event, "from": record_id})
    target = path(request, "screening", stage) if stage else path(request, "records", record_id)
    return RedirectResponse(f"{target}?{joined}", status_code=303)


def back_to(request: Request, record_id: UUID, stage: Stage | None) -> str:
    """Return the page that the record was open on."""
    if stage is None:
        return path(request, "records", record_id)
    return f"{path(request, 'screening', stage)}?record={record_id}"
