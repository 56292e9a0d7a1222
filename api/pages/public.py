"""What anyone with a share link can read: a published map, its cells, and its files."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.files.drawings import as_file, draw_and_wait, map_format, publication_file
from api.pages.heatmap import asked_for, map_context
from api.web.deps import AppSettings, ReadSession
from api.web.rendering import render
from api.web.routing import PageRouter
from api.web.security import CSP
from heatmap.cells import HeatMap
from heatmap.contents import CellContent
from heatmap.formats import MAP_FILES
from heatmap.publications import publication_for, published_cell, published_map
from protocols.schema import Protocol
from review.events import Actor
from review.jobs import JobKind
from review.tables import Publication, ShareLink

router = PageRouter()
P = "/p/{token}"


@router.api_route(P, methods=["GET", "HEAD"])
def show(request: Request, session: ReadSession, token: str) -> Response:
    """Show a published map; a chosen cell opens its studies beside it."""
    publication, link = publication_for(session, token)
    content = publication.content
    protocol = Protocol.model_validate(content["protocol"])
    heatmap, dropped = _map(request, content, protocol)

    def open_cell(row: str, column: str) -> list[CellContent]:
        return published_cell(content, heatmap, row=row, column=column)

    made_at = datetime.fromisoformat(content["made_at"])
    answer = render(
        request,
        "heatmap/public.html",
        publication=publication,
        made_at=made_at,
        **map_context(
            request,
            heatmap,
            protocol,
            dropped=dropped,
            open_cell=open_cell,
            on=date.fromisoformat(content["searched_to"]) if content["searched_to"] else None,
        ),
    )
    return _for_everybody(answer, link)


@router.api_route(P + "/data.json", methods=["GET", "HEAD"])
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


@router.api_route(P + "/map.{format}", methods=["GET", "HEAD"])
def download(
    request: Request,
    session: ReadSession,
    settings: AppSettings,
    token: str,
    format: str,  # noqa: A002
) -> Response:
    """Return the map: filtered as csv, xlsx or json, whole as svg, png or html."""
    publication, link = publication_for(session, token)
    format_ = map_format(format)
    file = MAP_FILES[format_]
    protocol = Protocol.model_validate(publication.content["protocol"])
    heatmap, _ = _map(request, publication.content, protocol)
    name = f"map-{publication.number}-{heatmap.framework.key}.{format_}"
    if file.is_drawn:
        path = publication_file(settings, publication, heatmap, format_=format_)
        content: str | bytes = _drawing(request, session, publication, link=link, path=path)
    else:
        content = file.write(heatmap)
    return _for_everybody(as_file(content, file.media_type, name), link)


def _map(
    request: Request, content: dict[str, Any], protocol: Protocol
) -> tuple[HeatMap, list[str]]:
    asked, dropped = asked_for(request, protocol)
    heatmap = published_map(
        content,
        framework=asked.framework,
        unit=asked.unit,
        secondary=asked.secondary,
        filters=asked.filters,
    )
    return heatmap, dropped


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
