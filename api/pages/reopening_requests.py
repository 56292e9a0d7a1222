"""Reviewers' requests to reopen records, for the lead."""

from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.decisions.reopening_requests import open_requests, refuse_reopening, reopen_as_asked
from review.permissions import Action

router = PageRouter()
R = "/reviews/{slug}/reopening-requests"


@router.get(R)
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the requests that nobody has answered yet."""
    requests = open_requests(session, review_id=review_id, by=by)
    return render(request, "records/reopening_requests.html", requests=requests)


@router.post(R + "/{request_id}/reopen")
@needs(Action.MANAGE)
def post_reopen(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    request_id: UUID,
) -> Response:
    """Reopen the record as the reviewer asked."""
    reopen_as_asked(session, review_id=review_id, request_id=request_id, by=by)
    return RedirectResponse(path(request, "reopening-requests"), status_code=303)


@router.post(R + "/{request_id}/refuse")
@needs(Action.MANAGE)
def post_refuse(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    request_id: UUID,
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Answer without reopening the record."""
    refuse_reopening(session, review_id=review_id, request_id=request_id, why=why, by=by)
    return RedirectResponse(path(request, "reopening-requests"), status_code=303)
