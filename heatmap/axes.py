"""The axes of a map: the items of a framework, looked up in the protocol once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from protocols.places import COUNTRIES, income_group_of, subregion_of
from protocols.schema import (
    MAP_KEYS,
    Axis,
    CodebookItem,
    ItemType,
    MapFramework,
    Protocol,
)

NOT_CODED, NONE_OF_THESE = MAP_KEYS


class EntryKind(StrEnum):
    """What a row or column is for."""

    PLAIN = "plain"  # a value of the codebook, or a country
    RESIDUAL = "residual"  # for what fits no other
    SPECIAL = "special"  # such as *unclear*
    REMOVED = "removed"  # a value that is no longer in the codebook
    ADDED = "added"  # by the map, for what has no value


@dataclass(frozen=True)
class AxisEntry:
    """One row or column of a map."""

    key: str
    label: str
    definition: str | None
    kind: EntryKind = EntryKind.PLAIN


@dataclass(frozen=True)
class MapAxis:
    """Rows or columns of a map: the values of one item, or the items of one group.

    An item of a group counts if ``counted_value`` is among its values.
    """

    items: Sequence[CodebookItem]
    is_group: bool
    counted_value: str | None
    secondary: CodebookItem | None  # whose values can be counted too
    entries: Sequence[AxisEntry] | None  # the protocol's own; None for an open list of countries

    @property
    def all_items(self) -> list[CodebookItem]:
        """All items that the axis is counted from."""
        return [*self.items, *([self.secondary] if self.secondary else [])]


@dataclass(frozen=True)
class MapFilter:
    """What a map can be filtered by: an item, a group of items, or what follows from an item."""

    key: str
    label: str
    axis: MapAxis
    derive: Callable[[str], str] | None = None

    @property
    def item(self) -> CodebookItem | None:
        """The item whose values the filter offers; None for a group and for what is derived."""
        return None if self.derive or self.axis.is_group else self.axis.items[0]

    def shown(self, keys: Iterable[str]) -> list[str]:
        """Return the filter's values for the keys of its item: regions for countries, say."""
        if self.derive is None:
            return list(keys)
        return [self.derive(key) if key in COUNTRIES else key for key in keys]

    def expand(self, values: Iterable[str]) -> frozenset[str]:
        """Return the chosen values, each group of values by its members."""
        groups = {group.key: group.values for group in self.item.value_groups} if self.item else {}
        return frozenset(member for value in values for member in groups.get(value, (value,)))


@dataclass(frozen=True)
class Axes:
    """The items of a framework: its rows and columns, what divides a cell, and its filters."""

    framework: MapFramework
    rows: MapAxis
    columns: MapAxis
    segments: CodebookItem | None
    filters: Mapping[str, MapFilter]


def axes_of(protocol: Protocol, framework: MapFramework) -> Axes:
    """Return the axes of a framework; raise LookupError for an item that the codebook lacks."""
    return Axes(
        framework=framework,
        rows=_map_axis(protocol, framework.rows),
        columns=_map_axis(protocol, framework.columns),
        segments=protocol.item(framework.segments) if framework.segments else None,
        filters=filters_of(protocol),
    )


def filters_of(protocol: Protocol) -> Mapping[str, MapFilter]:
    """Return what the protocol's maps can be filtered by, the same for all of them.

    These are the filters, rows, columns and bars of all maps, in the codebook's order.  Where one
    is a country, its region and its income group come first.
    """
    named: dict[str, MapFilter] = {}
    for framework in protocol.frameworks:
        keys = [*framework.filters, *([framework.segments] if framework.segments else [])]
        for axis in (framework.rows, framework.columns, *(Axis(item=key) for key in keys)):
            key = axis.item or axis.group or ""
            if key not in named or axis.also:
                label = protocol.item(key).label if axis.item else _words(key)
                named[key] = MapFilter(key, label, _map_axis(protocol, axis))
    order = {item.key: place for place, item in enumerate(protocol.codebook)}
    in_order = sorted(named.values(), key=lambda one: order.get(one.axis.items[0].key, 0))
    derived = [
        MapFilter(key, label, one.axis, derive)
        for one in in_order
        if one.item and one.item.type is ItemType.COUNTRY
        for key, label, derive in (
            ("region", "Region", subregion_of),
            ("income_group", "Income group", income_group_of),
        )
    ][:2]
    return {one.key: one for one in (*derived, *in_order)}


def mapped_items(protocol: Protocol) -> list[CodebookItem]:
    """Return the items that any map of the protocol is counted from, each once."""
    axes = [axes_of(protocol, framework) for framework in protocol.frameworks]
    items = [
        item
        for one in axes
        for axis in (one.rows, one.columns, *(each.axis for each in one.filters.values()))
        for item in axis.all_items
    ]
    return list({item.key: item for item in items}.values())


def entry_keys(item: CodebookItem, value: Any) -> list[str]:
    """Return the keys of the axis entries under which a coded value counts."""
    if isinstance(value, dict) and "special" in value:
        return [value["special"]]
    if item.type is ItemType.YES_NO:
        return ["yes" if value else "no"]
    if item.type is ItemType.MANY_OF:
        return list(value)
    return [str(value)]


def _map_axis(protocol: Protocol, axis: Axis) -> MapAxis:
    entries = protocol.axis_entries(axis)
    item = protocol.item(axis.item) if axis.item else None
    residual = {value.key for value in item.values if value.residual} if item else set()
    return MapAxis(
        items=[item] if item else protocol.group(axis.group or ""),
        is_group=item is None,
        counted_value=axis.value,
        secondary=protocol.item(axis.also) if axis.also else None,
        entries=None
        if entries is None
        else [
            AxisEntry(*entry, EntryKind.RESIDUAL if entry[0] in residual else EntryKind.PLAIN)
            for entry in entries
        ],
    )


def _words(key: str) -> str:
    """Return the key of a group as words: evidence_themes is *Evidence themes*."""
    return key.replace("_", " ").capitalize()
