"""The axes of a map: the items of a framework, looked up in the protocol once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protocols.schema import Axis, CodebookItem, ItemType, MapFramework, Protocol


@dataclass(frozen=True)
class AxisEntry:
    """One row or column of a map."""

    key: str
    label: str
    definition: str | None


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


@dataclass(frozen=True)
class Axes:
    """The items of a framework: its rows and columns, what divides a cell, and its filters."""

    framework: MapFramework
    rows: MapAxis
    columns: MapAxis
    segments: CodebookItem | None
    filters: Mapping[str, CodebookItem]

    @property
    def items(self) -> list[CodebookItem]:
        """Return all items that the map is counted from; an item may be there twice."""
        of_axes = [
            item
            for axis in (self.rows, self.columns)
            for item in (*axis.items, *([axis.secondary] if axis.secondary else []))
        ]
        return [*of_axes, *([self.segments] if self.segments else []), *self.filters.values()]


def axes_of(protocol: Protocol, framework: MapFramework) -> Axes:
    """Return the axes of a framework; raise LookupError for an item that the codebook lacks."""
    return Axes(
        framework=framework,
        rows=_map_axis(protocol, framework.rows),
        columns=_map_axis(protocol, framework.columns),
        segments=protocol.item(framework.segments) if framework.segments else None,
        filters={key: protocol.item(key) for key in framework.filters},
    )


def mapped_items(protocol: Protocol) -> list[CodebookItem]:
    """Return the items that any map of the protocol is counted from; some may be there twice."""
    return [
        item for framework in protocol.frameworks for item in axes_of(protocol, framework).items
    ]


def entry_keys(item: CodebookItem, value: Any) -> list[str | None]:
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
    return MapAxis(
        items=[protocol.item(axis.item)] if axis.item else protocol.group(axis.group or ""),
        is_group=axis.item is None,
        counted_value=axis.value,
        secondary=protocol.item(axis.also) if axis.also else None,
        entries=None if entries is None else [AxisEntry(*entry) for entry in entries],
    )
