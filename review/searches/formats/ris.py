"""RIS in all its dialects: `TY  - JOUR` … `ER  - `."""

import re
from collections.abc import Iterator
from dataclasses import replace

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.fields import (
    clean_doi,
    doi_alone,
    doi_in_url,
    find_pmid,
)
from review.searches.formats.name_lists import names_in
from review.searches.formats.records import Block, ParsedAbstract, ParsedRecord
from review.searches.formats.ris_lines import MARK, parse_lines
from review.searches.formats.ris_records import RisText, records_of, without_preamble
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags, lines_of

__all__ = ["MARK", "read"]

NO_TYPE = "The record has no TY line."
NO_END = "The record has no ER line."
TWO_TITLES = "The record has more than one title. It may be two records in one."


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a RIS file; a block next to lines outside any record warns of them."""
    blocks, last = Blocks(), None
    for record in records_of(source):
        if last is not None and not record.text:
            last = replace(last, warnings=(*last.warnings, *_warnings_about(record.outside)))
        elif record.text:
            yield from () if last is None else (last,)
            last = _block(blocks, source, record)
    if last is not None:
        yield last


def _warnings_about(outside: list[str]) -> list[str]:
    """Return the warning about lines that belong to no record, if there are any."""
    if not outside:
        return []
    n_lines = "1 line" if len(outside) == 1 else f"{len(outside)} lines"
    return [f"{n_lines} outside any record: {outside[0][:80]}"]


def _block(blocks: Blocks, source: TextSource, record: RisText) -> Block:
    if record.is_too_long:
        return blocks.too_long(line=record.line, raw=record.text)
    text, warnings = source.clean(without_preamble(record.text))
    tags = parse_lines(text)
    if record.outside:
        warnings += _warnings_about(record.outside)
    if "TY" not in tags:
        warnings.append(NO_TYPE)
    if tags.pop("ER", None) is None:
        warnings.append(NO_END)
    if has_two_titles(tags):
        warnings.append(TWO_TITLES)
    return blocks.block(to_record(tags), line=record.line, raw=text.strip("\n"), warnings=warnings)


def has_two_titles(tags: Tags) -> bool:
    """Return whether one tag for the title has two that differ."""
    titles = tags.get("TI", ()), tags.get("T1", ())
    return any(len(values) > 1 and len(set(values)) > 1 for values in titles)


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these tags describe."""
    doi, pmid = _doi(tags), _pmid(tags)
    return build_record(
        title=tags.take_first("TI", "T1", "CT"),
        abstract=take_abstract(tags, "AB", "N2"),
        other_abstracts=take_other_abstracts(tags, "AB", "N2"),
        authors=names_in(tags.take_all("A1", "AU")),
        years=tags.listed("PY", "DA", "Y1", "YR"),
        journal=tags.take_first("JF", "T2", "BT", "JO", "JA", "J2", "J1"),
        journal_abbreviation=tags.take_first("J2", "JA", "J1", "JO"),
        volume=tags.take_first("VL", "VO"),
        issue=tags.take_first("IS", "CP"),
        first_page=tags.take_first("SP"),
        last_page=tags.take_first("EP"),
        doi=doi,
        pmid=pmid,
        numbers=tags.get("SN", ()),
        url=tags.take_first("UR", "L2", "LK"),
        type=tags.take_first("TY"),
        language=tags.take_first("LA"),
        accession=tags.take_first("AN", "ID"),
        keywords=lines_of(tags.take_all("KW")),
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
    """Return the abstracts after the first; copyright notices stay in ``tags``."""
    abstracts = []
    for name in names:
        if values := tags.get(name):
            abstracts += [ParsedAbstract(None, value) for value in values if not _is_notice(value)]
            tags[name] = [value for value in values if _is_notice(value)]
    return abstracts


def _is_notice(text: str) -> bool:
    return text[:30].lstrip().lower().startswith(("copyright", "\u00a9", "(c)"))


def _doi(tags: Tags) -> str | None:
    named = tags.take_all("DO", "DI")
    for value in named:
        if doi := clean_doi(value):
            return doi
    if named:
        tags["DO"] = named
    for value in tags.listed("M3", "N1", "L1", "L2", "L3", "C7", "ID", "AN"):
        if "10." in value and len(value) < 200 and (doi := doi_alone(value)):
            return doi
    links = tags.listed("UR", "L2", "L3", "LK")
    return next((doi for link in links if (doi := doi_in_url(link))), None)


def _pmid(tags: Tags) -> str | None:
    values = tags.listed("U1", "U2", "C2", "N1", "UR", "AN", "PM", "C1", "C3", "ID")
    if "pmid" in (joined := "\n".join(values).lower()) or "pubmed" in joined:
        for value in values:
            if len(value) < 300 and (match := _MARKED_PMID.search(value)):
                return match[1] or match[2] or match[3]
    if "AN" in tags and ("DB" in tags or "DP" in tags):
        providers = " ".join(tags.listed("DB", "DP")).lower()
        if any(name in providers for name in ("pubmed", "medline", "nlm")):
            return next((find_pmid(value) for value in tags["AN"] if value.isdigit()), None)
    return None


# "1234567 [pmid]", "PMID: 1234567", the address, and "PUBMED 1234567,EMBASE 60123456" of CENTRAL.
_MARKED_PMID = re.compile(
    r"(?<!\d)([1-9]\d{0,7})\s?\[pmid\]|(?:pmid:?\s?|pubmed id:?\s?|pubmed\.ncbi\.nlm\.nih\.gov/|"
    r"ncbi\.nlm\.nih\.gov/pubmed/)([1-9]\d{3,7})(?!\d)|"
    r"(?:^|[,;]\s?)pubmed[:\s]\s?([1-9]\d{0,7})(?=\s*(?:$|[,;]))",
    re.IGNORECASE,
)
