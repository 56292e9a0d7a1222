"""`siftmap prisma`: the PRISMA 2020 flow as data or drawn."""

import json
from typing import Annotated

import typer

from api.cli.terminal import (
    OutFile,
    ReviewSlug,
    as_json_text,
    database,
    review_id_of,
    settings,
    write_output,
)
from api.files.fonts import use_fonts
from review.events import hash_of_event
from review.prisma.counts import event_on
from review.prisma.formats import FLOW_FILES, FlowFormat, FlowOfReview
from review.prisma.report import flow_to_report


def prisma(
    slug: ReviewSlug,
    as_of: Annotated[str, typer.Option(help="An event number, or a date (UTC).")] = "",
    format: Annotated[FlowFormat, typer.Option()] = FlowFormat.JSON,  # noqa: A002
    out: OutFile = "-",
) -> None:
    """Print the PRISMA 2020 flow, as of now or of any past event or day."""
    use_fonts(settings().font_dir)
    review = review_id_of(slug)
    with database().reading() as session:
        number = event_on(session, review_id=review, as_of=as_of) if as_of else None
        flow = flow_to_report(session, review_id=review, as_of=number)
        head = hash_of_event(session, review_id=review, number=flow.as_of)
    of_review = FlowOfReview(flow, slug, head)
    content = FLOW_FILES[format].write(of_review)
    if format is FlowFormat.JSON:
        content = as_json_text(json.loads(content)) + "\n"
    write_output(content, out)
