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
from heatmap.publications import publications_of, publish, revoke, share
from review.permissions import Action
from review.tables import Publication
from review.tables.base import utc_now

router = PageRouter()
R = "/reviews/{slug}/publications"


@router.get(R)
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the publications and their share links."""
    return _page(request, session, review_id, by=by)


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
    """Publish the map as it is, and show its share link only now."""
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
    """Create another share link to a publication, and show it only now."""
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
    return _page(request, session, review_id, by=by, made=public_url(request, "p", token))


def _page(
    request: Request,
    session: ReadSession,
    review_id: UUID,
    *,
    by: CurrentActor,
    made: str | None = None,
) -> Response:
    rows: list[tuple[Publication, object]] = []
    rows += publications_of(session, review_id=review_id, by=by)
    return render(
        request, "heatmap/publications.html", rows=rows, made=made, key=uuid4(), now=utc_now()
    )
