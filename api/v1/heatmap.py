"""The map: its cells as data, as files, and what stands in one cell."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.files.drawings import MapAsked, map_response
from api.v1.callers import By, Here
from api.v1.paging import Page, Paged
from api.v1.prisma import files
from api.v1.routes import router
from api.web.deps import ReadSession
from heatmap.cells import UNITS
from heatmap.contents import cell_contents
from heatmap.formats import MAP_FILES, MapFormat
from review.permissions import Action, check

reading = router("heatmap")
OWN = frozenset({"framework", "unit", "secondary", "row", "column", "cursor", "limit"})
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


class Entry(BaseModel):
    """A row or column, with the number of units that stand in it."""

    key: str
    label: str
    n: int


class Cell(BaseModel):
    """A pair of row and column; a gap counts none."""

    row: str
    column: str
    contracts: int
    studies: int


class Map(BaseModel):
    """A map: its axes, every cell, and what is not on it."""

    framework: str
    label: str
    unit: str
    as_of: int
    n_studies: int
    n_contracts: int
    n_unplaced: int
    n_awaiting_coding: int
    rows: list[Entry]
    columns: list[Entry]
    cells: list[Cell]


class Source(BaseModel):
    """A report, as a reader finds it elsewhere."""

    title: str
    authors: list[str]
    year: int | None
    journal: str | None
    doi: str | None
    url: str | None


class Passage(BaseModel):
    """A coded value in words, with the passage that was quoted for it."""

    item: str
    value: str
    quote: str | None
    page: str | None


class CellLine(BaseModel):
    """One contract in a cell, as one study reports it."""

    study_id: UUID
    study: str
    contract_id: UUID | None
    contract: str | None
    reports: list[Source]
    passages: list[Passage]


def asked_map(
    request: Request,
    framework: Annotated[str | None, Query(max_length=255)] = None,
    unit: Annotated[str | None, Query(json_schema_extra={"enum": list(UNITS)})] = None,
    secondary: bool = False,
) -> MapAsked:
    """Return which map is asked for; a name that is not ours is a filter's."""
    given = request.query_params
    filters = {key: given.getlist(key) for key in sorted(set(given) - OWN)}
    return MapAsked(framework=framework, unit=unit, secondary=secondary, filters=filters)


Asked = Annotated[MapAsked, Depends(asked_map)]


@reading.get("/reviews/{review}/heatmap", response_model=Map, openapi_extra=FILTERS)
def get_map(request: Request, session: ReadSession, here: Here, by: By, asked: Asked) -> Response:
    """Return the map with every cell; for those who see counts."""
    answer = _map(request, session, here, by, asked, "json")
    del answer.headers["content-disposition"]
    return answer


@reading.get(
    "/reviews/{review}/heatmap.{format}",
    response_class=Response,
    responses=files(MAP_FILES),
    openapi_extra=FILTERS,
)
def get_map_file(
    request: Request,
    session: ReadSession,
    here: Here,
    by: By,
    asked: Asked,
    format: MapFormat,  # noqa: A002
) -> Response:
    """Return the map as a file."""
    return _map(request, session, here, by, asked, format)


@reading.get("/reviews/{review}/heatmap/cell", response_model=Page[CellLine], openapi_extra=FILTERS)
def get_cell(
    session: ReadSession,
    here: Here,
    by: By,
    asked: Asked,
    paged: Paged,
    row: Annotated[str, Query(max_length=255)],
    column: Annotated[str, Query(max_length=255)],
) -> dict[str, Any]:
    """Return the studies and contracts in a cell, with what was coded and quoted of them."""
    review_id = here.review.id
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    heatmap = asked.build(session, review_id)
    return paged.cut(
        cell_contents(session, review_id=review_id, heatmap=heatmap, row=row, column=column)
    )


def _map(
    request: Request,
    session: ReadSession,
    here: Here,
    by: By,
    asked: MapAsked,
    format: str,  # noqa: A002
) -> Response:
    return map_response(request, session, review=here.review, by=by, asked=asked, name=format)
