"""Full texts: what is sought, what was retrieved, what was not and why."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import By, ReadSession, ReviewId, WriteSession
from api.rendering import path, render
from review.flow import Leaf, record_rows
from review.permissions import Action, check
from review.prisma import SOUGHT
from review.retrieval import latest_words, retrieve
from review.vocabulary import RetrievalState

router = APIRouter()
PAGE = 50


@router.get("/reviews/{slug}/reports")
def reports(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: By,
    show: Literal["open", "all"] = "open",
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """Show the reports still to be found, or all that are sought, with how far each has come."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    where = SOUGHT if show == "all" else [Leaf.AWAITING_RETRIEVAL]
    rows = record_rows(session, review_id=review_id, where=where, after=after, limit=PAGE)
    return render(
        request,
        "reports.html",
        rows=rows,
        asked=latest_words(session, review_id=review_id, record_ids=[row[0].id for row in rows]),
        show=show,
        more=rows[-1][0].number if len(rows) == PAGE else None,
    )


@router.post("/reviews/{slug}/reports/{record_id}/retrieval")
def post_retrieval(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    record_id: UUID,
    state: Annotated[RetrievalState, Form()],
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Record how the search for a full text stands; the text says of whom it was asked, or why."""
    retrieve(
        session,
        review_id=review_id,
        record_id=record_id,
        state=state,
        by=by,
        asked_of=why if state is RetrievalState.REQUESTED else None,
        why=None if state is RetrievalState.REQUESTED else why,
    )
    return RedirectResponse(path(request, "reports"), status_code=303)
