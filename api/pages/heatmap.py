"""The map: a table of counts with links, then its cells, its studies and its files."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api.files.drawings import MapAsked, map_response
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
from api.web.deps import CurrentActor, CurrentReview, ReadSession, ReviewId
from api.web.rendering import render
from api.web.routing import PageRouter, url
from heatmap.contents import contents_of
from heatmap.counting import searched_to
from heatmap.publications import published_for
from review.permissions import Action, check
from review.reviews import protocol_of

router = PageRouter()
MAP = "/reviews/{slug}/map"


@router.get(MAP)
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the map; a chosen cell, row or column opens its studies beside it."""
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    if not protocol_of(session, review_id).frameworks:
        return render(request, "heatmap/no_map.html")
    return render(
        request,
        "heatmap/map.html",
        published=published_for(session, review_id=review_id, by=by),
        **map_context(_view(request, session, review_id)),
    )


@router.get(MAP + "/views")
def views(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show the same data over time, by country, and by quality and design."""
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    view = _view(request, session, review_id)
    return render(request, "heatmap/views.html", **views_context(view))


@router.get(MAP + "/brief")
def brief(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show what is known about a cell, a row or a column on a page to print."""
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    view = _view(request, session, review_id)
    return render(request, "heatmap/brief.html", **brief_context(view))


@router.get(MAP + "/studies")
def studies(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """List the studies on the map, or in a cell, a row or a column."""
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    view = _view(request, session, review_id)
    return render(request, "heatmap/studies.html", **list_context(view))


@router.get(MAP + "/studies/{study_id}")
def study(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
) -> Response:
    """Show one study: how well it was done, what it found, and what it writes about."""
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    view = _view(request, session, review_id)
    return render(request, "heatmap/study.html", **study_context(view, study_id))


@router.get(MAP + "/contracts/{contract_id}")
def contract(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    contract_id: UUID,
) -> Response:
    """Show one contract, with every study that reports on it."""
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    view = _view(request, session, review_id)
    return render(request, "heatmap/contract.html", **contract_context(view, contract_id))


@router.get(MAP + "/references.{format}")
def reference_file(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    by: CurrentActor,
    format: str,  # noqa: A002
) -> Response:
    """Return the reports on the map, or in a part of it, as ris or bib."""
    check(session, review_id=here.review.id, by=by, action=Action.SEE_COUNTS)
    view = _view(request, session, here.review.id)
    return references_file(view, format, f"{here.review.slug}-references")


@router.get(MAP + "/offline.html")
def offline(
    request: Request, session: ReadSession, here: CurrentReview, by: CurrentActor
) -> Response:
    """Return the whole map as one HTML file that works without a network."""
    check(session, review_id=here.review.id, by=by, action=Action.SEE_COUNTS)
    review_id = here.review.id
    # The file is made to be passed on.
    view = replace(
        _view(request, session, review_id, asked=whole_asked(request)),
        read=lambda pairs: contents_of(session, review_id=review_id, pairs=pairs, is_public=True),
    )
    return offline_file(
        view, title=here.review.title, online="", file_name=f"{here.review.slug}-map.html"
    )


@router.get(MAP + ".{format}")
def download(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    by: CurrentActor,
    format: str,  # noqa: A002
) -> Response:
    """Return the map as csv, xlsx, json, svg, png or html."""
    asked = asked_for(request, protocol_of(session, here.review.id))
    return map_response(request, session, review=here.review, by=by, asked=asked, name=format)


def _view(
    request: Request, session: Session, review_id: UUID, *, asked: MapAsked | None = None
) -> MapView:
    protocol = protocol_of(session, review_id)
    asked = asked or asked_for(request, protocol)
    return MapView(
        request=request,
        protocol=protocol,
        heatmap=asked.build(session, review_id),
        read=lambda pairs: contents_of(session, review_id=review_id, pairs=pairs),
        address=url(request, "heatmap.show"),
        file_part=".%s",
        searched_to=searched_to(session, review_id),
    )
