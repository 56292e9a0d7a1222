"""No label is cut without a word: what a cell cannot take is whole on a sheet of its own."""

import csv
import io
import json

import pytest
from openpyxl import load_workbook

from heatmap.exports import LONG_TEXTS, to_csv, to_json, to_xlsx
from tests.heatmap.test_drawing import map_with
from tests.review.searches.test_long_texts import text_of

WIDE = "\U0001f600"  # two units of UTF-16, which spreadsheets count


@pytest.mark.parametrize("label", [text_of(16_001), text_of(32_768), WIDE * 40_000])
def test_a_label_that_is_too_long_for_a_cell_is_whole_beside_the_table(label: str) -> None:
    book = load_workbook(io.BytesIO(to_xlsx(map_with((label, "Work"), ("Bonds",)))))

    table, long_texts = book["Cells"], book[LONG_TEXTS]
    parts = [
        row for row in long_texts.iter_rows(min_row=2, values_only=True)
        if row[:2] == ("Cells", "B2")
    ]  # fmt: skip
    assert "".join(part for _, _, part in parts) == label
    assert table["B2"].value.endswith("[cut: the whole text is on the sheet Long texts]")
    assert table["B3"].value == "Work"
    texts = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row]
    assert max(len(str(text).encode("utf-16-le")) // 2 for text in texts) <= 32_767


def test_short_labels_need_no_further_sheet() -> None:
    book = load_workbook(io.BytesIO(to_xlsx(map_with(("Work",), (text_of(16_000),)))))

    assert book.sheetnames == ["Cells", "Studies", "Dictionary", "About"]
    assert book["Cells"]["D2"].value == text_of(16_000)


def test_the_other_files_have_every_label_whole() -> None:
    label = text_of(1_000_000)
    heatmap = map_with((label,), ("Bonds",))

    csv.field_size_limit(2_000_000)
    [row] = csv.DictReader(io.StringIO(to_csv(heatmap)))

    assert row["row"] == label
    assert json.loads(json.dumps(to_json(heatmap)))["rows"][0]["label"] == label
