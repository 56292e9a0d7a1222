"""Commands that print PRISMA counts and the map."""

import json
from typing import Annotated

import typer

from api.cli.terminal import ReviewSlug, database, review_id_of, settings, write_output
from api.files.drawings import use_fonts
from heatmap import exports
from heatmap.cells import build
from heatmap.formats import MAP_FILES, MapFormat
from review.events import hash_of_event
from review.prisma.counts import event_on
from review.prisma.formats import FLOW_FILES, FlowFormat, FlowOfReview
from review.prisma.report import flow_to_report

Out = Annotated[str, typer.Option("--out", help="A file; - for standard output.")]


def prisma(
    slug: ReviewSlug,
    as_of: Annotated[str, typer.Option(help="An event number, or a date (UTC).")] = "",
    format: Annotated[FlowFormat, typer.Option()] = FlowFormat.JSON,  # noqa: A002
    out: Out = "-",
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
    write_output(_json(json.loads(content)) if format is FlowFormat.JSON else content, out)


def heatmap(
    slug: ReviewSlug,
    framework: Annotated[str, typer.Option(help="A map of the protocol; its first.")] = "",
    unit: Annotated[str, typer.Option(help="contract or study.")] = "",
    format: Annotated[MapFormat, typer.Option()] = MapFormat.JSON,  # noqa: A002
    out: Out = "-",
) -> None:
    """Print a map of the coded evidence, gaps included."""
    use_fonts(settings().font_dir)
    review = review_id_of(slug)
    with database().reading() as session:
        evidence_map = build(
            session, review_id=review, framework=framework or None, unit=unit or None
        )
    is_json = format is MapFormat.JSON
    write_output(
        _json(exports.to_json(evidence_map)) if is_json else MAP_FILES[format].write(evidence_map),
        out,
    )


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
