"""Publications for the lead: publishing the map, and its share links."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.days import end_of
from api.web.deps import CurrentActor, OptionalId, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, public_url, render
from api.web.routing import PageRouter
from heatmap.publications import is_open_link, publications_of, publish, revoke, share
from review.permissions import Action
from review.tables import Publication
from review.tables.base import utc_now

router = PageRouter()
R = "/reviews/{slug}/publications"
MADE = "siftmap_made"  # a cookie with the token of the link that was made last
SHOWN_FOR = 600  # seconds


@router.get(R)
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the publications and their share links, one that has just been made with its address."""
    token = request.cookies.get(MADE, "")
    rows: list[tuple[Publication, object]] = []
    rows += publications_of(session, review_id=review_id, by=by)
    return render(
        request,
        "heatmap/publications.html",
        rows=rows,
        made=public_url(request, "p", token)
        if is_open_link(session, review_id=review_id, token=token)
        else None,
        key=uuid4(),
        now=utc_now(),
    )


@router.post(R)
@needs(Action.MANAGE)
def post_publication(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    title: Annotated[str, Form()],
    key: OptionalId = None,
    until: Annotated[str, Form()] = "",
    sites: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Publish the map as it is; its share link is shown for a few minutes."""
    made = publish(session, review_id=review_id, title=title, by=by, key=key)
    return _linked(
        request, session, review_id, by=by, publication_id=made.id, until=until, sites=sites
    )


@router.post(R + "/{publication_id}/links")
@needs(Action.MANAGE)
def post_link(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    publication_id: UUID,
    until: Annotated[str, Form()] = "",
    sites: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Create another share link to a publication, and show it for a few minutes."""
    return _linked(
        request, session, review_id, by=by, publication_id=publication_id, until=until, sites=sites
    )


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
    until: str,
    sites: str,
) -> Response:
    _, token = share(
        session,
        review_id=review_id,
        publication_id=publication_id,
        by=by,
        expires_at=end_of(until),
        frame_origins=sites.split(),
    )
    answer = RedirectResponse(path(request, "publications"), status_code=303)
    # The page shows the link for a few minutes, also when it is loaded again.
    answer.set_cookie(
        MADE,
        token,
        max_age=SHOWN_FOR,
        path=path(request, "publications"),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer
