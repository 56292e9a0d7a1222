"""The PRISMA flow: the diagram is the page, and every number opens its records."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.files.drawings import prisma_response
from api.web.deps import CurrentActor, CurrentReview, ReadSession, ReviewId
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.events import time_of_event
from review.permissions import Action, check
from review.prisma import drawing
from review.prisma.boxes import title_of
from review.prisma.counts import BOXES, COLUMNS, Flow, event_on, identities
from review.prisma.formats import FLOW_FILES
from review.prisma.report import flow_to_report
from review.reviews import protocol_of

router = PageRouter()
AsOf = Annotated[str, Query(max_length=20)]


@router.get("/reviews/{slug}/prisma")
def show(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor, as_of: AsOf = ""
) -> Response:
    """Show the diagram as of now, or as of a past day or event, and whether it adds up."""
    flow = _flow(session, review_id, by, as_of=as_of)

    def records(query: dict[str, str]) -> str:
        when = {"as_of": str(flow.as_of)} if as_of else {}
        return f"{path(request, 'records')}?{urlencode(query | when)}"

    def link(box: str) -> str:
        # Studies are not records: they are on the map.
        return records({"box": box}) if box in BOXES else path(request, "map")

    reasons = {
        reason.label: reason.key for reason in protocol_of(session, review_id).exclusion_reasons
    }

    def link_part(box: str, part: str) -> str:
        is_reason = box in {column.excluded for column in COLUMNS}
        return records(
            {"box": box} | ({"reason": reasons.get(part, part)} if is_reason else {"source": part})
        )

    return render(
        request,
        "prisma/prisma.html",
        flow=flow,
        as_of=as_of,
        diagram=drawing.to_svg(flow, link=link, link_part=link_part),
        identities=identities(flow),
        boxes=BOXES,
        files=FLOW_FILES,
        link=link,
        title_of=title_of,
        at=time_of_event(session, review_id=review_id, number=flow.as_of),
    )


@router.get("/reviews/{slug}/prisma.{format}")
def download(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    by: CurrentActor,
    format: str,  # noqa: A002
    as_of: AsOf = "",
) -> Response:
    """Return the counts as csv (the PRISMA2020 exchange file), json, svg, png or pdf."""
    return prisma_response(request, session, review=here.review, by=by, as_of=as_of, name=format)


def _flow(session: ReadSession, review_id: UUID, by: CurrentActor, *, as_of: str) -> Flow:
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    number = event_on(session, review_id=review_id, as_of=as_of) if as_of else None
    return flow_to_report(session, review_id=review_id, as_of=number)
