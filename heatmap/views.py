"""Other views of the same data: over time, by country, and quality by design."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from heatmap.axes import NOT_CODED
from heatmap.cells import HeatMap, in_order, value_label
from heatmap.filters import country_filter, label_in


@dataclass(frozen=True)
class Bar:
    """One bar of a view: its value, and how many units it stands for."""

    key: str
    label: str
    n: int


@dataclass(frozen=True)
class CrossTable:
    """How many studies have each pair of values of two items."""

    row_label: str
    column_label: str
    rows: Sequence[Bar]
    columns: Sequence[Bar]
    n: Mapping[tuple[str, str], int]


def over_time(heatmap: HeatMap) -> list[Bar]:
    """Return the studies by the years of their reports, with every year in between."""
    studies = {
        study: set(years)
        for study, years in zip(heatmap.frame["study_id"], heatmap.frame["years"], strict=True)
    }
    counts = Counter(year for years in studies.values() for year in years)
    if not counts:
        return []
    years = range(min(counts), max(counts) + 1)
    return [Bar(str(year), str(year), counts[year]) for year in years]


def by_country(heatmap: HeatMap) -> list[Bar]:
    """Return the countries with their units, the most first; what is not coded comes last."""
    one = country_filter(heatmap)
    if one is None:
        return []
    units: dict[str, set[UUID]] = defaultdict(set)
    reports: dict[UUID, int] = {}
    unit = "contract_id" if heatmap.unit == "contract" else "study_id"
    lines = zip(
        heatmap.frame[unit],
        heatmap.frame[one.key],
        heatmap.frame["n_reports"],
        strict=True,
    )
    for id_, values, n_reports in lines:
        if id_ is not None:
            reports[id_] = n_reports
            for value in values:
                units[value].add(id_)
    bars = [
        Bar(
            key,
            label_in(one, key),
            sum(reports[id_] for id_ in ids) if heatmap.unit == "report" else len(ids),
        )
        for key, ids in units.items()
    ]
    return sorted(bars, key=lambda bar: (bar.key == NOT_CODED, -bar.n, bar.label))


def quality_by_design(heatmap: HeatMap) -> CrossTable | None:
    """Return the studies by the item of the bars and their design; None without such items."""
    quality = heatmap.axes.segments
    designs = next(
        (
            one
            for one in heatmap.axes.filters.values()
            if one.item and any(value.synthesis for value in one.item.values)
        ),
        None,
    )
    if quality is None or designs is None or designs.item is None or designs.item == quality:
        return None
    pairs = {
        study: (values[0], segment)
        for study, values, segment in zip(
            heatmap.frame["study_id"],
            heatmap.frame[designs.key],
            heatmap.frame["segment"],
            strict=True,
        )
    }
    counts = Counter(pairs.values())
    rows = in_order(designs.item, Counter(design for design, _ in pairs.values()))
    columns = in_order(quality, Counter(segment for _, segment in pairs.values()))
    return CrossTable(
        row_label=designs.label,
        column_label=quality.label,
        rows=[Bar(key, value_label(designs.item, key), n) for key, n in rows.items()],
        columns=[Bar(key, value_label(quality, key), n) for key, n in columns.items()],
        n=counts,
    )
