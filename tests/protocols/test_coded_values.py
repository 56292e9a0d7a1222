"""What each type of codebook item accepts, stores and shows."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.places import COUNTRIES
from protocols.schema import SPECIAL_VALUES, CodebookItem, ItemType, ItemValue, Level
from protocols.values import check_value, currencies, describe_value

VALUES = (
    ItemValue(key="health", label="Health"),
    ItemValue(key="education", label="Education"),
    ItemValue(key="criminal_justice", label="Criminal justice"),
)


def make_item(type):  # noqa: A002 — the field's own name
    values = VALUES if type in {"one_of", "many_of"} else ()
    return CodebookItem(key="it", label="It", level=Level.CONTRACT, type=type, values=values)


@pytest.mark.parametrize(
    ("type", "value", "stored", "shown"),
    [
        ("yes_no", True, True, "Yes"),
        ("yes_no", False, False, "No"),
        ("one_of", "health", "health", "Health"),
        ("many_of", ["education", "health", "health"], ["health", "education"],
         "Health; Education"),
        ("integer", 1200, 1200, "1,200"),
        ("integer", " 12 ", 12, "12"),
        ("year", 2015, 2015, "2015"),
        ("year", " 1998 ", 1998, "1998"),
        ("integer", 3.0, 3, "3"),
        ("doi", "10.1000/X.1", "10.1000/x.1", "10.1000/x.1"),
        ("doi", " https://doi.org/10.1000/X%281%29 ", "10.1000/x(1)", "10.1000/x(1)"),
        ("doi", "doi: 10.1000/x.", "10.1000/x", "10.1000/x"),
        ("web_address", "https://example.org/a b".replace(" ", "%20"),
         "https://example.org/a%20b", "https://example.org/a%20b"),
        ("web_address", "example.org/report.pdf", "https://example.org/report.pdf",
         "https://example.org/report.pdf"),
        ("web_address", "http://bücher.example:8080/", "http://bücher.example:8080/",
         "http://bücher.example:8080/"),
        ("decimal", 0.1, "0.1", "0.1"),
        ("decimal", "1250.50", "1250.5", "1,250.5"),
        ("decimal", 1e-05, "0.00001", "0.00001"),
        ("decimal", -0.0, "0", "0"),
        ("decimal", "+123456789012345678.123456789012",
         "123456789012345678.123456789012", "123,456,789,012,345,678.123456789012"),
        ("money", {"amount": 1200000, "currency": "gbp", "year": 2014},
         {"amount": "1200000", "currency": "GBP", "year": 2014}, "GBP 1,200,000 (2014)"),
        ("money", {"amount": "0.50", "currency": "DEM"},
         {"amount": "0.5", "currency": "DEM", "year": None}, "DEM 0.5"),
        ("date", "2014", "2014", "2014"),
        ("date", "2014-05", "2014-05", "2014-05"),
        ("date", "2016-02-29", "2016-02-29", "2016-02-29"),
        ("country", "ke", "KE", "Kenya"),
        ("country", "KEN", "KE", "Kenya"),
        ("country", "NO", "NO", "Norway"),
        ("country", "UK", "GB", "United Kingdom"),
        ("text", "  Ways to Wellness ", "Ways to Wellness", "Ways to Wellness"),
    ],
)  # fmt: skip
def test_a_value_is_stored_and_shown_by_its_type(type, value, stored, shown):  # noqa: A002
    item = make_item(type)

    checked = check_value(item, value)

    assert checked == stored
    assert checked.__class__ is stored.__class__
    assert describe_value(item, checked) == shown


@pytest.mark.parametrize(
    ("type", "value", "sentence"),
    [
        ("yes_no", "yes", "yes or no"),
        ("yes_no", 1, "yes or no"),
        ("one_of", "helth", "Did you mean 'health'"),
        ("one_of", ["health"], "choose one value"),
        ("many_of", [], "one or more values"),
        ("many_of", "health", "one or more values"),
        ("many_of", ["health", "sport"], "'sport' is not one of its values"),
        ("integer", 2.5, "whole number"),
        ("integer", True, "give a number"),
        ("integer", 2**53, "too large"),
        ("integer", "1,200", "digits"),
        ("year", 99999, "four digits"),
        ("year", 20, "four digits"),
        ("year", "soon", "digits"),
        ("doi", "https://example.org/x", "begins with 10."),
        ("doi", "10.1/x", "begins with 10."),
        ("doi", "10.1000/x y", "begins with 10."),
        ("web_address", "3", "as your browser shows it"),
        ("web_address", "not a url", "as your browser shows it"),
        ("web_address", "javascript:alert(1)", "as your browser shows it"),
        ("web_address", "ftp://example.org/x", "as your browser shows it"),
        ("web_address", "https://[::1", "as your browser shows it"),
        ("web_address", "https://example.org:port/", "as your browser shows it"),
        ("decimal", float("nan"), "digits"),
        ("decimal", float("inf"), "digits"),
        ("decimal", "1e400", "digits"),
        ("decimal", "٣", "digits"),
        ("decimal", None, "give a number"),
        ("decimal", Decimal("1e30"), "digits"),
        ("decimal", Decimal("1e999999"), "digits"),
        ("decimal", "many", "digits"),
        ("money", 5, "an amount and a currency"),
        ("money", {"amount": 5}, "an amount and a currency"),
        ("money", {"amount": -5, "currency": "GBP"}, "cannot be negative"),
        ("money", {"amount": 5, "currency": "POUNDS"}, "choose an ISO 4217 currency code"),
        ("money", {"amount": 5, "currency": "GBP", "year": 14}, "four digits"),
        ("money", {"amount": 5, "currency": "GBP", "pence": 1}, "money has no field 'pence'"),
        ("date", "31/05/2014", "2014-05-31"),
        ("date", "2015-02-29", "does not exist"),
        ("date", "0000", "does not exist"),
        ("date", 2014, "2014-05-31"),
        ("country", "EU", "not a country code"),
        ("country", "Kenya", "not a country code"),
        ("country", False, "write Norway as 'NO', in quotes"),
        ("country", 826, "country code"),
        ("text", "   ", "write some text"),
        ("text", "a\x00b", "cannot be stored"),
        ("text", "a\ud800b", "cannot be stored"),
        ("text", "x" * 20_001, "longer than 20,000"),
        ("text", {"special": "unknown"}, "not_reported, unclear or not_applicable"),
        ("text", {"special": ["unclear"]}, "not_reported, unclear or not_applicable"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_a_sentence(type, value, sentence):  # noqa: A002
    item = make_item(type)

    with pytest.raises(ValueError, match=r"^It: ") as caught:
        check_value(item, value)

    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("type", "early", "late"), [("year", 1989, 2031), ("date", "1989-12-31", "2031")]
)
def test_a_year_or_date_lies_within_the_codebooks_bounds(type, early, late):  # noqa: A002
    item = make_item(type).model_copy(update={"earliest": 1990, "latest": 2030})

    for value in ("1990", "2030"):
        assert str(check_value(item, value)) == value
    with pytest.raises(ValueError, match="It: 1989 is before 1990, the first year"):
        check_value(item, early)
    with pytest.raises(ValueError, match="It: 2031 is after 2030, the last year"):
        check_value(item, late)


def test_currencies_are_offered_with_their_names_and_all_of_them_are_accepted():
    offered = currencies()

    assert offered[:3] == (("GBP", "British Pound"), ("USD", "US Dollar"), ("EUR", "Euro"))
    assert ("KES", "Kenyan Shilling") in offered
    assert "DEM" not in dict(offered)
    for code, _name in offered:
        check_value(make_item("money"), {"amount": 1, "currency": code})


@pytest.mark.parametrize("type", ItemType)
@pytest.mark.parametrize(("key", "label"), SPECIAL_VALUES.items())
def test_every_item_takes_the_special_values(type, key, label):  # noqa: A002
    item = make_item(type)

    checked = check_value(item, {"special": key})

    assert checked == {"special": key}
    assert describe_value(item, checked) == label


def test_a_key_that_is_no_longer_in_the_codebook_is_shown_as_stored():
    assert describe_value(make_item("one_of"), "housing") == "housing"
    assert describe_value(make_item("many_of"), ["housing", "health"]) == "housing; Health"


keys = st.sampled_from([value.key for value in VALUES])
numbers = st.one_of(
    st.decimals("-1e17", "1e17", places=6), st.integers(-(10**17), 10**17), st.floats(-1e6, 1e6)
)
good_values = {
    "yes_no": st.booleans(),
    "one_of": keys,
    "many_of": st.lists(keys, min_size=1),
    "integer": st.integers(-(2**53) + 1, 2**53 - 1),
    "year": st.integers(1000, 2999),
    "decimal": st.decimals("-1e17", "1e17", places=6),
    "money": st.fixed_dictionaries(
        {"amount": st.decimals(0, "1e15", places=2), "currency": st.sampled_from(["GBP", "xof"])},
        optional={"year": st.none() | st.integers(1900, 2099)},
    ),
    "date": st.dates().map(str) | st.dates().map(lambda day: str(day)[:7]),
    "country": st.sampled_from(COUNTRIES),
    "doi": st.from_regex(r"10\.[0-9]{4,9}/[A-Za-z0-9().;-]{0,20}[A-Za-z0-9]", fullmatch=True),
    "web_address": st.from_regex(
        r"(https?://)?[a-z]{1,9}\.[a-z]{2,5}(/[!-~]{0,20})?", fullmatch=True
    ),
    "text": st.text("aé字 \n", min_size=1).filter(str.strip),
}


@given(st.sampled_from(ItemType).flatmap(lambda t: st.tuples(st.just(t), good_values[t])))
def test_checking_a_checked_value_changes_nothing(type_and_value):
    item = make_item(type_and_value[0])

    checked = check_value(item, type_and_value[1])

    assert check_value(item, checked) == checked
    assert describe_value(item, checked)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@given(st.sampled_from(ItemType), json_values)
def test_any_json_is_stored_stably_or_refused_with_a_value_error(type, value):  # noqa: A002
    item = make_item(type)

    try:
        checked = check_value(item, value)
    except ValueError:
        return

    assert check_value(item, checked) == checked
