"""The PRISMA flow: its numbers, its drawings, and the records behind each number."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import create_model
from starlette.requests import Request
from starlette.responses import Response

from api.files.drawings import prisma_response
from api.v1.callers import By, Here
from api.v1.paging import Page, Paged
from api.v1.records import AsOf, RecordFound, rows_of_box
from api.v1.routes import router
from api.web.deps import ReadSession
from heatmap.formats import MapFile
from review.prisma.counts import BOXES
from review.prisma.formats import FLOW_FILES, FlowFile, FlowFormat

reading = router("prisma")
TOTALS = ("previous_studies", "previous_reports", "new_studies", "total_studies", "total_reports")
Counts = create_model(
    "Counts",
    __doc__="Every count of the flow under its PRISMA2020 key, and what the counts consist of.",
    review=str,
    as_of=int,
    head=str | None,
    dbr_excluded_reasons=dict[str, int],
    other_excluded_reasons=dict[str, int],
    sources=dict[str, dict[str, int]],
    adds_up=bool,
    **dict.fromkeys((*BOXES, *TOTALS), int),  # type: ignore[call-overload]
)


def files(formats: Mapping[Any, MapFile | FlowFile]) -> dict[int | str, dict[str, Any]]:
    """Return the description of an answer that is a file in one of some formats."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    types = {file.media_type.partition(";")[0]: binary for file in formats.values()}
    return {200: {"content": types}}


@reading.get("/reviews/{review}/prisma", response_model=Counts)
def get_prisma(
    request: Request, session: ReadSession, here: Here, by: By, as_of: AsOf = None
) -> Response:
    """Return the counts as of now, or of a past day or event; for those who see counts."""
    return _flow(request, session, here, by, as_of, "json")


@reading.get(
    "/reviews/{review}/prisma.{format}", response_class=Response, responses=files(FLOW_FILES)
)
def get_prisma_file(
    request: Request,
    session: ReadSession,
    here: Here,
    by: By,
    format: FlowFormat,  # noqa: A002
    as_of: AsOf = None,
) -> Response:
    """Return the flow as a file: the PRISMA2020 exchange file (csv), or a drawing."""
    return _flow(request, session, here, by, as_of, format)


@reading.get("/reviews/{review}/prisma/{box}/records", response_model=Page[RecordFound])
def list_records_of_box(
    session: ReadSession,
    here: Here,
    by: By,
    paged: Paged,
    box: Annotated[str, Path(description="A PRISMA key, such as records_excluded.")],
    exclusion_reason: Annotated[str | None, Query(max_length=255)] = None,
    as_of: AsOf = None,
) -> dict[str, Any]:
    """Return the records that a number counts, in import order; for those who see counts."""
    return rows_of_box(session, here, by, paged, box, reason=exclusion_reason, as_of=as_of)


def _flow(
    request: Request,
    session: ReadSession,
    here: Here,
    by: By,
    as_of: str | None,
    format: str,  # noqa: A002
) -> Response:
    return prisma_response(
        request, session, review=here.review, by=by, as_of=as_of or "", name=format
    )
