"""Web of Science tagged (.ciw, .txt, .isi): `PT J` … `ER`, wrapped lines indented."""

import re
from collections.abc import Iterator

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.fields import unescaped
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.ris import NO_END
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags, cut, parse_tags, starts_with

MARK = re.compile(r"PT(?: [A-Z]| ?$| ?\n)", re.MULTILINE)
_END = re.compile(r"^ER[ \t]*$", re.MULTILINE)
_TITLED = re.compile(r"^(?:TI|AU|UT) \S", re.MULTILINE)
_LINE = re.compile(r"\ufeff?([A-Z][A-Z0-9])(?: (.*)|[ \t]*$)")
_KNOWN_WORDS = (
    "AB AE AF AN AR AU BA BE BF BN BP BR BS C1 C3 CA CC CL CN CR CT CY D2 DA DE DI DT EA EC ED EF "
    "EI EM EP ER EY FN FP FU FX GA GE GP HC HO HP ID IS J9 JI KY LA LS LT MA MC MI NR OA OI OR P2 "
    "PA PD PG PI PM PN PS PT PU PV PY RI RP SC SE SI SN SO SP SU TC TI TS TY U1 U2 UT VL VR WC WE "
    "WP Z1 Z2 Z3 Z4 Z7 Z8 Z9 X1 X4 X5 Y1 Y4 Y5 MQ DS CO BD OG SD SY TA TN TR UR"
)
_KNOWN = frozenset(_KNOWN_WORDS.split())


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a Web of Science file."""
    blocks = Blocks()
    for line, text in cut(source, starts_with(MARK)):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        for offset, part, has_end in _at_end_lines(text):
            if (offset == 0 and MARK.match(part.lstrip())) or _TITLED.search(part):
                warnings = faults if has_end else [*faults, NO_END]
                first = line + text.count("\n", 0, offset)
                record = to_record(parse_tags(part, split_line))
                yield blocks.block(record, line=first, raw=part.strip("\n"), warnings=warnings)


def _at_end_lines(text: str) -> Iterator[tuple[int, str, bool]]:
    begin = 0
    for match in _END.finditer(text):
        yield begin, text[begin : match.end()], True
        begin = match.end() + 1
    if begin < len(text):
        yield begin, text[begin:], False


def split_line(line: str) -> tuple[str, str] | None:
    """Return the tag and value of a line, or None for a wrapped line, even if not indented."""
    match = _LINE.match(line)
    if match is None or match.group(1) not in _KNOWN:
        return None
    return match.group(1), match.group(2) or ""


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these tags describe, with full names (AF) before short ones (AU)."""
    for ignored in ("FN", "VR", "ER", "EF"):
        tags.pop(ignored, None)
    full_names, short_names = tags.take_all("AF"), tags.take_all("AU")
    authors = [
        name
        for value in full_names or short_names
        for part in unescaped(value).split("\n")
        for name in part.split(";")
    ]
    pages = tags.take_first("PS")
    return build_record(
        title=tags.take_first("TI"),
        abstract=tags.take_first("AB"),
        authors=[re.sub(r"\s*\([^()]{0,100}\)\s*$", "", name) for name in authors],
        years=[value for tag in ("PY", "PD", "EA") for value in tags.get(tag, ())],
        journal=tags.take_first("SO", "JI", "J9"),
        journal_abbreviation=tags.take_first("JI", "J9"),
        volume=tags.take_first("VL"),
        issue=tags.take_first("IS"),
        first_page=tags.take_first("BP", "BR", "SP", "AR") or pages,
        last_page=tags.take_first("EP"),
        doi=tags.take_first("DI"),
        pmid=tags.take_first("PM"),
        numbers=[value for tag in ("SN", "EI", "BN") for value in tags.get(tag, ())],
        url=tags.take_first("UR"),
        type=tags.take_first("DT", "PT"),
        language=tags.take_first("LA"),
        accession=tags.take_first("UT", "AN"),
        keywords=tags.take_all("DE", "ID"),
        extra=tags,
    )
