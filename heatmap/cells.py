"""Counting a tidy frame into the cells of a framework; gaps are data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import pandas as pd
from sqlalchemy.orm import Session

from heatmap.coded import Coded, items_of, read_coded, tidy
from protocols.places import country_name
from protocols.schema import SPECIAL_VALUES, Axis, CodebookItem, ItemType, MapFramework, Protocol
from review.decisions.stopping import stop_in_force
from review.errors import Invalid, NotFound
from review.events import last_event
from review.reviews import protocol_of

UNITS = ("contract", "study")


@dataclass(frozen=True)
class Entry:
    """One row or column of a map."""

    key: str
    label: str
    definition: str | None


@dataclass(frozen=True)
class HeatMap:
    """A map as counted: every cell of its grid, and what is not on it.

    ``cells`` has a line for each pair of row and column, in their order: row, column,
    n_contracts, n_studies.  A study or contract may stand in several cells, so cells do not add
    up to the totals; ``row_totals`` and ``column_totals`` count distinct units.
    """

    framework: MapFramework
    unit: str
    rows: Sequence[Entry]
    columns: Sequence[Entry]
    cells: pd.DataFrame
    frame: pd.DataFrame
    row_totals: Mapping[str, int]
    column_totals: Mapping[str, int]
    n_studies: int
    n_contracts: int
    unplaced: frozenset[UUID]  # coded studies that stand in no cell
    awaiting_coding: frozenset[UUID]
    as_of: int
    stopped: str | None = None  # how screening was stopped early, and what may be missing

    def count(self, row: str, column: str) -> int:
        """Return the number of units in a cell."""
        cells = self.cells
        found = cells[(cells["row"] == row) & (cells["column"] == column)]
        return int(found[f"n_{plural(self.unit)}"].iloc[0])

    def step(self, n: int) -> int:
        """Return the step of the colour scale that a count has: 0 for a gap, else 1 to 5."""
        return 0 if n == 0 else 1 + min(4, (n - 1) * 5 // self.most)

    @property
    def legend(self) -> list[tuple[int, int, int]]:
        """The steps of the colour scale that counts have, as (step, least, most)."""
        steps = [(self.step(n), n) for n in range(1, self.most + 1)]
        return [
            (step, members[0][1], members[-1][1])
            for step, group in groupby(steps, key=lambda pair: pair[0])
            if (members := list(group))
        ]

    def label(self, key: str) -> str:
        """Return the label of a row or column."""
        return next((one.label for one in [*self.rows, *self.columns] if one.key == key), key)

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
    """Return a map of the review after event ``as_of``, by the framework of that name or the first.

    ``filters`` keeps lines whose coded value of an item is among those given.  Raises NotFound
    for an unknown framework, Invalid for an unknown unit or filter.
    """
    protocol = protocol_of(session, review_id, as_of=as_of)
    keys = [key for one in protocol.frameworks for key in items_of(protocol, one)]
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
    coded: Coded,
    *,
    protocol: Protocol,
    as_of: int,
    framework: str | None = None,
    unit: str | None = None,
    secondary: bool = False,
    filters: Mapping[str, Sequence[str]] | None = None,
    stopped: str | None = None,
) -> HeatMap:
    """Return a map of what is coded, read from a review or kept in a publication."""
    try:
        chosen = protocol.framework(framework)
    except LookupError as error:
        raise NotFound(str(error)) from error
    unit = unit or chosen.unit
    if unit not in UNITS:
        raise Invalid(f"A map counts contracts or studies, not '{unit}'.")
    frame = tidy(coded, protocol=protocol, framework=chosen, secondary=secondary)
    frame = _filtered(frame, chosen, filters or {})
    rows = axis_entries(protocol, chosen.rows, frame["row"])
    columns = axis_entries(protocol, chosen.columns, frame["column"])
    return _counted(
        chosen, unit, rows, columns=columns, frame=frame, coded=coded, as_of=as_of, stopped=stopped
    )


def count_cells(frame: pd.DataFrame, rows: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Count distinct contracts and studies in every cell of the grid; gaps are explicit zeros.

    ``frame`` is tidy.  Lines with a gap on an axis stand in no cell.  Raises ValueError for a
    line that stands outside the grid.
    """
    grid = pd.MultiIndex.from_product([rows, columns], names=["row", "column"])
    placed = frame.dropna(subset=["row", "column"])
    counts = placed.groupby(["row", "column"]).agg(
        n_contracts=("contract_id", "nunique"), n_studies=("study_id", "nunique")
    )
    if not (strays := counts.index.difference(grid)).empty:
        raise ValueError(f"Codes outside the framework: {list(strays)}")
    return counts.reindex(grid, fill_value=0).astype(int).reset_index()


def axis_entries(protocol: Protocol, axis: Axis, found: pd.Series) -> list[Entry]:
    """Return the entries of an axis: the protocol's own, then whatever else was coded.

    An open axis (countries) has those that occur, by name; special values such as *unclear* come
    last, where they occur.
    """
    present = [str(key) for key in found.dropna().unique()]
    own = protocol.axis_entries(axis)
    if own is None:
        names = {key: country_name(key) for key in present if key not in SPECIAL_VALUES}
        entries = [Entry(key, names[key], None) for key in sorted(names, key=names.__getitem__)]
    else:
        entries = [Entry(*entry) for entry in own]
    known = {entry.key for entry in entries}
    entries += [
        Entry(key, label, "Chosen by the coders where the report says no more.")
        for key, label in SPECIAL_VALUES.items()
        if key in present
    ]
    gone = sorted(set(present) - known - SPECIAL_VALUES.keys())
    return entries + [Entry(key, key, "No longer in the codebook.") for key in gone]


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
        chosen = set(wanted)
        kept = [not chosen.isdisjoint(values) for values in frame[key]]
        frame = frame.loc[pd.Series(kept, index=frame.index, dtype=bool)]
    return frame


def _counted(
    framework: MapFramework,
    unit: str,
    rows: Sequence[Entry],
    *,
    columns: Sequence[Entry],
    frame: pd.DataFrame,
    coded: Coded,
    as_of: int,
    stopped: str | None,
) -> HeatMap:
    placed = frame.dropna(subset=["row", "column"])
    on_map = frozenset(placed["study_id"])
    shown = frozenset(frame["study_id"])
    key = f"{unit}_id"
    return HeatMap(
        framework=framework,
        unit=unit,
        rows=rows,
        columns=columns,
        cells=count_cells(frame, [row.key for row in rows], [column.key for column in columns]),
        frame=frame,
        row_totals=_totals(placed, "row", key),
        column_totals=_totals(placed, "column", key),
        n_studies=len(shown),
        n_contracts=int(frame["contract_id"].nunique()),
        unplaced=(shown & coded.coded_studies) - on_map,
        awaiting_coding=shown - coded.coded_studies,
        as_of=as_of,
        stopped=stopped,
    )


def _totals(placed: pd.DataFrame, axis: str, unit_id: str) -> dict[str, int]:
    return {str(key): int(n) for key, n in placed.groupby(axis)[unit_id].nunique().items()}
