"""Labels on records, from the screening page and from the page of a record."""

from typing import Annotated
from uuid import UUID

from fastapi import Form
from pydantic import BeforeValidator
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, ReviewId, WriteSession
from api.web.rendering import is_fragment
from api.web.routing import PageRouter, url
from review.permissions import Action
from review.vocabulary import Stage
from screening.queue.labels import add_label, remove_label

router = PageRouter()


@router.post("/reviews/{slug}/records/{record_id}/labels")
@needs(Action.READ)
def post_label(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record_id: UUID,
    name: Annotated[str, Form(max_length=200)] = "",
    is_shared: Annotated[bool, Form()] = False,
    is_removed: Annotated[bool, Form()] = False,
    stage: Annotated[Stage | None, BeforeValidator(lambda given: given or None), Form()] = None,
) -> Response:
    """Put a label of the person's on a record, or take it off."""
    if is_removed:
        remove_label(session, review_id=review_id, record_id=record_id, name=name, by=by)
    else:
        add_label(
            session,
            review_id=review_id,
            record_id=record_id,
            name=name,
            is_shared=is_shared,
            by=by,
        )
    if is_fragment(request):
        return JSONResponse({"done": "saved"})
    if stage:
        target = url(request, "screening.screen", stage=stage, record=record_id)
    else:
        target = url(request, "records.record", record_id=record_id)
    return RedirectResponse(target, status_code=303)
