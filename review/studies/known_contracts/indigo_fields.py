"""What INDIGO calls the facts of a project, and what they mean for a contract.

The names are those of INDIGO's database and data standard 4.1 (2024): headings of its CSV files end
in ``- (Value)``, and the pointers lead to the same values in its JSON.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from protocols.places import INCOME_GROUPS, country_code, income_group_of
from review.searches.formats.source import without_controls
from review.studies.known_contracts.projects import Evaluation, KnownProject

LONGEST = 1000  # characters of one value that are kept
MOST_VALUES = 50  # of one list of a project

Row = Mapping[str, str]
_IMPACT_BOND, _DEVELOPMENT = "Social impact bond", "Development impact bond"
_POORER = frozenset(INCOME_GROUPS[:3])
_TYPES = (
    (_DEVELOPMENT, r"\bDIB\b|development impact bond|humanitarian impact bond|\bHIB\b"),
    ("Outcomes fund", r"outcomes? fund"),
    ("Pay for success", r"pay[ -]for[ -]success|\bPFS\b"),
    (_IMPACT_BOND, r"\bSIB\b|social (?:impact|benefit|outcomes) bond"),
)

FIELDS = {
    "name": ("Impact Bond Name - (Value)", "/name/value"),
    "other_names": ("Alternative Names - (Value)", "/alternative_names/value"),
    "stage": ("Stage of Development - (Value)", "/stage_development/value"),
    "signed": (
        "Dates - Date outcomes contract signed - (Value)",
        "/dates/outcomes_contract_signed/value",
    ),
    "start": (
        "Dates - Start date of service provision - (Value)",
        "/dates/start_date_of_service_provision/value",
    ),
    "sector": (
        "Purpose and classifications - Policy sector - (Value)",
        "/purpose_and_classifications/policy_sector/value",
    ),
    "goal": (
        "Purpose and classifications - Primary SDG goal - (Value)",
        "/purpose_and_classifications/primary_sdg_goal/value",
    ),
    "other_goals": (
        "Purpose and classifications - Secondary SDG goals - (Value)",
        "/purpose_and_classifications/secondary_sdg_goals/value",
    ),
}
LISTS = {
    "locations": (
        "projects_delivery_locations.csv",
        "delivery_locations",
        {
            "place": ("Location - Name - (Value)", "/location_name/value"),
            "country": ("Location - Country - (Value)", "/location_country/value"),
        },
    ),
    "payers": (
        "projects_outcome_payment_commitments.csv",
        "outcome_payment_commitments",
        {
            "organisation": ("Organisation ID - (Value)", "/organisation_id/value"),
            "role": (
                "Organisation Role Category - (Value)",
                "/organisation_role_category/value",
            ),
        },
    ),
    "providers": (
        "projects_service_provisions.csv",
        "service_provisions",
        {"organisation": ("Organisation ID - (Value)", "/organisation_id/value")},
    ),
    "sources": (
        "projects_sources.csv",
        "sources",
        {
            "title": ("Name - (Value)", "/name/value"),
            "type": ("Type - (Value)", "/type/value"),
            "url": ("URL - (Value)", "/url/value"),
            "date": ("Publication Date - (Value)", "/publication_date/value"),
        },
    ),
}


def number_of(value: object) -> str:
    """Return the number of a project, as it is kept."""
    return _tidy(str(value or ""))[:255]


def project_of_row(
    key: str,
    values: Mapping[str, str],
    *,
    lists: Mapping[str, Sequence[Row]],
    organisations: Mapping[str, str],
) -> KnownProject:
    """Return a project from its values by the names of `FIELDS` and its rows by those of `LISTS`.

    ``organisations`` are their names by number.
    """
    countries = _each(map(_country, _of(lists["locations"], "country")))
    others = _other_names(values["other_names"])
    roles = _each(_of(lists["payers"], "role"))
    return KnownProject(
        key=key,
        name=_tidy(values["name"]) or key,
        other_names=others,
        countries=countries,
        places=_each(_of(lists["locations"], "place")),
        sectors=_each(_several(values["sector"])),
        goals=_each([*_goals(values["goal"]), *_goals(values["other_goals"])]),
        instrument=_instrument([values["name"], *others], roles, countries),
        stage=_tidy(values["stage"]),
        start=_tidy(values["start"] or values["signed"])[:10],
        payers=_names(lists["payers"], organisations),
        payer_roles=roles,
        providers=_names(lists["providers"], organisations),
        evaluations=tuple(
            Evaluation(
                _tidy(row["title"]) or _tidy(row["url"]), _tidy(row["url"]), _tidy(row["date"])
            )
            for row in lists["sources"]
            if row["type"].strip().lower() == "evaluation report" and (row["title"] or row["url"])
        )[:MOST_VALUES],
    )


def _instrument(names: Iterable[str], roles: Sequence[str], countries: Sequence[str]) -> str:
    """Return the type of an impact bond by its names, else by its payers and its country.

    A bond that a government pays for is a social impact bond; one in a low-income or middle-income
    country for which only others pay is a development impact bond (Gustafsson-Wright and others
    2017, *Impact bonds in developing countries*).  Empty if none of these shows it.
    """
    for name in names:
        for label, pattern in _TYPES:
            if re.search(pattern, name, re.IGNORECASE):
                return label
    if any(role.lower().startswith("government") for role in roles):
        return _IMPACT_BOND
    is_poorer = [income_group_of(code) in _POORER for code in countries]
    return _DEVELOPMENT if roles and is_poorer and all(is_poorer) else ""


def _country(text: str) -> str:
    try:
        return country_code(text)
    except ValueError:
        return ""


def _goals(text: str) -> list[str]:
    """Return the numbers of sustainable development goals; INDIGO writes them in many ways."""
    return [n for n in re.findall(r"(?<![\d.])\d{1,2}(?![\d.]\d)", text) if 1 <= int(n) <= 17]


def _other_names(text: str) -> tuple[str, ...]:
    """Return alternative names, which INDIGO separates by commas; one may have a comma itself."""
    several = _each(_several(text))
    parts = _each(part for name in several for part in name.split(","))
    return parts if parts == several else _each([*parts, *several])


def _several(text: str) -> list[str]:
    """Return the values of a text that has several: lines, or parts between semicolons."""
    return re.split(r"[;|\n]+", text)


def _names(rows: Sequence[Row], organisations: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of organisations; those without a known name are left out."""
    return _each(organisations.get(key.strip(), "") for key in _of(rows, "organisation"))


def _of(rows: Sequence[Row], name: str) -> Iterator[str]:
    return (row[name] for row in rows)


def _each(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values that are not empty, tidied, each once."""
    return tuple(dict.fromkeys(filter(None, map(_tidy, values))))[:MOST_VALUES]


def _tidy(text: str) -> str:
    """Return a text on one line, without what databases and files refuse."""
    plain = without_controls(text).encode(errors="replace").decode()
    return " ".join(plain.split())[:LONGEST]
