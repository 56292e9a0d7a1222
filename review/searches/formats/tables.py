"""CSV and TSV: the delimiter, the heading row wherever it is, and rows however ragged."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from review.errors import Unreadable
from review.searches.formats.building import TOO_LONG, Blocks
from review.searches.formats.columns import Columns, match_columns, row_record
from review.searches.formats.records import RECORD_LIMIT, Block
from review.searches.formats.source import Source

Rows = list[list[str]]
DELIMITERS = (",", ";", "\t", "|")
HEAD_ROWS = 40
HEADINGS_AGAIN = "The row repeats the headings."

_QUOTED_LINES = 1_000
_QUOTED_LINES_OF_THE_DISTRUSTED = 20
_TRUST = 100  # broken quotes after which rows are no longer looked for far ahead


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is written: its delimiter, and the heading row with its place from 0."""

    delimiter: str
    columns: Columns
    heading_row: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row as cells, with its first line and its text."""

    line: int
    cells: list[str]
    raw: str
    fault: str | None = None


def find_layout(lines: list[str], mapping: Mapping[str, str] | None = None) -> Layout | None:
    """The layout in which some early row names the most columns that we know, if any does."""
    best: tuple[int, int, int] | None = None
    layout = None
    for delimiter in DELIMITERS:
        for place, row in enumerate(_head(lines, delimiter)):
            columns = match_columns(row.cells, mapping)
            if not columns.has_work or any(len(cell) > 200 for cell in row.cells):
                continue
            score = (columns.n_sure, sum(map(bool, columns.fields)), -place)
            if best is None or score > best:
                best, layout = score, Layout(delimiter, columns, place)
    return layout


def any_layout(lines: list[str]) -> Layout | None:
    """The layout by which a table without a known heading is cut: most columns in its first row."""
    layouts = [
        Layout(delimiter, match_columns(row.cells), place)
        for delimiter in DELIMITERS
        for place, row in enumerate(_head(lines[:1], delimiter))
    ]
    return max(layouts, key=lambda one: len(one.columns.names), default=None)


def first_rows(source: Source, mapping: Mapping[str, str] | None, n: int) -> tuple[Columns, Rows]:
    """The columns of a table as they would be read, and the cells of its first rows."""
    lines = list(islice(source.lines(), HEAD_ROWS * 5))
    layout = find_layout(lines, mapping) or any_layout(lines)
    if layout is None:
        raise Unreadable("This table has no rows.")
    rows = islice(rows_of(iter(lines), layout.delimiter), layout.heading_row + 1, None)
    return layout.columns, [row.cells for row in islice(rows, n)]


def _head(lines: list[str], delimiter: str) -> Iterator[Row]:
    for place, row in enumerate(rows_of(iter(lines), delimiter)):
        if place >= HEAD_ROWS:
            return
        yield row


def read(source: Source, mapping: Mapping[str, str] | None = None) -> Iterator[Block]:
    """The blocks of a table: its rows below the headings, empty ones left out."""
    head: list[str] = []
    lines = source.lines()
    for line in lines:
        head.append(line)
        if len(head) >= HEAD_ROWS * 5:
            break
    layout = find_layout(head, mapping)
    if layout is None:
        raise Unreadable(
            "No column of this table could be told to be the title. Say which column is which."
        )
    blocks = Blocks()
    width = len(layout.columns.names)
    above: list[str] = []
    for place, row in enumerate(rows_of(_chained(head, lines), layout.delimiter, width=width)):
        if place > layout.heading_row:
            yield _block(blocks, source, layout.columns, row, said_of_rows_above(above))
            above = []
        elif place < layout.heading_row:
            above.append(row.raw)
    if above:
        raise Unreadable(NOTHING_BELOW)


def _chained(head: list[str], rest: Iterable[str]) -> Iterator[str]:
    yield from head
    yield from rest


NOTHING_BELOW = (
    "Nothing stands below what looks like the headings of this table, and something above them."
    " Put the row with the headings first."
)


def said_of_rows_above(above: list[str]) -> list[str]:
    """A sentence on the filled rows above the headings, which are not read."""
    if not above:
        return []
    n = "A row" if len(above) == 1 else f"{len(above)} rows"
    return [f"{n} above the headings: {above[0][:80].strip()}"]


def _block(
    blocks: Blocks, source: Source, columns: Columns, row: Row, said: Iterable[str]
) -> Block:
    if row.fault == TOO_LONG:
        return blocks.too_long(line=row.line, raw=row.raw)
    raw, faults = source.clean(row.raw)
    warnings = [*said, *faults]
    if row.fault:
        return blocks.rejected(row.fault, line=row.line, raw=raw, warnings=warnings)
    cells = [source.clean(cell)[0] for cell in row.cells]
    if [cell.strip() for cell in cells] == list(columns.names):
        return blocks.rejected(HEADINGS_AGAIN, line=row.line, raw=raw, warnings=warnings)
    if note := width_note(columns, cells):
        warnings.append(note)
    return blocks.block(row_record(columns, cells), line=row.line, raw=raw, warnings=warnings)


def width_note(columns: Columns, cells: list[str]) -> str | None:
    """A sentence where a row has more cells than headings, or too few to be only trimmed."""
    n, width = len(cells), len(columns.names)
    filled = max((place + 1 for place, cell in enumerate(cells) if cell.strip()), default=0)
    if filled > width or n < width:
        return f"The row has {n} cells and the heading row {width}."
    return None


def rows_of(lines: Iterator[str], delimiter: str, *, width: int | None = None) -> Iterator[Row]:
    """The rows that are not empty.  A quote that is never closed costs its own row only."""
    pending: deque[str] = deque()
    number, n_broken = 1, 0
    while True:
        taken: list[str] = []
        ahead = _QUOTED_LINES if n_broken < _TRUST else _QUOTED_LINES_OF_THE_DISTRUSTED
        cells, fault = _next_row(_feed(pending, lines, taken, ahead), delimiter, taken)
        if not taken:
            return
        if len(taken) > 1 and width is not None and (len(cells) != width or fault):
            n_kept = _lines_of_broken_quote(taken, delimiter, width)
            if n_kept:
                n_broken += 1
                pending.extendleft(reversed(taken[n_kept:]))
                del taken[n_kept:]
                cells, fault = _unquoted("".join(taken), delimiter), None
        if fault or any(cell.strip() for cell in cells):
            yield Row(number, cells, "".join(taken).rstrip("\n"), fault)
        number += len(taken)


def _feed(pending: deque[str], lines: Iterator[str], taken: list[str], ahead: int) -> Iterator[str]:
    """Lines for one row, noted in ``taken``; they end where no row could be that long."""
    size = 0
    while size <= RECORD_LIMIT and len(taken) < ahead:
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
    """How many lines belong to a row whose quote swallowed others; 0 where none was swallowed."""
    if width < 2:
        return 0
    for place, line in enumerate(taken[1:], start=1):
        if line.count(delimiter) >= width - 1 and len(_one_line(line, delimiter)) == width:
            return place
    return 0


def _one_line(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _unquoted(text: str, delimiter: str) -> list[str]:
    """Cells of a row whose quotes cannot be trusted."""
    return [cell.strip().strip('"').replace('""', '"') for cell in text.split(delimiter)]
