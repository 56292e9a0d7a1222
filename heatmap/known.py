"""How many of the contracts that are known to exist are studied: a map's denominators."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import pandas as pd

from heatmap.axes import NOT_CODED, Axes, MapAxis, MapFilter, entry_keys
from heatmap.coded import CodedStudies, ListedContract
from protocols.schema import CodebookItem, Level
from review.studies.coding import Subject

Cell = tuple[str, str]
YEARS = frozenset({"since", "until"})  # of publication, which contracts have none of


@dataclass(frozen=True)
class KnownCount:
    """Of the contracts on a list that are known in one place, how many are studied there."""

    n: int
    n_studied: int


@dataclass(frozen=True)
class KnownCounts:
    """The contracts on a list, counted by cell, row and column; empty without a list.

    A contract whose type the list does not say counts in its row alone.
    """

    cells: Mapping[Cell, KnownCount] = field(default_factory=dict)
    rows: Mapping[str, KnownCount] = field(default_factory=dict)
    columns: Mapping[str, KnownCount] = field(default_factory=dict)
    whole: KnownCount | None = None  # None where there is no list, or a filter is not on it

    def at(self, row: str | None, column: str | None) -> KnownCount | None:
        """Return the count of a cell, a row or a column; None where none is known."""
        if row is not None and column is not None:
            return self.cells.get((row, column))
        return self.columns.get(column or "") if row is None else self.rows.get(row)


def count_known(
    coded: CodedStudies,
    axes: Axes,
    frame: pd.DataFrame,
    *,
    filters: Mapping[str, Sequence[str]],
    secondary: bool = False,
) -> KnownCounts:
    """Count the known contracts of a map, and those that a study in ``frame`` reports on.

    The values that were coded count before the list's own.  Filters for what a contract is keep
    the known contracts that have the value; filters for studies only change which are studied.
    A filter for what no list says leaves nothing to compare with, so nothing is counted.
    """
    chosen = _of_contracts(axes.filters, filters)
    if not coded.known or any(not _is_on_list(one.axis) for one in chosen):
        return KnownCounts()
    places: dict[tuple[str | None, str | None], list[ListedContract]] = defaultdict(list)
    for known in coded.known:
        values = _Values(coded, known)
        if not all(values.passes(one, filters[one.key]) for one in chosen):
            continue
        rows = values.keys_on(axes.rows, secondary=secondary)
        columns = values.keys_on(axes.columns, secondary=secondary)
        for row, column in product([*rows, None], [*columns, None]):
            places[row, column].append(known)
    studied = set(frame["contract_id"]) - {None}
    counted = {
        place: KnownCount(len(known), sum(one.contract_id in studied for one in known))
        for place, known in places.items()
    }
    return KnownCounts(
        cells={
            (row, column): n
            for (row, column), n in counted.items()
            if row is not None and column is not None
        },
        rows={row: n for (row, column), n in counted.items() if row is not None and column is None},
        columns={
            column: n for (row, column), n in counted.items() if row is None and column is not None
        },
        whole=counted.get((None, None), KnownCount(0, 0)),
    )


class _Values:
    """What is known of one contract on the list: as it was coded here, else as the list says."""

    def __init__(self, coded: CodedStudies, known: ListedContract) -> None:
        self.coded = coded
        self.known = known

    def keys_on(self, axis: MapAxis, *, secondary: bool = False) -> list[str]:
        """Return the rows or columns of the contract; none where they are not known."""
        if not _is_of_contracts(axis):
            return []
        items = [*axis.items, *([axis.secondary] if secondary and axis.secondary else [])]
        return list(dict.fromkeys(key for item in items for key in self.keys_of(item)))

    def keys_of(self, item: CodebookItem) -> Sequence[str]:
        """Return the keys of an item's value."""
        subject = Subject(None, self.known.contract_id)
        value = self.coded.values.get((subject, item.key)) if self.known.contract_id else None
        return self.known.values.get(item.key, ()) if value is None else entry_keys(item, value)

    def passes(self, one: MapFilter, wanted: Sequence[str]) -> bool:
        """Return whether the contract has one of the values that a filter keeps."""
        keys = self.keys_on(one.axis) or [NOT_CODED]
        derived = [one.derive(key) if one.derive and key != NOT_CODED else key for key in keys]
        return not one.expand(wanted).isdisjoint(derived)


def _of_contracts(
    known: Mapping[str, MapFilter], filters: Mapping[str, Sequence[str]]
) -> list[MapFilter]:
    """Return the filters that say what a contract is, whatever studies say about it."""
    chosen = (known[key] for key in filters if key not in YEARS)
    return [one for one in chosen if _is_of_contracts(one.axis)]


def _is_of_contracts(axis: MapAxis) -> bool:
    return not axis.is_group and all(item.level is Level.CONTRACT for item in axis.items)


def _is_on_list(axis: MapAxis) -> bool:
    return all(item.known_from is not None for item in axis.items)
