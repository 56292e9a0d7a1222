"""EndNote's refer format (.enw): `%0 Journal Article`, `%A`, `%T`."""

import re
from collections.abc import Iterator

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.fields import clean_doi, doi_in_url
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags, after_blank_line, cut, line_start, parse_tags

MARK = re.compile(r"%[0-9A-Z@](?=[ \t\n]|$)")
_TITLE = re.compile(r"^%T", re.MULTILINE)
_LINE = re.compile(r"[ \t\ufeff]{0,3}%(\S)(?:[ \t](.*)|$)")


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a refer file."""
    blocks = Blocks()
    for line, text in cut(source, _starts):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        if tags := parse_tags(text, _split_line):
            yield blocks.block(to_record(tags), line=line, raw=text.strip("\n"), warnings=faults)


def _starts(text: str, begin: int, end: int) -> Iterator[int]:
    """Yield where records begin.

    That is at a `%0` line, unless it follows another (a work of two types); if `%0` is missing, at
    a tag after an empty line, once the previous record has its title.
    """
    current = 0
    for match in MARK.finditer(text, begin, end):
        start = line_start(text, match.start())
        if start is None:
            continue
        if match.group() == "%0":
            before = text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : start]
            is_first = not before.startswith("%0")
        else:
            is_first = after_blank_line(text, start) and bool(_TITLE.search(text, current, start))
        if is_first:
            yield start
            current = start


def _split_line(line: str) -> tuple[str, str] | None:
    match = _LINE.match(line)
    return (match.group(1), match.group(2) or "") if match else None


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these tags describe."""
    numbers = tags.get("R", []) + tags.get("M", [])
    links = tags.get("U", []) + tags.get(">", [])
    return build_record(
        title=tags.take_first("T"),
        abstract=tags.take_first("X"),
        authors=[name for value in tags.take_all("A") for name in value.split("\n")],
        years=tags.get("D", []) + tags.get("8", []),
        journal=tags.take_first("J", "B"),
        volume=tags.take_first("V"),
        issue=tags.take_first("N"),
        first_page=tags.take_first("P"),
        doi=next((doi for value in numbers if (doi := clean_doi(value))), None)
        or next((doi for link in links if (doi := doi_in_url(link))), None),
        numbers=tags.get("@", []),
        url=tags.take_first("U"),
        type=tags.take_first("0", "9"),
        language=tags.take_first("G"),
        accession=tags.take_first("M"),
        keywords=[word for value in tags.take_all("K") for word in re.split(r"[;\n]", value)],
        translated_title=tags.take_first("Q"),
        extra=tags,
    )
