"""Starting a review in the browser: from a shipped protocol, another review, or a file."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Form, UploadFile
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.files import uploads
from api.web.access import LONG_FORM, Sender, needs, require_starter
from api.web.deps import CurrentUser, Db, ReadSession, settings_of
from api.web.rendering import render
from api.web.routing import PageRouter
from protocols.editing import CannotEdit, with_title
from protocols.loader import load, read_shipped, shipped
from protocols.problems import ProtocolErrors
from protocols.source import MAX_BYTES
from review.errors import Conflicting, Invalid, NotFound, Unreadable
from review.events import Actor
from review.reviews import create_review, free_slug, reviews_of, versions_of_protocol
from review.tables import Account

router = PageRouter()
SHIPPED, COPY, FILE = "shipped:", "copy:", "file"


@router.get("/start")
def show(request: Request, session: ReadSession, person: CurrentUser) -> Response:
    """Show the form by which a review is started."""
    return _page(request, session, person)


@router.post("/start")
@needs(Sender.STARTER, at_most=LONG_FORM)
def post_review(
    request: Request,
    database: Db,
    person: CurrentUser,
    title: Annotated[str, Form(max_length=500)],
    origin: Annotated[str, Form(max_length=255)],
    slug: Annotated[str, Form(max_length=64)] = "",
    text: Annotated[str, Form(max_length=MAX_BYTES)] = "",
    file: UploadFile | None = None,
) -> Response:
    """Start a review; where something is wrong, show the form again with everything in it."""
    given = text.replace("\r\n", "\n")
    try:
        if file is not None and file.filename:
            given = uploads.text_of(file, limit=MAX_BYTES)
        with database.writing() as session:
            review = create_review(
                session,
                slug=slug.strip() or free_slug(session, title),
                title=" ".join(title.split()) or None,
                protocol_text=_protocol_text(session, person, origin, title=title, given=given),
                by=Actor.person(person.id),
            )
            address = f"/reviews/{review.slug}/protocol?new=yes"
    except (ProtocolErrors, CannotEdit, Conflicting, Invalid, NotFound, Unreadable) as error:
        problems = error.problems if isinstance(error, ProtocolErrors) else [error]
        with database.reading() as session:
            typed = {"title": title, "slug": slug, "origin": origin, "text": given}
            return _page(request, session, person, problems=[str(p) for p in problems], **typed)
    return RedirectResponse(address, status_code=303)


def _protocol_text(
    session: Session, person: Account, origin: str, *, title: str, given: str
) -> str:
    """Return the text that the review starts with; that of a template gets the review's name."""
    if origin == FILE:
        return given
    if origin.startswith(SHIPPED):
        try:
            text = read_shipped(origin.removeprefix(SHIPPED))
        except LookupError as error:
            raise NotFound(str(error)) from error
        return with_title(text, " ".join(title.split()))
    slug = origin.removeprefix(COPY)
    for review, _roles in reviews_of(session, account_id=person.id):
        if origin.startswith(COPY) and review.slug == slug:
            text = versions_of_protocol(session, review.id)[0].text
            return with_title(text, " ".join(title.split()))
    raise NotFound("Choose what to base the protocol on.")


def _page(
    request: Request,
    session: Session,
    person: Account,
    *,
    problems: Sequence[str] = (),
    title: str = "",
    slug: str = "",
    origin: str = f"{SHIPPED}social-outcomes-contracting",
    text: str = "",
) -> Response:
    require_starter(settings_of(request), person)
    return render(
        request,
        "overview/start_review.html",
        status_code=422 if problems else 200,
        shipped={name: load(read_shipped(name)).protocol for name in shipped()},
        own=[review for review, _roles in reviews_of(session, account_id=person.id)],
        problems=problems,
        title=title,
        slug=slug,
        origin=origin,
        text=text,
    )
