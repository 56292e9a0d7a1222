"""The map as a chart: one square a cell with its count written in; colour is never the only cue."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
import vl_convert

from heatmap.axes import AxisEntry
from heatmap.cells import HeatMap, plural
from review.safe_text import drawable, in_markup

# One hue, darker with each of a framework's steps.  Numbers are dark on the first two and white
# on the others, so that their contrast is at least 4.5 (WCAG 2.2, 1.4.3).
SCALE = ["#cfe3e6", "#93c0c8", "#337985", "#0b4d58"]
EMPTY = "#ffffff"
INK = "#1b1d22"
FONT = "Source Sans Pro, system-ui, sans-serif"
LABEL_LENGTH, TITLE_LENGTH = 45, 150  # characters; what is longer ends in an ellipsis
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


def draw(heatmap: HeatMap) -> alt.LayerChart:
    """Return the chart of a map: squares, counts, and gaps as dashed squares with a zero."""
    cells = _labelled(heatmap)
    rows = list(_labels(heatmap.rows).values())
    columns = list(_labels(heatmap.columns).values())
    base = alt.Chart(cells).encode(
        alt.X("column:N", title=None)
        .sort(columns)
        .axis(orient="top", labelAngle=-35, labelLimit=0),
        alt.Y("row:N", title=None).sort(rows).axis(labelLimit=0),
    )
    is_gap = (alt.datum.n == 0) & (alt.datum.n_filtered_out == 0)
    is_filtered_out = (alt.datum.n == 0) & (alt.datum.n_filtered_out > 0)
    names = [_step_name(low, high) for _, low, high in heatmap.legend]
    colour = (
        alt.Color("step:N")
        .scale(range=SCALE, domain=names)
        .sort(names)
        .title(plural(heatmap.unit).capitalize())
    )
    squares = base.transform_filter(alt.datum.n > 0).mark_rect(stroke=EMPTY).encode(colour)
    gaps = base.transform_filter(is_gap).mark_rect(
        fill=EMPTY, stroke="#8a8f98", strokeDash=[3, 3], strokeWidth=1
    )
    filtered_out = base.transform_filter(is_filtered_out).mark_rect(
        fill=EMPTY, stroke="#d9d6cd", strokeWidth=1
    )
    is_dark = alt.datum.n >= heatmap.framework.steps[2]
    counts = base.mark_text(fontSize=14).encode(
        text="text:N", color=alt.when(is_dark).then(alt.value(EMPTY)).otherwise(alt.value(INK))
    )
    chart: alt.LayerChart = (
        alt.LayerChart(layer=[squares, gaps, filtered_out, counts])
        .properties(
            width={"step": 74},
            height={"step": 44},
            title=alt.Title(
                _short(heatmap.framework.label, TITLE_LENGTH),
                subtitle=[drawable(line) for line in subtitles(heatmap)],
                anchor="start",
            ),
        )
        .configure_view(stroke=None)
        .configure(font=FONT)
    )
    return chart


def subtitles(heatmap: HeatMap) -> list[str]:
    """Return the lines under the title: what the map counts, and whether all was screened."""
    studies = "study" if heatmap.n_studies == 1 else "studies"
    contracts = "contract" if heatmap.n_contracts == 1 else "contracts"
    counts = (
        f"{heatmap.n_studies:,} {studies} of {heatmap.n_contracts:,} {contracts}. Numbers count "
        f"{plural(heatmap.unit)}; one {heatmap.unit} can be in several cells. Dashed: none found."
    )
    return [counts, heatmap.stopped] if heatmap.stopped else [counts]


def svg(heatmap: HeatMap) -> str:
    """Return the map as SVG."""
    return str(vl_convert.vegalite_to_svg(draw(heatmap).to_dict()))


def png(heatmap: HeatMap, *, scale: float = 2) -> bytes:
    """Return the map as PNG."""
    return bytes(vl_convert.vegalite_to_png(draw(heatmap).to_dict(), scale=scale))


def html(heatmap: HeatMap) -> str:
    """Return the map as one HTML file without any script, which loads nothing from elsewhere."""
    return PAGE.format(title=in_markup(heatmap.framework.label), svg=svg(heatmap))


def _labelled(heatmap: HeatMap) -> pd.DataFrame:
    cells = heatmap.cells
    n = cells[f"n_{plural(heatmap.unit)}"]
    keys = zip(cells["row"], cells["column"], strict=True)
    n_out = [heatmap.n_filtered_out(row, column) for row, column in keys]
    names = {step: _step_name(low, high) for step, low, high in heatmap.legend}
    return pd.DataFrame(
        {
            "row": cells["row"].map(_labels(heatmap.rows)),
            "column": cells["column"].map(_labels(heatmap.columns)),
            "n": n,
            "n_filtered_out": n_out,
            "step": [names.get(heatmap.step(count), "") for count in n],
            "text": [
                f"0 of {out:,}" if out else f"{count:,}"
                for count, out in zip(n, n_out, strict=True)
            ],
        }
    )


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
