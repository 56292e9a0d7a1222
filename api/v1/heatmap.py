"""The map: its cells as data, as files, and what is in one cell."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.files.drawings import MapAsked, map_response
from api.v1.callers import CurrentActor, CurrentReview
from api.v1.paging import Page, Paged
from api.v1.prisma import files
from api.v1.routes import router
from api.web.deps import ReadSession
from heatmap.cells import ORDERS, UNITS
from heatmap.contents import cell_contents
from heatmap.formats import MAP_FILES, MapFormat
from heatmap.gaps import GapKind
from review.permissions import Action, check

read_router = router("heatmap")
OWN = frozenset({"framework", "unit", "order", "secondary", "row", "column", "cursor", "limit"})
FILTERS: dict[str, Any] = {
    "parameters": [
        {
            "name": "filters",
            "in": "query",
            "description": "Any filter of the framework by its key, once for each value to keep.",
            "style": "form",
            "explode": True,
            "schema": {
                "type": "object",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        }
    ]
}


class MapAxisEntry(BaseModel):
    """A row or column, with the number of units in it."""

    key: str
    label: str
    n: int


class MapCell(BaseModel):
    """Where a row meets a column; a gap has a count of zero, and says why it is empty.

    ``known`` counts the contracts that are known to exist there, by the review's list of them, and
    ``known_studied`` those that an included study reports on; null where there is no list.
    """

    row: str
    column: str
    contracts: int
    studies: int
    reports: int
    empty: GapKind | None
    known: int | None
    known_studied: int | None


class EvidenceMap(BaseModel):
    """A map: its axes, every cell, and the number of units that are not on it."""

    framework: str
    label: str
    unit: str
    as_of: int
    n_studies: int
    n_contracts: int
    n_reports: int
    n_unplaced: int
    n_awaiting_coding: int
    rows: list[MapAxisEntry]
    columns: list[MapAxisEntry]
    cells: list[MapCell]


class ReportReference(BaseModel):
    """A report, with what a reader needs to find it."""

    title: str
    authors: list[str]
    year: int | None
    journal: str | None
    doi: str | None
    url: str | None
    type: str | None
    volume: str | None
    issue: str | None
    pages: str | None
    abstract: str | None


class CodedQuote(BaseModel):
    """A coded value in words, with its quote and its details in a coder's words."""

    item: str
    value: str
    quote: str | None
    page: str | None
    key: str | None
    details: str | None


class MapCellLine(BaseModel):
    """One contract in a cell, as one study reports it."""

    study_id: UUID
    study: str
    contract_id: UUID | None
    contract: str | None
    reports: list[ReportReference]
    passages: list[CodedQuote]


def asked_map(
    request: Request,
    framework: Annotated[str | None, Query(max_length=255)] = None,
    unit: Annotated[str | None, Query(json_schema_extra={"enum": list(UNITS)})] = None,
    order: Annotated[str | None, Query(json_schema_extra={"enum": list(ORDERS)})] = None,
    secondary: bool = False,
) -> MapAsked:
    """Return which map is requested; a query parameter that is not in `OWN` is a filter."""
    parameters = request.query_params
    filters = {key: parameters.getlist(key) for key in sorted(set(parameters) - OWN)}
    return MapAsked(
        framework=framework, unit=unit, order=order, secondary=secondary, filters=filters
    )


RequestedMap = Annotated[MapAsked, Depends(asked_map)]


@read_router.get("/reviews/{review}/heatmap", response_model=EvidenceMap, openapi_extra=FILTERS)
def get_map(
    request: Request,
    session: ReadSession,
    context: CurrentReview,
    by: CurrentActor,
    asked: RequestedMap,
) -> Response:
    """Return the map with every cell; for those who may see counts."""
    response = map_response(
        request, session, review=context.review, by=by, asked=asked, name="json"
    )
    del response.headers["content-disposition"]
    return response


@read_router.get(
    "/reviews/{review}/heatmap.{format}",
    response_class=Response,
    responses=files(MAP_FILES),
    openapi_extra=FILTERS,
)
def get_map_file(
    request: Request,
    session: ReadSession,
    context: CurrentReview,
    by: CurrentActor,
    asked: RequestedMap,
    format: MapFormat,  # noqa: A002
) -> Response:
    """Return the map as a file."""
    return map_response(request, session, review=context.review, by=by, asked=asked, name=format)


@read_router.get(
    "/reviews/{review}/heatmap/cell", response_model=Page[MapCellLine], openapi_extra=FILTERS
)
def get_cell(
    session: ReadSession,
    context: CurrentReview,
    by: CurrentActor,
    asked: RequestedMap,
    paged: Paged,
    row: Annotated[str, Query(max_length=255)],
    column: Annotated[str, Query(max_length=255)],
) -> dict[str, Any]:
    """Return the studies and contracts in a cell, with their coded values and quotes."""
    review_id = context.review.id
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    heatmap = asked.build(session, review_id)
    return paged.page_of(
        cell_contents(session, review_id=review_id, heatmap=heatmap, row=row, column=column)
    )
