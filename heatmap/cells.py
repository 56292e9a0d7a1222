"""Count a tidy frame into the cells of a framework; gaps are data too."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from uuid import UUID

import numpy as np
import pandas as pd

from heatmap.axes import NOT_CODED, Axes, AxisEntry, EntryKind, MapFilter
from heatmap.gaps import Gap, GapKind
from heatmap.known import KnownCounts
from protocols.places import country_name
from protocols.schema import (
    MAP_KEYS,
    SPECIAL_VALUES,
    CodebookItem,
    ItemType,
    MapFramework,
)

UNITS = ("contract", "study", "report")
ORDERS = ("protocol", "size")
SINCE, UNTIL = "since", "until"
"""The filters for the years of publication; each takes one year."""
Cell = tuple[str, str]


@dataclass(frozen=True)
class CellMark:
    """What a cell says beside its number."""

    n_studies: int
    segments: Mapping[str, int]  # distinct studies by the value of the bar's item
    is_thin: bool  # one study, or none of at least medium quality
    lacks_review: bool  # three studies or more, and no systematic review


@dataclass(frozen=True)
class MapSource:
    """Where a map comes from, as its files say it."""

    review: str
    day: date | None  # of the data, for a publication
    number: int | None  # of the publication
    searched_to: date | None


@dataclass(frozen=True)
class HeatMap:
    """A counted map: every cell of its grid, and what is not on it.

    ``cells`` has a line for each pair of row and column, in their order: row, column,
    n_contracts, n_studies, n_reports.  A study or contract may be in several cells, so cells do not
    add up to the totals; ``row_totals`` and ``column_totals`` count distinct units, and everything
    that is included is in some row and some column.
    """

    axes: Axes
    unit: str
    order: str
    rows: Sequence[AxisEntry]
    columns: Sequence[AxisEntry]
    folded: Sequence[AxisEntry]  # residual rows and columns, left out because nothing is in them
    cells: pd.DataFrame
    frame: pd.DataFrame  # the lines that the filters keep
    whole: pd.DataFrame  # all lines
    filters: Mapping[str, Sequence[str]]
    row_totals: Mapping[str, int]
    column_totals: Mapping[str, int]
    row_studies: Mapping[str, int]  # how many studies the totals come from
    column_studies: Mapping[str, int]
    n_studies: int
    n_contracts: int
    n_reports: int
    unplaced: frozenset[UUID]  # coded studies that lack a row or a column wherever they are
    awaiting_coding: frozenset[UUID]
    excluded: Mapping[Cell, frozenset[UUID]]  # studies that were coded and then excluded
    reasons: Mapping[UUID, Sequence[str]]  # for which they were excluded
    as_of: int
    stopped: str | None = None  # how screening was stopped early, and what may be missing
    labels: Mapping[UUID, str] = field(default_factory=dict)  # of studies and contracts
    source: MapSource | None = None
    known: KnownCounts = field(default_factory=KnownCounts)
    """How many contracts are known to exist, studied or not, where a list says so."""

    @property
    def framework(self) -> MapFramework:
        """The framework that the map follows."""
        return self.axes.framework

    @property
    def n(self) -> int:
        """The number of distinct units on the map."""
        return {"contract": self.n_contracts, "study": self.n_studies, "report": self.n_reports}[
            self.unit
        ]

    @property
    def n_without_contract(self) -> int:
        """The number of studies that report no contract yet."""
        without = self.frame["contract_id"].isna()
        return int(self.frame.loc[without, "study_id"].nunique())

    def has(self, row: str | None, column: str | None) -> bool:
        """Return whether the map has a row and a column, as far as they are given."""
        return (row is None or any(row == one.key for one in self.rows)) and (
            column is None or any(column == one.key for one in self.columns)
        )

    def count(self, row: str, column: str) -> int:
        """Return the number of units in a cell."""
        return self._counts[row, column]

    def mark(self, row: str, column: str) -> CellMark:
        """Return what a cell that has studies says beside its number."""
        return self._marks[row, column]

    def n_filtered_out(self, row: str, column: str) -> int:
        """Return how many units an empty cell has without the filters; 0 for a gap.

        Studies without a contract count themselves where contracts are counted.
        """
        if self.has_studies(row, column):
            return 0
        return self._whole_counts.get((row, column), 0)

    def gap(self, row: str, column: str) -> Gap | None:
        """Return why a cell is empty; None for a cell that is not, and for *not yet coded*."""
        if self.has_studies(row, column):
            return None
        if hidden := self.n_filtered_out(row, column):
            return Gap(GapKind.FILTERED_OUT, hidden)
        if not self.is_plain(row, column):
            return None
        if studies := self.excluded.get((row, column)):
            return Gap(GapKind.EXCLUDED, len(studies))
        if waiting := self._n_awaiting(row, column):
            return Gap(GapKind.AWAITING_CODING, waiting)
        if known := self.known.cells.get((row, column)):
            if known.reported:  # placed by the list, because they are not coded yet
                return Gap(GapKind.AWAITING_CODING, self._n_units_of(known.reported))
            return Gap(GapKind.KNOWN, known.n)
        for outside in self.framework.outside_searches:
            if row in (outside.rows or (row,)) and column in (outside.columns or (column,)):
                return Gap(GapKind.OUTSIDE_SEARCHES, why=outside.why)
        return Gap(GapKind.NONE_FOUND)

    def has_studies(self, row: str, column: str) -> bool:
        """Return whether any study is in a cell; one without a contract counts no contract."""
        return (row, column) in self._marks

    def is_plain(self, row: str, column: str) -> bool:
        """Return whether a cell is of a value in both directions, so that it can be a gap."""
        return row in self._plain_rows and column in self._plain_columns

    def excluded_for(self, row: str, column: str) -> Mapping[str, int]:
        """Return the reasons for which studies of a cell were excluded, the most frequent first."""
        studies = self.excluded.get((row, column), frozenset())
        return dict(
            Counter(
                reason for study in studies for reason in set(self.reasons[study])
            ).most_common()
        )

    @property
    def gaps(self) -> dict[Cell, Gap]:
        """Every empty cell of a value in both directions, with its kind."""
        return {
            (row, column): gap
            for row in self._plain_rows
            for column in self._plain_columns
            if (gap := self.gap(row, column))
        }

    @property
    def n_combinations(self) -> int:
        """The number of cells of a value in both directions."""
        return len(self._plain_rows) * len(self._plain_columns)

    @cached_property
    def _plain_rows(self) -> dict[str, None]:
        return _plain(self.rows)

    @cached_property
    def _plain_columns(self) -> dict[str, None]:
        return _plain(self.columns)

    @cached_property
    def _counts(self) -> dict[Cell, int]:
        cells = self.cells
        keys = zip(cells["row"], cells["column"], strict=True)
        return dict(zip(keys, map(int, cells[f"n_{plural(self.unit)}"]), strict=True))

    @cached_property
    def _whole_counts(self) -> dict[Cell, int]:
        if not self.filters:
            return {}  # nothing is hidden
        counts = counted_cells(self.whole).reset_index()
        units, studies = counts[f"n_{plural(self.unit)}"], counts["n_studies"]
        numbers = (int(n or of_studies) for n, of_studies in zip(units, studies, strict=True))
        return dict(zip(zip(counts["row"], counts["column"], strict=True), numbers, strict=True))

    @cached_property
    def _marks(self) -> dict[Cell, CellMark]:
        segments: dict[Cell, dict[UUID, str]] = defaultdict(dict)
        reviews: dict[Cell, bool] = defaultdict(bool)
        frame = self.frame
        lines = zip(
            frame["row"],
            frame["column"],
            frame["study_id"],
            frame["segment"],
            self._is_review,
            strict=True,
        )
        for row, column, study, segment, is_review in lines:
            segments[row, column][study] = segment
            reviews[row, column] |= is_review
        item = self.axes.segments
        sound = {value.key for value in item.values if value.sound} if item else set()
        return {
            cell: CellMark(
                n_studies=len(of_studies),
                segments=in_order(item, Counter(of_studies.values())),
                is_thin=len(of_studies) == 1
                or bool(sound and sound.isdisjoint(of_studies.values())),
                lacks_review=self.knows_reviews and len(of_studies) > 2 and not reviews[cell],
            )
            for cell, of_studies in segments.items()
        }

    @cached_property
    def _synthesis(self) -> Mapping[str, frozenset[str]]:
        """The values that make a study a review, by the filter that has them."""
        found = {
            key: frozenset(value.key for value in one.item.values if value.synthesis)
            for key, one in self.axes.filters.items()
            if one.item
        }
        return {key: values for key, values in found.items() if values}

    @property
    def knows_reviews(self) -> bool:
        """Whether the protocol says which designs bring other studies together."""
        return bool(self._synthesis)

    @property
    def _is_review(self) -> Iterable[bool]:
        is_review = pd.Series(False, index=self.frame.index, dtype=bool)
        for key, values in self._synthesis.items():
            is_review |= is_among(self.frame[key], values)
        return list(is_review)

    def _n_units_of(self, contracts: frozenset[UUID]) -> int:
        """Return the number of these contracts, of their studies, or of the studies' reports."""
        if self.unit == "contract":
            return len(contracts)
        studies = self.whole[self.whole["contract_id"].isin(contracts)].drop_duplicates("study_id")
        return len(studies) if self.unit == "study" else int(studies["n_reports"].sum())

    def _n_awaiting(self, row: str, column: str) -> int:
        """Return how many units of a cell's row or column have no value for the other."""
        waiting = self._waiting[row, NOT_CODED] | self._waiting[NOT_CODED, column]
        contracts = {contract for _, contract, _ in waiting if contract is not None}
        studies = {study: n_reports for study, _, n_reports in waiting}
        if self.unit == "report":
            return sum(studies.values())
        return (len(contracts) if self.unit == "contract" else 0) or len(studies)

    @cached_property
    def _waiting(self) -> dict[Cell, set[tuple[UUID, UUID | None, int]]]:
        """The studies and contracts of each cell that lacks a value, with the studies' reports."""
        waiting: dict[Cell, set[tuple[UUID, UUID | None, int]]] = defaultdict(set)
        frame = self.frame
        lacking = frame[(frame["row"] == NOT_CODED) | (frame["column"] == NOT_CODED)]
        names = ("row", "column", "study_id", "contract_id", "n_reports")
        for row, column, *unit in zip(*(lacking[name] for name in names), strict=True):
            waiting[row, column].add((unit[0], unit[1], unit[2]))
        return waiting

    def step(self, n: int) -> int:
        """Return the step of the colour scale for a count: 0 for none, else 1 to 4."""
        return bisect_right(self.framework.steps, n)

    @property
    def legend(self) -> list[tuple[int, int, int | None]]:
        """The steps of the colour scale, as (step, lowest, highest); the last has no highest."""
        steps = self.framework.steps
        highest = [*(n - 1 for n in steps[1:]), None]
        return [
            (step, low, high)
            for step, (low, high) in enumerate(zip(steps, highest, strict=True), start=1)
        ]

    def row_label(self, key: str) -> str:
        """Return the label of a row."""
        return next((entry.label for entry in self.rows if entry.key == key), key)

    def column_label(self, key: str) -> str:
        """Return the label of a column."""
        return next((entry.label for entry in self.columns if entry.key == key), key)


def plural(unit: str) -> str:
    """Return the unit's plural, as in the names of counts."""
    return {"contract": "contracts", "study": "studies", "report": "reports"}[unit]


def in_order(item: CodebookItem | None, counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by value in the codebook's order; what is not in it comes last."""
    keys = [*(value.key for value in item.values), *SPECIAL_VALUES] if item else []
    known = {key: counts[key] for key in keys if counts.get(key)}
    return known | {key: n for key, n in counts.items() if key not in known}


def value_label(item: CodebookItem | None, key: str) -> str:
    """Return the label of a coded value's entry."""
    if key in SPECIAL_VALUES or key in MAP_KEYS:
        return {**SPECIAL_VALUES, **MAP_KEYS}[key]
    if item is None:
        return key
    if item.type is ItemType.COUNTRY:
        return country_name(key)
    labels = {value.key: value.label for value in item.values} | {"yes": "Yes", "no": "No"}
    return labels.get(key, key)


def is_among(column: pd.Series, wanted: Iterable[str]) -> pd.Series:
    """Return, for each line, whether it has one of the ``wanted`` values in a filter's column."""
    kept_values = set(wanted)
    is_kept = [not kept_values.isdisjoint(values) for values in column]
    return pd.Series(is_kept, index=column.index, dtype=bool)


def kept_by(
    frame: pd.DataFrame, known: Mapping[str, MapFilter], filters: Mapping[str, Sequence[str]]
) -> dict[str, pd.Series]:
    """Return which lines of a frame each filter keeps; the two for years are one, *years*."""
    kept = {
        key: is_among(frame[key], known[key].expand(wanted))
        for key, wanted in filters.items()
        if key not in (SINCE, UNTIL)
    }
    first, last = (int(filters[key][-1]) if key in filters else None for key in (SINCE, UNTIL))
    if first is not None or last is not None:
        is_kept = [
            any((first or 0) <= year <= (9999 if last is None else last) for year in years)
            for years in frame["years"]
        ]
        kept["years"] = pd.Series(is_kept, index=frame.index, dtype=bool)
    return kept


def kept_lines(
    frame: pd.DataFrame, known: Mapping[str, MapFilter], filters: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return the lines of a frame that all filters keep."""
    return lines_of(frame, kept_by(frame, known, filters))


def lines_of(
    frame: pd.DataFrame, kept: Mapping[str, pd.Series], *, but: str | None = None
) -> pd.DataFrame:
    """Return the lines that all filters keep, whatever the one called ``but`` says."""
    masks = [mask for key, mask in kept.items() if key != but]
    if not masks:
        return frame
    return frame[np.logical_and.reduce(masks)]


def counted_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers of distinct contracts, studies and reports of each cell that has any."""
    by_cell = ["row", "column"]
    counts = frame.groupby(by_cell).agg(
        n_contracts=("contract_id", "nunique"), n_studies=("study_id", "nunique")
    )
    studies = frame.drop_duplicates([*by_cell, "study_id"])
    return counts.assign(n_reports=studies.groupby(by_cell)["n_reports"].sum().astype(int))


def _plain(entries: Sequence[AxisEntry]) -> dict[str, None]:
    kinds = (EntryKind.PLAIN, EntryKind.RESIDUAL)
    return dict.fromkeys(entry.key for entry in entries if entry.kind in kinds)
