"""An invented list of INDIGO's shape, and contracts of a review that mean its projects.

Two families of names, so that a rule found on one is tried on the other: bonds called after a
place and a theme, and programmes called after their provider or by a name of their own.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from review.studies.known_contracts.matching import ContractFacts
from review.studies.known_contracts.projects import KnownProject

SECTORS = {
    "Homelessness": ("Rough Sleepers", "Housing First", "Tenancy Support"),
    "Health": ("Diabetes Prevention", "Maternal Care", "Loneliness", "Asthma"),
    "Education": ("Early Years", "School Attendance", "Girls' Literacy"),
    "Employment and training": ("Youth Jobs", "Refugee Employment", "Skills Training"),
    "Criminal justice": ("Reoffending", "Prison Leavers", "Young Offenders"),
    "Child and family welfare": ("Edge of Care", "Fostering", "Family Therapy"),
}
COUNTRIES = {
    "GB": ("brid|mar|wex|thorn|hol|ash", "ford|moor|ley|wick|stead|combe"),
    "US": ("pine|lake|red|oak|clear|stone", "field|view|dale|port|rock|burg"),
    "NL": ("oster|graven|zuid|hoog|kamp|vel", "horst|broek|dam|veen|wijk|drecht"),
    "CO": ("riba|monte|agua|sal|val|peña", "luz|verde|clara|mar|flores|nieve"),
    "KE": ("tuman|nya|kiri|mwa|ruku|embo", "gatu|ndara|simba|lele|koro|haru"),
    "IN": ("raj|dev|sury|kam|bhar|nand", "apur|nagar|garh|abad|pura|ganj"),
    "FR": ("beau|mont|saint-é|val|clair|rive", "mont|loup|lac|bois|fort|age"),
}
BRANDS = (
    "Stepping Stones", "Bright Futures", "New Horizons", "Home Again", "Second Chance", "Lantern",
    "Open Doors", "Forward", "Pathways to Work", "Rooted", "Kindling", "Compass", "Harbour",
    "Bridges", "Seedling", "Milestones", "Anchor", "Sunrise", "Ladder", "Keystone", "Beacon",
    "Tides", "Orchard", "Springboard", "Waypoint", "Cornerstone", "Foothold", "Thrive",
)  # fmt: skip
PROVIDERS = (
    "Marlow Trust", "Fundación Sendero", "Kirin Aid", "Oakbridge Care", "Stichting Vooruit",
    "Asha Foundation", "Northgate Homes", "Educa Más", "Riverside Health", "Les Ateliers du Lac",
    "Umoja Schools", "Helping Hand",
)  # fmt: skip
PAYERS = {
    "GB": ("Ministry of Housing", "{place} City Council"),
    "US": ("{place} County", "State Department of Corrections"),
    "NL": ("Municipality of {place}", "Ministry of Justice"),
    "CO": ("Departamento para la Prosperidad", "Alcaldía de {place}"),
    "KE": ("Global Health Fund", "Tamu Foundation"),
    "IN": ("Bharat Education Fund", "Overseas Aid Agency"),
    "FR": ("Ministère du Travail", "Ville de {place}"),
}
IN_WORDS = {"CO": "Bono de Impacto Social", "FR": "Contrat à impact social"}


@dataclass(frozen=True)
class Named:
    """A contract of a review as its coders named it, and the project that it means, if any."""

    facts: ContractFacts
    key: str | None
    how: str


def invented_projects(chance: Random, n: int, family: str) -> list[KnownProject]:
    """Return a list of different projects of a family, "places" or "programmes"."""
    found: dict[str, KnownProject] = {}
    while len(found) < n:
        country = chance.choice(list(COUNTRIES))
        place, sector = _place(chance, country), chance.choice(list(SECTORS))
        theme = chance.choice(SECTORS[sector])
        name, others = _name(chance, family, country, place=place, theme=theme)
        start = f"{chance.randrange(2010, 2024)}-{chance.randrange(1, 13):02}-01"
        if name not in found:
            found[name] = KnownProject(
                key=f"INDIGO-POJ-{len(found) + 1:04}", name=name, other_names=others,
                countries=(country,), places=(place,), sectors=(sector,), start=start,
                stage=chance.choice(("Implementation", "Complete")),
                payers=(chance.choice(PAYERS[country]).format(place=place),),
                payer_roles=("Government/Public Sector/Public Bank",),
            )  # fmt: skip
    return list(found.values())


def invented_contracts(
    chance: Random, projects: Sequence[KnownProject], n: int, family: str
) -> Iterator[Named]:
    """Yield contracts as coders write them; about one in eight is not on the list."""
    listed = chance.sample(list(projects), n)
    names = {project.name for project in projects}
    for project in listed:
        country = project.countries[0]
        if chance.random() < 0.13:
            place = chance.choice([_place(chance, country), project.places[0]])
            theme = chance.choice([theme for themes in SECTORS.values() for theme in themes])
            name, _ = _name(chance, family, country, place=place, theme=theme)
            if name in names:
                continue
            year, payers = chance.randrange(2010, 2024), PAYERS[country]
            payer = chance.choice(payers).format(place=place)
            yield Named(_facts(chance, name, country, year=year, payer=payer), None, "absent")
        else:
            how = chance.choice(list(VARIANTS))
            name = VARIANTS[how](chance, chance.choice([project.name, *project.other_names][:2]))
            year = (project.year or 2015) + chance.choice((0, 0, 0, 1))
            payer = project.payers[0]
            facts = _facts(chance, name, country, year=year, payer=payer)
            yield Named(facts, project.key, how)


def write_zip(path: Path, projects: Sequence[KnownProject], **more: str) -> Path:
    """Write projects as INDIGO's zip of CSV files; ``more`` are further files by their stem."""
    payers = sorted({payer for project in projects for payer in project.payers})
    number = {payer: f"INDIGO-ORG-{place:04}" for place, payer in enumerate(payers, start=1)}
    files = {
        "projects": [
            {
                "ID": project.key,
                "Impact Bond Name - (Value)": project.name,
                "Alternative Names - (Value)": "; ".join(project.other_names),
                "Stage of Development - (Value)": project.stage,
                "Dates - Start date of service provision - (Value)": project.start,
                "Purpose and classifications - Policy sector - (Value)": project.sectors[0],
                "Purpose and classifications - Primary SDG goal - (Value)": "Goal 3: good health",
            }
            for project in projects
        ],
        "projects_delivery_locations": [
            {
                "Project ID": project.key,
                "Location - Name - (Value)": project.places[0],
                "Location - Country - (Value)": project.countries[0],
            }
            for project in projects
        ],
        "projects_outcome_payment_commitments": [
            {
                "Project ID": project.key,
                "Organisation ID - (Value)": number[payer],
                "Organisation Role Category - (Value)": project.payer_roles[0],
            }
            for project in projects
            for payer in project.payers
        ],
        "projects_sources": [
            {
                "Project ID": project.key,
                "Name - (Value)": f"Evaluation of {project.name}",
                "Type - (Value)": "Evaluation report",
                "URL - (Value)": f"https://example.org/{project.key}",
                "Publication Date - (Value)": "2019",
            }
            for project in projects[::10]
        ],
        "organisations": [{"ID": key, "Name": payer} for payer, key in number.items()],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for stem, rows in files.items():
            archive.writestr(f"{stem}.csv", _csv(rows))
        for stem, text in more.items():
            archive.writestr(f"{stem}.csv", text)
    return path


def as_json(project: KnownProject) -> dict[str, Any]:
    """Return a project as INDIGO's JSON of one record has it."""
    public = {"status": "PUBLIC"}
    return {
        "project": {
            "id": project.key,
            "data": {
                "name": {"value": project.name, **public},
                "alternative_names": {"value": "; ".join(project.other_names), **public},
                "stage_development": {"value": project.stage, "source_ids": "", **public},
                "dates": {
                    "start_date_of_service_provision": {"value": project.start, **public},
                    "outcomes_contract_signed": {"value": "1999", "status": "PRIVATE"},
                },
                "purpose_and_classifications": {
                    "policy_sector": {"value": project.sectors[0], **public},
                    "primary_sdg_goal": {"value": "3", "status": "PRIVATE"},
                },
                "delivery_locations": [
                    {
                        "location_name": {"value": project.places[0]},
                        "location_country": {"value": project.countries[0]},
                        **public,
                    },
                    {"location_country": {"value": "AQ"}, "status": "PRIVATE"},
                ],
            },
        }
    }


def write_json(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["Project ID"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _place(chance: Random, country: str) -> str:
    first, last = COUNTRIES[country]
    return (chance.choice(first.split("|")) + chance.choice(last.split("|"))).title()


def _name(
    chance: Random, family: str, country: str, *, place: str, theme: str
) -> tuple[str, tuple[str, ...]]:
    if family == "places":
        bond = IN_WORDS.get(country, "Social Impact Bond")
        name = f"{place} {theme} {bond}" if country not in IN_WORDS else f"{bond} {place}: {theme}"
        if chance.random() < 0.08:
            name += f" (phase {chance.randrange(1, 4)})"
        return name, (f"{theme} in {place}",) if chance.random() < 0.3 else ()
    brand, provider = chance.choice(BRANDS), chance.choice(PROVIDERS)
    kind = chance.choice(("Programme", "Project", "Pay for Success", "Outcomes Contract"))
    name = chance.choice((f"{brand} {kind} {place}", f"{provider}: {brand}, {place}",
                          f"{theme} {kind} ({provider}, {place})"))  # fmt: skip
    return name, (f"{brand} {theme}, {place}",) if chance.random() < 0.3 else ()


def _facts(chance: Random, name: str, country: str, *, year: int, payer: str) -> ContractFacts:
    return ContractFacts(
        names=[name],
        countries=[country] if chance.random() < 0.85 else [],
        year=year if chance.random() < 0.7 else None,
        payers=[payer] if chance.random() < 0.4 else [],
    )


def _plain(_chance: Random, name: str) -> str:
    return name


def _short(_chance: Random, name: str) -> str:
    for long, short in (("Social Impact Bond", "SIB"), ("Pay for Success", "PFS"),
                        ("Programme", "Program"), ("Outcomes Contract", "contract")):  # fmt: skip
        name = name.replace(long, short)
    return name


def _without_accents(_chance: Random, name: str) -> str:
    return name.translate(str.maketrans("ñéáíàè", "neaiae"))


def _with_year(chance: Random, name: str) -> str:
    return f"{name} {chance.randrange(2012, 2024)}"


def _swapped(chance: Random, name: str) -> str:
    words = name.split()
    at = chance.randrange(1, len(words))
    return " ".join([*words[at:], *words[:at]])


def _longer(chance: Random, name: str) -> str:
    return f"{name}: outcomes-based contract for {chance.choice(('young people', 'adults'))}"


def _slip(chance: Random, name: str) -> str:
    at = chance.randrange(1, len(name) - 1)
    return name[:at] + name[at + 1 :] if name[at].isalpha() else name.lower()


def _other_language(_chance: Random, name: str) -> str:
    for here, there in (("Social Impact Bond", "obligation à impact social"),
                        ("Bono de Impacto Social", "Social Impact Bond"),
                        ("Contrat à impact social", "Social Impact Bond")):  # fmt: skip
        name = name.replace(here, there)
    return name


VARIANTS = {
    "plain": _plain, "short": _short, "accents": _without_accents, "year": _with_year,
    "swapped": _swapped, "longer": _longer, "slip": _slip, "language": _other_language,
}  # fmt: skip
