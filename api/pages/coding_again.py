"""Values to look at again, because the codebook has changed since they were coded."""

from collections import Counter
from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, CurrentReview, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from protocols.values import describe_value
from review.permissions import Action
from review.studies.recoding import impossible_agreed, keep_value, outdated_codes

router = PageRouter()
R = "/reviews/{slug}/coding-again"


@router.get(R)
def show(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    review_id: ReviewId,
    by: CurrentActor,
) -> Response:
    """Show the caller's values to look at again; the lead sees how many each coder has."""
    is_lead = here.may(Action.MANAGE)
    found = outdated_codes(session, review_id=review_id, by=by, is_lead=is_lead)
    own = [one for one in found if one.code.coder_id == by.account_id]
    agreed = impossible_agreed(session, review_id=review_id, by=by) if is_lead else []
    others = Counter(one.coder for one in found if one.code.coder_id != by.account_id)
    return render(
        request,
        "coding/again.html",
        own=own,
        others=sorted(others.items()),
        agreed=agreed,
        describe_value=describe_value,
    )


@router.post(R)
@needs(Action.CODE)
def keep(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    code: Annotated[UUID, Form()],
) -> Response:
    """Say that a value is still right under the current codebook."""
    keep_value(session, review_id=review_id, code_id=code, by=by)
    return RedirectResponse(path(request, "coding-again"), status_code=303)
