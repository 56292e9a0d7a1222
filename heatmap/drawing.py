"""The map as a chart: one square a cell with its count written in; colour is never the only cue."""

from collections.abc import Sequence
from datetime import date

import altair as alt
import pandas as pd
import vl_convert

from heatmap.axes import NOT_CODED, AxisEntry
from heatmap.cells import HeatMap, plural
from heatmap.filters import filter_words
from heatmap.gaps import GapKind
from review.safe_text import drawable, in_markup

# One hue, darker with each of a framework's steps.  Numbers are dark on the first two and white
# on the others, so that their contrast is at least 4.5 (WCAG 2.2, 1.4.3).
SCALE = ["#cfe3e6", "#93c0c8", "#337985", "#0b4d58"]
EMPTY = "#ffffff"
INK = "#1b1d22"
FONT = "Source Sans Pro, system-ui, sans-serif"
SOFT = "#5a5f69"
LABEL_LENGTH, TITLE_LENGTH, LINE_LENGTH = 45, 150, 180  # characters; the rest is an ellipsis
FULL, GAP, WAITING, NOTHING = "full", "gap", "waiting", "nothing"
_OUTLINES = {GAP: ("#d9d6cd", [1, 0]), WAITING: ("#5a5f69", [2, 2])}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>{title}</title>
</head>
<body>
{svg}
</body>
</html>
"""


def draw(heatmap: HeatMap) -> alt.VConcatChart:
    """Return the chart of a map: squares with counts, gaps in words, its filters and its source."""
    cells = _labelled(heatmap)
    rows = list(_labels(heatmap.rows).values())
    columns = list(_labels(heatmap.columns).values())
    base = alt.Chart(cells).encode(
        alt.X("column:N", title=None)
        .sort(columns)
        .axis(orient="top", labelAngle=-35, labelLimit=0),
        alt.Y("row:N", title=None).sort(rows).axis(labelLimit=0),
    )
    names = [_step_name(low, high) for _, low, high in heatmap.legend]
    colour = (
        alt.Color("step:N")
        .scale(range=SCALE, domain=names)
        .sort(names)
        .title(plural(heatmap.unit).capitalize())
    )
    full = base.transform_filter(alt.datum.kind == FULL).mark_rect(stroke=EMPTY).encode(colour)
    outlines = [
        base.transform_filter(alt.datum.kind == kind).mark_rect(
            fill=EMPTY, stroke=stroke, strokeWidth=1, strokeDash=dash
        )
        for kind, (stroke, dash) in _OUTLINES.items()
    ]
    is_dark = (alt.datum.kind == FULL) & (alt.datum.n >= heatmap.framework.steps[2])
    counts = base.mark_text(fontSize=14, lineBreak="|").encode(
        text="text:N", color=alt.when(is_dark).then(alt.value(EMPTY)).otherwise(alt.value(INK))
    )
    words = base.mark_text(fontSize=9, dy=13).encode(
        text="words:N", color=alt.when(is_dark).then(alt.value(EMPTY)).otherwise(alt.value(SOFT))
    )
    chart: alt.LayerChart = alt.LayerChart(layer=[full, *outlines, counts, words]).properties(
        width={"step": 74},
        height={"step": 44},
        title=alt.Title(
            _short(heatmap.framework.label, TITLE_LENGTH),
            subtitle=[_short(line, LINE_LENGTH) for line in subtitles(heatmap)],
            anchor="start",
        ),
    )
    foot = alt.Chart(alt.InlineData([{}])).mark_text(
        align="left", fontSize=10, color=SOFT, x=0, text=[_short(line, LINE_LENGTH)
                                                          for line in source_lines(heatmap)],
    ).properties(width=10, height=30)  # fmt: skip
    both: alt.VConcatChart = (
        alt.vconcat(chart, foot).configure_view(stroke=None).configure(font=FONT)
    )
    return both


def subtitles(heatmap: HeatMap) -> list[str]:
    """Return the lines under the title: what the map counts, its filters, and an early stop."""
    studies = "study" if heatmap.n_studies == 1 else "studies"
    contracts = "contract" if heatmap.n_contracts == 1 else "contracts"
    lines = [
        f"{heatmap.n_studies:,} {studies} of {heatmap.n_contracts:,} {contracts}. Numbers count "
        f"{plural(heatmap.unit)}; one {heatmap.unit} can be in several cells."
    ]
    if heatmap.filters:
        lines.append(f"Only: {'; '.join(filter_words(heatmap))}.")
    return [*lines, heatmap.stopped] if heatmap.stopped else lines


def source_lines(heatmap: HeatMap) -> list[str]:
    """Return the lines at the foot: the review, the publication, its date and its searches."""
    source = heatmap.source
    if source is None:
        return []
    parts = [source.review.rstrip(".")]
    if source.number is not None:
        parts.append(f"Publication {source.number}")
    if source.day is not None:
        parts.append(in_words(source.day))
    if source.searched_to is not None:
        parts.append(f"Last searched {in_words(source.searched_to)}")
    return [". ".join(parts) + "."]


def svg(heatmap: HeatMap) -> str:
    """Return the map as SVG."""
    return str(vl_convert.vegalite_to_svg(draw(heatmap).to_dict()))


def png(heatmap: HeatMap, *, scale: float = 2) -> bytes:
    """Return the map as PNG."""
    return bytes(vl_convert.vegalite_to_png(draw(heatmap).to_dict(), scale=scale))


def pdf(heatmap: HeatMap) -> bytes:
    """Return the map as PDF, on one page."""
    return bytes(vl_convert.vegalite_to_pdf(draw(heatmap).to_dict()))


def html(heatmap: HeatMap) -> str:
    """Return the map as one HTML file without any script, which loads nothing from elsewhere."""
    return PAGE.format(title=in_markup(heatmap.framework.label), svg=svg(heatmap))


def _labelled(heatmap: HeatMap) -> pd.DataFrame:
    rows, columns = _labels(heatmap.rows), _labels(heatmap.columns)
    names = {step: _step_name(low, high) for step, low, high in heatmap.legend}
    cells = list(zip(heatmap.cells["row"], heatmap.cells["column"], strict=True))
    marks = [_mark(heatmap, row, column) for row, column in cells]
    counts = [heatmap.count(row, column) for row, column in cells]
    return pd.DataFrame(
        {
            "row": [rows[row] for row, _ in cells],
            "column": [columns[column] for _, column in cells],
            "n": counts,
            "kind": [kind for kind, _ in marks],
            "words": [words for _, words in marks],
            "step": [names.get(heatmap.step(n), "") for n in counts],
            "text": [f"{n:,}" if kind != NOTHING else "" for n, (kind, _) in
                     zip(counts, marks, strict=True)],
        }
    )  # fmt: skip


def _mark(heatmap: HeatMap, row: str, column: str) -> tuple[str, str]:
    """Return how a cell is drawn, and the words under its number."""
    if heatmap.has_studies(row, column):
        if NOT_CODED in (row, column) or not heatmap.count(row, column):
            return WAITING, "not yet coded"
        return FULL, "thin" if heatmap.mark(row, column).is_thin else ""
    gap = heatmap.gap(row, column)
    if gap is None:
        return NOTHING, ""
    words = {
        GapKind.FILTERED_OUT: f"0 of {gap.n:,} match",
        GapKind.EXCLUDED: f"{gap.n:,} excluded",
        GapKind.AWAITING_CODING: f"{gap.n:,} to code",
        GapKind.KNOWN: f"{gap.n:,} known",
        GapKind.OUTSIDE_SEARCHES: "not searched",
        GapKind.NONE_FOUND: "none found",
    }
    return (WAITING if gap.kind is GapKind.AWAITING_CODING else GAP), words[gap.kind]


def in_words(day: date) -> str:
    """Return a day as 22 November 2026."""
    return f"{day.day} {day:%B %Y}"


def _step_name(low: int, high: int | None) -> str:
    """Return a step of the scale as its legend names it: 1, 2–3, 7+."""
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}–{high}"


def _labels(entries: Sequence[AxisEntry]) -> dict[str, str]:
    """Return the labels of an axis by their keys; of two that look alike, the second is numbered.

    The library could cut long labels too, but fails if the cut divides an emoji.
    """
    labels: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        label = _short(entry.label, LABEL_LENGTH)
        labels[entry.key] = f"{label} ({number})" if label in labels.values() else label
    return labels


def _short(text: str, length: int) -> str:
    """Return ``text`` so that it can be drawn, in at most ``length`` characters."""
    line = drawable(text)
    return line if len(line) <= length else f"{line[: length - 1]}…"
