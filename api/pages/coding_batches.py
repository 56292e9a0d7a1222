"""Many values in one press: confirm what is known, copy from another contract, code the rest."""

from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, OptionalId, ReviewId, WriteSession
from api.web.rendering import path
from api.web.routing import PageRouter
from protocols.schema import SPECIAL_VALUES
from review.permissions import Action
from review.studies.batches import CodingForm, code_rest, confirm_facts, copy_codes

router = PageRouter()
STUDY = "/reviews/{slug}/coding/{study_id}"


@router.post(STUDY + "/facts")
@needs(Action.CODE)
def post_facts(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
    items: Annotated[list[str] | None, Form()] = None,
    contract: OptionalId = None,
) -> Response:
    """Code the ticked items as the review knows them already."""
    confirm_facts(session, CodingForm(review_id, study_id, contract, by), items or [])
    return _back(request, study_id, contract)


@router.post(STUDY + "/copies")
@needs(Action.CODE)
def post_copies(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
    contract: Annotated[UUID, Form()],
    source: Annotated[UUID, Form()],
    items: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Copy the ticked values from another contract of the study."""
    form = CodingForm(review_id, study_id, contract, by)
    copy_codes(session, form, source, items=items or [])
    return _back(request, study_id, contract)


@router.post(STUDY + "/rest")
@needs(Action.CODE)
def post_rest(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
    value: Annotated[str, Form(max_length=80)],
    group: Annotated[str, Form(max_length=80)] = "",
    contract: OptionalId = None,
) -> Response:
    """Give one value to every item of a group that is not coded yet."""
    form = CodingForm(review_id, study_id, contract, by)
    special = {"special": value} if value in SPECIAL_VALUES else value
    code_rest(session, form, group=group, value=special)
    return _back(request, study_id, contract)


def _back(request: Request, study_id: UUID, contract: UUID | None) -> Response:
    query = f"?contract={contract}" if contract else ""
    return RedirectResponse(f"{path(request, 'coding', study_id)}{query}#form", status_code=303)
