"""Reference libraries exported with their files: which PDF belongs to which of their entries.

Zotero's RDF names each attachment by an element of its own; RIS files of Zotero, EndNote and
Mendeley have the path in L1 to L4.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from review.errors import Unreadable
from review.searches.formats import Format, detect, read
from review.searches.formats.records import Block

LIBRARIES = (".ris", ".rdf")
"""How the names of such exports end."""
MOST_BYTES = 50 * 2**20
_RIS_PATH = re.compile(r"^L[1-4]  ?- ?(.+)$", re.MULTILINE)
_RDF_LINK = re.compile(r'<link:link rdf:resource="([^"<>]{1,200})"')
_RDF_ABOUT = re.compile(r'<z:Attachment rdf:about="([^"<>]{1,200})">')
_RDF_END = "</z:Attachment>"
_RDF_PATH = re.compile(r'<rdf:resource rdf:resource="([^"<>]{1,4000})"')


@dataclass(frozen=True)
class LibraryEntry:
    """What a library says about the report that a file is."""

    title: str
    authors: tuple[str, ...]
    year: int | None
    doi: str | None
    is_only_file: bool = True  # whether the entry has no other file


def library_entries(path: Path, name: str) -> dict[str, LibraryEntry | None]:
    """Return the entry of each file that the library names, by `plain_name` of the file.

    It is None for a name that several files have, or a file without a readable entry: such a name
    does not say which report is meant.  Raises Unreadable for a file that is no RIS or Zotero RDF,
    or larger than 50 MB.
    """
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable(f"{name} is larger than {MOST_BYTES // 2**20} MB.")
    try:
        found = detect(path, name=name)
    except Unreadable as error:
        raise Unreadable(f"{name}: {error}") from error
    if found.format not in (Format.RIS, Format.ZOTERO_RDF):
        raise Unreadable(f"{name} is neither RIS nor Zotero RDF. Export the library as either.")
    attachments: Mapping[str, str] = {}
    if found.format is Format.ZOTERO_RDF:
        attachments = _rdf_attachments(path, found.encoding)
    entries: dict[str, LibraryEntry | None] = {}
    linked = set()
    for block in read(path, format=found.format, encoding=found.encoding):
        paths = set(_paths(block, attachments))
        linked |= paths
        record = block.record
        entry = None
        if record is not None:
            entry = LibraryEntry(
                record.title, record.authors, record.year, record.doi, is_only_file=len(paths) == 1
            )
        for place in paths:
            _name(entries, place, entry)
    for place in set(attachments.values()) - linked:  # attachments without an entry
        _name(entries, place, None)
    return entries


def _name(entries: dict[str, LibraryEntry | None], place: str, entry: LibraryEntry | None) -> None:
    key = plain_name(re.split(r"[/\\]", place)[-1])
    entries[key] = None if key in entries else entry


def plain_name(name: str) -> str:
    """Return a file's name as it is compared: systems write accents and capitals differently."""
    return unicodedata.normalize("NFC", name).casefold()


def _paths(block: Block, attachments: Mapping[str, str]) -> Iterator[str]:
    for path in _RIS_PATH.findall(block.raw):
        parts = path.split(";") if "://" in path else [path]  # only lists of EndNote's addresses
        yield from (unquote(part).strip() for part in parts)
    for link in _RDF_LINK.findall(block.raw):
        if link in attachments:
            yield attachments[link]


def _rdf_attachments(path: Path, encoding: str) -> dict[str, str]:
    """Return the paths of the attachments of a Zotero RDF file by their addresses."""
    text = path.read_text(encoding=encoding, errors="replace")
    found = {}
    for part in text.split(_RDF_END)[:-1]:  # each ends where an attachment does
        if (about := _RDF_ABOUT.search(part)) and (place := _RDF_PATH.search(part, about.end())):
            found[about[1]] = html.unescape(place[1])
    return found
