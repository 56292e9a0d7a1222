"""A drawn map shows its labels as text, whatever they say, and keeps rows and columns apart."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pandas as pd
import pytest

from heatmap import drawing
from heatmap.axes import AxisEntry
from heatmap.cells import HeatMap, count
from heatmap.coded import COLUMNS, CodedStudies
from protocols.loader import load
from review.safe_text import drawable
from tests.factories import protocol_text
from tests.hostile_texts import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"
EMPTY = CodedStudies(studies=[], n_reports={}, contracts={}, values={}, coded_studies=frozenset())


def map_with(rows: tuple[str, ...], columns: tuple[str, ...]) -> HeatMap:
    """Return a map with these labels, each axis with the same keys, and 1, 2, 3 … in its cells."""
    empty = count(EMPTY, protocol=load(protocol_text()).protocol, as_of=0)
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
            (str(number), None, cell.row, cell.column, "trial", 1, [])
            for number, cell in enumerate(cells.itertuples())
        ],
        columns=COLUMNS,
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


def test_a_key_of_both_axes_keeps_the_label_of_each() -> None:
    both = map_with(("Other areas", "Work"), ("Other contracts", "Bonds"))

    chart = drawing.draw(both).to_dict()

    [cells] = chart["datasets"].values()
    assert [(cell["row"], cell["column"], cell["n"]) for cell in cells] == [
        ("Other areas", "Other contracts", 1),
        ("Other areas", "Bonds", 2),
        ("Work", "Other contracts", 3),
        ("Work", "Bonds", 4),
    ]


def test_rows_whose_labels_look_alike_stay_two_rows() -> None:
    long = "The same beginning of a label that is cut before it ends with "

    drawn = drawing.draw(map_with((long + "one", long + "two"), ("A", "A\x07"))).to_dict()

    [cells] = drawn["datasets"].values()
    assert len({(cell["row"], cell["column"]) for cell in cells}) == 4
