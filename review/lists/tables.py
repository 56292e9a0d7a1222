"""A list as CSV or as a workbook in which nothing runs."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell
from openpyxl.styles import Font

from review.errors import Invalid
from review.exports import ris_entry
from review.safe_text import safe_cell

MOST_IN_CELL = 16_000  # characters, of at most two UTF-16 units; a cell takes 32,767 units (Excel)


CUT = " … [cut: the whole text is in the CSV]"


class ListFormat(StrEnum):
    """How a list can be downloaded."""

    CSV = "csv"
    XLSX = "xlsx"
    RIS = "ris"


MEDIA_TYPES = {
    ListFormat.CSV: "text/csv; charset=utf-8",
    ListFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ListFormat.RIS: "application/x-research-info-systems",
}


@dataclass(frozen=True)
class ListTable:
    """A list: its columns, and its rows in that order."""

    name: str
    columns: Sequence[str]
    rows: Iterator[Sequence[object]]
    records: Callable[[], Iterator[Mapping[str, Any]]] | None = None  # for RIS, where it has any


def written(table: ListTable, format: ListFormat) -> bytes:  # noqa: A002 - the user's word
    """Return a list as a file; also one without rows has its heading.

    Raises Invalid for RIS of a list that is not about records.
    """
    if format is ListFormat.RIS:
        if table.records is None:
            raise Invalid("Only lists of records can be downloaded as RIS. Choose CSV or XLSX.")
        return "".join(map(ris_entry, table.records())).encode()
    if format is ListFormat.XLSX:
        return _workbook(table)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    """Return a value for CSV, in which a spreadsheet must run nothing."""
    plain = _plain(value)
    return safe_cell(plain) if isinstance(plain, str) else plain


def _plain(value: object) -> str | float | None:
    if value is None or isinstance(value, int | float | str):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Sequence):
        return "; ".join(map(str, value))
    return str(value)


def _workbook(table: ListTable) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.name)
    sheet.freeze_panes = "A2"
    heading = []
    for column in table.columns:
        cell = WriteOnlyCell(sheet, value=column)
        cell.font = Font(bold=True)
        heading.append(cell)
    sheet.append(heading)
    for row in table.rows:
        sheet.append([_workbook_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _workbook_cell(sheet: Any, value: object) -> object:
    """Return a value for a workbook; text is text there, never a formula."""
    plain = _plain(value)
    if not isinstance(plain, str):
        return plain
    text = ILLEGAL_CHARACTERS_RE.sub("", plain)
    if len(text) > MOST_IN_CELL:
        text = text[:MOST_IN_CELL] + CUT
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
