"""Publications of the map, and the share links that open them without an account."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from starlette.requests import Request

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router, shown_once
from api.v1.shapes import RequestBody, ShortText
from api.web.access import needs
from api.web.deps import ReadSession
from api.web.rendering import public_url
from heatmap.publications import MAX_TITLE, publications_of, publish, revoke, share
from review.permissions import Action

read_router, write_router = router("publications"), router("publications", writes=True)
PUBLICATIONS = "/reviews/{review}/publications"


class ShareLinkLine(BaseModel):
    """A share link; its address was shown when it was created, and is not stored."""

    id: UUID
    frame_origins: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class PublicationLine(BaseModel):
    """A frozen state of the map, with its share links."""

    id: UUID
    number: int
    title: str
    up_to_event: int
    sha256: str
    links: list[ShareLinkLine]


class NewPublication(RequestBody):
    """The title of a publication of the map as it is now."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TITLE)]


class NewShareLink(RequestBody):
    """When the link expires (after a year by default), and which sites may show it in a frame."""

    expires_at: AwareDatetime | None = None
    frame_origins: Annotated[list[ShortText], Field(max_length=20, default_factory=list)]


class ShareLinkAddress(BaseModel):
    """The address of a share link, which is shown once: a repeated request gets null."""

    publication: UUID
    link: UUID
    url: str | None
    expires_at: datetime | None


@read_router.get(PUBLICATIONS, response_model=Page[PublicationLine])
def list_publications(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, paged: Paged
) -> dict[str, Any]:
    """Return the publications, the newest first, each with its share links; for the lead."""
    page = paged.page_of(publications_of(session, review_id=review_id, by=by))
    names = ("id", "number", "title", "up_to_event", "sha256")
    page["items"] = [
        {name: getattr(publication, name) for name in names} | {"links": links}
        for publication, links in page["items"]
    ]
    return page


@write_router.post(PUBLICATIONS, status_code=201)
@shown_once("url")
@needs(Action.MANAGE)
def post_publication(
    request: Request,
    body: NewPublication,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
) -> ShareLinkAddress:
    """Publish the map as it is now and return a share link to it."""
    publication = publish(session, review_id=review_id, title=body.title, by=by)
    link, token = share(session, review_id=review_id, publication_id=publication.id, by=by)
    return ShareLinkAddress(
        publication=publication.id,
        link=link.id,
        url=public_url(request, "p", token),
        expires_at=link.expires_at,
    )


@write_router.post(PUBLICATIONS + "/{publication}/links", status_code=201)
@shown_once("url")
@needs(Action.MANAGE)
def post_link(
    request: Request,
    body: NewShareLink,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    publication: UUID,
) -> ShareLinkAddress:
    """Create another share link to a publication."""
    expires_at = None if body.expires_at is None else body.expires_at.astimezone(UTC)
    link, token = share(
        session,
        review_id=review_id,
        publication_id=publication,
        by=by,
        expires_at=expires_at,
        frame_origins=body.frame_origins,
    )
    return ShareLinkAddress(
        publication=publication,
        link=link.id,
        url=public_url(request, "p", token),
        expires_at=link.expires_at,
    )


@write_router.delete("/reviews/{review}/links/{link}", status_code=204)
@needs(Action.MANAGE)
def delete_link(session: WriteSession, review_id: ReviewId, by: CurrentActor, link: UUID) -> None:
    """Turn a share link off now; doing it again changes nothing."""
    revoke(session, review_id=review_id, link_id=link, by=by)
