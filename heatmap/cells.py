"""Count a tidy frame into the cells of a framework; gaps are data too."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import pandas as pd
from sqlalchemy.orm import Session

from heatmap.axes import Axes, AxisEntry, MapAxis, axes_of, mapped_items
from heatmap.coded import CodedStudies, read_coded, tidy
from protocols.places import country_name
from protocols.schema import SPECIAL_VALUES, CodebookItem, ItemType, MapFramework, Protocol
from review.decisions.stopping import stop_in_force
from review.errors import Invalid, NotFound
from review.events import last_event
from review.reviews import protocol_of

UNITS = ("contract", "study")
STEPS = (1, 2, 4, 7)
"""The lowest count of each step of the colour scale: the same in every map, so that colours mean
the same under any filter, in any publication and in any file."""


@dataclass(frozen=True)
class HeatMap:
    """A counted map: every cell of its grid, and what is not on it.

    ``cells`` has a line for each pair of row and column, in their order: row, column,
    n_contracts, n_studies.  A study or contract may be in several cells, so cells do not add up to
    the totals; ``row_totals`` and ``column_totals`` count distinct units.
    """

    framework: MapFramework
    unit: str
    rows: Sequence[AxisEntry]
    columns: Sequence[AxisEntry]
    cells: pd.DataFrame
    frame: pd.DataFrame  # the lines that the filters keep
    whole: pd.DataFrame  # all lines
    filters: Mapping[str, Sequence[str]]
    row_totals: Mapping[str, int]
    column_totals: Mapping[str, int]
    n_studies: int
    n_contracts: int
    unplaced: frozenset[UUID]  # coded studies that are in no cell
    awaiting_coding: frozenset[UUID]
    as_of: int
    stopped: str | None = None  # how screening was stopped early, and what may be missing

    def count(self, row: str, column: str) -> int:
        """Return the number of units in a cell."""
        return self._counts[row, column]

    def n_filtered_out(self, row: str, column: str) -> int:
        """Return how many units an empty cell has without the filters; 0 for a gap."""
        return 0 if self.count(row, column) else self._whole_counts.get((row, column), 0)

    @cached_property
    def _counts(self) -> dict[tuple[str, str], int]:
        cells = self.cells
        keys = zip(cells["row"], cells["column"], strict=True)
        return dict(zip(keys, map(int, cells[f"n_{plural(self.unit)}"]), strict=True))

    @cached_property
    def _whole_counts(self) -> dict[tuple[str, str], int]:
        if not self.filters:
            return self._counts
        placed = self.whole.dropna(subset=["row", "column"])
        counts = placed.groupby(["row", "column"])[f"{self.unit}_id"].nunique().reset_index()
        return {
            (str(row), str(column)): int(n)
            for row, column, n in counts.itertuples(index=False, name=None)
        }

    def step(self, n: int) -> int:
        """Return the step of the colour scale for a count: 0 for none, else 1 to 4."""
        return bisect_right(STEPS, n)

    @property
    def legend(self) -> list[tuple[int, int, int | None]]:
        """The steps of the colour scale, as (step, lowest, highest); the last has no highest."""
        highest = [*(n - 1 for n in STEPS[1:]), None]
        return [
            (step, low, high)
            for step, (low, high) in enumerate(zip(STEPS, highest, strict=True), start=1)
        ]

    def label(self, key: str) -> str:
        """Return the label of a row or column."""
        entries = [*self.rows, *self.columns]
        return next((entry.label for entry in entries if entry.key == key), key)

    @property
    def most(self) -> int:
        """The largest number in any cell; at least 1."""
        return (
            max(1, int(self.cells[f"n_{plural(self.unit)}"].max() or 0)) if len(self.cells) else 1
        )


def plural(unit: str) -> str:
    """Return the unit's plural, as in the names of counts."""
    return {"contract": "contracts", "study": "studies"}[unit]


def build(
    session: Session,
    *,
    review_id: UUID,
    framework: str | None = None,
    unit: str | None = None,
    secondary: bool = False,
    filters: Mapping[str, Sequence[str]] | None = None,
    as_of: int | None = None,
) -> HeatMap:
    """Return a map of the review after event ``as_of``, by the named framework or the first.

    ``filters`` keeps lines with one of the given values of an item.  Raises NotFound for an unknown
    framework, Invalid for an unknown unit or filter.
    """
    protocol = protocol_of(session, review_id, as_of=as_of)
    keys = [item.key for item in mapped_items(protocol)]
    coded = read_coded(session, review_id=review_id, items=keys, as_of=as_of)
    stop = stop_in_force(session, review_id, as_of=as_of)
    return count(
        coded,
        protocol=protocol,
        framework=framework,
        unit=unit,
        secondary=secondary,
        filters=filters,
        as_of=last_event(session, review_id) if as_of is None else as_of,
        stopped=stop.sentence if stop else None,
    )


def count(
    coded: CodedStudies,
    *,
    protocol: Protocol,
    as_of: int,
    framework: str | None = None,
    unit: str | None = None,
    secondary: bool = False,
    filters: Mapping[str, Sequence[str]] | None = None,
    stopped: str | None = None,
) -> HeatMap:
    """Return a map of coded studies, read from a review or frozen in a publication."""
    try:
        chosen = protocol.framework(framework)
    except LookupError as error:
        raise NotFound(str(error)) from error
    unit = unit or chosen.unit
    if unit not in UNITS:
        raise Invalid(f"A map counts contracts or studies, not '{unit}'.")
    axes = axes_of(protocol, chosen)
    whole = tidy(coded, axes, secondary=secondary)
    return _counted(
        coded, axes, whole, filters=filters or {}, unit=unit, as_of=as_of, stopped=stopped
    )


def count_cells(frame: pd.DataFrame, rows: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Count distinct contracts and studies in every cell of the grid; gaps are explicit zeros.

    ``frame`` is tidy.  Lines with a gap on an axis are in no cell.  Raises ValueError for a line
    outside the grid.
    """
    grid = pd.MultiIndex.from_product([rows, columns], names=["row", "column"])
    placed = frame.dropna(subset=["row", "column"])
    counts = placed.groupby(["row", "column"]).agg(
        n_contracts=("contract_id", "nunique"), n_studies=("study_id", "nunique")
    )
    if not (outside := counts.index.difference(grid)).empty:
        raise ValueError(f"Codes outside the framework: {list(outside)}")
    return counts.reindex(grid, fill_value=0).astype(int).reset_index()


def axis_entries(axis: MapAxis, column: pd.Series) -> list[AxisEntry]:
    """Return the entries of an axis: the protocol's own, then others that occur in a column.

    An open axis (countries) has those that occur, by name.  Special values such as *unclear* come
    after them, and values that are no longer in the codebook last, if they occur.
    """
    present = [str(key) for key in column.dropna().unique()]
    if axis.entries is None:
        names = {key: country_name(key) for key in present if key not in SPECIAL_VALUES}
        entries = [AxisEntry(key, names[key], None) for key in sorted(names, key=names.__getitem__)]
    else:
        entries = list(axis.entries)
    known = {entry.key for entry in entries}
    entries += [
        AxisEntry(key, label, "Used by coders when the report does not give an answer.")
        for key, label in SPECIAL_VALUES.items()
        if key in present
    ]
    removed = sorted(set(present) - known - SPECIAL_VALUES.keys())
    return entries + [AxisEntry(key, key, "No longer in the codebook.") for key in removed]


def value_label(item: CodebookItem, key: str) -> str:
    """Return the label of a coded value's entry."""
    if key in SPECIAL_VALUES:
        return SPECIAL_VALUES[key]
    if item.type is ItemType.COUNTRY:
        return country_name(key)
    labels = {value.key: value.label for value in item.values} | {"yes": "Yes", "no": "No"}
    return labels.get(key, key)


def _filtered(
    frame: pd.DataFrame, framework: MapFramework, filters: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    for key, wanted in filters.items():
        if key not in framework.filters:
            raise Invalid(f"This map cannot be filtered by '{key}'. Remove this filter.")
        frame = frame[is_among(frame[key], wanted)]
    return frame


def is_among(column: pd.Series, wanted: Sequence[str]) -> pd.Series:
    """Return, for each line, whether it has one of the ``wanted`` values in a filter's column."""
    kept_values = set(wanted)
    is_kept = [not kept_values.isdisjoint(values) for values in column]
    return pd.Series(is_kept, index=column.index, dtype=bool)


def _counted(
    coded: CodedStudies,
    axes: Axes,
    whole: pd.DataFrame,
    *,
    filters: Mapping[str, Sequence[str]],
    unit: str,
    as_of: int,
    stopped: str | None,
) -> HeatMap:
    frame = _filtered(whole, axes.framework, filters)
    rows = axis_entries(axes.rows, whole["row"])
    columns = axis_entries(axes.columns, whole["column"])
    placed = frame.dropna(subset=["row", "column"])
    on_map = frozenset(placed["study_id"])
    shown = frozenset(frame["study_id"])
    unit_id = f"{unit}_id"
    return HeatMap(
        framework=axes.framework,
        unit=unit,
        rows=rows,
        columns=columns,
        cells=count_cells(frame, [row.key for row in rows], [column.key for column in columns]),
        frame=frame,
        whole=whole,
        filters=filters,
        row_totals=_totals(placed, "row", unit_id),
        column_totals=_totals(placed, "column", unit_id),
        n_studies=len(shown),
        n_contracts=int(frame["contract_id"].nunique()),
        unplaced=(shown & coded.coded_studies) - on_map,
        awaiting_coding=shown - coded.coded_studies,
        as_of=as_of,
        stopped=stopped,
    )


def _totals(placed: pd.DataFrame, axis: str, unit_id: str) -> dict[str, int]:
    return {str(key): int(n) for key, n in placed.groupby(axis)[unit_id].nunique().items()}
