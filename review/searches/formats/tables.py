"""CSV and TSV: find the delimiter and the heading row, and read even ragged rows."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from review.errors import Unreadable
from review.searches.formats.building import TOO_LONG, Blocks
from review.searches.formats.cells import has_habit_of_r, repaired
from review.searches.formats.columns import Columns, match_columns, row_record
from review.searches.formats.records import Block
from review.searches.formats.source import TextSource
from review.searches.formats.table_rows import TableRow, has_quoted_cells, rows_of

Rows = list[list[str]]
DELIMITERS = (",", ";", "\t", "|")
HEAD_ROWS = 40
HEAD_LINE = 100_000  # characters of a line among which headings are looked for
HEADINGS_AGAIN = "The row repeats the headings."

HABIT_ROWS = 2_000  # that are looked at for the habits of the program that wrote the table
_SAMPLE = 4 * 1024 * 1024  # characters of them

_TEXT = "\ue0ff"  # marks a cell that is the text NA


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a table is laid out: its delimiter, its columns, and the heading row counted from 0.

    Where ``is_quoted`` is false, quotes are part of the text, as in tables of Web of Science.
    """

    delimiter: str
    columns: Columns
    heading_row: int
    is_quoted: bool = True


def find_layout(lines: list[str], mapping: Mapping[str, str] | None = None) -> TableLayout | None:
    """Return the layout in which an early row names the most columns that we know, if any."""
    best: tuple[int, int, int] | None = None
    layout = None
    lines = [line[:HEAD_LINE] for line in lines]
    for delimiter in DELIMITERS:
        for index, row in enumerate(_head(lines, delimiter)):
            if any(len(cell) > 200 for cell in row.cells):
                continue
            columns = match_columns(row.cells, mapping)
            if not columns.has_work:
                continue
            score = (columns.n_sure, sum(map(bool, columns.fields)), -index)
            if best is None or score > best:
                is_quoted = delimiter != "\t" or has_quoted_cells(lines, columns)
                best, layout = score, TableLayout(delimiter, columns, index, is_quoted)
    return layout


def any_layout(lines: list[str]) -> TableLayout | None:
    """Return the layout with the most columns in the first row, for unknown headings."""
    layouts = [
        TableLayout(delimiter, match_columns(row.cells), index)
        for delimiter in DELIMITERS
        for index, row in enumerate(_head([line[:HEAD_LINE] for line in lines[:1]], delimiter))
    ]
    return max(layouts, key=lambda layout: len(layout.columns.names), default=None)


def first_rows(
    source: TextSource, mapping: Mapping[str, str] | None, n: int
) -> tuple[Columns, Rows]:
    """Return the columns of a table as they would be read, and the cells of its first rows."""
    lines = list(islice(source.lines(), HEAD_ROWS * 5))
    layout = find_layout(lines, mapping) or any_layout(lines)
    if layout is None:
        raise Unreadable("This table has no rows. Choose another file.")
    every_row = rows_of(iter(lines), layout.delimiter, is_quoted=layout.is_quoted)
    rows = islice(every_row, layout.heading_row + 1, None)
    return layout.columns, [row.cells for row in islice(rows, n)]


def _head(lines: list[str], delimiter: str) -> Iterator[TableRow]:
    for index, row in enumerate(rows_of(iter(lines), delimiter)):
        if index >= HEAD_ROWS:
            return
        yield row


def read(source: TextSource, mapping: Mapping[str, str] | None = None) -> Iterator[Block]:
    """Yield the blocks of a table: the rows below the headings that are not empty."""
    head: list[str] = []
    lines = source.lines()
    for line in lines:
        head.append(line)
        if len(head) >= HEAD_ROWS * 5:
            break
    layout = find_layout(head, mapping)
    if layout is None:
        raise Unreadable(NO_TITLE_COLUMN)
    table, above = TableBlocks(source, layout), list[str]()
    for index, row in enumerate(layout_rows(chain(head, lines), layout)):
        if index > layout.heading_row:
            yield table.block(row, notes=warnings_about_rows(above))
            above = []
        elif index < layout.heading_row:
            above.append(row.raw)
    if above:
        raise Unreadable(NOTHING_BELOW)


NO_TITLE_COLUMN = "No column of this table looks like the title. Say which column is which."
NOTHING_BELOW = (
    "The rows of this table are above what looks like its headings, and there are none below."
    " Put the row with the headings first."
)


def warnings_about_rows(above: list[str]) -> list[str]:
    """Return the warning about filled rows above the headings, if there are any."""
    if not above:
        return []
    n_rows = "1 row" if len(above) == 1 else f"{len(above)} rows"
    return [f"{n_rows} above the headings: {above[0][:80].strip()}"]


class TableBlocks:
    """Makes blocks of the rows of one table."""

    def __init__(self, source: TextSource, layout: TableLayout) -> None:
        self._blocks = Blocks()
        self._source = source
        self._columns = layout.columns
        rows = list(islice(layout_rows(_sample(source), layout), layout.heading_row + 1, None))
        self._has_na = has_habit_of_r(layout.columns, (row.cells for row in rows))
        sign = re.escape(layout.delimiter)
        self._quoted_na = re.compile(rf'(^|{sign})"NA"(?={sign}|$)', re.MULTILINE)
        plain_na = re.compile(rf"(?:^|{sign})NA(?={sign}|$)", re.MULTILINE)
        self._is_quoted_na_text = any(plain_na.search(row.raw) for row in rows)
        self._delimiter = layout.delimiter

    def block(self, row: TableRow, *, notes: Iterable[str]) -> Block:
        """Return the block of a row, with ``notes`` among its warnings."""
        if row.fault == TOO_LONG:
            return self._blocks.too_long(line=row.line, raw=row.raw)
        raw, faults = self._source.clean(row.raw)
        warnings = [*notes, *faults]
        if row.fault:
            return self._blocks.rejected(row.fault, line=row.line, raw=raw, warnings=warnings)
        cells = [self._source.clean(cell)[0] for cell in self._cells(row)]
        return row_block(
            self._blocks, self._columns, cells, has_na=self._has_na,
            line=row.line, raw=raw, warnings=warnings,
        )  # fmt: skip

    def _cells(self, row: TableRow) -> list[str]:
        """Return the cells of a row; where R left NA without quotes, "NA" in quotes is text."""
        if not (self._has_na and self._is_quoted_na_text and '"NA"' in row.raw):
            return row.cells
        marked = self._quoted_na.sub(rf'\1"NA{_TEXT}"', row.raw).split("\n")
        return next(csv.reader((f"{line}\n" for line in marked), delimiter=self._delimiter), [])


def _sample(source: TextSource) -> Iterator[str]:
    """Yield the first lines of a table, enough to see the habits of the program that wrote it."""
    n = 0
    for line in islice(TextSource(source.path, encoding=source.encoding).lines(), HABIT_ROWS):
        n += len(line)
        if n > _SAMPLE:
            return
        yield line


def row_block(
    blocks: Blocks, columns: Columns, cells: list[str], *, has_na: bool,
    line: int, raw: str, warnings: list[str],
) -> Block:  # fmt: skip
    """Return the block of a row of any table, with its cells repaired."""
    if [cell.strip() for cell in cells] == list(columns.names):
        return blocks.rejected(HEADINGS_AGAIN, line=line, raw=raw, warnings=warnings)
    if note := width_note(columns, cells):
        warnings.append(note)
    cells, notes = repaired(columns, cells, has_na=has_na)
    record = row_record(columns, [cell.replace(_TEXT, "") for cell in cells])
    return blocks.block(record, line=line, raw=raw, warnings=[*warnings, *notes])


def width_note(columns: Columns, cells: list[str]) -> str | None:
    """Return a warning if a row has more cells than headings, or too few."""
    n, width = len(cells), len(columns.names)
    n_filled = max((index for index, cell in enumerate(cells, start=1) if cell.strip()), default=0)
    if n_filled > width or n < width:
        n_cells = "1 cell" if n == 1 else f"{n} cells"
        return f"The row has {n_cells}, but the heading row has {width}."
    return None


def layout_rows(lines: Iterator[str], layout: TableLayout) -> Iterator[TableRow]:
    """Yield the rows of a table that are not empty, above and below its headings."""
    width = len(layout.columns.names)
    return rows_of(lines, layout.delimiter, width=width, is_quoted=layout.is_quoted)
