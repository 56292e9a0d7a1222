"""Ovid's own formats: `<1. >`, then `TI  - …` lines, or field names above indented values."""

import re
from collections.abc import Iterator

from review.searches.formats.building import build_record, marked_blocks
from review.searches.formats.fields import tidy, unescaped
from review.searches.formats.records import Block, ParsedRecord
from review.searches.formats.ris import take_abstract, take_other_abstracts
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags

MARK = re.compile(r"<\d{1,7}[ \t]?\.?[ \t]?>[ \t]*(?:\n|$)")
_LINE = re.compile(r"[ \t]{0,2}([A-Z][A-Z0-9]{1,5})[ \t]{1,2}-(?:[ \t]|$)(.*)")
_NAME_LINE = re.compile(r"([A-Z][A-Za-z/ ]{2,50})[ \t]*$")
_NAMES = {
    "Author": "AU", "Authors": "AU", "Title": "TI", "Source": "SO", "Abstract": "AB",
    "Accession Number": "AN", "Institution": "IN", "Author Keywords": "KW", "Language": "LG",
    "Publication Type": "PT", "Document Type": "DT", "ISSN": "IS", "ISBN": "IB", "DOI Number": "DI",
    "Digital Object Identifier": "DO", "Year of Publication": "YR", "Publication Year": "YR",
    "Journal Name": "JN", "Keywords": "KW", "Subject Headings": "SH", "Chapter Title": "CT",
    "Book Title": "BT", "Key Concepts": "ID", "Original Title": "OT", "Editor": "ED",
    "Abbreviated Source": "JA", "URL": "UR", "Unique Identifier": "UI", "Status": "ST",
}  # fmt: skip
_DEGREE = re.compile(
    r",? \b(?:Ph\.?\s?D|M\.?D|M\.?P\.?H|M\.?Sc|B\.?Sc|M\.?S|M\.?A|B\.?A|R\.?N|FAAN|FACSM|DrPH|DNP|"
    r"D\.?Phil|MBBS|MBA|FACP|FRCP)\b\.?.*$"
)
_AFTER_NAME = re.compile(r"\s*\[[^\[\]]{0,60}\]\s*$|\s+[\d*+,#^&\s]+$|[.;]\s*$")
_MAX_TAILS = 4
_IN_BRACKETS = re.compile(
    r"\.?\s*\[(?:[A-Z][a-z-]+(?:[ /;,:]+[A-Za-z-]+){0,3}|References|\d+ refs?)\]\.?\s*$"
)
_ROLE = re.compile(r"\s*\[[^\[\]]{0,300}\]")
_SOURCE = (
    re.compile(
        r".{0,300}?\((?:19|20)\d\d\)\.\s(?P<journal>.{2,300}?)\.?\s\(pp\.?\s(?P<pages>[\w-]{1,20})\)"
    ),
    re.compile(
        r"(?P<journal>.+?)\.?\s+(?P<volume>\d{1,5})\s?(?:\((?P<issue>[^)]{1,30})\))?:\s?(?P<pages>[\w.-]{1,30}),"
    ),
    re.compile(
        r"(?P<journal>.+?)\.? Vol\.?\s?(?P<volume>\w{1,10})\s?(?:\((?P<issue>.{1,20}?)\)(?=,))?,?"
        r".{0,60}?(?:pp?\. |, )(?P<pages>\w{0,3}\d[\w-]{0,20}|No Pagination Specified)"
    ),
    re.compile(
        r"(?P<journal>.+?)\.?\s(?:[A-Z][A-Za-z/]{2,20} )?(?:\d{4})\s?[^;]{0,20};\s?"
        r"(?P<volume>[\w ]{1,15})(?:\((?P<issue>[^)]{1,30})\))?:(?P<pages>[\w-]{1,30})"
    ),
    re.compile(
        r"(?P<journal>.+?)\.?\s(?P<volume>\d{1,5})\s?(?:\((?P<issue>[^)]{1,30})\))?"
        r"(?:[ ,:.]+(?:pp?\. ?)?(?P<pages>\d[\w-]{1,20}))?[,.]"
    ),
)


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of an Ovid file, in either of its layouts."""
    return marked_blocks(source, MARK, _split_line, to_record=to_record)


def _split_line(line: str) -> tuple[str, str] | None:
    if match := _LINE.match(line):
        return match.group(1), match.group(2)
    if (match := _NAME_LINE.match(line)) and (name := match.group(1).strip()):
        return _NAMES.get(name, name), ""
    return None


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record of these tags; journal and pages often come from one source line."""
    source = " ".join(tidy(value) for value in tags.get("SO", ()))
    parts = next((m.groupdict() for pattern in _SOURCE if (m := pattern.match(source))), {})
    keywords = tags.take_all("KW", "SH", "MH", "DE", "ID")
    return build_record(
        title=_title(tags.take_first("TI", "CT", "BT")),
        abstract=take_abstract(tags, "AB"),
        other_abstracts=take_other_abstracts(tags, "AB"),
        authors=_authors(tags.take_all("FA", "AU")),
        years=[value for tag in ("YR", "DP", "SO", "DG", "BT") for value in tags.get(tag, ())],
        journal=tags.take_first("JN")
        or parts.get("journal")
        or tags.take_first("JT", "JA", "BT")
        or _short(source),
        journal_abbreviation=tags.take_first("JA"),
        volume=tags.take_first("VO", "VI") or parts.get("volume"),
        issue=tags.take_first("IP") or parts.get("issue"),
        first_page=tags.take_first("PG") or parts.get("pages"),
        doi=tags.take_first("DO", "DI"),
        pmid=tags.take_first("PM") or _medline_id(tags),
        numbers=[value for tag in ("IS", "IL", "IT", "IB", "SN") for value in tags.get(tag, ())],
        url=tags.take_first("UR", "XL"),
        type="; ".join(value.rstrip(".") for value in tags.get("PT", ())) or tags.take_first("DT"),
        language=(tags.take_first("LG", "LA") or "").rstrip("."),
        accession=tags.take_first("AN", "UI"),
        keywords=[word for value in keywords for word in value.split("\n")],
        translated_title=tags.take_first("TT", "OT"),
        extra=tags,
    )


def _short(source: str) -> str | None:
    """Return a source line that has little more than a journal's name, or None."""
    return source.rstrip(". ") if len(source) < 150 else None


def _title(title: str | None) -> str | None:
    return _IN_BRACKETS.sub("", tidy(title)) if title else None


def _authors(values: list[str]) -> list[str]:
    """Return names without the degrees, roles and affiliation marks that Ovid adds."""
    names = (re.split(r";\s|\n", _ROLE.sub("", unescaped(value))) for value in values)
    return [_bare(name) for listed in names for name in listed]


def _bare(name: str) -> str:
    name = _DEGREE.sub("", " ".join(name.split()))
    for _ in range(_MAX_TAILS):
        if len(_INITIAL_DOT.sub("", name)) == len(name):
            name = _AFTER_NAME.sub("", name)
    return name


_INITIAL_DOT = re.compile(r"\b[A-Z]\.$")


def _medline_id(tags: Tags) -> str | None:
    base = " ".join(tags.get("DB", ())).lower()
    number = next(iter(tags.get("UI", [])), "").strip()
    return number if "medline" in base and number.isdigit() else None
