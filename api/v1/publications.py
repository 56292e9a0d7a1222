"""Publications of the map, and the links under which they are read without an account."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from starlette.requests import Request

from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router, shown_once
from api.v1.shapes import Line, Said
from api.web.deps import ReadSession
from api.web.rendering import public_url
from heatmap.publications import MAX_TITLE, publications_of, publish, revoke, share

reading, writing = router("publications"), router("publications", writes=True)
PUBLICATIONS = "/reviews/{review}/publications"


class Link(BaseModel):
    """A link to a publication; its address was shown when it was made, and is not kept."""

    id: UUID
    frame_origins: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class Published(BaseModel):
    """A frozen state of the map, with its links."""

    id: UUID
    number: int
    title: str
    up_to_event: int
    sha256: str
    links: list[Link]


class NewPublication(Said):
    """The title under which the map is frozen as it is now."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TITLE)]


class NewLink(Said):
    """When the link ends (after a year by default), and which sites may show it in a frame."""

    expires_at: AwareDatetime | None = None
    frame_origins: Annotated[list[Line], Field(max_length=20, default_factory=list)]


class SharedLink(BaseModel):
    """The address of a link, which is shown this once: a repeated request is told null."""

    publication: UUID
    link: UUID
    url: str | None
    expires_at: datetime | None


@reading.get(PUBLICATIONS, response_model=Page[Published])
def list_publications(
    session: ReadSession, review_id: ReviewId, by: By, paged: Paged
) -> dict[str, Any]:
    """Return the review's publications, the newest first, each with its links; for the lead."""
    page = paged.cut(publications_of(session, review_id=review_id, by=by))
    names = ("id", "number", "title", "up_to_event", "sha256")
    page["items"] = [
        {name: getattr(one, name) for name in names} | {"links": links}
        for one, links in page["items"]
    ]
    return page


@writing.post(PUBLICATIONS, status_code=201)
@shown_once("url")
def post_publication(
    request: Request, said: NewPublication, session: WriteSession, review_id: ReviewId, by: By
) -> SharedLink:
    """Freeze the map as it is now and return a link to it."""
    made = publish(session, review_id=review_id, title=said.title, by=by)
    link, token = share(session, review_id=review_id, publication_id=made.id, by=by)
    return SharedLink(
        publication=made.id,
        link=link.id,
        url=public_url(request, "p", token),
        expires_at=link.expires_at,
    )


@writing.post(PUBLICATIONS + "/{publication}/links", status_code=201)
@shown_once("url")
def post_link(
    request: Request,
    said: NewLink,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    publication: UUID,
) -> SharedLink:
    """Return another link to a publication."""
    until = None if said.expires_at is None else said.expires_at.astimezone(UTC)
    link, token = share(
        session,
        review_id=review_id,
        publication_id=publication,
        by=by,
        expires_at=until,
        frame_origins=said.frame_origins,
    )
    return SharedLink(
        publication=publication,
        link=link.id,
        url=public_url(request, "p", token),
        expires_at=link.expires_at,
    )


@writing.delete("/reviews/{review}/links/{link}", status_code=204)
def delete_link(session: WriteSession, review_id: ReviewId, by: By, link: UUID) -> None:
    """End a link now; again is harmless."""
    revoke(session, review_id=review_id, link_id=link, by=by)
