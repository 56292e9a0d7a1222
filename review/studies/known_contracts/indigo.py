"""Read INDIGO's public data on impact bonds: the zip of its CSV files, or its JSON.

The layout is that of INDIGO's database and data standard 4.1 (2024): headings end in
``- (Value)``, values in JSON lie beside their status, and lists of a project have files of their
own.  What is not public is not read.
"""

import csv
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from protocols.places import INCOME_GROUPS, country_code, income_group_of
from review.errors import Unreadable
from review.searches.formats.source import without_controls
from review.searches.formats.workbook import check_zip
from review.studies.known_contracts.projects import Evaluation, KnownProject

MAX_BYTES = 50 * 1024 * 1024
MAX_PROJECTS = 20_000
LONGEST = 1000  # characters of one value that are kept
MOST_VALUES = 50  # of one list of a project

Row = Mapping[str, str]
_PUBLIC = frozenset({"", "PUBLIC"})
_IMPACT_BOND, _DEVELOPMENT = "Social impact bond", "Development impact bond"
_POORER = frozenset(INCOME_GROUPS[:3])
_FAULTS = (
    zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error,
)  # fmt: skip
_TYPES = (
    (_DEVELOPMENT, r"\bDIB\b|development impact bond|humanitarian impact bond|\bHIB\b"),
    ("Outcomes fund", r"outcomes? fund"),
    ("Pay for success", r"pay[ -]for[ -]success|\bPFS\b"),
    (_IMPACT_BOND, r"\bSIB\b|social (?:impact|benefit|outcomes) bond"),
)

_FIELDS = {
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
_LISTS = {
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


@dataclass
class IndigoFile:
    """What a file says: projects, those that are private, and whether it lists all there are."""

    projects: list[KnownProject] = field(default_factory=list)
    named: set[str] = field(default_factory=set)  # public ones of which it gives no data
    private: set[str] = field(default_factory=set)
    is_whole: bool = False
    sha256: str = ""  # of the file's bytes

    def gone(self, known: Iterable[str]) -> set[str]:
        """Return which of the known projects are no longer public by this file."""
        listed = {project.key for project in self.projects} | self.named
        return {
            key for key in known if key in self.private or (self.is_whole and key not in listed)
        }


def read_indigo(path: Path) -> IndigoFile:
    """Return what a zip of CSV files, a zip of JSON files or a JSON file of INDIGO says.

    Raises Unreadable, saying what is wrong and what to do, for any other file.
    """
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable(f"This file is larger than {MAX_BYTES // 2**20} MB.")
    found = _from_zip(path) if zipfile.is_zipfile(path) else _from_json([path.read_bytes()])
    if len(found.projects) > MAX_PROJECTS:
        raise Unreadable(f"This list has more than {MAX_PROJECTS} projects.")
    if not (found.projects or found.named or found.private):
        raise Unreadable(
            "No project of INDIGO is in this file. Choose all_data_per_data_type_csv.zip, or JSON"
            " of projects."
        )
    with path.open("rb") as content:
        found.sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    return found


def _from_zip(path: Path) -> IndigoFile:
    try:
        check_zip(path)
    except Unreadable as error:
        raise Unreadable(
            "This zip file is damaged, has a password, or is far larger than INDIGO's data."
            " Download it again."
        ) from error
    with zipfile.ZipFile(path) as archive:
        names = {
            PurePosixPath(name).name.lower(): name
            for name in archive.namelist()
            if not _is_of_a_mac(name)
        }
        try:
            if "projects.csv" in names:
                return _from_tables(lambda name: _table(archive, names.get(name)))
            documents = [
                archive.read(name)
                for name in archive.namelist()
                if name.lower().endswith(".json") and not _is_of_a_mac(name)
            ]
        except _FAULTS as error:
            raise Unreadable("This zip file is damaged. Download it again.") from error
    if not documents:
        raise Unreadable(
            "This zip file has no projects.csv. Choose all_data_per_data_type_csv.zip of INDIGO."
        )
    return _from_json(documents)


def _is_of_a_mac(name: str) -> bool:
    """Return whether a file of an archive is what macOS adds beside the files of the user."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith("._")


def _table(archive: zipfile.ZipFile, name: str | None) -> list[Row]:
    if name is None:
        return []
    text = archive.read(name).decode("utf-8-sig", errors="replace")
    try:
        return [
            {(heading or "").strip(): value or "" for heading, value in row.items() if heading}
            for row in csv.DictReader(io.StringIO(text, newline=""))
        ]
    except csv.Error as error:
        raise Unreadable(f"{PurePosixPath(name).name} is damaged: {error}.") from error


def _from_tables(table: Callable[[str], list[Row]]) -> IndigoFile:
    """Read the CSV files; ``table`` returns the rows of one, none where it is absent."""
    organisations = {row.get("ID", ""): row.get("Name", "") for row in table("organisations.csv")}
    lists: dict[str, dict[str, list[Row]]] = {}
    for name, (file, _, fields) in _LISTS.items():
        lists[name] = defaultdict(list)
        for row in table(file):
            project = _key(row.get("Project ID"))
            lists[name][project].append(
                {key: row.get(heading, "") for key, (heading, _) in fields.items()}
            )
    found = IndigoFile(is_whole=True)
    rows = table("projects.csv")
    if rows and not {"ID", _FIELDS["name"][0]} <= rows[0].keys():
        raise Unreadable(
            f"projects.csv has no columns 'ID' and '{_FIELDS['name'][0]}'. Choose INDIGO's file."
        )
    for row in rows:
        if key := _key(row["ID"]):
            values = {name: row.get(heading, "") for name, (heading, _) in _FIELDS.items()}
            of_lists = {name: lists[name][key] for name in _LISTS}
            found.projects.append(
                _project(key, values, lists=of_lists, organisations=organisations)
            )
    found.projects = list({project.key: project for project in found.projects}.values())
    return found


def _from_json(documents: Iterable[bytes]) -> IndigoFile:
    found, organisations = IndigoFile(), dict[str, str]()
    public: dict[str, dict[str, Any]] = {}
    for text in documents:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Unreadable("This file is neither a zip nor JSON of INDIGO.") from error
        organisations |= {
            str(one.get("id")): _at(one.get("data"), "/name/value")
            for one in _parts(document, "organisation")
            if _is_public(one)
        }
        projects = [one for one in _parts(document, "project") if _key(one.get("id"))]
        is_listing = isinstance(document, dict) and isinstance(document.get("projects"), list)
        found.is_whole |= is_listing and not any(one.get("data") for one in projects)
        for one in projects:
            key = _key(one["id"])
            if not _is_public(one):
                found.private.add(key)
            elif one.get("data") or key not in public:
                public[key] = one
    for key, one in public.items():
        data = one.get("data")
        if key in found.private:
            continue  # whatever another document says
        if not isinstance(data, dict):
            found.named.add(key)
        else:
            values = {name: _at(data, pointer) for name, (_, pointer) in _FIELDS.items()}
            of_lists = {
                name: [
                    {field: _at(row, pointer) for field, (_, pointer) in fields.items()}
                    for row in _rows(data.get(pointer))
                ]
                for name, (_, pointer, fields) in _LISTS.items()
            }
            project = _project(key, values, lists=of_lists, organisations=organisations)
            found.projects.append(project)
    return found


def _is_public(one: Mapping[str, Any]) -> bool:
    """Return whether a record says nowhere that it is not public."""
    is_listed = one.get("public", True) is True
    return is_listed and str(_dict(one.get("data")).get("status") or "") in _PUBLIC


def _key(value: object) -> str:
    return _tidy(str(value or ""))[:255]


def _parts(document: object, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the projects or organisations of a JSON document, by itself or in a list."""
    if isinstance(document, list):
        for one in document:
            yield from _parts(one, kind)
    elif isinstance(document, dict):
        if isinstance(document.get(kind), dict):
            yield document[kind]
        several = document.get(f"{kind}s")
        for one in several if isinstance(several, list) else []:
            if isinstance(one, dict):
                inner = one.get(kind)
                yield inner if isinstance(inner, dict) else one


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> Iterator[dict[str, Any]]:
    for row in value if isinstance(value, list) else []:
        if isinstance(row, dict) and str(row.get("status") or "") in _PUBLIC:
            yield row


def _at(data: object, pointer: str) -> str:
    """Return the text at a pointer; empty where it is missing or not public."""
    for step in pointer.split("/")[1:]:
        if not isinstance(data, dict) or str(data.get("status") or "") not in _PUBLIC:
            return ""
        data = data.get(step)
    return "" if data is None or isinstance(data, dict | list) else str(data)


def _project(
    key: str,
    values: Mapping[str, str],
    *,
    lists: Mapping[str, Sequence[Row]],
    organisations: Mapping[str, str],
) -> KnownProject:
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
    """Return the type of an impact bond, as its names say it or as its payers and country mean it.

    A bond that a government pays for is a social impact bond; one in a low-income or middle-income
    country for which only others pay is a development impact bond (Gustafsson-Wright and others
    2017, *Impact bonds in developing countries*).  Empty where neither can be told.
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
    """Return the names of organisations; those of which only the number is known are left out."""
    return _each(organisations.get(key.strip(), "") for key in _of(rows, "organisation"))


def _of(rows: Sequence[Row], name: str) -> Iterator[str]:
    return (row[name] for row in rows)


def _each(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values that say something, tidied, each once."""
    return tuple(dict.fromkeys(filter(None, map(_tidy, values))))[:MOST_VALUES]


def _tidy(text: str) -> str:
    """Return a text on one line, without what databases and files refuse."""
    plain = without_controls(text).encode(errors="replace").decode()
    return " ".join(plain.split())[:LONGEST]
