"""The map as data: CSV, XLSX and JSON, with labels a spreadsheet cannot run."""

import csv
import io
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from heatmap.cells import HeatMap
from review.safe_text import safe_cell

HEADER = ("row_key", "row", "column_key", "column", "contracts", "studies")


def rows_of(heatmap: HeatMap) -> list[tuple[str, str, str, str, int, int]]:
    """Return a line for each cell: keys and labels of row and column, contracts, studies."""
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
        )
        for cell in heatmap.cells.to_dict("records")
    ]


def to_csv(heatmap: HeatMap) -> str:
    """Return the cells as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for row_key, row, column_key, column, contracts, studies in rows_of(heatmap):
        writer.writerow(
            [row_key, safe_cell(row), column_key, safe_cell(column), contracts, studies]
        )
    return text.getvalue()


def to_xlsx(heatmap: HeatMap) -> bytes:
    """Return the cells as a workbook; text is stored as text, never as a formula."""
    book = Workbook(write_only=False)
    sheet = book.create_sheet("Cells", 0)
    book.remove(book.worksheets[1])
    for line, values in enumerate([HEADER, *rows_of(heatmap)], start=1):
        for place, value in enumerate(values, start=1):
            cell = sheet.cell(row=line, column=place)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
            if isinstance(value, str):
                cell.data_type = "s"
    sheet.freeze_panes = "A2"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


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
        "n_unplaced": len(heatmap.unplaced),
        "n_awaiting_coding": len(heatmap.awaiting_coding),
        "rows": [_entry(entry.key, entry.label, heatmap.row_totals) for entry in heatmap.rows],
        "columns": [
            _entry(entry.key, entry.label, heatmap.column_totals) for entry in heatmap.columns
        ],
        "cells": [
            {"row": row, "column": column, "contracts": contracts, "studies": studies}
            for row, _, column, _, contracts, studies in rows_of(heatmap)
        ],
    }


def _entry(key: str, label: str, totals: Any) -> dict[str, Any]:
    return {"key": key, "label": label, "n": int(totals.get(key, 0))}
