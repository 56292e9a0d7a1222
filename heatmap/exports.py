"""The map as data: CSV, XLSX and JSON, with labels a spreadsheet cannot run."""

import csv
import io
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell

from heatmap.cells import HeatMap
from review.safe_text import safe_cell

# A cell takes 32,767 UTF-16 units (Excel specifications and limits), and openpyxl cuts what is
# longer without a word; a character has two units at most.
CELL_LENGTH = 16_000
LONG_TEXTS = "Long texts"
CUT = f" … [cut: the whole text is on the sheet {LONG_TEXTS}]"
HEADER = ("row_key", "row", "column_key", "column", "contracts", "studies", "reports", "empty")


def rows_of(heatmap: HeatMap) -> list[tuple[str, str, str, str, int, int, int, str]]:
    """Return a line for each cell: keys and labels of row and column, counts, why empty."""
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
        )
        for cell in heatmap.cells.to_dict("records")
    ]


def to_csv(heatmap: HeatMap) -> str:
    """Return the cells as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for row_key, row, column_key, column, *numbers in rows_of(heatmap):
        writer.writerow([row_key, safe_cell(row), column_key, safe_cell(column), *numbers])
    return text.getvalue()


def to_xlsx(heatmap: HeatMap) -> bytes:
    """Return the cells as a workbook; text is stored as text, never as a formula.

    A text that is too long for a cell is cut with a note that says so, and is whole, in parts, on
    a sheet of its own.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Cells"
    sheet.freeze_panes = "A2"
    overflow: list[tuple[str, str]] = [("cell", "text")]
    for row, values in enumerate([HEADER, *rows_of(heatmap)], start=1):
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(row, column)
            text = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
            if isinstance(text, str) and len(text) > CELL_LENGTH:
                overflow += [(cell.coordinate, part) for part in _parts(text)]
                text = text[:CELL_LENGTH] + CUT
            _fill(cell, text)
    if len(overflow) > 1:
        long_texts = book.create_sheet(LONG_TEXTS)
        for row, (place, part) in enumerate(overflow, start=1):
            _fill(long_texts.cell(row, 1), place)
            _fill(long_texts.cell(row, 2), part)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


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
            }
            for row, _, column, _, contracts, studies, reports, empty in rows_of(heatmap)
        ],
    }


def _entry(key: str, label: str, totals: Any) -> dict[str, Any]:
    return {"key": key, "label": label, "n": int(totals.get(key, 0))}
