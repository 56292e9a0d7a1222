"""A coding sheet as studies with their contracts and codes; nothing here asks the database."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from protocols.schema import CodebookItem, Level, Prefill, Protocol
from review.duplicates.matching import normalise
from review.errors import Unreadable
from review.safe_text import safe_cell
from review.searches.formats.decoding import find_encoding
from review.searches.formats.source import without_controls
from review.searches.formats.workbook import iter_rows
from review.studies.coding_sheets.cell_values import UNCLEAR, value_of
from review.studies.coding_sheets.columns import DETAILS, Column, Fact, find_columns

MAX_ROWS = 20_000
MOST_IN_NAME = 200  # characters of a coder's or a contract's name
_UNNAMED = frozenset({"", "na", "n a", "none", "unnamed", "not named", "not reported", "nr"})

Items = Mapping[str, CodebookItem]


@dataclass(frozen=True)
class SheetCode:
    """A value that a cell has for an item; where the codebook has no such value, it is unclear."""

    item: CodebookItem
    value: object
    details: str | None
    row: int
    column: Column
    problem: str | None = None  # why the value is unclear; the details have the cell's words

    @property
    def place(self) -> str:
        """Return where the cell is, such as "row 4, column S"."""
        return f"row {self.row}, column {self.column.letter}"


@dataclass
class SheetContract:
    """What a row says about a contract, and about what the study reports on it."""

    row: int
    name: str  # "" for one without a name
    codes: list[SheetCode] = field(default_factory=list)


@dataclass
class SheetStudy:
    """A study of a sheet, from its first row on."""

    row: int
    title: str
    coder: str
    numbers: dict[str, str] = field(default_factory=dict)  # by `Fact`: in the sheet, in a program
    facts: dict[Prefill, str] = field(default_factory=dict)  # what the sheet says of its report
    codes: list[SheetCode] = field(default_factory=list)
    contracts: list[SheetContract] = field(default_factory=list)


@dataclass(frozen=True)
class CodingSheet:
    """A sheet that was read: its columns, its studies, and rows that belong to no study."""

    columns: Sequence[Column]
    studies: Sequence[SheetStudy]
    without_study: Sequence[int]
    not_imported: Sequence[Column]  # columns that mean nothing here, and have text all the same

    @property
    def coders(self) -> list[str]:
        """Return the names of the coders, in the order of the sheet."""
        return list(dict.fromkeys(study.coder for study in self.studies))

    @property
    def unclear(self) -> list[SheetCode]:
        """Return the values that the codebook does not have."""
        found = [code for study in self.studies for code in study.codes]
        found += [c for study in self.studies for one in study.contracts for c in one.codes]
        return [code for code in found if code.problem]

    @property
    def kinds_of_unclear(self) -> list[tuple[str, list[SheetCode]]]:
        """Return each reason why a value is unclear with its cells, the most frequent first."""
        found: dict[str, list[SheetCode]] = {}
        for code in self.unclear:
            found.setdefault(f"{code.item.label}: {code.problem}", []).append(code)
        return sorted(found.items(), key=lambda kind: -len(kind[1]))


def read_sheet(
    path: Path, *, name: str, protocol: Protocol, chosen: Mapping[int, str] | None = None
) -> CodingSheet:
    """Read a workbook or a table of a row for each study and contract.

    Columns of the study need a value in the study's first row alone.  A sheet without a column of
    titles or of studies' numbers has no studies.  Raises Unreadable for a file that is neither.
    """
    rows = list(_rows(path, name))
    if len(rows) > MAX_ROWS:
        raise Unreadable(f"This sheet has more than {MAX_ROWS:,} rows. Split it.")
    columns, n_headings = find_columns([cells for _, cells in rows[:2]], protocol, chosen)
    return _read(rows[n_headings:], columns, protocol)


def _rows(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    if name.casefold().endswith((".xlsx", ".xlsm")):
        yield from iter_rows(path)
        return
    text = path.read_bytes().decode(find_encoding(path).name, errors="replace")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise Unreadable("This file is no table. Save the sheet as XLSX or as CSV.") from error


def _read(
    rows: Sequence[tuple[int, list[str]]], columns: Sequence[Column], protocol: Protocol
) -> CodingSheet:
    items = {item.key: item for item in protocol.codebook}
    of_study = [column for column in columns if _is_of_study(column.means, items)]
    studies: list[SheetStudy] = []
    without: list[int] = []
    for line in rows:
        row = _Row(line, columns, items)
        is_new = _is_another(row, studies[-1] if studies else None)
        if is_new:
            studies.append(row.study())
        elif not studies:
            without.append(row.number)
            continue
        study = studies[-1]
        if not is_new and any(row.text(column.means) for column in of_study):
            _add_codes(study, row.codes(Level.STUDY))
        if any(row.text(column.means) for column in columns if column not in of_study):
            study.contracts.append(row.contract())
    left = [column for column in columns if not column.means and _has_text(rows, column.place)]
    return CodingSheet(columns, studies, without, left)


def _has_text(rows: Sequence[tuple[int, list[str]]], place: int) -> bool:
    return any(cells[place].strip() for _, cells in rows if place < len(cells))


def _is_of_study(means: str, items: Items) -> bool:
    item = items.get(means.removeprefix(DETAILS))
    return item.level is Level.STUDY if item else means != Fact.CONTRACT


def _is_another(row: "_Row", last: SheetStudy | None) -> bool:
    """Say whether a row begins another study than the row above it belongs to."""
    marks = {fact: row.text(fact) for fact in (Fact.STUDY, Fact.TITLE, Fact.NUMBER)}
    if not marks[Fact.STUDY] and not marks[Fact.TITLE]:
        return False
    if last is None:
        return True
    own = last.numbers | {Fact.TITLE: last.title}
    coder = row.coder()
    if coder and last.coder and coder.casefold() != last.coder.casefold():
        return True
    return any(text and text != own.get(fact, "") for fact, text in marks.items())


def same_studies(studies: Sequence[SheetStudy]) -> list[int]:
    """Return, for each study, the place of the first that is the same: another coder's rows.

    It is the same where the sheet gives it the same number, or the same title and no other DOI.
    """
    first_of: dict[tuple[str, ...], int] = {}
    found = []
    for place, study in enumerate(studies):
        number = study.numbers.get(Fact.STUDY, "")
        keys: list[tuple[str, ...]] = [("number", number)] if number else []
        if title := normalise.title(study.title):
            keys.append(("title", title, normalise.doi(study.facts.get(Prefill.DOI, ""))))
        first = min((first_of[key] for key in keys if key in first_of), default=place)
        for key in keys:
            first_of.setdefault(key, first)
        found.append(first)
    return found


def _add_codes(study: SheetStudy, codes: Sequence[SheetCode]) -> None:
    known = {code.item.key for code in study.codes}
    study.codes += [code for code in codes if code.item.key not in known]


def _plain(cell: str) -> str:
    """Return a cell's text without what databases refuse, and without our mark on formulas."""
    text = without_controls(cell).strip()
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text


class _Row:
    def __init__(
        self, line: tuple[int, Sequence[str]], columns: Sequence[Column], items: Items
    ) -> None:
        self.number, self.cells = line
        self.items = items
        self.columns: dict[str, list[Column]] = {}
        for column in columns:
            self.columns.setdefault(column.means, []).append(column)

    def text(self, means: str) -> str:
        """Return the cell of the first column of this meaning that has any text in this row."""
        return next((text for _, text in self._filled(means)), "")

    def _filled(self, means: str) -> Iterator[tuple[Column, str]]:
        for column in self.columns.get(means, ()):
            if column.place < len(self.cells) and (text := _plain(self.cells[column.place])):
                yield column, text

    def coder(self) -> str:
        return " ".join(self.text(Fact.CODER).split())[:MOST_IN_NAME]

    def study(self) -> SheetStudy:
        facts = {
            item.prefill: self.text(item.key)
            for item in self.items.values()
            if item.prefill and self.text(item.key)
        }
        numbers = {fact: self.text(fact) for fact in (Fact.STUDY, Fact.NUMBER) if self.text(fact)}
        return SheetStudy(
            self.number, " ".join(self.text(Fact.TITLE).split()), self.coder(),
            {str(fact): text for fact, text in numbers.items()}, facts, self.codes(Level.STUDY),
        )  # fmt: skip

    def contract(self) -> SheetContract:
        name = " ".join(self.text(Fact.CONTRACT).split())[:MOST_IN_NAME]
        plain = " ".join(re.findall(r"\w+", name.casefold()))
        codes = [*self.codes(Level.CONTRACT), *self.codes(Level.STUDY_CONTRACT)]
        return SheetContract(self.number, "" if plain in _UNNAMED else name, codes)

    def codes(self, level: Level) -> list[SheetCode]:
        return [
            found
            for item in self.items.values()
            if item.level is level and (found := self._code(item)) is not None
        ]

    def _code(self, item: CodebookItem) -> SheetCode | None:
        text, details = self.text(item.key), self.text(DETAILS + item.key) or None
        if not text and not details:
            return None
        column, _ = next(self._filled(item.key if text else DETAILS + item.key))
        code = SheetCode(item, UNCLEAR, details, row=self.number, column=column)
        try:
            value = value_of(item, text)
        except ValueError as error:
            both = text if details is None else f"{text} – {details}"
            problem = str(error).removeprefix(f"{item.label}: ")
            return replace(code, details=both, problem=problem)
        if value is None and details is None:
            return None
        if value is None:
            return replace(code, problem="There are details but no value.")
        return replace(code, value=value)
