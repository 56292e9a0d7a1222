"""CSV and TSV: find the delimiter and the heading row, and read even ragged rows."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from review.errors import Unreadable
from review.searches.formats.building import TOO_LONG, Blocks
from review.searches.formats.columns import Columns, match_columns, row_record
from review.searches.formats.records import RECORD_LIMIT, Block
from review.searches.formats.source import TextSource

Rows = list[list[str]]
DELIMITERS = (",", ";", "\t", "|")
HEAD_ROWS = 40
HEADINGS_AGAIN = "The row repeats the headings."

_QUOTED_LINES = 1_000
_FEWER_QUOTED_LINES = 20
_MANY_BROKEN = 100  # broken quotes, after which a row may span fewer lines


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a table is laid out: its delimiter, its columns, and the heading row counted from 0."""

    delimiter: str
    columns: Columns
    heading_row: int


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its first line, its cells, its text, and what is wrong with it."""

    line: int
    cells: list[str]
    raw: str
    fault: str | None = None


def find_layout(lines: list[str], mapping: Mapping[str, str] | None = None) -> TableLayout | None:
    """Return the layout in which an early row names the most columns that we know, if any."""
    best: tuple[int, int, int] | None = None
    layout = None
    for delimiter in DELIMITERS:
        for index, row in enumerate(_head(lines, delimiter)):
            columns = match_columns(row.cells, mapping)
            if not columns.has_work or any(len(cell) > 200 for cell in row.cells):
                continue
            score = (columns.n_sure, sum(map(bool, columns.fields)), -index)
            if best is None or score > best:
                best, layout = score, TableLayout(delimiter, columns, index)
    return layout


def any_layout(lines: list[str]) -> TableLayout | None:
    """Return the layout with the most columns in the first row, for unknown headings."""
    layouts = [
        TableLayout(delimiter, match_columns(row.cells), index)
        for delimiter in DELIMITERS
        for index, row in enumerate(_head(lines[:1], delimiter))
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
    rows = islice(rows_of(iter(lines), layout.delimiter), layout.heading_row + 1, None)
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
    blocks = Blocks()
    width = len(layout.columns.names)
    above: list[str] = []
    for index, row in enumerate(rows_of(chain(head, lines), layout.delimiter, width=width)):
        if index > layout.heading_row:
            yield _block(blocks, source, layout.columns, row=row, notes=warnings_about_rows(above))
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


def _block(
    blocks: Blocks, source: TextSource, columns: Columns, *, row: TableRow, notes: Iterable[str]
) -> Block:
    if row.fault == TOO_LONG:
        return blocks.too_long(line=row.line, raw=row.raw)
    raw, faults = source.clean(row.raw)
    warnings = [*notes, *faults]
    if row.fault:
        return blocks.rejected(row.fault, line=row.line, raw=raw, warnings=warnings)
    cells = [source.clean(cell)[0] for cell in row.cells]
    if [cell.strip() for cell in cells] == list(columns.names):
        return blocks.rejected(HEADINGS_AGAIN, line=row.line, raw=raw, warnings=warnings)
    if note := width_note(columns, cells):
        warnings.append(note)
    return blocks.block(row_record(columns, cells), line=row.line, raw=raw, warnings=warnings)


def width_note(columns: Columns, cells: list[str]) -> str | None:
    """Return a warning if a row has more cells than headings, or too few."""
    n, width = len(cells), len(columns.names)
    n_filled = max((index for index, cell in enumerate(cells, start=1) if cell.strip()), default=0)
    if n_filled > width or n < width:
        n_cells = "1 cell" if n == 1 else f"{n} cells"
        return f"The row has {n_cells}, but the heading row has {width}."
    return None


def rows_of(
    lines: Iterator[str], delimiter: str, *, width: int | None = None
) -> Iterator[TableRow]:
    """Yield the rows that are not empty.  A quote that is never closed costs only its own row."""
    pending: deque[str] = deque()
    number, n_broken = 1, 0
    while True:
        taken: list[str] = []
        most = _QUOTED_LINES if n_broken < _MANY_BROKEN else _FEWER_QUOTED_LINES
        cells, fault = _next_row(_feed(pending, lines, taken, most=most), delimiter, taken)
        if not taken:
            return
        if len(taken) > 1 and width is not None and (len(cells) != width or fault):
            n_own = _lines_of_broken_quote(taken, delimiter, width)
            if n_own:
                n_broken += 1
                pending.extendleft(reversed(taken[n_own:]))
                del taken[n_own:]
                cells, fault = _unquoted("".join(taken), delimiter), None
        if fault or any(cell.strip() for cell in cells):
            yield TableRow(number, cells, "".join(taken).rstrip("\n"), fault)
        number += len(taken)


def _feed(
    pending: deque[str], lines: Iterator[str], taken: list[str], *, most: int
) -> Iterator[str]:
    """Yield at most ``most`` lines for one row, and append them to ``taken``."""
    size = 0
    while size <= RECORD_LIMIT and len(taken) < most:
        line = pending.popleft() if pending else next(lines, None)
        if line is None:
            return
        taken.append(line)
        size += len(line)
        yield line


def _next_row(
    feed: Iterator[str], delimiter: str, taken: list[str]
) -> tuple[list[str], str | None]:
    csv.field_size_limit(RECORD_LIMIT * 2)
    try:
        cells = next(csv.reader(feed, delimiter=delimiter), [])
    except csv.Error as error:
        return [], f"The row cannot be read as a table row ({error})."
    return cells, TOO_LONG if sum(map(len, taken)) > RECORD_LIMIT else None


def _lines_of_broken_quote(taken: list[str], delimiter: str, width: int) -> int:
    """Return how many lines belong to a row whose quote swallowed others, or 0 if none did."""
    if width < 2:
        return 0
    for n_lines, line in enumerate(taken[1:], start=1):
        if line.count(delimiter) >= width - 1 and len(_cells_of(line, delimiter)) == width:
            return n_lines
    return 0


def _cells_of(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _unquoted(text: str, delimiter: str) -> list[str]:
    """Return the cells of a row whose quotes are broken."""
    return [cell.strip().strip('"').replace('""', '"') for cell in text.split(delimiter)]
