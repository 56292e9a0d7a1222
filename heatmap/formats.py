"""The files that a map can be had as: one table, which pages, API, commands and docs read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from heatmap import drawing, exports
from heatmap.cells import HeatMap
from review.events import canonical


class MapFormat(StrEnum):
    """The name of a format, which is also how such a file's name ends."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"
    HTML = "html"


@dataclass(frozen=True)
class MapFile:
    """How a map is written in one format."""

    label: str  # on buttons
    media_type: str
    write: Callable[[HeatMap], str | bytes]
    is_drawn: bool = False  # by the worker, since it takes a while


MAP_FILES: Mapping[MapFormat, MapFile] = {
    MapFormat.CSV: MapFile("CSV", "text/csv; charset=utf-8", exports.to_csv),
    MapFormat.XLSX: MapFile(
        "XLSX",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        exports.to_xlsx,
    ),
    MapFormat.JSON: MapFile(
        "JSON", "application/json", lambda heatmap: canonical(exports.to_json(heatmap))
    ),
    MapFormat.SVG: MapFile("Picture (SVG)", "image/svg+xml", drawing.svg, is_drawn=True),
    MapFormat.PNG: MapFile("Picture (PNG)", "image/png", drawing.png, is_drawn=True),
    MapFormat.PDF: MapFile("PDF", "application/pdf", drawing.pdf, is_drawn=True),
    MapFormat.HTML: MapFile(
        "Web page (HTML)", "text/html; charset=utf-8", drawing.html, is_drawn=True
    ),
}
DRAWN = [name for name, file in MAP_FILES.items() if file.is_drawn]
