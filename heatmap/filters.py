"""The filters of a map: what each offers, with how many units each choice would show."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from heatmap.cells import HeatMap, is_among, value_label
from protocols.schema import SPECIAL_VALUES, CodebookItem, ItemType, MapFramework, Protocol

Filters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class FilterOption:
    """A value that a filter offers, and how many units have it under the other filters."""

    value: str
    label: str
    n: int
    is_chosen: bool


def applicable(
    asked: Filters, framework: MapFramework, protocol: Protocol
) -> tuple[Filters, list[str]]:
    """Return the filters that a map has, and the labels of those that only other maps have.

    What no map of the protocol has is left out of both: newsletters, for example, add parameters to
    links.
    """
    known = {key for one in protocol.frameworks for key in one.filters}
    kept = {key: values for key, values in asked.items() if key in framework.filters}
    dropped = [protocol.item(key).label for key in asked if key in known - kept.keys()]
    return kept, dropped


def filter_options(heatmap: HeatMap, protocol: Protocol) -> dict[str, list[FilterOption]]:
    """Return what each filter of a map offers, in the order of the codebook.

    A filter offers every value that occurs without filters, and those that are chosen.
    """
    return {
        key: _options(heatmap, protocol.item(key), heatmap.filters.get(key, ()))
        for key in heatmap.framework.filters
    }


def _options(heatmap: HeatMap, item: CodebookItem, chosen: Collection[str]) -> list[FilterOption]:
    others = {key: values for key, values in heatmap.filters.items() if key != item.key}
    frame = heatmap.whole
    for key, wanted in others.items():
        frame = frame[is_among(frame[key], wanted)]
    units = frame[[item.key, f"{heatmap.unit}_id"]].explode(item.key).dropna()
    counts = units.groupby(item.key)[f"{heatmap.unit}_id"].nunique()
    present = {value for values in heatmap.whole[item.key] for value in values if value is not None}
    order = _order(item)
    return [
        FilterOption(value, value_label(item, value), int(counts.get(value, 0)), value in chosen)
        for value in sorted(
            present | set(chosen),
            key=lambda value: (order.get(value, len(order)), value_label(item, value)),
        )
    ]


def _order(item: CodebookItem) -> dict[str, int]:
    """Return the place of each value of the codebook; countries and numbers have none."""
    if item.type is ItemType.COUNTRY:
        return {}
    keys = [*(value.key for value in item.values), "yes", "no"]
    return {key: place for place, key in enumerate([*keys, *SPECIAL_VALUES])}
