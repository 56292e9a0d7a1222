"""Publications for the lead: publishing the map, its links, and what readers say."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.days import end_of
from api.web.deps import CurrentActor, OptionalId, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, public_url, render
from api.web.routing import PageRouter
from heatmap.feedback import answer_feedback, feedback_of
from heatmap.frozen import LICENCES, PublicationDetails
from heatmap.publications import (
    is_open_link,
    last_details,
    new_password,
    publications_of,
    publish,
    revoke,
    share,
    withdraw,
    withdrawal_of,
)
from review.permissions import Action
from review.tables.base import utc_now

router = PageRouter()
R = "/reviews/{slug}/publications"
F = "/reviews/{slug}/feedback"
MADE = "siftmap_made"  # a cookie with the token of the link that was made last, and its password
SHOWN_FOR = 600  # seconds


@dataclass(frozen=True)
class AskedLink:
    """What kind of link is asked for."""

    until: str
    sites: str
    address: str
    has_password: bool


def asked_link(
    until: Annotated[str, Form()] = "",
    sites: Annotated[str, Form(max_length=2000)] = "",
    address: Annotated[str, Form(max_length=60)] = "",
    password: Annotated[str, Form()] = "",
) -> AskedLink:
    """Return what a form says about the link that it asks for."""
    return AskedLink(until, sites, address, has_password=bool(password))


@router.get(R)
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the publications and their share links, one that has just been made with its address."""
    token, _, password = request.cookies.get(MADE, "").partition(" ")
    publications = publications_of(session, review_id=review_id, by=by)
    return render(
        request,
        "heatmap/publications.html",
        rows=publications,
        made=public_url(request, "p", token)
        if is_open_link(session, review_id=review_id, token=token)
        else None,
        password=password,
        key=uuid4(),
        now=utc_now(),
        licences=LICENCES,
        last=last_details(session, review_id),
        n_unanswered=sum(
            not one.answers for one in feedback_of(session, review_id=review_id, by=by)
        ),
        withdrawn={
            row.id: withdrawal
            for row, _ in publications
            if (withdrawal := withdrawal_of(session, row.id))
        },
    )


@router.post(R)
@needs(Action.MANAGE)
def post_publication(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    asked: Annotated[AskedLink, Depends(asked_link)],
    title: Annotated[str, Form()],
    key: OptionalId = None,
    authors: Annotated[str, Form(max_length=2000)] = "",
    institution: Annotated[str, Form(max_length=300)] = "",
    contact: Annotated[str, Form(max_length=300)] = "",
    licence: Annotated[str, Form()] = "CC BY 4.0",
    next_update: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Publish the map as it is; its link is shown for a few minutes."""
    details = PublicationDetails(
        authors=authors.strip(),
        institution=institution.strip(),
        contact=contact.strip(),
        licence=licence,
        next_update=next_update.strip(),
    )
    made = publish(session, review_id=review_id, title=title, by=by, key=key, details=details)
    return _linked(request, session, review_id, by=by, publication_id=made.id, asked=asked)


@router.post(R + "/{publication_id}/links")
@needs(Action.MANAGE)
def post_link(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    asked: Annotated[AskedLink, Depends(asked_link)],
    publication_id: UUID,
) -> Response:
    """Create another link to a publication, and show it for a few minutes."""
    return _linked(request, session, review_id, by=by, publication_id=publication_id, asked=asked)


@router.post(R + "/{publication_id}/withdraw")
@needs(Action.MANAGE)
def post_withdrawal(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    publication_id: UUID,
    why: Annotated[str, Form()] = "",
) -> Response:
    """Withdraw a publication; its links say so from the next request on."""
    withdraw(session, review_id=review_id, publication_id=publication_id, why=why, by=by)
    return RedirectResponse(path(request, "publications"), status_code=303)


@router.get(F)
def show_feedback(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show what readers of published maps wrote."""
    return render(
        request, "heatmap/feedback.html", rows=feedback_of(session, review_id=review_id, by=by)
    )


@router.post(F + "/{feedback_id}")
@needs(Action.MANAGE)
def post_answer(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    feedback_id: UUID,
    answer: Annotated[str, Form()] = "",
) -> Response:
    """Record what was done about a reader's message."""
    answer_feedback(session, review_id=review_id, feedback_id=feedback_id, answer=answer, by=by)
    return RedirectResponse(path(request, "feedback"), status_code=303)


@router.post(R + "/links/{link_id}/revoke")
@needs(Action.MANAGE)
def post_revoke(
    request: Request, session: WriteSession, review_id: ReviewId, by: CurrentActor, link_id: UUID
) -> Response:
    """Turn off a share link; from the next request on it opens nothing."""
    revoke(session, review_id=review_id, link_id=link_id, by=by)
    return RedirectResponse(path(request, "publications"), status_code=303)


def _linked(
    request: Request,
    session: WriteSession,
    review_id: UUID,
    *,
    by: CurrentActor,
    publication_id: UUID,
    asked: AskedLink,
) -> Response:
    password = new_password() if asked.has_password else ""
    _, token = share(
        session,
        review_id=review_id,
        publication_id=publication_id,
        by=by,
        expires_at=end_of(asked.until),
        frame_origins=asked.sites.replace(",", " ").split(),
        address=asked.address,
        password=password,
    )
    answer = RedirectResponse(path(request, "publications"), status_code=303)
    # The page shows the link for a few minutes, also when it is loaded again.
    answer.set_cookie(
        MADE,
        f"{token} {password}".strip(),
        max_age=SHOWN_FOR,
        path=path(request, "publications"),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer
