"""What anyone with a share link can read: a published map, its cells, and its files."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.files.drawings import (
    as_file,
    draw_and_wait,
    map_format,
    publication_file,
    view_of_publication,
)
from api.pages.map_view import (
    MapView,
    asked_for,
    contract_context,
    list_context,
    map_context,
    references_file,
    study_context,
)
from api.web.deps import AppSettings, ReadSession
from api.web.rendering import render
from api.web.routing import PageRouter, url
from api.web.security import CSP
from heatmap.formats import MAP_FILES
from heatmap.publications import publication_for, published_contents, published_map
from protocols.schema import Protocol
from review.events import Actor
from review.jobs import JobKind
from review.tables import Publication, ShareLink

router = PageRouter()
P = "/p/{token}"
READING = ["GET", "HEAD"]


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
        request, session, token, name="contract",
        of=lambda view: contract_context(view, contract_id),
    )  # fmt: skip


@router.api_route(P + "/references.{format}", methods=READING)
def reference_file(
    request: Request,
    session: ReadSession,
    token: str,
    format: str,  # noqa: A002
) -> Response:
    """Return the reports on a published map, or in a part of it, as ris or bib."""
    publication, link = publication_for(session, token)
    view = _view(request, publication)
    name = f"references-{publication.number}"
    return _for_everybody(references_file(view, format, name), link)


@router.api_route(P + "/data.json", methods=READING)
def data(session: ReadSession, token: str) -> Response:
    """Return everything in the publication: the maps' definitions and the data behind them."""
    publication, link = publication_for(session, token)
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
    publication, link = publication_for(session, token)
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


def _page(
    request: Request,
    session: Session,
    token: str,
    *,
    name: str,
    of: Callable[[MapView], Mapping[str, Any]],
) -> Response:
    publication, link = publication_for(session, token)
    view = _view(request, publication)
    answer = render(
        request,
        f"heatmap/{name}.html",
        publication=publication,
        made_at=datetime.fromisoformat(publication.content["made_at"]),
        **of(view),
    )
    return _for_everybody(answer, link)


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
    """Keep the page out of search engines, and let only the sites the lead named embed it."""
    sites = " ".join(link.frame_origins) or "'none'"
    answer.headers["content-security-policy"] = CSP.replace(
        "frame-ancestors 'none'", f"frame-ancestors {sites}"
    )
    answer.headers["x-robots-tag"] = "noindex, nofollow"
    return answer
