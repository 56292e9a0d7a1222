"""Countries: their names, their regions and their income groups.

Codes are ISO 3166-1 alpha-2, with XK for Kosovo.  Regions are those of the United Nations'
M49 standard; Taiwan and Kosovo, which M49 does not list separately, are with their neighbours.
Income groups are the World Bank's for its fiscal year 2026 (July 2025 to June 2026, by gross
national income per person in 2024), which does not classify Ethiopia and Venezuela.  They are
*today's* groups: a study from 1998 may be about a country that was poorer then.

In YAML, Norway's code needs quotes: an unquoted ``NO`` is read as false.
"""

from collections.abc import Mapping

from babel import Locale, UnknownLocaleError
from babel.core import get_global

NOT_CLASSIFIED = "Not classified"
_ENGLISH = Locale("en")

_SUBREGIONS: Mapping[tuple[str, str], str] = {
    ("Africa", "Northern Africa"): "DZ EG EH LY MA SD TN",
    ("Africa", "Sub-Saharan Africa"): (
        "AO BF BI BJ BW CD CF CG CI CM CV DJ ER ET GA GH GM GN GQ GW IO KE KM LR LS MG ML MR MU MW"
        " MZ NA NE NG RE RW SC SH SL SN SO SS ST SZ TD TF TG TZ UG YT ZA ZM ZW"
    ),
    ("Americas", "Latin America and the Caribbean"): (
        "AG AI AR AW BB BL BO BQ BR BS BV BZ CL CO CR CU CW DM DO EC FK GD GF GP GS GT GY HN HT JM"
        " KN KY LC MF MQ MS MX NI PA PE PR PY SR SV SX TC TT UY VC VE VG VI"
    ),
    ("Americas", "Northern America"): "BM CA GL PM US",
    ("Asia", "Central Asia"): "KG KZ TJ TM UZ",
    ("Asia", "Eastern Asia"): "CN HK JP KP KR MN MO TW",
    ("Asia", "South-eastern Asia"): "BN ID KH LA MM MY PH SG TH TL VN",
    ("Asia", "Southern Asia"): "AF BD BT IN IR LK MV NP PK",
    ("Asia", "Western Asia"): "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    ("Europe", "Eastern Europe"): "BG BY CZ HU MD PL RO RU SK UA",
    ("Europe", "Northern Europe"): "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ",
    ("Europe", "Southern Europe"): "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA XK",
    ("Europe", "Western Europe"): "AT BE CH DE FR LI LU MC NL",
    ("Oceania", "Australia and New Zealand"): "AU CC CX HM NF NZ",
    ("Oceania", "Melanesia"): "FJ NC PG SB VU",
    ("Oceania", "Micronesia"): "FM GU KI MH MP NR PW UM",
    ("Oceania", "Polynesia"): "AS CK NU PF PN TK TO TV WF WS",
    ("Antarctica", "Antarctica"): "AQ",
}

_INCOME: Mapping[str, str] = {
    "Low income": "AF BF BI CD CF ER GM GW KP LR MG ML MW MZ NE RW SD SL SO SS SY TD TG UG YE",
    "Lower middle income": (
        "AO BD BJ BO BT CG CI CM DJ EG FM GH GN HN HT IN JO KE KG KH KI KM LA LB LK LS MA MM MR NA"
        " NG NI NP PG PH PK PS SB SN ST SZ TJ TL TN TZ UZ VN VU ZM ZW"
    ),
    "Upper middle income": (
        "AL AM AR AZ BA BR BW BY BZ CN CO CU CV DM DO DZ EC FJ GA GD GE GQ GT ID IQ IR JM KZ LC LY"
        " MD ME MH MK MN MU MV MX MY PE PY RS SR SV TH TM TO TR TV UA VC WS XK ZA"
    ),
    "High income": (
        "AD AE AG AS AT AU AW BB BE BG BH BM BN BS CA CH CL CR CW CY CZ DE DK EE ES FI FO FR GB GG"
        " GI GL GR GU GY HK HR HU IE IL IM IS IT JE JP KN KR KW KY LI LT LU LV MC MF MO MP MT NC"
        " NL NO NR NZ OM PA PF PL PR PT PW QA RO RU SA SC SE SG SI SK SM SX TC TT TW US UY VG VI"
    ),
}

_REGION_OF = {code: names for names, codes in _SUBREGIONS.items() for code in codes.split()}
_INCOME_OF = {code: group for group, codes in _INCOME.items() for code in codes.split()}

COUNTRIES = tuple(sorted(_REGION_OF))
"""Every country and territory code that can be coded."""

REGIONS = tuple(dict.fromkeys(region for region, _ in _SUBREGIONS))
SUBREGIONS = tuple(subregion for _, subregion in _SUBREGIONS)
INCOME_GROUPS = (*_INCOME, NOT_CLASSIFIED)


def country_code(text: str) -> str:
    """Return the alpha-2 code for an alpha-2 or alpha-3 code in any case, or raise ValueError."""
    code = text.strip().upper() if text.isascii() else ""
    if code in _REGION_OF:
        return code
    aliases = get_global("territory_aliases").get(code, [])
    if code.isalpha() and len(aliases) == 1 and aliases[0] in _REGION_OF:
        return str(aliases[0])
    raise ValueError(f"'{text}' is not a country code; use two letters of ISO 3166, such as KE.")


def country_name(code: str, *, language: str = "en") -> str:
    """Return the country's name in ``language``, in English or as the code where CLDR has none."""
    try:
        locale = _ENGLISH if language == "en" else Locale(language)
    except UnknownLocaleError:
        locale = _ENGLISH
    return str(locale.territories.get(code, code))


def region_of(code: str) -> str:
    """Return the M49 region (a continent) of an alpha-2 code; raise ValueError if unknown."""
    return _REGION_OF[country_code(code)][0]


def subregion_of(code: str) -> str:
    """Return the M49 sub-region of an alpha-2 code; raise ValueError if unknown."""
    return _REGION_OF[country_code(code)][1]


def income_group_of(code: str) -> str:
    """Return the World Bank income group of an alpha-2 code; raise ValueError if unknown."""
    return _INCOME_OF.get(country_code(code), NOT_CLASSIFIED)
