"""The PRISMA flow: the diagram is the page, and every number opens its records."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.deps import By, Child, ReadSession, ReviewId
from api.rendering import path, render
from review import prisma_drawing, prisma_exports
from review.errors import NotFound
from review.permissions import Action, check
from review.prisma import BOXES, Flow, count_flow, event_on, identities
from review.tables import Event

router = APIRouter()
AsOf = Annotated[str, Query(max_length=20)]


@router.get("/reviews/{slug}/prisma")
def show(
    request: Request, session: ReadSession, review_id: ReviewId, by: By, as_of: AsOf = ""
) -> Response:
    """Show the diagram as of now or of a past day or event, and whether it adds up."""
    flow = _flow(session, review_id, by, as_of)

    def link(box: str) -> str:
        if box not in BOXES:  # studies, which are not records
            return path(request, "map")
        query = {"box": box} | ({"as_of": str(flow.as_of)} if as_of else {})
        return f"{path(request, 'records')}?{urlencode(query)}"

    return render(
        request,
        "prisma.html",
        flow=flow,
        as_of=as_of,
        diagram=prisma_drawing.to_svg(flow, link=link),
        identities=identities(flow),
        boxes=BOXES,
        link=link,
    )


@router.get("/reviews/{slug}/prisma.{format}")
def download(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: By,
    child: Child,
    format: str,  # noqa: A002
    as_of: AsOf = "",
) -> Response:
    """Return the counts as csv (the PRISMA2020 exchange file), json, svg, png or pdf."""
    flow = _flow(session, review_id, by, as_of)
    slug = request.path_params["slug"]
    headers = {"content-disposition": f'attachment; filename="{slug}-prisma.{format}"'}
    if format == "json":
        head = session.scalar(
            select(Event.hash).where(Event.review_id == review_id, Event.number == flow.as_of)
        )
        return JSONResponse(prisma_exports.to_json(flow, review=slug, head=head))
    if format == "csv":
        return Response(prisma_exports.to_csv(flow), media_type="text/csv", headers=headers)
    if format == "svg":
        return Response(prisma_drawing.to_svg(flow), media_type="image/svg+xml", headers=headers)
    if format == "png":
        drawn = child.run(prisma_drawing.to_png, flow)
        return Response(drawn, media_type="image/png", headers=headers)
    if format == "pdf":
        drawn = child.run(prisma_drawing.to_pdf, flow)
        return Response(drawn, media_type="application/pdf", headers=headers)
    raise NotFound(f"The flow cannot be downloaded as '{format}'.")


def _flow(session: ReadSession, review_id: UUID, by: By, as_of: str) -> Flow:
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    number = event_on(session, review_id=review_id, as_of=as_of) if as_of else None
    return count_flow(session, review_id=review_id, as_of=number)
