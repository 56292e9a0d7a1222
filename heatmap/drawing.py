"""The map as a chart: one square a cell with its count written in; colour is never the only cue."""

import altair as alt
import pandas as pd
import vl_convert

from heatmap.cells import HeatMap, plural

SCALE = ["#e3eff1", "#0b5f6b"]  # one hue, lightness falls with the count
EMPTY = "#ffffff"
INK = "#1b1d22"


def draw(heatmap: HeatMap) -> alt.LayerChart:
    """Return the chart of a map: squares, counts, and gaps as dashed squares with a zero."""
    cells = _labelled(heatmap)
    rows = [row.label for row in heatmap.rows]
    columns = [column.label for column in heatmap.columns]
    base = alt.Chart(cells).encode(
        alt.X("column:N", title=None)
        .sort(columns)
        .axis(orient="top", labelAngle=-35, labelLimit=220),
        alt.Y("row:N", title=None).sort(rows).axis(labelLimit=260),
    )
    is_gap = alt.datum.n == 0
    colour = (
        alt.Color("n:Q")
        .scale(range=SCALE, domain=[1, max(2, heatmap.most)])
        .title(plural(heatmap.unit).capitalize())
        .legend(tickMinStep=1, format="d")
    )
    squares = base.transform_filter(alt.datum.n > 0).mark_rect(stroke=EMPTY).encode(colour)
    gaps = base.transform_filter(is_gap).mark_rect(
        fill=EMPTY, stroke="#8a8f98", strokeDash=[3, 3], strokeWidth=1
    )
    is_dark = alt.datum.n > heatmap.most * 0.55
    counts = base.mark_text(fontSize=14).encode(
        text="n:Q", color=alt.when(is_dark).then(alt.value(EMPTY)).otherwise(alt.value(INK))
    )
    chart: alt.LayerChart = (
        alt.LayerChart(layer=[squares, gaps, counts])
        .properties(
            width={"step": 74},
            height={"step": 44},
            title=alt.Title(heatmap.framework.label, subtitle=subtitles(heatmap), anchor="start"),
        )
        .configure_view(stroke=None)
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
    """Return the map as one HTML file that needs nothing from elsewhere."""
    return draw(heatmap).to_html(inline=True)


def _labelled(heatmap: HeatMap) -> pd.DataFrame:
    labels = {entry.key: entry.label for entry in [*heatmap.rows, *heatmap.columns]}
    cells = heatmap.cells
    return pd.DataFrame(
        {
            "row": cells["row"].map(labels),
            "column": cells["column"].map(labels),
            "n": cells[f"n_{plural(heatmap.unit)}"],
        }
    )
