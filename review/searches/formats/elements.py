"""XML, record by record: each element is cut out of the stream and parsed alone.

A damaged record costs one record, no entity is ever defined, nothing outside the file is ever
fetched, and only one record is in memory at a time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from review.errors import Unreadable
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import cut

CUT_OFF = "The record is cut off before its end."
LOST_BEGINNING = "The record lost its beginning."

_TITLED = re.compile(r"<(?:[A-Za-z_]{0,20}[Tt]itle|atl)[ />]")
_DECLARES = re.compile(r"<!(?:ENTITY|ELEMENT|ATTLIST|NOTATION)\b", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(?:(\d{1,9})|[xX]([0-9a-fA-F]{1,8}));")
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,30});")
_BARE_AMPERSAND = re.compile(r"&(?!(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
_BARE_LESS = re.compile(r"<(?![A-Za-z/!?_])")
_PREFIX = re.compile(
    r"(</?)[A-Za-z][\w.-]{0,40}:(?=[A-Za-z])|(?<=\s)[A-Za-z][\w.-]{0,40}:(?=[A-Za-z][\w.-]{0,40}=[\"'])"
)


@dataclass(frozen=True, slots=True)
class ElementText:
    """The text of one element; it is not complete if a tag at its beginning or end is missing."""

    line: int
    text: str
    is_complete: bool


def cut_elements(source: TextSource, *names: str) -> Iterator[ElementText]:
    """Yield every element with one of ``names``, in order, and what has a title between them.

    Raises Unreadable for a document that declares entities; no export of references does.
    """
    opening = re.compile(rf"<(?:{'|'.join(names)})(?=[\s/>])")
    end = re.compile(rf"</(?:{'|'.join(names)})\s*>|^<[^<>]*/>")

    def starts(text: str, begin: int, stop: int) -> Iterator[int]:
        return (match.start() for match in opening.finditer(text, begin, stop))

    for line, text in cut(source, starts, boundary=">"):
        n_own = 0
        if opening.match(text):
            match = end.search(text)
            n_own = match.end() if match else len(text)
            yield ElementText(line, text[:n_own], match is not None)
        else:
            refuse_declarations(text)
        if _TITLED.search(text, n_own):
            yield ElementText(line + text.count("\n", 0, n_own), text[n_own:].strip(), False)


def refuse_declarations(prolog: str) -> None:
    """Raise Unreadable if the text before the records declares entities."""
    if _DECLARES.search(prolog):
        raise Unreadable(
            "This XML file declares entities, which exports of references never do. They can make"
            " a small file huge or read other files, so nothing was imported."
        )


def parse_element(text: str) -> Element | str:
    """Return the element, with obvious faults repaired, or a sentence on why it is unreadable."""
    for candidate in _candidates(text):
        try:
            return fromstring(candidate, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError) as error:
            fault = str(error)
    return f"The record is not well-formed XML ({fault})."


def _candidates(text: str) -> Iterator[str]:
    """Yield ``text``, then bolder and bolder repairs of it."""
    yield text
    text = _REFERENCE.sub(_legal_reference, text)
    text = _NAMED.sub(
        lambda match: html5.get(f"{match.group(1)};", "&amp;" + match.group(1) + ";"), text
    )
    yield text
    text = without_prefixes(text)
    yield text
    yield _BARE_LESS.sub("&lt;", _BARE_AMPERSAND.sub("&amp;", text))


def _legal_reference(match: re.Match[str]) -> str:
    code = int(match.group(1) or int(match.group(2), 16))
    legal = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFD
    return match.group() if legal and code & 0xFFFE != 0xFFFE else ""


def without_prefixes(text: str) -> str:
    """Return an element's text without the namespace prefixes that its document declares."""
    return _PREFIX.sub(r"\1", text)


def text_of(element: Element | None) -> str:
    """Return all the text inside an element, without markup; empty for None."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def texts_of(element: Element, path: str) -> list[str]:
    """Return the texts of all elements at ``path`` that have text."""
    return [text for child in element.findall(path) if (text := text_of(child))]


def first_text(element: Element, *paths: str) -> str | None:
    """Return the text of the first element at ``paths`` that has text."""
    for path in paths:
        for child in element.iterfind(path):
            if text := text_of(child):
                return text
    return None
