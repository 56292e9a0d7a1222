"""Filters of a map: what they offer, what they leave, and cells that they empty."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from heatmap.axes import NOT_CODED, axes_of
from heatmap.cells import HeatMap
from heatmap.counting import MapBase, count
from heatmap.drawing import SCALE
from heatmap.filters import applicable, filter_options
from protocols.schema import Protocol
from tests.heatmap.test_cells import PROTOCOL, codings
from tests.heatmap.test_drawing import EMPTY

KEYS = ("country", "contract_type", "secondary")
FRAMEWORK = PROTOCOL.framework("area_by_type").model_copy(update={"filters": KEYS})
WIDE: Protocol = PROTOCOL.model_copy(update={"frameworks": (FRAMEWORK, *PROTOCOL.frameworks[1:])})
VALUES = {"country": ("KE", "GB", "NO"), "contract_type": ("sib", "pbr"),
          "secondary": ("work", "home")}  # fmt: skip
chosen = st.fixed_dictionaries(
    {}, optional={key: st.lists(st.sampled_from(VALUES[key]), min_size=1, unique=True)
                  for key in KEYS}
)  # fmt: skip
units = st.sampled_from(["contract", "study", "report"])


def made(coded, unit, filters) -> HeatMap:
    return count(MapBase(coded, WIDE), as_of=1, unit=unit, filters=filters)


@given(coded=codings(), unit=units, filters=chosen)
def test_the_number_beside_a_value_is_what_choosing_it_shows(coded, unit, filters):
    options = filter_options(made(coded, unit, filters))

    for key, offered in options.items():
        others = {other: values for other, values in filters.items() if other != key}
        for option in offered:
            alone = made(coded, unit, others | {key: [option.value]})
            assert option.n == alone.n, (key, option)
            assert option.is_chosen == (option.value in filters.get(key, ()))


@given(coded=codings(), unit=units, filters=chosen)
def test_a_filter_offers_the_same_values_whatever_is_chosen(coded, unit, filters):
    without = filter_options(made(coded, unit, {}))
    under = filter_options(made(coded, unit, filters))

    for key in KEYS:
        everything = {option.value for option in without[key]}
        assert {option.value for option in under[key]} == everything | set(filters.get(key, ()))


@given(coded=codings(), unit=units, filters=chosen)
def test_the_values_of_a_filter_and_not_yet_coded_are_all_there_is(coded, unit, filters):
    heatmap = made(coded, unit, filters)
    for key in ("region", "country", "contract_type", "themes"):
        values = {value for of_line in heatmap.frame[key] for value in of_line}
        under = made(coded, unit, {**filters, key: sorted(values)} if values else filters)
        assert under.n == heatmap.n
        if key in ("region", "country", "contract_type"):  # a contract has one value of these
            alone = [made(coded, "contract", {**filters, key: [value]}).n for value in values]
            assert sum(alone) == made(coded, "contract", filters).n


@given(coded=codings(), first=st.integers(1998, 2006), last=st.integers(1998, 2006))
def test_years_keep_the_studies_with_a_report_within_them(coded, first, last):
    years = {study: [1999 + number, 2003] for number, study in enumerate(coded.studies)}
    coded = replace(coded, years=years)

    heatmap = made(coded, "study", {"since": [str(first)], "until": [str(last)]})

    within = {s for s, of_study in years.items() if any(first <= y <= last for y in of_study)}
    assert set(heatmap.frame["study_id"]) == within


@given(coded=codings(), unit=units, filters=chosen)
def test_an_empty_cell_is_a_gap_or_emptied_by_the_filters_and_never_both(coded, unit, filters):
    whole, under = made(coded, unit, {}), made(coded, unit, filters)

    assert [row.key for row in under.rows] == [row.key for row in whole.rows]
    for row in under.rows:
        for column in under.columns:
            n, n_out = under.count(row.key, column.key), under.n_filtered_out(row.key, column.key)
            before = whole.count(row.key, column.key)
            assert n <= before
            if whole.is_plain(row.key, column.key):  # elsewhere a study may have no contract
                assert n_out == (0 if n else before)
            assert whole.n_filtered_out(row.key, column.key) == 0


def test_every_map_has_the_filters_of_all_maps_and_what_no_map_knows_is_ignored():
    asked = {"country": ["KE", "GB"], "contract_type": ["sib"], "since": ["2015"],
             "utm_source": ["news"]}  # fmt: skip

    assert applicable(asked, WIDE) == {key: asked[key] for key in list(asked)[:3]}
    for framework in WIDE.frameworks:
        assert {"region", "income_group", "country", "contract_type", "themes", "design"} <= set(
            axes_of(WIDE, framework).filters
        )


def test_colours_mean_the_same_in_every_map():
    heatmap = count(MapBase(EMPTY, WIDE), as_of=1)
    assert [heatmap.step(n) for n in (0, 1, 2, 3, 4, 6, 7, 1000)] == [0, 1, 2, 2, 3, 3, 4, 4]
    assert heatmap.legend == [(1, 1, 1), (2, 2, 3), (3, 4, 6), (4, 7, None)]


def test_numbers_are_readable_on_every_colour_of_a_drawing():
    dark, white = luminance("#1b1d22"), luminance("#ffffff")
    for step, colour in enumerate(SCALE):
        text = white if step >= 2 else dark
        light, deep = sorted([text, luminance(colour)], reverse=True)
        assert (light + 0.05) / (deep + 0.05) >= 4.5, colour


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@settings(max_examples=60)
@given(coded=codings(), unit=units, filters=chosen, secondary=st.booleans())
def test_every_number_of_a_filtered_map_is_that_of_an_independent_recount(
    coded, unit, filters, secondary
):
    heatmap = count(MapBase(coded, WIDE), as_of=1, unit=unit, filters=filters, secondary=secondary)

    found = recount(coded, filters, secondary=secondary)
    for row in heatmap.rows:
        assert heatmap.row_totals.get(row.key, 0) == size(coded, unit, found, row=row.key)
        for column in heatmap.columns:
            expected = size(coded, unit, found, row=row.key, column=column.key)
            assert heatmap.count(row.key, column.key) == expected
    for column in heatmap.columns:
        assert heatmap.column_totals.get(column.key, 0) == size(
            coded, unit, found, column=column.key
        )
    assert heatmap.n == size(coded, unit, found)


def recount(coded, filters, *, secondary):
    """Return (study, contract, row, column) of everything that the filters keep, the long way."""
    found = set()
    for study in coded.studies:
        for contract in coded.contracts.get(study) or [None]:
            of = {item: value for (subject, item), value in coded.values.items()
                  if subject.contract_id == contract and contract is not None}  # fmt: skip
            kept = all(
                set(values) & set(as_list(of.get(key, NOT_CODED)))
                for key, values in filters.items()
            )
            rows = {of["area"]} if "area" in of else set()
            if secondary:
                rows |= set(of.get("secondary", []))
            if kept:
                found |= {(study, contract, row, of.get("contract_type", NOT_CODED))
                          for row in rows or {NOT_CODED}}  # fmt: skip
    return found


def as_list(value):
    return value if isinstance(value, list) else [value]


def size(coded, unit, found, *, row=None, column=None):
    here = [one for one in found if row in (None, one[2]) and column in (None, one[3])]
    if unit == "contract":
        return len({contract for _, contract, _, _ in here if contract is not None})
    studies = {study for study, _, _, _ in here}
    return len(studies) if unit == "study" else sum(coded.n_reports[study] for study in studies)
