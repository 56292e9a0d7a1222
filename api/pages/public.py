"""What anyone with a share link or a public address can read, and what they can say."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.files.drawings import (
    MapAsked,
    as_file,
    map_format,
    publication_file,
    view_of_publication,
)
from api.files.kept_pages import as_response, fill, kept_page, protocol_of
from api.pages.map_view import (
    MapView,
    asked_for,
    brief_context,
    contract_context,
    list_context,
    map_context,
    offline_file,
    references_file,
    study_context,
    views_context,
    whole_asked,
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
from review.errors import NotAllowed
from review.events import Actor
from review.tables import Publication, ShareLink

router = PageRouter()
P = "/p/{token}"
READING = ["GET", "HEAD"]
PASSWORD = "siftmap_map"  # noqa: S105 - the name of a cookie, which only its own link is sent
Context = Callable[[MapView], Mapping[str, Any]]


@router.api_route(P, methods=READING)
def show(request: Request, session: ReadSession, token: str) -> Response:
    """Show a published map; a chosen cell, row or column opens its studies beside it."""
    return _page(request, session, token, name="public", of=map_context)


@router.api_route(P + "/views", methods=READING)
def views(request: Request, session: ReadSession, token: str) -> Response:
    """Show the same data over time, by country, and by quality and design."""
    return _page(request, session, token, name="views", of=views_context)


@router.api_route(P + "/brief", methods=READING)
def brief(request: Request, session: ReadSession, token: str) -> Response:
    """Show what is known about a cell, a row or a column on a page to print."""
    return _page(request, session, token, name="brief", of=brief_context)


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


@router.api_route(P + "/offline.html", methods=READING)
def offline(request: Request, session: ReadSession, token: str) -> Response:
    """Return the whole map as one HTML file that works without a network."""
    publication, link = _opened(request, session, token)
    view = _view(request, publication, asked=whole_asked(request))
    answer = offline_file(
        view,
        title=publication.title,
        online=public_url(request, "p", token) if link.address else "",
        file_name=f"map-{publication.number}.html",
    )
    return _for_everybody(answer, link)


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
    path = publication_file(settings, publication, heatmap, format_=format_)
    content: str | bytes
    if not file.is_drawn:
        content = file.write(heatmap)
    elif asked.is_whole and path.exists():
        content = path.read_bytes()
    else:
        by, kept_as = Actor.person(link.created_by), path if asked.is_whole else None
        session.close()
        content = view_of_publication(
            request, publication, asked=asked, format_=format_, by=by, kept_as=kept_as
        )
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
    if link.password_sha256 is None:
        return answer
    answer.set_cookie(PASSWORD, password.strip(), path=address, httponly=True, samesite="lax",
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
    """Tell the team what is missing or wrong."""
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
    """Return a page of a publication, made once and kept: it is the same for everybody."""
    publication, link = _link_of(request, session, token)
    if not _is_unlocked(request, link):
        return _for_everybody(_password_page(request, token), link)
    numbers = numbers_at(session, link)

    own_address = public_url(request, "p", token)

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
            own_address=own_address,
            head_of_page=_head_of_page(publication, own_address if link.address else ""),
            data_set=_data_set(publication),
            link=link,
            **of(view),
        )

    key = (own_address, link.id, publication.id, request.url.path, request.url.query)
    page = kept_page((*key, *numbers), make)
    answer = page if isinstance(page, Response) else as_response(page, request)
    return _for_everybody(answer, link)


def _head_of_page(publication: Publication, address: str) -> list[tuple[str, str]]:
    """Return what reference managers read in a page's head (Google Scholar's inclusion guide)."""
    details = publication.content.get("details", {})
    made_at = datetime.fromisoformat(publication.content["made_at"])
    fields = [
        ("citation_title", publication.title),
        *(("citation_author", author) for author in _authors(publication)),
        ("citation_publisher", details.get("institution", "")),
        ("citation_publication_date", f"{made_at:%Y/%m/%d}"),
        ("citation_public_url", address),
    ]
    return [(name, value) for name, value in fields if value]


def _data_set(publication: Publication) -> Mapping[str, Any]:
    """Return what search engines read about a publication (schema.org, Dataset)."""
    content = publication.content
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": publication.title,
        "description": content["review"],
        "version": str(publication.number),
        "datePublished": datetime.fromisoformat(content["made_at"]).date().isoformat(),
        "license": LICENCES.get(content.get("details", {}).get("licence", "")),
        "creator": [{"@type": "Person", "name": author} for author in _authors(publication)],
    }


def _authors(publication: Publication) -> list[str]:
    text = publication.content.get("details", {}).get("authors", "")
    return [author.strip() for author in text.split(";") if author.strip()]


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
    publication, link = publication_for(session, token, number=number)
    fill(publication)
    return publication, link


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


def _view(request: Request, publication: Publication, *, asked: MapAsked | None = None) -> MapView:
    content = publication.content
    protocol = protocol_of(publication)
    asked = asked or asked_for(request, protocol)
    day = content["searched_to"]
    return MapView(
        request=request,
        protocol=protocol,
        heatmap=published_map(content, number=publication.number, **vars(asked)),
        read=lambda pairs: published_contents(content, pairs),
        address=url(request, "public.show", token=request.path_params["token"]),
        file_part="/map.%s",
        searched_to=date.fromisoformat(day) if day else None,
    )


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
