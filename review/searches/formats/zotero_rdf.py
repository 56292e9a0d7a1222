"""Zotero RDF: items at the outermost level, and beside them the journals that they are part of.

Zotero writes a journal once, with the volume, issue and DOI of the first item that is in it, and
refers to it by `urn:issn:…`; further items of the same journal carry one of their own.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.elements import (
    CUT_OFF,
    first_text,
    parse_element,
    refuse_declarations,
    text_of,
    texts_of,
    without_prefixes,
)
from review.searches.formats.fields import doi_in_url, find_pmid
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.source import Source
from review.searches.formats.tagged import cut

# What Zotero gives an address stands at the outermost level, and nothing else does.
_OPENING = re.compile(r'<([A-Za-z]{1,40}:[A-Za-z]{1,40})[ \t\n]{1,99}rdf:about="([^"<>]{0,4000})"')
_KIND = re.compile(r"<z:itemType>\s*([A-Za-z]*)")
_BESIDE = frozenset(("attachment", "note", "annotation"))  # what hangs on items and is none
_NO_ITEMS = frozenset(("z:Attachment", "bib:Memo", "z:Collection", "z:UserItem", "bib:Journal"))
_REFERRED = re.compile(r'<dcterms:isPartOf[ \t\n]{1,99}rdf:resource="([^"<>]{0,4000})"')
_PMID = re.compile(r"\bPMID: *(\d{1,9})\b")
_READ = frozenset((
    "itemType", "isPartOf", "authors", "subject", "title", "abstract", "date", "language",
    "identifier", "pages", "volume", "number", "publisher",
))  # fmt: skip
LONGEST = 5_000  # characters of what an item begins with
LOST_FIRST_LINE = "The item lost the line that it begins with."


@dataclass(frozen=True, slots=True)
class _Container:
    """A journal, book or site, as far as an item needs it."""

    title: str | None = None
    abbreviation: str | None = None
    volume: str | None = None
    issue: str | None = None
    identifiers: tuple[str, ...] = ()


def read(source: Source) -> Iterator[Block]:
    """The blocks of a Zotero RDF file: its items, without attachments, notes and collections."""
    containers = _containers(source)
    blocks = Blocks()
    for line, text in _stretches(source):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        own, rest = _own_part(text)
        if own and _is_item(own, containers):
            own, faults = source.clean(own)
            element = _parsed(own)
            if isinstance(element, str):
                yield blocks.rejected(element, line=line, raw=own, warnings=faults)
            else:
                record = to_record(element, containers)
                yield blocks.block(record, line=line, raw=own, warnings=faults)
        elif not own:
            refuse_declarations(rest)
        if "<dc:title" in rest or "<z:itemType" in rest:
            place = line + own.count("\n")
            yield blocks.rejected(LOST_FIRST_LINE, line=place, raw=source.clean(rest)[0].strip())


def to_record(element: Element, containers: Mapping[str, _Container]) -> ParsedRecord:
    """The record in an item, with what the journals or books that it is part of say."""
    parts = element.findall("isPartOf")
    within = [_of(one) for part in parts for one in part]
    links_to = [part.get("resource", "") for part in parts]
    within += [containers[one] for one in links_to if one in containers]
    said = [*_identifiers(element), *(one for part in within for one in part.identifiers)]
    links = texts_of(element, "identifier/URI/value")
    notes = texts_of(element, "description")
    titles = [part.title for part in within if part.title]
    titles += texts_of(element, "presentedAt/Conference/title")
    pmid = next((found[1] for note in notes if (found := _PMID.search(note))), None)
    return build_record(
        title=first_text(element, "title"),
        abstract=first_text(element, "abstract"),
        authors=_people(element, "authors"),
        years=texts_of(element, "date"),
        journal=titles[0] if titles else None,
        journal_abbreviation=_first(part.abbreviation for part in within),
        volume=first_text(element, "volume") or _first(part.volume for part in within),
        issue=first_text(element, "number") or _first(part.issue for part in within),
        first_page=first_text(element, "pages"),
        doi=_first(one[4:] for one in said if one.startswith("DOI "))
        or _first(map(doi_in_url, links)),
        pmid=find_pmid(pmid),
        numbers=[one for one in said if one.startswith(("ISSN ", "ISBN "))],
        url=links[0] if links else None,
        type=first_text(element, "itemType"),
        language=first_text(element, "language"),
        keywords=texts_of(element, "subject"),
        extra=_extra(element, within),
    )


def _stretches(source: Source) -> Iterator[tuple[int, str]]:
    """What stands at the outermost level, each with its line and what follows it."""

    def starts(text: str, begin: int, end: int) -> Iterator[int]:
        return (found.start() for found in _OPENING.finditer(text, begin, end))

    return cut(source, starts, boundary=">", longest=LONGEST)


def _own_part(text: str) -> tuple[str, str]:
    """The element that a stretch of the file begins with, whole if it ends, and what follows it."""
    found = _OPENING.match(text)
    if found is None:
        return "", text
    end = re.compile(rf"</{found[1]}\s*>").search(text)
    return (text[: end.end()], text[end.end() :]) if end else (text, "")


def _is_item(text: str, containers: Mapping[str, _Container]) -> bool:
    if found := _KIND.search(text):
        return found[1] not in _BESIDE
    opening = _OPENING.match(text)
    if opening is None:
        return False
    return opening[1] not in _NO_ITEMS and html.unescape(opening[2]) not in containers


def _parsed(text: str) -> Element | str:
    opening = _OPENING.match(text)
    if opening is None or not re.search(rf"</{opening[1]}\s*>$", text):
        return CUT_OFF
    return parse_element(without_prefixes(text))


def _containers(source: Source) -> dict[str, _Container]:
    """Every journal, book or site that items refer to, by its address."""
    found: dict[str, _Container] = {}
    referred: set[str] = set()
    for _, text in _stretches(Source(source.path, encoding=source.encoding)):
        referred.update(html.unescape(one) for one in _REFERRED.findall(text))
        opening = _OPENING.match(text)
        if opening is None or _KIND.search(text):
            continue
        element = _parsed(_own_part(text)[0])
        if not isinstance(element, str):
            found[html.unescape(opening[2])] = _of(element)
    return {address: one for address, one in found.items() if address in referred}


def _of(element: Element) -> _Container:
    return _Container(
        title=first_text(element, "title"),
        abbreviation=first_text(element, "alternative"),
        volume=first_text(element, "volume"),
        issue=first_text(element, "number"),
        identifiers=tuple(_identifiers(element)),
    )


def _identifiers(element: Element) -> list[str]:
    return [(one.text or "").strip() for one in element.findall("identifier")]


def _people(element: Element, role: str) -> list[str]:
    names = []
    for person in element.findall(f"{role}/Seq/li/Person"):
        given = first_text(person, "givenName", "givenname")
        names.append(", ".join(filter(None, (first_text(person, "surname"), given))))
    return names


def _first(values: Iterable[str | None]) -> str | None:
    return next(iter(filter(None, values)), None)


def _extra(element: Element, within: list[_Container]) -> dict[str, list[str]]:
    extra: dict[str, list[str]] = {}
    for child in element:
        if child.tag not in _READ and not child.get("resource") and (text := text_of(child)):
            extra.setdefault(child.tag, []).append(text)
    return extra | {
        "publisher": texts_of(element, "publisher/Organization/name"),
        "place": texts_of(element, "publisher/Organization/adr/Address/locality"),
        "editors": _people(element, "editors"),
        "partOf": [one.title for one in within if one.title][1:],
    }
