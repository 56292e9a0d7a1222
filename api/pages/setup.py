"""Settings of a review: its protocol and its people."""

from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import By, ReadSession, ReviewId, WriteSession
from api.rendering import path, render
from review.permissions import Action, check
from review.reviews import (
    add_member,
    amend_protocol,
    members_of,
    protocol_state,
    remove_member,
)
from review.tables import ProtocolVersion
from review.vocabulary import Role

router = APIRouter()


@router.get("/reviews/{slug}/settings")
def show(request: Request, session: ReadSession, review_id: ReviewId, by: By) -> Response:
    """Show the protocol with its versions, and the members with their roles."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    versions = session.scalars(
        select(ProtocolVersion)
        .where(ProtocolVersion.review_id == review_id)
        .order_by(ProtocolVersion.number.desc())
    ).all()
    return render(
        request,
        "settings.html",
        versions=versions,
        protocol=protocol_state(session, review_id).protocol,
        members=members_of(session, review_id),
        all_roles=list(Role),
    )


@router.post("/reviews/{slug}/settings/members")
def post_member(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    email: Annotated[str, Form()],
    role: Annotated[Role, Form()],
    remove: Annotated[str, Form()] = "",
) -> Response:
    """Give somebody with an account a role, or take it away."""
    act = remove_member if remove else add_member
    act(session, review_id=review_id, email=email, role=role, by=by)
    return RedirectResponse(path(request, "settings"), status_code=303)


@router.post("/reviews/{slug}/settings/protocol")
def post_protocol(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    text: Annotated[str, Form(max_length=1_000_000)],
    why: Annotated[str, Form(max_length=2000)],
) -> Response:
    """Put a new version of the protocol in force."""
    amend_protocol(
        session,
        review_id=review_id,
        protocol_text=text.replace("\r\n", "\n"),
        why=why,
        by=by,
    )
    return RedirectResponse(path(request, "settings"), status_code=303)
