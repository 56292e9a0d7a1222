"""Zotero RDF: items at the outermost level, next to the journals that they are part of.

Zotero writes a journal once, with the volume, issue and DOI of its first item, which refers to it
by `urn:issn:…`.  Every further item of that journal has a journal element of its own.
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
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import cut

# Elements at the outermost level have an address, and no others have one.
_OPENING = re.compile(r'<([A-Za-z]{1,40}:[A-Za-z]{1,40})[ \t\n]{1,99}rdf:about="([^"<>]{0,4000})"')
_KIND = re.compile(r"<z:itemType>\s*([A-Za-z]*)")
_ATTACHED = frozenset(("attachment", "note", "annotation"))  # belongs to an item, but is not one
_NOT_ITEMS = frozenset(("z:Attachment", "bib:Memo", "z:Collection", "z:UserItem", "bib:Journal"))
_REFERENCE = re.compile(r'<dcterms:isPartOf[ \t\n]{1,99}rdf:resource="([^"<>]{0,4000})"')
_PMID = re.compile(r"\bPMID: *(\d{1,9})\b")
_READ = frozenset((
    "itemType", "isPartOf", "authors", "subject", "title", "abstract", "date", "language",
    "identifier", "pages", "volume", "number", "publisher",
))  # fmt: skip
LONGEST = 5_000  # characters of an opening tag
LOST_FIRST_LINE = "The item lost its first line."


@dataclass(frozen=True, slots=True)
class _Container:
    """What an item needs from its journal, book or site."""

    title: str | None = None
    abbreviation: str | None = None
    volume: str | None = None
    issue: str | None = None
    identifiers: tuple[str, ...] = ()


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a Zotero RDF file: its items, not attachments, notes or collections."""
    containers = _containers(source)
    blocks = Blocks()
    for line, text in _outer_elements(source):
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
            rest_line = line + own.count("\n")
            text = source.clean(rest)[0].strip()
            yield blocks.rejected(LOST_FIRST_LINE, line=rest_line, raw=text)


def to_record(element: Element, containers: Mapping[str, _Container]) -> ParsedRecord:
    """Return the record in an item, completed from the journals or books that it is part of."""
    parts = element.findall("isPartOf")
    within = [_container_of(child) for part in parts for child in part]
    addresses = [part.get("resource", "") for part in parts]
    within += [containers[address] for address in addresses if address in containers]
    identifiers = [*_identifiers(element)]
    for container in within:
        identifiers += container.identifiers
    links = texts_of(element, "identifier/URI/value")
    notes = texts_of(element, "description")
    titles = [container.title for container in within if container.title]
    titles += texts_of(element, "presentedAt/Conference/title")
    pmid = next((match[1] for note in notes if (match := _PMID.search(note))), None)
    return build_record(
        title=first_text(element, "title"),
        abstract=first_text(element, "abstract"),
        authors=_people(element, "authors"),
        years=texts_of(element, "date"),
        journal=titles[0] if titles else None,
        journal_abbreviation=_first(container.abbreviation for container in within),
        volume=first_text(element, "volume") or _first(container.volume for container in within),
        issue=first_text(element, "number") or _first(container.issue for container in within),
        first_page=first_text(element, "pages"),
        doi=_first(text[4:] for text in identifiers if text.startswith("DOI "))
        or _first(map(doi_in_url, links)),
        pmid=find_pmid(pmid),
        numbers=[text for text in identifiers if text.startswith(("ISSN ", "ISBN "))],
        url=links[0] if links else None,
        type=first_text(element, "itemType"),
        language=first_text(element, "language"),
        keywords=texts_of(element, "subject"),
        extra=_extra(element, within),
    )


def _outer_elements(source: TextSource) -> Iterator[tuple[int, str]]:
    """Yield each element at the outermost level with its line and the text that follows it."""

    def starts(text: str, begin: int, end: int) -> Iterator[int]:
        return (match.start() for match in _OPENING.finditer(text, begin, end))

    return cut(source, starts, boundary=">", longest=LONGEST)


def _own_part(text: str) -> tuple[str, str]:
    """Return the element at the start of a text, complete if it ends, and the text after it."""
    match = _OPENING.match(text)
    if match is None:
        return "", text
    end = re.compile(rf"</{match[1]}\s*>").search(text)
    return (text[: end.end()], text[end.end() :]) if end else (text, "")


def _is_item(text: str, containers: Mapping[str, _Container]) -> bool:
    if match := _KIND.search(text):
        return match[1] not in _ATTACHED
    opening = _OPENING.match(text)
    if opening is None:
        return False
    return opening[1] not in _NOT_ITEMS and html.unescape(opening[2]) not in containers


def _parsed(text: str) -> Element | str:
    opening = _OPENING.match(text)
    if opening is None or not re.search(rf"</{opening[1]}\s*>$", text):
        return CUT_OFF
    return parse_element(without_prefixes(text))


def _containers(source: TextSource) -> dict[str, _Container]:
    """Return every journal, book or site that items refer to, by address."""
    containers: dict[str, _Container] = {}
    referenced: set[str] = set()
    for _, text in _outer_elements(TextSource(source.path, encoding=source.encoding)):
        referenced.update(html.unescape(address) for address in _REFERENCE.findall(text))
        opening = _OPENING.match(text)
        if opening is None or _KIND.search(text):
            continue
        element = _parsed(_own_part(text)[0])
        if not isinstance(element, str):
            containers[html.unescape(opening[2])] = _container_of(element)
    return {
        address: container for address, container in containers.items() if address in referenced
    }


def _container_of(element: Element) -> _Container:
    return _Container(
        title=first_text(element, "title"),
        abbreviation=first_text(element, "alternative"),
        volume=first_text(element, "volume"),
        issue=first_text(element, "number"),
        identifiers=tuple(_identifiers(element)),
    )


def _identifiers(element: Element) -> list[str]:
    return [(child.text or "").strip() for child in element.findall("identifier")]


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
        "partOf": [container.title for container in within if container.title][1:],
    }
