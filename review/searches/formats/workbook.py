"""XLSX: check the zip before anything is unpacked, then read the rows as those of a table."""

import datetime
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from review.errors import Unreadable
from review.searches.formats.building import Blocks
from review.searches.formats.cells import has_habit_of_r
from review.searches.formats.columns import Columns, match_columns
from review.searches.formats.records import Block
from review.searches.formats.source import CONTROLS_REMOVED, without_controls
from review.searches.formats.tables import (
    HABIT_ROWS,
    HEAD_ROWS,
    NOTHING_BELOW,
    row_block,
    warnings_about_rows,
)

ENTRIES_LIMIT = 2_000
UNPACKED_LIMIT = 200 * 1024 * 1024
RATIO_LIMIT = 100
CELL_LIMIT = 32_767
ROWS_PER_REPORT = 200  # of progress
CUT_BY_EXCEL = "A cell is as long as a spreadsheet allows, so its end may be missing."

_COLUMNS_LIMIT = 2_000
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_NO_TITLE_COLUMN = (
    "No sheet of this workbook has a column that looks like the title. Say which column is which."
)
_EMPTY = "This workbook is empty. Choose another file."
_DAMAGED = "This workbook is damaged and cannot be opened. Save it again or export it as CSV."
_FAULTS = (
    InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError,
    IndexError, OSError, EOFError, SyntaxError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl and zipfile raise on damaged workbooks; ParseError is a SyntaxError."""


def check_zip(path: Path) -> None:
    """Raise Unreadable for an archive that no spreadsheet program would have written."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            has_doctype = len(entries) <= ENTRIES_LIMIT and any(
                _DOCTYPE.search(_beginning(archive, entry)) for entry in entries
            )
    except _FAULTS as error:
        raise Unreadable(_DAMAGED) from error
    names = [entry.filename for entry in entries]
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    if len(entries) > ENTRIES_LIMIT or unpacked > UNPACKED_LIMIT:
        raise Unreadable(
            "This workbook is far larger than a list of references needs. Export it as CSV."
        )
    if unpacked > 1024 * 1024 and unpacked / packed > RATIO_LIMIT:
        raise Unreadable(
            "This workbook is packed too tightly to be real and was not opened. Export it as CSV."
        )
    if len(set(names)) != len(names) or _overlaps(entries) or packed > path.stat().st_size:
        raise Unreadable(
            "No spreadsheet program writes such a workbook. Save it again or export it as CSV."
        )
    if has_doctype:
        raise Unreadable(
            "This workbook declares entities, as no spreadsheet program does. Export it as CSV."
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("This workbook is protected by a password. Save it without one.")


def _beginning(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & 1 or not entry.filename.endswith((".xml", ".rels")):
        return b""
    with archive.open(entry) as part:
        return part.read(4096).replace(b"\x00", b"")


def _overlaps(entries: list[zipfile.ZipInfo]) -> bool:
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    return any(
        left.header_offset + left.compress_size > right.header_offset
        for left, right in pairwise(ordered)
    )


def read(
    path: Path,
    mapping: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[Block]:
    """Yield the blocks of a workbook: the rows of the sheet with the most columns that we know."""
    rows = iter_rows(path, on_progress)
    head = list(islice(rows, HABIT_ROWS))
    heading_row, columns = _find_headings(head[:HEAD_ROWS], mapping)
    has_na = has_habit_of_r(columns, (cells for _, cells in head[heading_row + 1 :]))
    blocks = Blocks()
    above = ["\t".join(cells) for _, cells in head[:heading_row] if any(cells)]
    notes = warnings_about_rows(above)
    for number, cells in chain(head[heading_row + 1 :], rows):
        raw = "\t".join(cells)
        text = without_controls(raw)
        warnings = notes if text == raw else [*notes, CONTROLS_REMOVED]
        notes = []
        cells = [without_controls(cell) for cell in cells]
        if any(len(cell) >= CELL_LIMIT for cell in cells):
            warnings.append(CUT_BY_EXCEL)
        yield row_block(
            blocks, columns, cells, has_na=has_na,
            line=number, raw=text.rstrip("\t"), warnings=warnings,
        )  # fmt: skip
    if notes:
        raise Unreadable(NOTHING_BELOW)


def first_rows(
    path: Path, mapping: Mapping[str, str] | None, n: int
) -> tuple[Columns, list[list[str]]]:
    """Return the columns of the best sheet as they would be read, and its first rows."""
    head = list(islice(iter_rows(path), HEAD_ROWS))
    try:
        heading_row, columns = _find_headings(head, mapping)
    except Unreadable:
        if not head:
            raise
        heading_row, columns = 0, match_columns(head[0][1])
    return columns, [cells for _, cells in head[heading_row + 1 : heading_row + 1 + n]]


def _find_headings(
    head: list[tuple[int, list[str]]], mapping: Mapping[str, str] | None
) -> tuple[int, Columns]:
    matched = [(index, match_columns(cells, mapping)) for index, (_, cells) in enumerate(head)]
    usable = [(index, columns) for index, columns in matched if columns.has_work]
    if not usable:
        raise Unreadable(_NO_TITLE_COLUMN if head else _EMPTY)
    return max(usable, key=lambda heading: (heading[1].n_sure, -heading[0]))


def iter_rows(
    path: Path, on_progress: Callable[[int], None] | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and cells of every row of the best sheet that is not empty.

    ``on_progress`` gets the progress in bytes of the file, estimated from the number of rows that
    the workbook declares.
    """
    check_zip(path)
    size, report = path.stat().st_size, on_progress or (lambda _: None)
    with path.open("rb") as file:  # openpyxl would check the ending of a path
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet, n_rows = _best_sheet(book.worksheets)
            for number, cells in _rows(sheet):
                if number % ROWS_PER_REPORT == 0 and n_rows:
                    report(size * min(number, n_rows) // n_rows)
                yield number, cells
            report(size)
        except Unreadable:
            raise
        except _FAULTS as error:
            raise Unreadable(_DAMAGED) from error


def _best_sheet(sheets: Iterable[Any]) -> tuple[Any, int]:
    """Return the sheet with the most columns that we know, and its declared rows (0: unknown)."""
    best, most = None, -1
    for sheet in sheets:
        n_rows = sheet.max_row or 0
        sheet.reset_dimensions()
        n_known = max(
            (match_columns(cells).n_sure for _, cells in islice(_rows(sheet), HEAD_ROWS)), default=0
        )
        if n_known > most:
            best, most = (sheet, n_rows), n_known
    if best is None:
        raise Unreadable(_EMPTY)
    return best


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(
        sheet.iter_rows(values_only=True, max_col=_COLUMNS_LIMIT), start=1
    ):
        cells = [_text(value) for value in row]
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            yield number, cells


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
