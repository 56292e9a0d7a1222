"""The PRISMA flow: its numbers, its drawings, and the records behind each number."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import create_model
from starlette.requests import Request
from starlette.responses import Response

from api.files.drawings import prisma_response
from api.v1.callers import CurrentActor, CurrentReview
from api.v1.paging import Page, Paged
from api.v1.records import AsOf, ListedRecord, page_of_box
from api.v1.routes import router
from api.web.deps import ReadSession
from heatmap.formats import MapFile
from review.prisma.counts import BOXES
from review.prisma.formats import FLOW_FILES, FlowFile, FlowFormat

read_router = router("prisma")
TOTALS = ("previous_studies", "previous_reports", "new_studies", "total_studies", "total_reports")
FlowCounts = create_model(
    "FlowCounts",
    __doc__="Every count of the flow under its PRISMA2020 key, and what the counts consist of.",
    review=str,
    as_of=int,
    head=str | None,
    dbr_excluded_reasons=dict[str, int],
    other_excluded_reasons=dict[str, int],
    sources=dict[str, dict[str, int]],
    adds_up=bool,
    merge_check=dict[str, int | float | str] | None,
    **dict.fromkeys((*BOXES, *TOTALS), int),  # type: ignore[call-overload]
)


def files(formats: Mapping[Any, MapFile | FlowFile]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of a response that is a file in one of ``formats``."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    types = {file.media_type.partition(";")[0]: binary for file in formats.values()}
    return {200: {"content": types}}


@read_router.get("/reviews/{review}/prisma", response_model=FlowCounts)
def get_prisma(
    request: Request,
    session: ReadSession,
    context: CurrentReview,
    by: CurrentActor,
    as_of: AsOf = None,
) -> Response:
    """Return the counts as of now, or of a past day or event; for those who may see counts."""
    return prisma_response(
        request, session, review=context.review, by=by, as_of=as_of or "", name="json"
    )


@read_router.get(
    "/reviews/{review}/prisma.{format}", response_class=Response, responses=files(FLOW_FILES)
)
def get_prisma_file(
    request: Request,
    session: ReadSession,
    context: CurrentReview,
    by: CurrentActor,
    format: FlowFormat,  # noqa: A002
    as_of: AsOf = None,
) -> Response:
    """Return the flow as a file: the PRISMA2020 exchange file (csv), or a drawing."""
    return prisma_response(
        request, session, review=context.review, by=by, as_of=as_of or "", name=format
    )


@read_router.get("/reviews/{review}/prisma/{box}/records", response_model=Page[ListedRecord])
def list_records_of_box(
    session: ReadSession,
    context: CurrentReview,
    by: CurrentActor,
    paged: Paged,
    box: Annotated[str, Path(description="A PRISMA key, such as records_excluded.")],
    exclusion_reason: Annotated[str | None, Query(max_length=255)] = None,
    as_of: AsOf = None,
) -> dict[str, Any]:
    """Return the records that a number counts, in import order; for those who may see counts."""
    return page_of_box(
        session, context, box=box, by=by, paged=paged, reason=exclusion_reason, as_of=as_of
    )
