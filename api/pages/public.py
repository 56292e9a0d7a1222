"""What anyone with a share link or a public address can read, and what they can say."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.files.drawings import (
    as_file,
    draw_and_wait,
    map_format,
    publication_file,
    view_of_publication,
)
from api.files.kept_pages import KeptPages, as_response
from api.pages.map_view import (
    MapView,
    asked_for,
    contract_context,
    list_context,
    map_context,
    references_file,
    study_context,
)
from api.web.access import Sender, needs
from api.web.deps import AppSettings, ReadSession, WriteSession
from api.web.rendering import public_url, render
from api.web.routing import PageRouter, url
from api.web.security import CSP
from heatmap.feedback import leave_feedback
from heatmap.formats import MAP_FILES
from heatmap.frozen import LICENCES, published_contents, published_map
from heatmap.publications import knows_password, numbers_at, publication_for
from protocols.schema import Protocol
from review.errors import NotAllowed
from review.events import Actor
from review.jobs import JobKind
from review.tables import Publication, ShareLink

router = PageRouter()
P = "/p/{token}"
READING = ["GET", "HEAD"]
PASSWORD = "siftmap_map"  # noqa: S105 - the name of a cookie, which only its own link is sent
Context = Callable[[MapView], Mapping[str, Any]]
_kept = KeptPages()


@router.api_route(P, methods=READING)
def show(request: Request, session: ReadSession, token: str) -> Response:
    """Show a published map; a chosen cell, row or column opens its studies beside it."""
    return _page(request, session, token, name="public", of=map_context)


@router.api_route(P + "/studies", methods=READING)
def studies(request: Request, session: ReadSession, token: str) -> Response:
    """List the studies on a published map, or in a cell, a row or a column."""
    return _page(request, session, token, name="studies", of=list_context)


@router.api_route(P + "/studies/{study_id}", methods=READING)
def study(request: Request, session: ReadSession, token: str, study_id: UUID) -> Response:
    """Show one study of a published map."""
    return _page(
        request, session, token, name="study", of=lambda view: study_context(view, study_id)
    )


@router.api_route(P + "/contracts/{contract_id}", methods=READING)
def contract(request: Request, session: ReadSession, token: str, contract_id: UUID) -> Response:
    """Show one contract of a published map, with every study that reports on it."""
    return _page(
        request,
        session,
        token,
        name="contract",
        of=lambda view: contract_context(view, contract_id),
    )


@router.api_route(P + "/methods", methods=READING)
def methods(request: Request, session: ReadSession, token: str) -> Response:
    """Show how a published map was made: protocol, searches and PRISMA flow."""
    return _page(request, session, token, name="methods", of=_plain)


@router.api_route(P + "/changes", methods=READING)
def changes(request: Request, session: ReadSession, token: str) -> Response:
    """Show what a publication changed, compared with the one before."""
    return _page(request, session, token, name="changes", of=_plain)


@router.api_route(P + "/changes.json", methods=READING)
def changes_file(request: Request, session: ReadSession, token: str) -> Response:
    """Return what a publication changed as data; null for the first one."""
    publication, link = _opened(request, session, token)
    return _for_everybody(JSONResponse(publication.content.get("changes")), link)


@router.api_route(P + "/references.{format}", methods=READING)
def reference_file(
    request: Request,
    session: ReadSession,
    token: str,
    format: str,  # noqa: A002
) -> Response:
    """Return the reports on a published map, or in a part of it, as ris, bib or csv."""
    publication, link = _opened(request, session, token)
    view = _view(request, publication)
    name = f"references-{publication.number}"
    return _for_everybody(references_file(view, format, name), link)


@router.api_route(P + "/data.json", methods=READING)
def data(request: Request, session: ReadSession, token: str) -> Response:
    """Return everything in the publication: the maps' definitions and the data behind them."""
    publication, link = _opened(request, session, token)
    frozen = {
        "number": publication.number,
        "title": publication.title,
        "sha256": publication.sha256,
        "content": publication.content,
    }
    return _for_everybody(JSONResponse(frozen), link)


@router.api_route(P + "/map.{format}", methods=READING)
def download(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    token: str,
    format: str,  # noqa: A002
) -> Response:
    """Return the view of the map as a file."""
    publication, link = _opened(request, session, token)
    format_ = map_format(format)
    file = MAP_FILES[format_]
    view = _view(request, publication)
    heatmap, asked = view.heatmap, asked_for(request, view.protocol)
    name = f"map-{publication.number}-{heatmap.framework.key}.{format_}"
    if not file.is_drawn:
        content: str | bytes = file.write(heatmap)
    elif asked.is_whole:
        path = publication_file(settings, publication, heatmap, format_=format_)
        content = _drawing(request, session, publication, link=link, path=path)
    else:
        by = Actor.person(link.created_by)
        session.close()
        content = view_of_publication(request, publication, asked=asked, format_=format_, by=by)
    return _for_everybody(as_file(content, file.media_type, name), link)


@router.post(P + "/password")
@needs(Sender.NOBODY_YET)
def post_password(
    request: Request,
    session: ReadSession,
    token: str,
    password: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Open a link with its password, until the browser is closed."""
    _, link = publication_for(session, token)
    if not knows_password(link, password):
        return _for_everybody(_password_page(request, token, is_wrong=True), link)
    address = url(request, "public.show", token=token)
    answer = RedirectResponse(address, status_code=303)
    answer.set_cookie(PASSWORD, password.strip(), path=address, httponly=True, samesite="strict",
                      secure=request.url.scheme == "https")  # fmt: skip
    return answer


@router.post(P + "/feedback")
@needs(Sender.NOBODY_YET)
def post_feedback(
    request: Request,
    session: WriteSession,
    token: str,
    text: Annotated[str, Form()] = "",
    view: Annotated[str, Form()] = "",
    reply_to: Annotated[str, Form()] = "",
) -> Response:
    """Tell the team what is missing or wrong; nothing about the reader is kept."""
    publication, link = _opened(request, session, token)
    leave_feedback(
        session, link=link, publication=publication, text=text, view=view, reply_to=reply_to
    )
    return RedirectResponse(url(request, "public.thanks", token=token), status_code=303)


@router.api_route(P + "/thanks", methods=READING)
def thanks(request: Request, session: ReadSession, token: str) -> Response:
    """Say that the team has the message."""
    return _page(request, session, token, name="thanks", of=_plain)


def _page(request: Request, session: Session, token: str, *, name: str, of: Context) -> Response:
    """Return a page of a publication, made once and kept: whoever asks, it is the same."""
    publication, link = _link_of(request, session, token)
    if not _is_unlocked(request, link):
        return _for_everybody(_password_page(request, token), link)
    key = (token, str(link.id), str(publication.id), request.url.path, request.url.query)
    numbers = numbers_at(session, link)

    def make() -> Response:
        view = _view(request, publication)
        details = publication.content.get("details", {})  # none in those of older releases
        return render(
            request,
            f"heatmap/{name}.html",
            publication=publication,
            made_at=datetime.fromisoformat(publication.content["made_at"]),
            details=details,
            licence_address=LICENCES.get(details.get("licence", "")),
            changed=publication.content.get("changes"),
            numbers=numbers,
            own_address=public_url(request, "p", token),
            link=link,
            **of(view),
        )

    page = _kept.get((*key, *map(str, numbers)), make)
    answer = page if isinstance(page, Response) else as_response(page, request)
    return _for_everybody(answer, link)


def _plain(view: MapView) -> Mapping[str, Any]:
    return {"view": view, "protocol": view.protocol, "heatmap": view.heatmap}


def _opened(request: Request, session: Session, token: str) -> tuple[Publication, ShareLink]:
    """Return what a link opens; raise NotAllowed as long as its password is not given."""
    publication, link = _link_of(request, session, token)
    if not _is_unlocked(request, link):
        raise NotAllowed("This map needs a password. Open its page first and enter it there.")
    return publication, link


def _link_of(request: Request, session: Session, token: str) -> tuple[Publication, ShareLink]:
    asked = request.query_params.get("publication", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else None
    return publication_for(session, token, number=number)


def _is_unlocked(request: Request, link: ShareLink) -> bool:
    return knows_password(link, request.cookies.get(PASSWORD, ""))


def _password_page(request: Request, token: str, *, is_wrong: bool = False) -> Response:
    return render(
        request,
        "heatmap/password.html",
        status_code=403 if is_wrong else 401,
        address=url(request, "public.post_password", token=token),
        is_wrong=is_wrong,
    )


def _view(request: Request, publication: Publication) -> MapView:
    content = publication.content
    protocol = Protocol.model_validate(content["protocol"])
    day = content["searched_to"]
    return MapView(
        request=request,
        protocol=protocol,
        heatmap=published_map(
            content, number=publication.number, **vars(asked_for(request, protocol))
        ),
        read=lambda pairs: published_contents(content, pairs),
        address=url(request, "public.show", token=request.path_params["token"]),
        file_part="/map.%s",
        searched_to=date.fromisoformat(day) if day else None,
    )


def _drawing(
    request: Request, session: Session, publication: Publication, *, link: ShareLink, path: Path
) -> bytes:
    if not path.exists():  # not drawn yet, or deleted since
        by = Actor.person(link.created_by)
        asked = {"publication": str(publication.id)}
        review_id, kind = publication.review_id, JobKind.DRAW_PUBLICATION
        session.close()
        draw_and_wait(request, review_id=review_id, kind=kind, by=by, arguments=asked)
    return path.read_bytes()


def _for_everybody(answer: Response, link: ShareLink) -> Response:
    """Let only the websites that the lead named embed an answer.

    Search engines may keep what is behind a public address, and nothing else; caches have to ask
    each time, since a link may have been turned off.
    """
    sites = " ".join(link.frame_origins) or "'none'"
    answer.headers["content-security-policy"] = CSP.replace(
        "frame-ancestors 'none'", f"frame-ancestors {sites}"
    )
    if link.address is None:
        answer.headers["x-robots-tag"] = "noindex, nofollow"
    else:
        answer.headers["cache-control"] = "no-cache"
    return answer
