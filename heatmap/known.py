"""How many of the contracts that are known to exist are studied: a map's denominators."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from uuid import UUID

from heatmap.axes import NOT_CODED, Axes, MapAxis, MapFilter
from heatmap.coded import ListedContract
from protocols.schema import SPECIAL_VALUES, Level

Cell = tuple[str, str]
YEARS = frozenset({"since", "until"})  # of publication, which contracts have none of


@dataclass(frozen=True)
class KnownCount:
    """Of the contracts on a list that are known in one place, how many are studied."""

    n: int
    n_studied: int  # by studies that the filters keep
    reported: frozenset[UUID] = field(default=frozenset(), compare=False)
    """The contracts of the review among them that any included study reports on."""


NONE_KNOWN = KnownCount(0, 0)


@dataclass(frozen=True)
class KnownCounts:
    """The contracts on a list, counted by cell, row and column; empty without a list.

    A contract whose type the list does not say counts in its row alone.
    """

    cells: Mapping[Cell, KnownCount] = field(default_factory=dict)
    rows: Mapping[str, KnownCount] = field(default_factory=dict)
    columns: Mapping[str, KnownCount] = field(default_factory=dict)
    whole: KnownCount | None = None  # None where there is no list, or a filter is not on it
    has_cells: bool = False  # whether rows and columns both say what a contract is

    def at(self, row: str | None, column: str | None) -> KnownCount | None:
        """Return the count of a cell, a row or a column; None where none is known."""
        if row is not None and column is not None:
            return self.cells.get((row, column))
        return self.columns.get(column or "") if row is None else self.rows.get(row)


def count_known(
    known: Sequence[ListedContract],
    axes: Axes,
    *,
    studied: Collection[UUID],
    reported: Collection[UUID],
    filters: Mapping[str, Sequence[str]],
    secondary: bool = False,
) -> KnownCounts:
    """Count the known contracts of a map, and those that are studied.

    ``studied`` are the contracts of the review that the studies report on which the filters for
    studies keep, and ``reported`` those that any study does.  Filters for what a contract is keep
    the known contracts that have the value.  A filter for what no list says leaves nothing to
    compare with, so nothing is counted.
    """
    chosen = [axes.filters[key] for key in filters if is_of_contracts(axes, key)]
    if not known or any(not _is_on_list(one.axis) for one in chosen):
        return KnownCounts()
    places: dict[tuple[str | None, str | None], list[ListedContract]] = defaultdict(list)
    for one in known:
        if all(_passes(one, each, filters[each.key]) for each in chosen):
            rows = _keys_on(one, axes.rows, secondary=secondary)
            columns = _keys_on(one, axes.columns, secondary=secondary)
            for place in product([*rows, None], [*columns, None]):
                places[place].append(one)
    studied, reported = set(studied), set(reported)
    counted = {
        place: KnownCount(
            len(here),
            sum(not studied.isdisjoint(one.contracts) for one in here),
            frozenset(contract for one in here for contract in one.contracts) & reported,
        )
        for place, here in places.items()
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
        whole=counted.get((None, None), NONE_KNOWN),
        has_cells=_says_what_a_contract_is(axes.rows) and _says_what_a_contract_is(axes.columns),
    )


def is_of_contracts(axes: Axes, key: str) -> bool:
    """Return whether a filter is for what a contract is, whatever studies say about it."""
    return key not in YEARS and _says_what_a_contract_is(axes.filters[key].axis)


def _keys_on(one: ListedContract, axis: MapAxis, *, secondary: bool = False) -> list[str]:
    """Return the rows or columns of a known contract; none where they are not known."""
    if not _says_what_a_contract_is(axis):
        return []
    keys = list(one.values.get(axis.items[0].key, ()))
    if secondary and axis.secondary:
        added = one.values.get(axis.secondary.key, ())
        keys += [key for key in added if key not in SPECIAL_VALUES]
    return list(dict.fromkeys(keys))


def _passes(one: ListedContract, chosen: MapFilter, wanted: Sequence[str]) -> bool:
    """Return whether a known contract has one of the values that a filter keeps."""
    keys = chosen.shown(_keys_on(one, chosen.axis) or [NOT_CODED])
    return not chosen.expand(wanted).isdisjoint(keys)


def _says_what_a_contract_is(axis: MapAxis) -> bool:
    return not axis.is_group and axis.items[0].level is Level.CONTRACT


def _is_on_list(axis: MapAxis) -> bool:
    return axis.items[0].known_from is not None
