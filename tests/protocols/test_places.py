"""Countries, regions and income groups."""

from collections import Counter

import pytest
from babel import Locale

from protocols.places import (
    COUNTRIES,
    INCOME_GROUPS,
    NOT_CLASSIFIED,
    REGIONS,
    SUBREGIONS,
    country_code,
    country_name,
    income_group_of,
    region_of,
    subregion_of,
)

# Codes that CLDR names but ISO 3166-1 does not assign: unions, islands, pseudo-locales.
NOT_COUNTRIES = {
    "AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ",
}  # fmt: skip


def test_every_country_of_iso_3166_has_a_name_and_a_region():
    named = {code for code in Locale("en").territories if len(code) == 2} - NOT_COUNTRIES

    assert set(COUNTRIES) == named
    assert all(country_name(code) != code for code in COUNTRIES)
    assert {region_of(code) for code in COUNTRIES} == set(REGIONS)
    assert {subregion_of(code) for code in COUNTRIES} == set(SUBREGIONS)


def test_income_groups_have_the_size_that_the_world_bank_published():
    sizes = Counter(income_group_of(code) for code in COUNTRIES)

    # The World Bank counts Jersey and Guernsey as one economy, the Channel Islands: 87 + 1.
    assert [sizes[group] for group in INCOME_GROUPS[:4]] == [25, 50, 54, 88]
    assert income_group_of("ET") == income_group_of("VE") == NOT_CLASSIFIED


@pytest.mark.parametrize(
    ("code", "region", "subregion", "income"),
    [
        ("GB", "Europe", "Northern Europe", "High income"),
        ("KE", "Africa", "Sub-Saharan Africa", "Lower middle income"),
        ("BR", "Americas", "Latin America and the Caribbean", "Upper middle income"),
        ("UG", "Africa", "Sub-Saharan Africa", "Low income"),
        ("FJ", "Oceania", "Melanesia", "Upper middle income"),
        ("IN", "Asia", "Southern Asia", "Lower middle income"),
        ("TW", "Asia", "Eastern Asia", "High income"),
    ],
)
def test_a_country_has_its_region_and_income_group(code, region, subregion, income):
    assert region_of(code) == region
    assert subregion_of(code) == subregion
    assert income_group_of(code) == income


def test_codes_of_two_and_three_letters_are_one_country():
    assert country_code("gbr") == country_code(" gb ") == "GB"
    assert country_name("DE", language="es") == "Alemania"


@pytest.mark.parametrize("text", ["", "EU", "ZZ", "SUN", "Kenya", "12", "826"])
def test_other_codes_are_refused(text):
    with pytest.raises(ValueError, match="is not a country code"):
        country_code(text)
