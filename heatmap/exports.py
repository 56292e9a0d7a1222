"""The map as data: CSV, XLSX and JSON, with labels a spreadsheet cannot run."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from heatmap.cells import HeatMap, value_label
from heatmap.filters import filter_words, label_in
from heatmap.known import NONE_KNOWN
from review.safe_text import safe_cell

# A cell takes 32,767 UTF-16 units (Excel specifications and limits), and openpyxl cuts what is
# longer without a word; a character has two units at most.
CELL_LENGTH = 16_000
LONG_TEXTS = "Long texts"
CUT = f" … [cut: the whole text is on the sheet {LONG_TEXTS}]"
Row = tuple[object, ...]
MEANINGS = {
    "row_key": "The key of the row in the protocol",
    "row": "Its label",
    "column_key": "The key of the column in the protocol",
    "column": "Its label",
    "contracts": "Distinct contracts in the cell; one can be in several cells",
    "studies": "Distinct studies in the cell; one can be in several cells",
    "reports": "Reports of these studies",
    "empty": "Why the cell is empty: filtered_out (none match the filters), excluded (found, then"
    " excluded), awaiting_coding (some included are not coded yet), known (known, not studied),"
    " outside_searches, none_found",
    "known": "Contracts that are known to exist in the cell, by the review's list of them; empty"
    " where there is no list, or it does not know the rows and columns",
    "known_studied": "How many of these an included study reports on",
}
HEADER = tuple(MEANINGS)


def rows_of(heatmap: HeatMap) -> list[tuple[str | int, ...]]:
    """Return a line for each cell: keys and labels of row and column, counts, why empty, known."""
    row_labels = {entry.key: entry.label for entry in heatmap.rows}
    column_labels = {entry.key: entry.label for entry in heatmap.columns}
    return [
        (
            str(cell["row"]),
            row_labels[cell["row"]],
            str(cell["column"]),
            column_labels[cell["column"]],
            int(cell["n_contracts"]),
            int(cell["n_studies"]),
            int(cell["n_reports"]),
            str(gap.kind) if (gap := heatmap.gap(cell["row"], cell["column"])) else "",
            *_known(heatmap, cell["row"], cell["column"]),
        )
        for cell in heatmap.cells.to_dict("records")
    ]


def _known(heatmap: HeatMap, row: str, column: str) -> tuple[int | str, int | str]:
    if not heatmap.known.has_cells:
        return "", ""
    known = heatmap.known.at(row, column) or NONE_KNOWN
    return known.n, known.n_studied


def to_csv(heatmap: HeatMap) -> str:
    """Return the cells as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for row_key, row, column_key, column, *numbers in rows_of(heatmap):
        writer.writerow(
            [row_key, safe_cell(str(row)), column_key, safe_cell(str(column)), *numbers]
        )
    return text.getvalue()


def to_xlsx(heatmap: HeatMap) -> bytes:
    """Return the map as a workbook: its cells, its studies, what the columns mean, and its source.

    Text is stored as text, never as a formula.  A text that is too long for a cell is cut with a
    note that says so, and is whole, in parts, on a sheet of its own.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    overflow: list[Row] = [("sheet", "cell", "text")]
    sheets: dict[str, Sequence[Row]] = {
        "Cells": [HEADER, *rows_of(heatmap)],
        "Studies": _study_rows(heatmap),
        "Dictionary": _dictionary_rows(heatmap),
        "About": _about_rows(heatmap),
    }
    for name, rows in sheets.items():
        overflow += _write_sheet(book.create_sheet(name), rows)
    if len(overflow) > 1:
        _write_sheet(book.create_sheet(LONG_TEXTS), overflow)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _write_sheet(sheet: Worksheet, rows: Sequence[Row]) -> list[Row]:
    """Write rows below a header that stays in view; return the parts of texts that are too long."""
    sheet.freeze_panes = "A2"
    overflow: list[Row] = []
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(row, column)
            text = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
            if isinstance(text, str) and len(text) > CELL_LENGTH:
                overflow += [(sheet.title, cell.coordinate, part) for part in _parts(text)]
                text = text[:CELL_LENGTH] + CUT
            _fill(cell, text)
    for column, header in enumerate(rows[0], start=1):
        texts = [str(line[column - 1]) for line in rows[1:50] if column <= len(line)]
        width = max(map(len, [str(header), *texts]))
        sheet.column_dimensions[get_column_letter(column)].width = min(60, width + 2)
    return overflow


def _study_rows(heatmap: HeatMap) -> list[Row]:
    """Return a line for each contract of each study in each cell, with all its filter values."""
    axes, frame, labels = heatmap.axes, heatmap.frame, heatmap.labels
    header: Row = (
        "study_id",
        "study",
        "contract_id",
        "contract",
        "row",
        "column",
        axes.segments.key if axes.segments else "segment",
        "reports",
        "years",
        *axes.filters,
    )
    lines: list[Row] = [header]
    for line in frame.itertuples(index=False, name=None):
        study, contract, row, column, segment, n_reports, years, *values = line
        lines.append(
            (
                str(study),
                labels.get(study, ""),
                str(contract or ""),
                labels.get(contract, "") if contract else "",
                heatmap.row_label(row),
                heatmap.column_label(column),
                value_label(axes.segments, segment),
                n_reports,
                "; ".join(map(str, years)),
                *(
                    "; ".join(label_in(one, value) for value in of_line)
                    for one, of_line in zip(axes.filters.values(), values, strict=True)
                ),
            )
        )
    return lines


def _dictionary_rows(heatmap: HeatMap) -> list[Row]:
    """Return what each column and each of its values means."""
    lines: list[Row] = [("sheet", "column", "label", "value", "meaning")]
    lines += [("Cells", key, "", "", meaning) for key, meaning in MEANINGS.items()]
    for entry in (*heatmap.rows, *heatmap.columns):
        axis = "row" if entry in heatmap.rows else "column"
        lines.append(("Cells", axis, entry.label, entry.key, entry.definition or ""))
    for key, one in heatmap.axes.filters.items():
        for item in one.axis.items:
            lines.append(("Studies", key, item.label, "", item.help or ""))
            lines += [
                ("Studies", key, value.label, value.key, value.definition or "")
                for value in item.values
            ]
    return lines


def _about_rows(heatmap: HeatMap) -> list[Row]:
    """Return where the map comes from, what it counts and what it is filtered by."""
    source = heatmap.source
    facts = {
        "Map": heatmap.framework.label,
        "Review": source.review if source else "",
        "Publication": source.number if source and source.number else "not published",
        "Date": source.day.isoformat() if source and source.day else "",
        "Searched up to": source.searched_to.isoformat() if source and source.searched_to else "",
        "After event": heatmap.as_of,
        "Filters": "; ".join(filter_words(heatmap)) or "none",
        "Studies": heatmap.n_studies,
        "Contracts": heatmap.n_contracts,
        "Reports": heatmap.n_reports,
        "Screening": heatmap.stopped or "",
    }
    return [("about", "value"), *facts.items()]


def _fill(cell: Cell | MergedCell, value: Any) -> None:
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"


def _parts(text: str) -> list[str]:
    return [text[start : start + CELL_LENGTH] for start in range(0, len(text), CELL_LENGTH)]


def to_json(heatmap: HeatMap) -> dict[str, Any]:
    """Return the map as plain data: its axes, every cell, totals, and what is not on it."""
    return {
        "framework": heatmap.framework.key,
        "label": heatmap.framework.label,
        "unit": heatmap.unit,
        "as_of": heatmap.as_of,
        "stopped": heatmap.stopped,
        "n_studies": heatmap.n_studies,
        "n_contracts": heatmap.n_contracts,
        "n_reports": heatmap.n_reports,
        "n_unplaced": len(heatmap.unplaced),
        "n_awaiting_coding": len(heatmap.awaiting_coding),
        "rows": [_entry(entry.key, entry.label, heatmap.row_totals) for entry in heatmap.rows],
        "columns": [
            _entry(entry.key, entry.label, heatmap.column_totals) for entry in heatmap.columns
        ],
        "cells": [
            {
                "row": row,
                "column": column,
                "contracts": contracts,
                "studies": studies,
                "reports": reports,
                "empty": empty or None,
                "known": None if known[0] == "" else known[0],
                "known_studied": None if known[1] == "" else known[1],
            }
            for row, _, column, _, contracts, studies, reports, empty, *known in rows_of(heatmap)
        ],
    }


def _entry(key: str, label: str, totals: Any) -> dict[str, Any]:
    return {"key": key, "label": label, "n": int(totals.get(key, 0))}
