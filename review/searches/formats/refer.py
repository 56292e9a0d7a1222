"""EndNote's refer format (.enw): `%0 Journal Article`, `%A`, `%T`."""

import re
from collections.abc import Iterator

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.fields import clean_doi, doi_in_url
from review.searches.formats.name_lists import names_in
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags, cut, lines_of, parse_tags, starts_of_records

MARK = re.compile(r"%([0-9A-Z@])(?=[ \t\n]|$)")
_LINE = re.compile(r"[ \t\ufeff]{0,3}%(\S)(?:[ \t](.*)|$)")


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a refer file; AIS eLibrary writes `%0` after `%T`."""
    blocks = Blocks()
    for line, text in cut(source, starts_of_records(MARK, kinds=frozenset("0"), title="T")):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        if tags := parse_tags(text, _split_line):
            yield blocks.block(to_record(tags), line=line, raw=text.strip("\n"), warnings=faults)


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
        authors=names_in(lines_of(tags.take_all("A"))),
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
        keywords=lines_of(tags.take_all("K")),
        translated_title=tags.take_first("Q"),
        extra=tags,
    )
