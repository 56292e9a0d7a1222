"""A drawn map shows its labels as text, whatever they say, and keeps rows and columns apart."""

import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree

import pandas as pd
import pytest

from heatmap import drawing
from heatmap.axes import AxisEntry
from heatmap.cells import HeatMap, MapSource
from heatmap.coded import COLUMNS, CodedStudies
from heatmap.counting import MapBase, count
from protocols.loader import load
from review.safe_text import drawable
from tests.factories import protocol_text
from tests.hostile_texts import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"
EMPTY = CodedStudies(studies=[], n_reports={}, contracts={}, values={}, coded_studies=frozenset())


def map_with(rows: tuple[str, ...], columns: tuple[str, ...]) -> HeatMap:
    """Return a map with these labels, each axis with the same keys, and 1, 2, 3 … in its cells."""
    empty = count(MapBase(EMPTY, load(protocol_text()).protocol), as_of=0)
    entries = [
        [AxisEntry(f"key{number}", label, None) for number, label in enumerate(axis)]
        for axis in (rows, columns)
    ]
    cells = pd.DataFrame(
        [
            {"row": row.key, "column": column.key, "n_contracts": 0, "n_studies": 0, "n_reports": 0}
            for row in entries[0]
            for column in entries[1]
        ]
    )
    cells["n_contracts"] = cells["n_studies"] = range(1, len(cells) + 1)
    framework = empty.framework.model_copy(update={"label": rows[0]})
    axes = replace(empty.axes, framework=framework)
    frame = pd.DataFrame(
        [
            (str(number), None, cell.row, cell.column, "trial", 1, [], *([] for _ in axes.filters))
            for number, cell in enumerate(cells.itertuples())
        ],
        columns=[*COLUMNS, *axes.filters],
        dtype=object,
    )  # one study a cell
    return replace(empty, axes=axes, rows=entries[0], columns=entries[1], cells=cells, frame=frame)


class Tags(HTMLParser):
    """Collects the elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs)}


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_is_drawn_as_the_text_that_it_is(label: str) -> None:
    hostile = map_with((label, "A plain row"), ("A plain column", label))
    plain = map_with(("A row", "A plain row"), ("A plain column", "A column"))
    given = json.dumps(drawing.draw(hostile).to_dict(), ensure_ascii=False)
    assert drawable(given) == given  # at a control character the library ends the process

    page = drawing.html(hostile)

    root = ElementTree.fromstring(drawing.svg(hostile))  # noqa: S314 - our own
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert texts.count(drawing._short(label, drawing.LABEL_LENGTH)) >= 2
    assert Tags(page).found == Tags(drawing.html(plain)).found
    assert not {"script", "style", "img", "iframe", "link", "href"} & Tags(page).found
    assert drawing.png(hostile).startswith(b"\x89PNG")


def cells_of(drawn: dict) -> list[dict]:
    return next(rows for rows in drawn["datasets"].values() if "row" in rows[0])


def test_a_key_of_both_axes_keeps_the_label_of_each() -> None:
    both = map_with(("Other areas", "Work"), ("Other contracts", "Bonds"))

    chart = drawing.draw(both).to_dict()

    cells = cells_of(chart)
    assert [(cell["row"], cell["column"], cell["n"]) for cell in cells] == [
        ("Other areas", "Other contracts", 1),
        ("Other areas", "Bonds", 2),
        ("Work", "Other contracts", 3),
        ("Work", "Bonds", 4),
    ]


def test_rows_whose_labels_look_alike_stay_two_rows() -> None:
    long = "The same beginning of a label that is cut before it ends with "

    drawn = drawing.draw(map_with((long + "one", long + "two"), ("A", "A\x07"))).to_dict()

    cells = cells_of(drawn)
    assert len({(cell["row"], cell["column"]) for cell in cells}) == 4


def test_a_drawing_says_its_filters_and_where_it_is_from() -> None:
    source = MapSource("A review of bonds.", date(2026, 11, 26), 2, date(2021, 3, 1))
    heatmap = replace(map_with(("Work",), ("Bonds",)), source=source,
                      filters={"country": ["KE", "UG"], "since": ["2015"]})  # fmt: skip

    assert drawing.subtitles(heatmap)[1] == "Only: Country: Kenya or Uganda; published since 2015."
    [foot] = drawing.source_lines(heatmap)
    assert foot == (
        "A review of bonds. Publication 2. 26 November 2026. Last searched 1 March 2021."
    )
    assert "Publication 2" in drawing.svg(heatmap)
    assert drawing.pdf(heatmap).startswith(b"%PDF")
