"""The filters of a map: what each offers, with how many units each choice would show."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from heatmap.axes import MapFilter, filters_of
from heatmap.cells import (
    SINCE,
    UNTIL,
    HeatMap,
    is_among,
    kept_by,
    lines_of,
    value_label,
)
from protocols.places import COUNTRIES, INCOME_GROUPS, SUBREGIONS
from protocols.schema import MAP_KEYS, SPECIAL_VALUES, ItemType, Protocol

UNIT, NO_UNIT = "unit", -1
Filters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class FilterOption:
    """A value that a filter offers, and how many units have it under the other filters."""

    value: str
    label: str
    n: int
    is_chosen: bool
    is_group: bool = False  # several values of the item under one name


def applicable(asked: Filters, protocol: Protocol) -> Filters:
    """Return the filters that the maps of a protocol have; all of them have the same.

    What is left out came from elsewhere: newsletters, for example, add parameters to links.
    """
    known = {*filters_of(protocol), SINCE, UNTIL}
    return {key: values for key, values in asked.items() if key in known}


def filter_options(heatmap: HeatMap) -> dict[str, list[FilterOption]]:
    """Return what each filter of a map offers, in the order of the codebook.

    A filter offers every value that occurs without filters, and those that are chosen.  Groups of
    values come first.
    """
    # A study's contract has the same values in every cell that it is in.
    pairs = heatmap.whole.drop_duplicates(["study_id", "contract_id"])
    # Numbers are compared faster than ids; a pair without a contract gets `NO_UNIT`.
    id_ = "contract_id" if heatmap.unit == "contract" else "study_id"
    pairs = pairs.assign(**{UNIT: pd.factorize(pairs[id_])[0].tolist()})
    kept = kept_by(pairs, heatmap.axes.filters, heatmap.filters)
    return {
        key: _options(
            one,
            lines_of(pairs, kept, but=key),
            present={value for values in pairs[key] for value in values},
            chosen=heatmap.filters.get(key, ()),
            unit=heatmap.unit,
        )
        for key, one in heatmap.axes.filters.items()
    }


def filter_words(heatmap: HeatMap) -> list[str]:
    """Return each filter of a map in words, such as *Country: Kenya or Uganda*."""
    words = []
    for key, values in heatmap.filters.items():
        if key in (SINCE, UNTIL):
            words.append(f"published {key} {values[-1]}")
        else:
            one = heatmap.axes.filters[key]
            words.append(f"{one.label}: {' or '.join(label_in(one, value) for value in values)}")
    return words


def years_of(heatmap: HeatMap) -> tuple[int, int] | None:
    """Return the first and the last year of publication among what the filters keep."""
    years = [year for of_study in heatmap.frame["years"] for year in of_study]
    return (min(years), max(years)) if years else None


def _options(
    one: MapFilter,
    frame: pd.DataFrame,
    *,
    present: Collection[str],
    chosen: Collection[str],
    unit: str,
) -> list[FilterOption]:
    """Return what a filter offers, of the lines that the other filters keep."""
    present = set(present)
    groups = [
        FilterOption(
            group.key,
            group.label,
            _n_units(frame[is_among(frame[one.key], group.values)], unit),
            group.key in chosen,
            is_group=True,
        )
        for group in (one.item.value_groups if one.item else ())
        if not present.isdisjoint(group.values)
    ]
    counts = _counts(frame, one.key, unit)
    order = _order(one)
    values = (present | set(chosen)) - {group.value for group in groups}
    options = [
        FilterOption(value, label_in(one, value), counts.get(value, 0), value in chosen)
        for value in values
    ]
    options.sort(key=lambda option: (order.get(option.value, 0), option.label))
    return [*groups, *options]


def label_in(one: MapFilter, value: str) -> str:
    """Return the label of a value, or of a group of values, as a filter shows it."""
    if one.axis.is_group:
        labels = {item.key: item.label for item in one.axis.items}
        return labels.get(value) or value_label(None, value)
    groups = {group.key: group.label for group in one.item.value_groups} if one.item else {}
    return groups.get(value) or value_label(one.item, value)


def _counts(frame: pd.DataFrame, key: str, unit: str) -> dict[str, int]:
    """Return how many units have each value."""
    if unit == "report":
        reports: dict[str, dict[int, int]] = defaultdict(dict)  # of each study
        for values, number, n in zip(frame[key], frame[UNIT], frame["n_reports"], strict=True):
            for value in values:
                reports[value][number] = n
        return {value: sum(of_value.values()) for value, of_value in reports.items()}
    units: dict[str, set[int]] = defaultdict(set)
    for values, number in zip(frame[key], frame[UNIT], strict=True):
        for value in values:
            units[value].add(number)
    return {value: len(of_value - {NO_UNIT}) for value, of_value in units.items()}


def _n_units(frame: pd.DataFrame, unit: str) -> int:
    if unit == "report":
        return int(frame.drop_duplicates("study_id")["n_reports"].sum())
    return int(frame[f"{unit}_id"].nunique())


def _order(one: MapFilter) -> dict[str, int]:
    """Return the place of each value; countries have none, so that they are sorted by name."""
    if one.axis.is_group:
        keys = [item.key for item in one.axis.items]
    elif one.item is None:
        keys = [*SUBREGIONS, *INCOME_GROUPS]
    elif one.item.type is ItemType.COUNTRY:
        keys = []
    else:
        keys = [*(value.key for value in one.item.values), "yes", "no"]
    if keys:
        return {key: place for place, key in enumerate([*keys, *SPECIAL_VALUES, *MAP_KEYS])}
    return {key: place for place, key in enumerate([*SPECIAL_VALUES, *MAP_KEYS], start=1)}


def country_filter(heatmap: HeatMap) -> MapFilter | None:
    """Return the filter for countries, if the map has one."""
    for one in heatmap.axes.filters.values():
        if one.item and one.item.type is ItemType.COUNTRY:
            return one
    return None


def n_countries(heatmap: HeatMap) -> int:
    """Return how many countries the map covers; 0 if it has no filter for countries."""
    one = country_filter(heatmap)
    if one is None:
        return 0
    return len({value for values in heatmap.frame[one.key] for value in values} & set(COUNTRIES))
