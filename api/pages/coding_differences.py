"""Where coders differ: one difference at a time, each value beside its quote."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, CurrentReview, ReadSession, ReviewId, WriteSession
from api.web.forms import differing
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.permissions import Action
from review.reviews import protocol_of
from review.studies.differences import differences, take_code
from review.vocabulary import AgreedBy
from screening.progress.code_agreement import code_agreement

router = PageRouter()


@router.get("/reviews/{slug}/coding-differences")
def show(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    review_id: ReviewId,
    by: CurrentActor,
    item: Annotated[str, Query(max_length=80)] = "",
    later: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    """Show one difference between coders at a time, with each value and its quote."""
    is_lead = here.may(Action.MANAGE)
    found = differences(session, review_id=review_id, by=by, is_lead=is_lead)
    shown = [one for one in found if item in ("", one.item.key)]
    current = shown[later % len(shown)] if shown else None
    return render(
        request,
        "coding/differences.html",
        differences=shown,
        n_all=len(found),
        items=list(dict.fromkeys((one.item.key, one.item.label) for one in found)),
        item=item,
        later=later,
        current=current,
        codes=differing(current.item, current.codes, by=by) if current else [],
        is_lead=is_lead,
        agreements=code_agreement(session, review_id=review_id, by=by) if is_lead else [],
        protocol=protocol_of(session, review_id),
    )


@router.post("/reviews/{slug}/coding-differences")
@needs(Action.CODE)
def take(
    request: Request,
    session: WriteSession,
    here: CurrentReview,
    review_id: ReviewId,
    by: CurrentActor,
    code: Annotated[UUID, Form()],
    item: Annotated[str, Form(max_length=80)] = "",
    later: Annotated[int, Form(ge=0, le=100_000)] = 0,
) -> Response:
    """Make one coder's value the agreed one; a coder takes another's, the lead anybody's."""
    basis = AgreedBy.ADJUDICATION if here.may(Action.MANAGE) else AgreedBy.CONSENSUS
    take_code(session, review_id=review_id, code_id=code, basis=basis, by=by)
    query = urlencode({"item": item, "later": later})
    return RedirectResponse(f"{path(request, 'coding-differences')}?{query}", status_code=303)
