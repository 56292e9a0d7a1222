"""`siftmap heatmap`: a map of the coded evidence as data or drawn."""

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
from heatmap import exports
from heatmap.counting import build
from heatmap.formats import MAP_FILES, MapFormat


def heatmap(
    slug: ReviewSlug,
    framework: Annotated[str, typer.Option(help="A map of the protocol; its first.")] = "",
    unit: Annotated[str, typer.Option(help="contract or study.")] = "",
    format: Annotated[MapFormat, typer.Option()] = MapFormat.JSON,  # noqa: A002
    out: OutFile = "-",
) -> None:
    """Print a map of the coded evidence, gaps included."""
    use_fonts(settings().font_dir)
    review = review_id_of(slug)
    with database().reading() as session:
        evidence_map = build(
            session, review_id=review, framework=framework or None, unit=unit or None
        )
    if format is MapFormat.JSON:
        write_output(as_json_text(exports.to_json(evidence_map)) + "\n", out)
    else:
        write_output(MAP_FILES[format].write(evidence_map), out)
