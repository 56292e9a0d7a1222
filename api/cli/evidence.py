"""Commands that print PRISMA counts and the map."""

import json
from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy import select

from api.cli.terminal import Slug, database, review_id, settings, write
from api.files.drawings import use_fonts
from heatmap import drawing, exports
from heatmap.cells import build
from review.prisma import drawing as prisma_drawing
from review.prisma import exports as prisma_exports
from review.prisma.counts import count_flow, event_on
from review.tables import Event

Out = Annotated[str, typer.Option("--out", help="A file; - for standard output.")]


class PrismaFormat(StrEnum):
    """What the flow can be printed as."""

    JSON = "json"
    CSV = "csv"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


class MapFormat(StrEnum):
    """What a map can be printed as."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    SVG = "svg"
    PNG = "png"
    HTML = "html"


def prisma(
    slug: Slug,
    as_of: Annotated[str, typer.Option(help="An event number, or a date (UTC).")] = "",
    format: Annotated[PrismaFormat, typer.Option()] = PrismaFormat.JSON,  # noqa: A002
    out: Out = "-",
) -> None:
    """Print the PRISMA 2020 flow, as of now or of any past event or day."""
    use_fonts(settings().font_dir)
    review = review_id(slug)
    with database().reading() as session:
        number = event_on(session, review_id=review, as_of=as_of) if as_of else None
        flow = count_flow(session, review_id=review, as_of=number)
        head = session.scalar(
            select(Event.hash).where(Event.review_id == review, Event.number == flow.as_of)
        )
    content: str | bytes
    match format:
        case PrismaFormat.JSON:
            content = _json(prisma_exports.to_json(flow, review=slug, head=head))
        case PrismaFormat.CSV:
            content = prisma_exports.to_csv(flow)
        case PrismaFormat.SVG:
            content = prisma_drawing.to_svg(flow)
        case PrismaFormat.PNG:
            content = prisma_drawing.to_png(flow)
        case PrismaFormat.PDF:
            content = prisma_drawing.to_pdf(flow)
    write(content, out)


def heatmap(
    slug: Slug,
    framework: Annotated[str, typer.Option(help="A map of the protocol; its first.")] = "",
    unit: Annotated[str, typer.Option(help="contract or study.")] = "",
    format: Annotated[MapFormat, typer.Option()] = MapFormat.JSON,  # noqa: A002
    out: Out = "-",
) -> None:
    """Print a map of the coded evidence, gaps included."""
    use_fonts(settings().font_dir)
    review = review_id(slug)
    with database().reading() as session:
        counted = build(session, review_id=review, framework=framework or None, unit=unit or None)
    content: str | bytes
    match format:
        case MapFormat.JSON:
            content = _json(exports.to_json(counted))
        case MapFormat.CSV:
            content = exports.to_csv(counted)
        case MapFormat.XLSX:
            content = exports.to_xlsx(counted)
        case MapFormat.SVG:
            content = drawing.svg(counted)
        case MapFormat.PNG:
            content = drawing.png(counted)
        case MapFormat.HTML:
            content = drawing.html(counted)
    write(content, out)


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
