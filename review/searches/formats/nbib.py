"""PubMed's tagged format, NBIB or MEDLINE: `PMID- 123`, `TI  - …`."""

import re
from collections.abc import Iterator

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.fields import clean_doi
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedAbstract, ParsedRecord
from review.searches.formats.ris import TWO_TITLES, take_abstract, take_other_abstracts
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags, after_blank_line, cut, line_start, parse_tags

MARK = re.compile(r"PMID[ \t]{0,3}-")
_FIRST = re.compile(r"(?:PMID|OWN|PMCR|PMC|STAT|TI)[ \t]{0,3}-")
_TITLE = re.compile(r"^[ \t]*B?TI[ \t]{0,3}-", re.MULTILINE)
_LINE = re.compile(r"[ \t\ufeff]{0,3}([A-Z][A-Z0-9]{1,4})[ \t]{0,3}-(?:[ \t]|$)(.*)")
_TIGHT = re.compile(r"[ \t\ufeff]{0,3}(PMID|PMCR?)[ \t]?-(.*)")


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of an NBIB file; a line of prose between records is not a block."""
    blocks = Blocks()
    for line, text in cut(source, _starts):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        tags = parse_tags(text, split_line)
        if not tags:
            continue
        if len(set(tags.get("TI", ()))) > 1:
            faults = [*faults, TWO_TITLES]
        yield blocks.block(to_record(tags), line=line, raw=text.strip("\n"), warnings=faults)


def _starts(text: str, begin: int, end: int) -> Iterator[int]:
    """Yield the `PMID-` lines, and first tags after an empty line, since ERIC omits `PMID-`."""
    current = 0
    for match in _FIRST.finditer(text, begin, end):
        start = line_start(text, match.start())
        if start is None:
            continue
        if MARK.match(match.group()) or (
            after_blank_line(text, start) and _TITLE.search(text, current, start)
        ):
            yield start
            current = start


def split_line(line: str) -> tuple[str, str] | None:
    """Return the tag and value of a line; the tag should fill four columns before the hyphen."""
    match = _LINE.match(line) or _TIGHT.match(line)
    return (match.group(1), match.group(2)) if match else None


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these tags describe, with full names (FAU) before short ones (AU)."""
    short = tags.take_all("AU") if tags.get("FAU") else []
    return build_record(
        title=tags.take_first("TI", "BTI", "CTI"),
        abstract=take_abstract(tags, "AB"),
        other_abstracts=_other_abstracts(tags),
        authors=tags.take_all("FAU", "AU") or tags.take_all("CN") or short,
        years=tags.get("DP", []) + tags.get("DEP", []) + tags.get("DA", []),
        journal=tags.take_first("JT", "TA", "BTI", "CTI"),
        journal_abbreviation=tags.take_first("TA"),
        volume=tags.take_first("VI"),
        issue=tags.take_first("IP"),
        first_page=tags.take_first("PG"),
        doi=_doi(tags),
        pmid=tags.take_first("PMID"),
        numbers=[value for tag in ("IS", "ISSN", "ISBN") for value in tags.get(tag, ())],
        url=tags.take_first("URL"),
        type="; ".join(tags.get("PT", ())),
        language=tags.take_first("LA"),
        accession=tags.take_first("OID", "PMC"),
        keywords=tags.take_all("OT", "MH", "KW"),
        translated_title=tags.take_first("TT"),
        extra=tags,
    )


def _other_abstracts(tags: Tags) -> list[ParsedAbstract]:
    """Return PubMed's other abstracts with their languages, and any further abstracts."""
    texts, languages = tags.take_all("OAB"), tags.take_all("OABL")
    if len(texts) != len(languages):  # we cannot know which language belongs to which text
        languages = [""] * len(texts)
    abstracts = [ParsedAbstract(lang, text) for text, lang in zip(texts, languages, strict=True)]
    return abstracts + take_other_abstracts(tags, "AB")


def _doi(tags: Tags) -> str | None:
    values = [value for tag in ("LID", "AID", "DO") for value in tags.get(tag, ())]
    marked = [value for value in values if "[doi]" in value.lower()]
    for value in marked + values:
        bare = value.replace("[doi]", "").strip()
        if (
            "[pii]" not in value
            and "://" not in bare.split("doi.org")[0]
            and (doi := clean_doi(bare))
        ):
            return doi
    so = " ".join(tags.get("SO", ()))
    return clean_doi(so.split("doi:", 1)[1]) if "doi:" in so else None
