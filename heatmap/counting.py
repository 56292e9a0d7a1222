"""Count what was coded into a map, and keep what maps are counted from for the next reader."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from heatmap.axes import (
    NONE_OF_THESE,
    NOT_CODED,
    Axes,
    AxisEntry,
    EntryKind,
    MapAxis,
    MapFilter,
    axes_of,
    mapped_items,
)
from heatmap.cells import (
    ORDERS,
    SINCE,
    UNITS,
    UNTIL,
    HeatMap,
    MapSource,
    counted_cells,
    kept_lines,
)
from heatmap.coded import CodedStudies, read_coded, tidy, tidy_excluded
from heatmap.kept import Kept
from heatmap.known import KnownCounts, count_known, is_of_contracts
from protocols.places import country_name
from protocols.schema import MAP_KEYS, SPECIAL_VALUES, MapFramework, Protocol
from review.decisions.stopping import stop_in_force
from review.errors import Invalid, NotFound
from review.events import last_event
from review.reviews import protocol_of
from review.states.viewers import viewer_of
from review.studies.known_contracts.lists import latest_list
from review.tables import Review, Search

MOST_KEPT = 4  # reviews or publications, each with its coded studies


class MapBase:
    """What the maps of a review or a publication are counted from, laid out once for each map."""

    def __init__(self, coded: CodedStudies, protocol: Protocol) -> None:
        self.coded = coded
        self.protocol = protocol
        self._wholes: dict[tuple[str, bool], pd.DataFrame] = {}

    def whole(self, framework: str, *, secondary: bool) -> pd.DataFrame:
        """Return all lines of a map; nobody may change them."""
        key = (framework, secondary)
        if key not in self._wholes:
            axes = axes_of(self.protocol, self.protocol.framework(framework))
            self._wholes[key] = tidy(self.coded, axes, secondary=secondary)
        return self._wholes[key]


kept_bases: Kept[MapBase] = Kept(MOST_KEPT)


def build(
    session: Session,
    *,
    review_id: UUID,
    framework: str | None = None,
    unit: str | None = None,
    order: str | None = None,
    secondary: bool = False,
    filters: Mapping[str, Sequence[str]] | None = None,
    as_of: int | None = None,
) -> HeatMap:
    """Return a map of the review after event ``as_of``, by the named framework or the first.

    ``filters`` keeps lines with one of the given values of an item.  Raises NotFound for an unknown
    framework, Invalid for an unknown unit, order or filter.
    """
    protocol = protocol_of(session, review_id, as_of=as_of)
    number = last_event(session, review_id) if as_of is None else as_of
    keys = [item.key for item in mapped_items(protocol)]

    def make() -> MapBase:
        coded = read_coded(session, review_id=review_id, items=keys, as_of=as_of)
        return MapBase(coded, protocol)

    # What a person who screens may see changes with time, so that theirs is read each time.
    is_same_for_all = viewer_of(session, review_id) is None
    listed = latest_list(session, review_id=review_id)  # today's, whatever the moment
    key = (review_id, number, listed and listed.event_number)
    base = kept_bases.get(key, make) if is_same_for_all else make()
    stop = stop_in_force(session, review_id, as_of=as_of)
    return count(
        base,
        framework=framework,
        unit=unit,
        order=order,
        secondary=secondary,
        filters=filters,
        as_of=number,
        stopped=stop.sentence if stop else None,
        source=MapSource(
            review=session.get_one(Review, review_id).title,
            day=None,
            number=None,
            searched_to=searched_to(session, review_id),
        ),
    )


def count(
    base: MapBase,
    *,
    as_of: int,
    framework: str | None = None,
    unit: str | None = None,
    order: str | None = None,
    secondary: bool = False,
    filters: Mapping[str, Sequence[str]] | None = None,
    stopped: str | None = None,
    source: MapSource | None = None,
) -> HeatMap:
    """Return a map of coded studies, read from a review or frozen in a publication."""
    coded, protocol = base.coded, base.protocol
    chosen, unit, order = _choices(protocol, framework, unit=unit, order=order)
    axes = axes_of(protocol, chosen)
    whole = base.whole(chosen.key, secondary=secondary)
    frame = _filtered(whole, axes.filters, filters or {})
    known = _known(coded, axes, whole, filters=filters or {}, secondary=secondary)
    listed = _known(coded, axes, whole, filters={}, secondary=secondary) if filters else known
    rows, folded_rows = _entries(axes.rows, whole, "row", known=listed.rows, unit=unit, order=order)
    columns, folded_columns = _entries(
        axes.columns, whole, "column", known=listed.columns, unit=unit, order=order
    )
    placed = frame[(frame["row"] != NOT_CODED) & (frame["column"] != NOT_CODED)]
    shown = frozenset(frame["study_id"])
    return HeatMap(
        axes=axes,
        unit=unit,
        order=order,
        rows=rows,
        columns=columns,
        folded=[*folded_rows, *folded_columns],
        cells=count_cells(frame, [row.key for row in rows], [column.key for column in columns]),
        frame=frame,
        whole=whole,
        filters=filters or {},
        row_totals=_totals(frame, "row", unit),
        column_totals=_totals(frame, "column", unit),
        row_studies=_totals(frame, "row", "study"),
        column_studies=_totals(frame, "column", "study"),
        n_studies=len(shown),
        n_contracts=int(frame["contract_id"].nunique()),
        n_reports=sum(coded.n_reports[study] for study in shown),
        unplaced=(shown & coded.coded_studies) - frozenset(placed["study_id"]),
        awaiting_coding=shown - coded.coded_studies,
        excluded=tidy_excluded(coded, axes, secondary=secondary),
        reasons=coded.excluded,
        as_of=as_of,
        stopped=stopped,
        labels=coded.labels,
        source=source,
        known=known,
    )


def _choices(
    protocol: Protocol, framework: str | None, *, unit: str | None, order: str | None
) -> tuple[MapFramework, str, str]:
    """Return the map, the unit and the order that were asked for, else the protocol's own."""
    try:
        chosen = protocol.framework(framework)
    except LookupError as error:
        raise NotFound(str(error)) from error
    unit, order = unit or chosen.unit, order or chosen.order
    if unit not in UNITS:
        raise Invalid(f"A map counts contracts, studies or reports, not '{unit}'.")
    if order not in ORDERS:
        raise Invalid(f"A map is ordered by size or as the protocol says, not by '{order}'.")
    return chosen, unit, order


def _known(
    coded: CodedStudies,
    axes: Axes,
    whole: pd.DataFrame,
    *,
    filters: Mapping[str, Sequence[str]],
    secondary: bool,
) -> KnownCounts:
    of_studies = {key: keys for key, keys in filters.items() if not is_of_contracts(axes, key)}
    return count_known(
        coded.known,
        axes,
        studied=_contracts(_filtered(whole, axes.filters, of_studies)),
        reported=_contracts(whole),
        filters=filters,
        secondary=secondary,
    )


def _contracts(frame: pd.DataFrame) -> set[UUID]:
    return set(frame["contract_id"]) - {None}


def searched_to(session: Session, review_id: UUID) -> date | None:
    """Return the day of the latest search; None if no search has a date."""
    return session.scalar(
        select(func.max(Search.run_on)).where(Search.review_id == review_id, ~Search.is_withdrawn)
    )


def count_cells(frame: pd.DataFrame, rows: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Count distinct contracts, studies and reports in every cell; gaps are explicit zeros.

    ``frame`` is tidy.  Raises ValueError for a line outside the grid.
    """
    grid = pd.MultiIndex.from_product([rows, columns], names=["row", "column"])
    counts = counted_cells(frame)
    if not (outside := counts.index.difference(grid)).empty:
        raise ValueError(f"Codes outside the framework: {list(outside)}")
    return counts.reindex(grid, fill_value=0).astype(int).reset_index()


def axis_entries(axis: MapAxis, keys: Collection[str]) -> list[AxisEntry]:
    """Return the entries of an axis: the protocol's own, then others among ``keys``.

    An open axis (countries) has those that occur, by name.  Special values such as *unclear* come
    after them, then values that are no longer in the codebook, and last what the map adds for what
    has no value, each if it occurs.
    """
    present = [str(key) for key in keys]
    others = {*SPECIAL_VALUES, *MAP_KEYS}
    if axis.entries is None:
        names = {key: country_name(key) for key in present if key not in others}
        entries = [AxisEntry(key, names[key], None) for key in sorted(names, key=names.__getitem__)]
    else:
        entries = list(axis.entries)
    known = {entry.key for entry in entries}
    unanswered = "Used by coders when the report does not give an answer."
    removed = sorted(set(present) - known - others)
    return [
        *entries,
        *_present(SPECIAL_VALUES, present, unanswered, kind=EntryKind.SPECIAL),
        *(AxisEntry(key, key, "No longer in the codebook.", EntryKind.REMOVED) for key in removed),
        *(
            AxisEntry(key, MAP_KEYS[key], definition, EntryKind.ADDED)
            for key, definition in _ADDED.items()
            if key in present
        ),
    ]


_ADDED = {
    NOT_CODED: "Included, but not coded yet, or coders have not agreed on the value yet.",
    NONE_OF_THESE: "Coded, and none of the others applies.",
}


def _filtered(
    frame: pd.DataFrame, known: Mapping[str, MapFilter], filters: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    for key, wanted in filters.items():
        if key in (SINCE, UNTIL):
            if not (wanted[-1].isascii() and wanted[-1].isdigit() and len(wanted[-1]) <= 4):
                raise Invalid(f"'{wanted[-1]}' is not a year. Write four digits, such as 2015.")
        elif key not in known:
            raise Invalid(f"This map cannot be filtered by '{key}'. Remove this filter.")
    return kept_lines(frame, known, filters)


def _entries(
    axis: MapAxis,
    whole: pd.DataFrame,
    name: str,
    *,
    known: Collection[str],
    unit: str,
    order: str,
) -> tuple[list[AxisEntry], list[AxisEntry]]:
    """Return the entries of an axis in their order, and the residual ones that are left out.

    What is only ``known`` has an entry too, such as a country in which nothing was studied.
    """
    totals = _totals(whole, name, unit)
    present = {*whole[name], *known}
    entries = axis_entries(axis, present)
    folded = [one for one in entries if one.kind is EntryKind.RESIDUAL and one.key not in present]
    shown = [entry for entry in entries if entry not in folded]
    if order == "size":
        shown.sort(key=lambda one: (one.kind is not EntryKind.PLAIN, -totals.get(one.key, 0)
                                    if one.kind is EntryKind.PLAIN else 0))  # fmt: skip
    return shown, folded


def _totals(frame: pd.DataFrame, axis: str, unit: str) -> dict[str, int]:
    if unit == "report":
        studies = frame.drop_duplicates([axis, "study_id"])
        counts = studies.groupby(axis)["n_reports"].sum()
    else:
        counts = frame.groupby(axis)[f"{unit}_id"].nunique()
    return {str(key): int(n) for key, n in counts.items()}


def _present(
    labels: Mapping[str, str], present: Sequence[str], definition: str, *, kind: EntryKind
) -> list[AxisEntry]:
    return [
        AxisEntry(key, label, definition, kind) for key, label in labels.items() if key in present
    ]
