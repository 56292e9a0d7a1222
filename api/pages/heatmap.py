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
from heatmap.cells import HeatMap, value_label
from heatmap.contents import CellContent, cell_contents
from heatmap.formats import MAP_FILES
from heatmap.publications import searched_to
from protocols.schema import ItemType, Protocol
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
    heatmap = asked_for(request).build(session, review_id)

    def open_cell(row: str, column: str) -> list[CellContent]:
        return cell_contents(session, review_id=review_id, heatmap=heatmap, row=row, column=column)

    return render(
        request,
        "heatmap/map.html",
        **map_context(
            request, heatmap, protocol, open_cell=open_cell, on=searched_to(session, review_id)
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
    return map_response(
        request, session, review=here.review, by=by, asked=asked_for(request), name=format
    )


def asked_for(request: Request) -> MapAsked:
    """Return which map the address asks for."""
    asked = request.query_params
    return MapAsked(
        framework=asked.get("framework") or None,
        unit=asked.get("unit") or None,
        secondary=asked.get("secondary") == "yes",
        filters=_filters(request),
    )


def map_context(
    request: Request,
    heatmap: HeatMap,
    protocol: Protocol,
    *,
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
        "query": _query(request),
        "files": MAP_FILES,
        "cell_query": lambda row, column: _query(request, row=row, column=column),
        "options": {key: _options(heatmap, protocol, key) for key in heatmap.framework.filters},
        "chosen": _filters(request),
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


def _query(request: Request, **cell: str) -> str:
    """Return the address's query with another cell chosen, or with none."""
    kept = [
        (key, value)
        for key, value in request.query_params.multi_items()
        if key not in ("row", "column") and value
    ]
    return urlencode([*kept, *cell.items()])


def _options(heatmap: HeatMap, protocol: Protocol, key: str) -> list[tuple[str, str]]:
    """Return the values that a filter offers, with their labels."""
    present = {value for values in heatmap.frame[key] for value in values if value is not None}
    item = protocol.item(key)
    return sorted(
        ((value, value_label(item, value)) for value in present), key=lambda pair: pair[1]
    )


def _n_countries(heatmap: HeatMap, protocol: Protocol) -> int:
    """Return how many countries the map covers; 0 if it has no filter for countries."""
    for key in heatmap.framework.filters:
        if protocol.item(key).type is ItemType.COUNTRY:
            present = {value for values in heatmap.frame[key] for value in values}
            return sum(value is not None and len(value) == 2 for value in present)
    return 0
