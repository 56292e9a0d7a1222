"""XML record by record: each element is cut out of the stream and parsed alone.

So one damaged record costs one record, an entity is never defined, nothing outside the file is
ever fetched, and the memory needed is that of one record.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from review.errors import Unreadable
from review.searches.formats.source import Source
from review.searches.formats.tagged import cut

CUT_OFF = "The record breaks off before its end."

_DECLARES = re.compile(r"<!(?:ENTITY|ELEMENT|ATTLIST|NOTATION)\b", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(?:(\d{1,9})|[xX]([0-9a-fA-F]{1,8}));")
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,30});")
_BARE_AMPERSAND = re.compile(r"&(?!(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
_BARE_LESS = re.compile(r"<(?![A-Za-z/!?_])")
_PREFIX = re.compile(
    r"(</?)[A-Za-z][\w.-]{0,40}:(?=[A-Za-z])|(?<=\s)[A-Za-z][\w.-]{0,40}:(?=[A-Za-z][\w.-]{0,40}=[\"'])"
)


@dataclass(frozen=True, slots=True)
class Cutting:
    """The text of one element; not complete where its end tag is missing."""

    line: int
    text: str
    is_complete: bool


def cut_elements(source: Source, *names: str) -> Iterator[Cutting]:
    """Every element called one of ``names``, in order; a text without any gives nothing.

    Raises Unreadable for a document that declares entities: no export of references does.
    """
    opening = re.compile(rf"<(?:{'|'.join(names)})(?=[\s/>])")
    end = re.compile(rf"</(?:{'|'.join(names)})\s*>|^<[^<>]*/>")

    def starts(text: str, begin: int, stop: int) -> Iterator[int]:
        return (found.start() for found in opening.finditer(text, begin, stop))

    for line, text in cut(source, starts, boundary=">"):
        if not opening.match(text):
            refuse_declarations(text)
            continue
        found = end.search(text)
        yield Cutting(line, text[: found.end()] if found else text, found is not None)


def refuse_declarations(prolog: str) -> None:
    """Raises Unreadable where what precedes the records defines entities of its own."""
    if _DECLARES.search(prolog):
        raise Unreadable(
            "This XML file declares entities, which can make a small file huge or read other"
            " files; exports of references never do. Nothing was read."
        )


def parse_element(text: str) -> Element | str:
    """The element, repaired where the fault is plain; or a sentence on why it cannot be read."""
    for candidate in _candidates(text):
        try:
            return fromstring(candidate, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError) as error:
            fault = str(error)
    return f"The record is not well-formed XML ({fault})."


def _candidates(text: str) -> Iterator[str]:
    """``text``, and where that fails what is left after ever bolder repairs."""
    yield text
    text = _REFERENCE.sub(_legal_reference, text)
    text = _NAMED.sub(
        lambda found: html5.get(f"{found.group(1)};", "&amp;" + found.group(1) + ";"), text
    )
    yield text
    text = without_prefixes(text)
    yield text
    yield _BARE_LESS.sub("&lt;", _BARE_AMPERSAND.sub("&amp;", text))


def _legal_reference(found: re.Match[str]) -> str:
    code = int(found.group(1) or int(found.group(2), 16))
    legal = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFD
    return found.group() if legal and code & 0xFFFE != 0xFFFE else ""


def without_prefixes(text: str) -> str:
    """An element cut out of its document, with the prefixes that the document declared left out."""
    return _PREFIX.sub(r"\1", text)


def text_of(element: Element | None) -> str:
    """All the text inside an element, markup left out; empty for None."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def texts_of(element: Element, path: str) -> list[str]:
    """The texts of all elements at ``path`` that have any."""
    return [text for found in element.findall(path) if (text := text_of(found))]


def first_text(element: Element, *paths: str) -> str | None:
    """The text of the first of ``paths`` that has any."""
    for path in paths:
        for found in element.iterfind(path):
            if text := text_of(found):
                return text
    return None
