"""RIS in all its dialects: `TY  - JOUR` … `ER  - `."""

import re
from collections.abc import Iterator
from dataclasses import replace

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.fields import clean_doi, doi_alone, doi_in_url, find_pmid
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedAbstract, ParsedRecord
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags, cut, line_start, parse_tags, starts_with

MARK = re.compile(r"TY[ \t]{0,4}[-\u2013](?=[ \t\n]|[A-Z])")
NO_TYPE = "The record has no TY line."
NO_END = "The record has no ER line."
TWO_TITLES = "The record has more than one title. It may be two records in one."

_END = re.compile(r"ER[ \t]{0,4}-[^\n]*")
_LINE = re.compile(r"[ \t\ufeff\x0c]*([A-Z][A-Z0-9])(?:[ \t]{2,4}[-\u2013]|[ \t]-(?=[ \t]|$))(.*)")
_BARE = re.compile(r"[ \t\ufeff\x0c]*(TY|ER)-(.*)")
_TITLED = re.compile(r"^[ \t]*(?:TI|T1|AU|A1|AB|N2|DO)[ \t]{1,4}-[ \t]*\S", re.MULTILINE)
# After a single space, only known tags count: a wrapped line may begin "UK - ".
_KNOWN_WORDS = (
    "A1 A2 A3 A4 AB AD AN AU AV BT C1 C2 C3 C4 C5 C6 C7 C8 CA CN CP CT CY DA DB DI DO DP ED EP ER "
    "ET ID IS J1 J2 JA JF JO KW L1 L2 L3 L4 LA LB LK M1 M2 M3 N1 N2 NV OP PB PP PY RI RN RP SE SN "
    "SP ST T1 T2 T3 TA TI TT TY U1 U2 U3 U4 U5 UR VL VO WP Y1 Y2"
)
_KNOWN = frozenset(_KNOWN_WORDS.split())


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a RIS file; a block next to lines outside any record warns of them."""
    blocks, pending = Blocks(), None
    outside: list[str] = []
    for line, text in cut(source, starts_with(MARK)):
        if len(text) > RECORD_LIMIT:
            yield from () if pending is None else (pending,)
            pending = blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        for offset, part in _at_end_lines(text):
            if (offset == 0 and MARK.match(part.lstrip())) or _TITLED.search(part):
                yield from () if pending is None else (pending,)
                begin = line + text.count("\n", 0, offset)
                pending = _block(
                    blocks, part, line=begin, faults=[*faults, *_warnings_about(outside)]
                )
                outside = []
            else:
                outside += [stray.strip() for stray in part.split("\n") if stray.strip()]
    if pending is not None:
        yield replace(pending, warnings=(*pending.warnings, *_warnings_about(outside)))


def _warnings_about(outside: list[str]) -> list[str]:
    """Return the warning about lines that belong to no record, if there are any."""
    if not outside:
        return []
    n_lines = "1 line" if len(outside) == 1 else f"{len(outside)} lines"
    return [f"{n_lines} outside any record: {outside[0][:80]}"]


def _at_end_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield ``text`` cut after every ER line, since a record may have lost its TY line."""
    begin = 0
    for match in _END.finditer(text):
        if line_start(text, match.start()) is not None:
            yield begin, text[begin : match.end()]
            begin = match.end() + 1
    if begin < len(text):
        yield begin, text[begin:]


def _block(blocks: Blocks, text: str, *, line: int, faults: list[str]) -> Block:
    tags = parse_tags(text, split_line)
    warnings = list(faults)
    if "TY" not in tags:
        warnings.append(NO_TYPE)
    if tags.pop("ER", None) is None:
        warnings.append(NO_END)
    if any(len(set(tags.get(tag, ()))) > 1 for tag in ("TI", "T1")):
        warnings.append(TWO_TITLES)
    return blocks.block(to_record(tags), line=line, raw=text.strip("\n"), warnings=warnings)


def split_line(line: str) -> tuple[str, str] | None:
    """Return the tag and value of a line of RIS, or None."""
    match = _LINE.match(line)
    if match is None:
        return (bare.group(1), bare.group(2)) if (bare := _BARE.match(line)) else None
    tag, value = match.groups()
    if line[match.end(1) :][:2].isspace() or tag in _KNOWN:
        return tag, value
    return None


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these tags describe."""
    links = tags.get("UR", []) + tags.get("L2", []) + tags.get("L3", []) + tags.get("LK", [])
    keywords = "\n".join(tags.take_all("KW")).split("\n")
    return build_record(
        title=tags.take_first("TI", "T1", "CT"),
        abstract=take_abstract(tags, "AB", "N2"),
        other_abstracts=take_other_abstracts(tags, "AB", "N2"),
        authors=tags.take_all("A1", "AU"),
        years=[value for tag in ("PY", "DA", "Y1", "YR") for value in tags.get(tag, ())],
        journal=tags.take_first("JF", "T2", "BT", "JO", "JA", "J2", "J1"),
        journal_abbreviation=tags.take_first("J2", "JA", "J1", "JO"),
        volume=tags.take_first("VL", "VO"),
        issue=tags.take_first("IS", "CP"),
        first_page=tags.take_first("SP"),
        last_page=tags.take_first("EP"),
        doi=_doi(tags, links),
        pmid=_pmid(tags),
        numbers=tags.get("SN", []),
        url=tags.take_first("UR", "L2", "LK"),
        type=tags.take_first("TY"),
        language=tags.take_first("LA"),
        accession=tags.take_first("AN", "ID"),
        keywords=keywords,
        translated_title=tags.take_first("TT"),
        extra=tags,
    )


def take_abstract(tags: Tags, *names: str) -> str | None:
    """Remove and return the first abstract that is not a copyright notice."""
    for name in names:
        for index, value in enumerate(tags.get(name, ())):
            if value and not _is_notice(value):
                del tags[name][index]
                return value
    return tags.take_first(*names)


def take_other_abstracts(tags: Tags, *names: str) -> list[ParsedAbstract]:
    """Remove and return the abstracts after the first; copyright notices stay in ``tags``."""
    abstracts = []
    for name in names:
        values = tags.get(name, [])
        abstracts += [ParsedAbstract(None, value) for value in values if not _is_notice(value)]
        tags[name] = [value for value in values if _is_notice(value)]
    return abstracts


def _is_notice(text: str) -> bool:
    return text.lstrip().lower().startswith(("copyright", "\u00a9", "(c)"))


def _doi(tags: Tags, links: list[str]) -> str | None:
    for value in tags.take_all("DO", "DI"):
        if doi := clean_doi(value):
            return doi
    for tag in ("M3", "N1", "L1", "L2", "L3", "C7", "ID", "AN"):
        for value in tags.get(tag, ()):
            if len(value) < 200 and (doi := doi_alone(value)):
                return doi
    for link in links:
        if doi := doi_in_url(link):
            return doi
    return None


def _pmid(tags: Tags) -> str | None:
    for tag in ("U1", "U2", "C2", "N1", "UR", "AN", "PM"):
        for value in tags.get(tag, ()):
            text = value.lower() if len(value) < 300 else ""
            if ("pmid" in text or "pubmed" in text) and (match := _MARKED_PMID.search(text)):
                return match.group(1) or match.group(2)
    if "AN" in tags and ("DB" in tags or "DP" in tags):
        providers = " ".join(tags.get("DB", []) + tags.get("DP", [])).lower()
        if any(name in providers for name in ("pubmed", "medline", "nlm")):
            return next((find_pmid(value) for value in tags["AN"] if value.isdigit()), None)
    return None


_MARKED_PMID = re.compile(
    r"(?<!\d)([1-9]\d{0,7})\s?\[pmid\]|(?:pmid:?\s?|pubmed id:?\s?|pubmed\.ncbi\.nlm\.nih\.gov/|"
    r"ncbi\.nlm\.nih\.gov/pubmed/)([1-9]\d{3,7})(?!\d)",
    re.IGNORECASE,
)
