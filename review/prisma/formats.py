"""The files that the flow can be had as: one table, which pages, API, commands and docs read."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from review.prisma import drawing, exports
from review.prisma.counts import Flow


class FlowFormat(StrEnum):
    """The name of a format, which is also how such a file's name ends."""

    CSV = "csv"
    JSON = "json"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


@dataclass(frozen=True)
class FlowOfReview:
    """The flow with what names it: the review, and the hash of the event it is as of."""

    flow: Flow
    review: str
    head: str | None


@dataclass(frozen=True)
class FlowFile:
    """How the flow is written in one format."""

    label: str  # on buttons
    media_type: str
    write: Callable[[FlowOfReview], str | bytes]
    is_drawn: bool = False  # by the worker, since it takes a while


def _json(of_review: FlowOfReview) -> str:
    content = exports.to_json(of_review.flow, review=of_review.review, head=of_review.head)
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


FLOW_FILES: Mapping[FlowFormat, FlowFile] = {
    FlowFormat.CSV: FlowFile(
        "CSV", "text/csv; charset=utf-8", lambda of_review: exports.to_csv(of_review.flow)
    ),
    FlowFormat.JSON: FlowFile("JSON", "application/json", _json),
    FlowFormat.SVG: FlowFile(
        "SVG", "image/svg+xml", lambda of_review: drawing.to_svg(of_review.flow)
    ),
    FlowFormat.PNG: FlowFile(
        "PNG", "image/png", lambda of_review: drawing.to_png(of_review.flow), is_drawn=True
    ),
    FlowFormat.PDF: FlowFile(
        "PDF", "application/pdf", lambda of_review: drawing.to_pdf(of_review.flow), is_drawn=True
    ),
}
