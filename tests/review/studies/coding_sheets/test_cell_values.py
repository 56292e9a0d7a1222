"""The text of a cell as a value: mixed spellings, several languages, several at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.loader import load, read_shipped
from protocols.schema import SPECIAL_VALUES, ItemType
from review.studies.coding_sheets.cell_values import text_of, value_of

PROTOCOL = load(read_shipped("social-outcomes-contracting")).protocol
ITEMS = {item.key: item for item in PROTOCOL.codebook}


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("costs", "PRESENT", "present"),
        ("costs", " absent ", "absent"),
        ("costs", "", None),
        ("costs", "–", None),
        ("country", "Scotland", "GB"),
        ("country", "Estados Unidos", "US"),
        ("country", "Côte d’Ivoire", "CI"),
        ("country", "KEN", "KE"),
        ("publication_year", "2014-05-01", 2014),
        ("publication_year", "n.d.", {"special": "not_reported"}),
        ("study_design", "RCT", "randomised_trial"),
        ("study_design", "difference in differences", "quasi_experiment"),
        ("outcome_area", "Employment and training", "employment_and_training"),
        ("secondary_policy_sectors", "Health, Education", ["health", "education"]),
        ("secondary_policy_sectors", "Child and family welfare; health",
         ["child_and_family_welfare", "health"]),
        ("sustainable_development_goals", "3; SDG 8", ["sdg_3", "sdg_8"]),
        ("sustainable_development_goals", "Goal 16", ["sdg_16"]),
        ("third_party_investor", "Yes", True),
        ("third_party_investor", "n/a", {"special": "not_applicable"}),
        ("scale", "1,200", 1200),
        ("incentive_size", "£1.5m", {"amount": "1500000", "currency": "GBP", "year": None}),
        ("scale", "1 200", 1200),
        ("incentive_size", "£1.5M", {"amount": "1500000", "currency": "GBP", "year": None}),
        ("incentive_size", "$3 Million", {"amount": "3000000", "currency": "USD", "year": None}),
        ("incentive_size", "250,000 US$ (2015)",
         {"amount": "250000", "currency": "USD", "year": 2015}),
        ("start_date", "04/2015", "2015-04"),
        ("start_date", "31.05.2014", "2014-05-31"),
        ("doi", "https://doi.org/10.5555/x", "10.5555/x"),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_people_write_it(key, text, value):
    assert value_of(ITEMS[key], text) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [("costs", "partly"), ("country", "Ruritania"), ("third_party_investor", "Yes, two banks"),
     ("incentive_size", "about 3 million"), ("incentive_size", "$1.2345k"),
     ("incentive_size", "€1,5m"), ("scale", "2,5"), ("scale", "0,75"),
     ("start_date", "05/04/2014"), ("scale", "many"), ("publication_year", "14"),
     ("secondary_policy_sectors", "Health; Moods")],
)  # fmt: skip
def test_what_is_no_value_of_the_item_is_refused(key, text):
    with pytest.raises(ValueError, match=r"\w+"):
        value_of(ITEMS[key], text)


VALUES = {
    ItemType.YES_NO: st.booleans(),
    ItemType.INTEGER: st.integers(-(2**40), 2**40),
    ItemType.YEAR: st.integers(1990, 2100),
    ItemType.COUNTRY: st.sampled_from(["GB", "KE", "CI", "XK", "NO", "US"]),
    ItemType.DATE: st.dates().map(str),
    ItemType.MONEY: st.builds(
        lambda n, year: {"amount": str(n), "currency": "GBP", "year": year},
        st.integers(0, 10**12), st.none() | st.integers(1900, 2099),
    ),
}  # fmt: skip


@given(st.data())
def test_a_value_that_is_written_is_read_again(data):
    item = data.draw(st.sampled_from(PROTOCOL.codebook), label="item")
    keys = [value.key for value in item.values]
    choices = {
        ItemType.ONE_OF: st.sampled_from(keys or [""]),
        ItemType.MANY_OF: st.lists(st.sampled_from(keys or [""]), min_size=1, unique=True).map(
            lambda chosen: [key for key in keys if key in chosen]
        ),
    }
    values = {**VALUES, **choices}.get(item.type, st.just("10.5555/a"))
    special = st.sampled_from([{"special": key} for key in SPECIAL_VALUES])
    if item.type is ItemType.WEB_ADDRESS:
        values = st.just("https://invented.example/")
    value = data.draw(values | special, label="value")

    assert value_of(item, text_of(item, value)) == value
