"""The map: a table of counts with links, then its cells, then its files."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.files.drawings import MapAsked, map_response
from api.web.deps import CurrentActor, CurrentReview, ReadSession, ReviewId
from api.web.rendering import render
from api.web.routing import PageRouter
from heatmap.cells import HeatMap
from heatmap.contents import CellContent, cell_contents
from heatmap.filters import applicable, filter_options
from heatmap.formats import MAP_FILES
from heatmap.publications import searched_to
from protocols.schema import ItemType, Protocol
from review.errors import NotFound
from review.permissions import Action, check
from review.reviews import protocol_of

router = PageRouter()
OWN = frozenset({"framework", "unit", "secondary", "row", "column"})


@router.get("/reviews/{slug}/map")
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the map; a chosen cell opens its studies beside it."""
    protocol = protocol_of(session, review_id)
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    if not protocol.frameworks:
        return render(request, "heatmap/no_map.html")
    asked, dropped = asked_for(request, protocol)
    heatmap = asked.build(session, review_id)

    def open_cell(row: str, column: str) -> list[CellContent]:
        return cell_contents(session, review_id=review_id, heatmap=heatmap, row=row, column=column)

    return render(
        request,
        "heatmap/map.html",
        **map_context(
            request,
            heatmap,
            protocol,
            dropped=dropped,
            open_cell=open_cell,
            on=searched_to(session, review_id),
        ),
    )


@router.get("/reviews/{slug}/map.{format}")
def download(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    by: CurrentActor,
    format: str,  # noqa: A002
) -> Response:
    """Return the map as csv, xlsx, json, svg, png or html."""
    asked, _ = asked_for(request, protocol_of(session, here.review.id))
    return map_response(request, session, review=here.review, by=by, asked=asked, name=format)


def asked_for(request: Request, protocol: Protocol) -> tuple[MapAsked, list[str]]:
    """Return which map the address asks for, and the labels of filters that this map has not.

    Parameters that no map knows, such as those that newsletters add to links, are ignored.
    """
    asked = request.query_params
    name = asked.get("framework") or None
    try:
        framework = protocol.framework(name)
    except LookupError as error:
        raise NotFound(str(error)) from error
    filters, dropped = applicable(_filters(request), framework, protocol)
    return MapAsked(
        framework=name,
        unit=asked.get("unit") or None,
        secondary=asked.get("secondary") == "yes",
        filters=filters,
    ), dropped


def map_context(
    request: Request,
    heatmap: HeatMap,
    protocol: Protocol,
    *,
    dropped: Sequence[str],
    open_cell: Callable[[str, str], Sequence[CellContent]],
    on: date | None,
) -> dict[str, Any]:
    """Return what the page of a map shows, for a review or for a publication."""
    row, column = request.query_params.get("row"), request.query_params.get("column")
    return {
        "heatmap": heatmap,
        "protocol": protocol,
        "row": row,
        "chosen_column": column,
        "contents": open_cell(row, column) if row and column else None,
        "query": _query(request, heatmap),
        "files": MAP_FILES,
        "cell_query": lambda row, column: _query(request, heatmap, row=row, column=column),
        "query_without": lambda key, value: _query(request, heatmap, without=(key, value)),
        "options": filter_options(heatmap, protocol),
        "chosen": heatmap.filters,
        "dropped": dropped,
        "n_countries": _n_countries(heatmap, protocol),
        "on": on,
    }


def _filters(request: Request) -> Mapping[str, Sequence[str]]:
    asked = request.query_params
    return {
        key: values
        for key in asked
        if key not in OWN and (values := [value for value in asked.getlist(key) if value])
    }


def _query(
    request: Request, heatmap: HeatMap, *, without: tuple[str, str] | None = None, **cell: str
) -> str:
    """Return the address's query with another cell chosen, or with none, or less a filter."""
    known = OWN - {"row", "column"} | heatmap.filters.keys()
    kept = [
        (key, value)
        for key, value in request.query_params.multi_items()
        if key in known and value and (key, value) != without
    ]
    return urlencode([*kept, *cell.items()])


def _n_countries(heatmap: HeatMap, protocol: Protocol) -> int:
    """Return how many countries the map covers; 0 if it has no filter for countries."""
    for key in heatmap.framework.filters:
        if protocol.item(key).type is ItemType.COUNTRY:
            present = {value for values in heatmap.frame[key] for value in values}
            return sum(value is not None and len(value) == 2 for value in present)
    return 0
