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
_RDF_ATTACHMENT = re.compile(
    r'<z:Attachment rdf:about="([^"<>]{1,200})">(.{0,20000}?)</z:Attachment>', re.DOTALL
)
_RDF_PATH = re.compile(r'<rdf:resource rdf:resource="([^"<>]{1,4000})"')


@dataclass(frozen=True)
class LibraryEntry:
    """What a library says about the report that a file is."""

    title: str
    authors: tuple[str, ...]
    year: int | None
    doi: str | None


def library_entries(path: Path, name: str) -> dict[str, LibraryEntry]:
    """Return the entry of each attached file, by `plain_name` of the file.

    A name that files of several entries have is left out: it does not say which is meant.  Raises
    Unreadable for a file that is no RIS or Zotero RDF, or larger than 50 MB.
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
    for block in read(path, format=found.format, encoding=found.encoding):
        if (record := block.record) is None:
            continue
        entry = LibraryEntry(record.title, record.authors, record.year, record.doi)
        for place in _paths(block, attachments):
            key = plain_name(re.split(r"[/\\]", place)[-1])
            entries[key] = entry if entries.get(key, entry) == entry else None
    return {key: entry for key, entry in entries.items() if entry is not None}


def plain_name(name: str) -> str:
    """Return a file's name as it is compared: systems write accents and capitals differently."""
    return unicodedata.normalize("NFC", name).casefold()


def _paths(block: Block, attachments: Mapping[str, str]) -> Iterator[str]:
    for path in _RIS_PATH.findall(block.raw):
        yield from (part.strip() for part in unquote(path).split(";"))
    for link in _RDF_LINK.findall(block.raw):
        if link in attachments:
            yield attachments[link]


def _rdf_attachments(path: Path, encoding: str) -> dict[str, str]:
    """Return the paths of the attachments of a Zotero RDF file by their addresses."""
    text = path.read_text(encoding=encoding, errors="replace")
    return {
        address: html.unescape(place[1])
        for address, content in _RDF_ATTACHMENT.findall(text)
        if (place := _RDF_PATH.search(content))
    }
