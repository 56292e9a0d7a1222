"""The rows of a table as text: cut at the quotes and delimiters, however broken they are."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from review.searches.formats.building import TOO_LONG
from review.searches.formats.columns import Columns
from review.searches.formats.records import RECORD_LIMIT

_QUOTED_LINES = 1_000
_FEWER_QUOTED_LINES = 20
_MANY_BROKEN = 100  # broken quotes, after which a row may span fewer lines


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its first line, its cells, its text, and what is wrong with it."""

    line: int
    cells: list[str]
    raw: str
    fault: str | None = None


def rows_of(
    lines: Iterator[str], delimiter: str, *, width: int | None = None, is_quoted: bool = True
) -> Iterator[TableRow]:
    """Yield the rows that are not empty.  A quote that is never closed costs only its own row."""
    if not is_quoted:
        yield from _rows_without_quotes(lines, delimiter)
        return
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


def _rows_without_quotes(lines: Iterator[str], delimiter: str) -> Iterator[TableRow]:
    for number, line in enumerate(lines, start=1):
        cells = line.rstrip("\n").split(delimiter)
        if any(cell.strip() for cell in cells):
            fault = TOO_LONG if len(line) > RECORD_LIMIT else None
            yield TableRow(number, cells, line.rstrip("\n"), fault)


def has_quoted_cells(lines: list[str], columns: Columns) -> bool:
    """Return whether quotes enclose cells, in a table with tabs, rather than words of the text.

    Web of Science never encloses cells.  A cell that begins with a quote but does not end with one
    is text, unless it is the last of its line and may go on in the next.
    """
    width = len(columns.names)
    rows = [line.rstrip("\n").split("\t") for line in lines if '"' in line]
    cells = [cell.strip() for row in rows if len(row) == width for cell in row[:-1] if '"' in cell]
    n_enclosed = sum(cell[0] == cell[-1] == '"' and len(cell) > 1 for cell in cells)
    is_web_of_science = {"PT", "AU", "TI", "SO"} <= set(columns.names)
    return n_enclosed > len(cells) - n_enclosed if is_web_of_science else n_enclosed == len(cells)


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
