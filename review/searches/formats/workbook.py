"""XLSX: the zip is checked before anything is unpacked, then rows are read as those of a table."""

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
from review.searches.formats.columns import Columns, match_columns, row_record
from review.searches.formats.records import Block
from review.searches.formats.source import CONTROLS_DROPPED, without_controls
from review.searches.formats.tables import (
    HEAD_ROWS,
    HEADINGS_AGAIN,
    NOTHING_BELOW,
    said_of_rows_above,
    width_note,
)

ENTRIES_LIMIT = 2_000
UNPACKED_LIMIT = 200 * 1024 * 1024
RATIO_LIMIT = 100
CELL_LIMIT = 32_767
ROWS_BETWEEN = 200  # two tellings of progress
CUT_BY_EXCEL = "A cell is as long as a spreadsheet allows; its end may be missing."

_COLUMNS_LIMIT = 2_000
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_NO_TABLE = "No sheet of this workbook has a column that could be told to be the title."
_DAMAGED = "This workbook is damaged and cannot be opened; save it again or export it as CSV."
_FAULTS = (
    InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError,
    IndexError, OSError, EOFError, SyntaxError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl and zipfile raise on damaged workbooks; ParseError is a SyntaxError."""


def check_zip(path: Path) -> None:
    """Raises Unreadable for an archive that no spreadsheet program would have written."""
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
        raise Unreadable("This workbook unpacks to far more than a list of references needs.")
    if unpacked > 1024 * 1024 and unpacked / packed > RATIO_LIMIT:
        raise Unreadable("This workbook is packed more tightly than real ones; it was not opened.")
    if len(set(names)) != len(names) or _overlaps(entries) or packed > path.stat().st_size:
        raise Unreadable("This workbook is not put together as spreadsheet programs do it.")
    if has_doctype:
        raise Unreadable("This workbook declares entities, as no spreadsheet program does.")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable("This workbook is protected by a password; save it without one.")


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
    """The blocks of a workbook: the rows of the sheet that has the most columns we know."""
    rows = iter_rows(path, on_progress)
    head = list(islice(rows, HEAD_ROWS))
    place, columns = _headings(head, mapping)
    blocks = Blocks()
    said = said_of_rows_above(["\t".join(cells) for _, cells in head[:place] if any(cells)])
    for number, cells in chain(head[place + 1 :], rows):
        raw = "\t".join(cells)
        text = without_controls(raw)
        warnings = said if text == raw else [*said, CONTROLS_DROPPED]
        said = []
        cells = [without_controls(cell) for cell in cells]
        if any(len(cell) >= CELL_LIMIT for cell in cells):
            warnings.append(CUT_BY_EXCEL)
        if note := width_note(columns, cells):
            warnings.append(note)
        if [cell.strip() for cell in cells] == list(columns.names):
            yield blocks.rejected(HEADINGS_AGAIN, line=number, raw=text, warnings=warnings)
            continue
        record = row_record(columns, cells)
        yield blocks.block(record, line=number, raw=text.rstrip("\t"), warnings=warnings)
    if said:
        raise Unreadable(NOTHING_BELOW)


def first_rows(
    path: Path, mapping: Mapping[str, str] | None, n: int
) -> tuple[Columns, list[list[str]]]:
    """The columns of the best sheet as they would be read, and the cells of its first rows."""
    head = list(islice(iter_rows(path), HEAD_ROWS))
    try:
        place, columns = _headings(head, mapping)
    except Unreadable:
        if not head:
            raise
        place, columns = 0, match_columns(head[0][1])
    return columns, [cells for _, cells in head[place + 1 : place + 1 + n]]


def _headings(
    head: list[tuple[int, list[str]]], mapping: Mapping[str, str] | None
) -> tuple[int, Columns]:
    matched = [(place, match_columns(cells, mapping)) for place, (_, cells) in enumerate(head)]
    usable = [(place, columns) for place, columns in matched if columns.has_work]
    if not usable:
        raise Unreadable(_NO_TABLE)
    return max(usable, key=lambda found: (found[1].n_sure, -found[0]))


def iter_rows(
    path: Path, on_progress: Callable[[int], None] | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Row number and cells of every row that is not empty, of the best sheet.

    ``on_progress`` hears the share of the rows that the workbook says it has, in bytes of the file.
    """
    check_zip(path)
    size, tell = path.stat().st_size, on_progress or (lambda _: None)
    with path.open("rb") as file:  # of a path, openpyxl asks what it ends in
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            sheet, n_rows = _best_sheet(book.worksheets)
            for number, cells in _rows(sheet):
                if number % ROWS_BETWEEN == 0 and n_rows:
                    tell(size * min(number, n_rows) // n_rows)
                yield number, cells
            tell(size)
        except Unreadable:
            raise
        except _FAULTS as error:
            raise Unreadable(_DAMAGED) from error


def _best_sheet(sheets: Iterable[Any]) -> tuple[Any, int]:
    """The sheet with the most columns we know, and how many rows it says it has (0: nothing)."""
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
        raise Unreadable(_NO_TABLE)
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
