"""RefWorks tagged: `RT Journal Article`, `A1 …`, after a legend of the tags."""

import re
from collections.abc import Iterator

from review.searches.formats.building import build_record, marked_blocks
from review.searches.formats.fields import clean_doi, doi_alone, doi_in_url
from review.searches.formats.name_lists import names_in
from review.searches.formats.records import Block, ParsedRecord
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags

MARK = re.compile(r"RT [A-Z]")
_KNOWN_WORDS = (
    "RT SR ID A1 A2 A3 A4 A5 A6 T1 T2 T3 JF JO YR FD VO IS SP OP K1 AB NO ED PB PP SN AV AD AN LA "
    "CL SF OT LK DO CN DB DS IP RD ST U1 U2 U3 U4 U5 U6 U7 U8 U9 U10 U11 U12 U13 U14 U15 UL SL LL "
    "CR WT WV WP OL PMID PMCID"
)
_KNOWN = frozenset(_KNOWN_WORDS.split())
_LINE = re.compile(r"([A-Z][A-Z0-9]{1,4})(?: (.*)|$)")


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a RefWorks file; the legend before them is not a block."""
    return marked_blocks(source, MARK, _split_line, to_record=to_record)


def _split_line(line: str) -> tuple[str, str] | None:
    match = _LINE.match(line)
    if match is None or match.group(1) not in _KNOWN:
        return None
    return match.group(1), match.group(2) or ""


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these tags describe."""
    dois_in_notes = [doi for value in tags.get("NO", ()) if (doi := doi_alone(value))]
    links = tags.get("LK", []) + tags.get("UL", [])
    return build_record(
        title=tags.take_first("T1"),
        abstract=tags.take_first("AB"),
        authors=names_in(tags.take_all("A1")),
        years=tags.get("YR", []) + tags.get("FD", []),
        journal=tags.take_first("JF", "T2", "JO"),
        journal_abbreviation=tags.take_first("JO"),
        volume=tags.take_first("VO"),
        issue=tags.take_first("IS"),
        first_page=tags.take_first("SP"),
        last_page=tags.take_first("OP"),
        doi=clean_doi(tags.take_first("DO"))
        or next(iter(dois_in_notes), None)
        or next((doi for link in links if (doi := doi_in_url(link))), None),
        pmid=tags.take_first("PMID"),
        numbers=tags.get("SN", []),
        url=tags.take_first("LK", "UL"),
        type=tags.take_first("RT"),
        language=(tags.take_first("LA") or "").rstrip(";；"),
        accession=tags.take_first("AN", "ID"),
        keywords=tags.take_all("K1"),
        translated_title=tags.take_first("OT"),
        extra=tags,
    )
