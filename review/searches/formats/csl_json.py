"""CSL-JSON, as Zotero and citation processors write it: an array of items."""

import json
from collections.abc import Iterator
from typing import Any

from review.errors import Unreadable
from review.searches.formats.building import Blocks, build_record
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.source import TextSource, without_controls

_READ_WORDS = (
    "title abstract author issued container-title container-title-short journalAbbreviation "
    "volume issue page DOI PMID ISSN ISBN URL type "
    "language keyword original-title"
)
_READ = frozenset(_READ_WORDS.split())
_NOT_JSON = "This JSON file is not a list of references. Export the references as CSL-JSON."


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a CSL-JSON file: the objects of its outermost array."""
    blocks = Blocks()
    decoder = json.JSONDecoder()
    for line, text in cut_objects(source):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        try:
            item, _ = decoder.raw_decode(text)
        except (ValueError, RecursionError) as error:
            reason = f"The item is not valid JSON ({error})."
            yield blocks.rejected(reason, line=line, raw=text, warnings=faults)
        else:
            yield blocks.block(to_record(item), line=line, raw=text, warnings=faults)


def cut_objects(source: TextSource) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every object one level below the outermost array or object."""
    buffer, begin, depth, line = "", -1, 0, 1
    in_string = escaped = False
    for chunk in source:
        offset = len(buffer)
        buffer += chunk
        for position in range(offset, len(buffer)):
            sign = buffer[position]
            if in_string:
                if escaped:
                    escaped = False
                elif sign == "\\":
                    escaped = True
                elif sign == '"':
                    in_string = False
            elif sign == '"':
                in_string = depth > 0  # a stray quote between items hides none of them
            elif sign == "{":
                depth += 1
                if depth == 1:
                    begin = position
            elif sign == "}" and depth:
                depth -= 1
                if depth == 0:
                    yield line + buffer.count("\n", 0, begin), buffer[begin : position + 1]
                    begin = -1
        n_done = begin if begin >= 0 else len(buffer)
        line += buffer.count("\n", 0, n_done)
        buffer, begin = buffer[n_done:], 0 if begin >= 0 else -1
        if len(buffer) > RECORD_LIMIT * 2:
            raise Unreadable(_NOT_JSON)
    if begin >= 0:
        yield line, buffer


def to_record(item: dict[str, Any]) -> ParsedRecord:
    """Return the record in an item; values of an unexpected type are read as text."""
    return build_record(
        title=_text(item.get("title")),
        abstract=_text(item.get("abstract")),
        authors=_names(item.get("author")),
        years=[_text(item.get(name)) for name in ("issued", "published", "original-date")],
        journal=_text(item.get("container-title")),
        journal_abbreviation=_text(
            item.get("container-title-short") or item.get("journalAbbreviation")
        ),
        volume=_text(item.get("volume")),
        issue=_text(item.get("issue")),
        first_page=_text(item.get("page")),
        doi=_text(item.get("DOI")),
        pmid=_text(item.get("PMID")),
        numbers=[_text(item.get("ISSN")), _text(item.get("ISBN"))],
        url=_text(item.get("URL")),
        type=_text(item.get("type")),
        language=_text(item.get("language")),
        keywords=_text(item.get("keyword")).replace(";", ",").split(","),
        translated_title=_text(item.get("original-title")),
        extra={name: [_text(value)] for name, value in item.items() if name not in _READ},
    )


def _names(authors: object) -> list[str]:
    names = []
    for author in authors if isinstance(authors, list) else []:
        if not isinstance(author, dict):
            names.append(_text(author))
            continue
        particle = _text(author.get("non-dropping-particle"))
        family = f"{particle} {_text(author.get('family'))}".strip()
        given = f"{_text(author.get('given'))} {_text(author.get('suffix'))}".strip()
        names.append(f"{family}, {given}" if family else f"{_text(author.get('literal'))},")
    return names


def _text(value: object) -> str:
    """Return any JSON value as text: a date as its numbers, a list as its items."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return " ".join(_text(part) for part in value.values())
    if isinstance(value, list):
        return " ".join(_text(part) for part in value)
    return without_controls(str(value))
