"""Read INDIGO's public data on impact bonds: the zip of its CSV files, or its JSON.

A project's lists, such as its places, are files of their own in the zip; in JSON, each value has
its status beside it.  What is not public is not read.
"""

import csv
import hashlib
import io
import json
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from review.errors import Unreadable
from review.searches.formats.workbook import check_zip
from review.studies.known_contracts.indigo_fields import (
    FIELDS,
    LISTS,
    Row,
    number_of,
    project_of_row,
)
from review.studies.known_contracts.projects import KnownProject

MAX_BYTES = 50 * 1024 * 1024
MAX_PROJECTS = 20_000

_PUBLIC = frozenset({"", "PUBLIC"})
_FAULTS = (
    zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error,
)  # fmt: skip


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
    for name, (file, _, fields) in LISTS.items():
        lists[name] = defaultdict(list)
        for row in table(file):
            project = number_of(row.get("Project ID"))
            lists[name][project].append(
                {key: row.get(heading, "") for key, (heading, _) in fields.items()}
            )
    found = IndigoFile(is_whole=True)
    rows = table("projects.csv")
    if rows and not {"ID", FIELDS["name"][0]} <= rows[0].keys():
        raise Unreadable(
            f"projects.csv has no columns 'ID' and '{FIELDS['name'][0]}'. Choose INDIGO's file."
        )
    for row in rows:
        if key := number_of(row["ID"]):
            values = {name: row.get(heading, "") for name, (heading, _) in FIELDS.items()}
            of_lists = {name: lists[name][key] for name in LISTS}
            found.projects.append(
                project_of_row(key, values, lists=of_lists, organisations=organisations)
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
        projects = [one for one in _parts(document, "project") if number_of(one.get("id"))]
        is_listing = isinstance(document, dict) and isinstance(document.get("projects"), list)
        found.is_whole |= is_listing and not any(one.get("data") for one in projects)
        for one in projects:
            key = number_of(one["id"])
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
            values = {name: _at(data, pointer) for name, (_, pointer) in FIELDS.items()}
            of_lists = {
                name: [
                    {field: _at(row, pointer) for field, (_, pointer) in fields.items()}
                    for row in _rows(data.get(pointer))
                ]
                for name, (_, pointer, fields) in LISTS.items()
            }
            project = project_of_row(key, values, lists=of_lists, organisations=organisations)
            found.projects.append(project)
    return found


def _is_public(one: Mapping[str, Any]) -> bool:
    """Return whether a record says nowhere that it is not public."""
    is_listed = one.get("public", True) is True
    return is_listed and str(_dict(one.get("data")).get("status") or "") in _PUBLIC


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
