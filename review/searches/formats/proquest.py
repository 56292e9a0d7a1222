"""Text of ProQuest and EBSCOhost, with the name of a field before each value: `Title: `.

ProQuest ("Text only") puts lines of underscores between records and affiliations under authors;
EBSCOhost begins a record with `Record: 1` and puts values on the lines below their names.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.ris import TWO_TITLES, take_abstract, take_other_abstracts
from review.searches.formats.source import TextSource
from review.searches.formats.sources import split_source
from review.searches.formats.tagged import Tags, cut, parse_tags, starts_with

_MARK = re.compile(r"_{10,}|\*{10,}|Document \d{1,6} of \d|Record: \d")
_NO_ABSTRACT = ("None available.", "Not available.", "Abstract not available.")
_NUMBERED = re.compile(r"(?:Document|Record:) \d")
_LINE = re.compile(
    r"[ \t\ufeff]{0,3}([A-Za-z][A-Za-z/ -]{2,40}?)(?: \([A-Za-z, ]{1,30}\))? ?:"
    r"(?:[ \t]+(.*)|[ \t]*$)"
)
_KNOWN_WORDS = (
    "title, author, authors, author affiliation, author affiliations, affiliation, affiliations, "
    "correspondence author, "
    "publication info, source, source information, publication title, journal title, volume, "
    "issue, pages, first page, number of pages, publication year, year, publication date, "
    "date, publisher, place of publication, country of publication, publication subject, "
    "issn, e-issn, eissn, isbn, coden, source type, language of publication, language, "
    "document type, publication type, document feature, doi, digital object identifier, pmid, "
    "accession number, proquest document id, document url, persistent link to this record, "
    "permalink, links, full text, full text word count, abstract, subject, subjects, subject "
    "terms, subject headings, mesh subject, identifier / keyword, keyword, keywords, "
    "author-supplied keywords, location, people, company / organization, classification, "
    "section, supplement, edition, copyright, last updated, database, alternate title, "
    "original title, thesis advisor, degree, school, credit, notes, literature indexing "
    "information, references, number of references, conference, grant, funding, editor, "
    "translator"
)
_KNOWN = frozenset(_KNOWN_WORDS.split(", "))
_OF_RECORDS = ("title", "author", "abstract", "publication title", "proquest document id")
_MARKS_AFTER_NAME = re.compile(r"[ \t]*\(?\d{1,3}(?:[ ,]{1,2}\d{1,3})*\)?$")
_CONTACT = re.compile(r"[ \t]*(?:\(AUTHOR\)|\S+@\S+)")
_LONGEST_MARKS = 60
_DETECTED_FROM = 4  # names of fields, the title among them


def looks_like(text: str) -> bool:
    """Return whether a text has the names of several fields, each at the beginning of a line."""
    names = {pair[0] for line in text.split("\n")[:400] if (pair := _split_line(line))}
    return len(names) >= _DETECTED_FROM and "title" in names


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a file; what has no fields, such as a table of contents, is not one."""
    blocks = Blocks()
    for line, text in cut(source, starts_with(_MARK)):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        tags = parse_tags(text, _split_line)
        if _NUMBERED.match(text.lstrip()) or any(tags.get(name) for name in _OF_RECORDS):
            notes = [TWO_TITLES] if len(set(tags.get("title", ()))) > 1 else []
            tags["heading"] = _heading(text)
            raw = text.strip("\n")
            yield blocks.block(to_record(tags), line=line, raw=raw, warnings=[*faults, *notes])


def _heading(text: str) -> list[str]:
    """Return the line between the mark of a record and its first field, which is its title."""
    above = list(takewhile(lambda line: not _split_line(line), text.split("\n")))
    return [line.strip() for line in above if line.strip() and not _MARK.match(line.lstrip())][:1]


def _split_line(line: str) -> tuple[str, str] | None:
    match = _LINE.match(line)
    name = match.group(1).strip().casefold() if match else ""
    return (name, match.group(2) or "") if match and name in _KNOWN else None


def _abstract(tags: Tags) -> str | None:
    abstract = take_abstract(tags, "abstract")
    return None if abstract in _NO_ABSTRACT else abstract


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these fields describe; the full text stays in the raw block."""
    tags.pop("full text", None)
    heading = tags.pop("heading", [])
    place = tags.get("place of publication", [""])[0]
    source_line = _first_line(tags.take_first("publication info", "source"))
    source = split_source(source_line)
    journal = tags.take_first("publication title", "journal title") or source.journal or ""
    keywords = tags.take_all(
        "subject", "subjects", "subject terms", "subject headings", "mesh subject",
        "identifier / keyword", "keyword", "keywords", "author-supplied keywords",
    )  # fmt: skip
    return build_record(
        title=tags.take_first("title") or next(iter(heading), None),
        abstract=_abstract(tags),
        other_abstracts=take_other_abstracts(tags, "abstract"),
        authors=[
            *_authors(tags.take_all("author")),
            *_authors(_one_a_line(tags.take_all("authors"))),
        ],
        years=[
            *tags.take_all("publication year", "year", "publication date", "date"),
            source_line,
        ],
        journal=journal.removesuffix(f"; {place}") if place else journal,
        volume=tags.take_first("volume") or source.volume,
        issue=tags.take_first("issue") or source.issue,
        first_page=tags.take_first("pages", "first page") or source.pages,
        doi=tags.take_first("doi", "digital object identifier"),
        pmid=tags.take_first("pmid"),
        numbers=tags.take_all("issn", "e-issn", "eissn", "isbn"),
        url=tags.take_first("document url", "persistent link to this record", "permalink"),
        type=tags.take_first("document type", "publication type", "source type"),
        language=tags.take_first("language of publication", "language"),
        accession=tags.take_first("proquest document id", "accession number"),
        keywords=[word for value in keywords for word in re.split(r"[;\n]", value)],
        translated_title=tags.take_first("original title", "alternate title"),
        extra=tags,
    )


def _first_line(value: str | None) -> str:
    return (value or "").split("\n", 1)[0]


def _one_a_line(values: list[str]) -> list[str]:
    """Return the names under EBSCOhost's "Authors:", which has nothing else below it."""
    lines = [line for value in values for line in value.split("\n")]
    return [_CONTACT.sub("", line).strip() for line in lines]


def _authors(values: list[str]) -> list[str]:
    """Return the names before the affiliations; a line that ends with ";" goes on below."""
    names: list[str] = []
    for value in values:
        lines = value.split("\n")
        n = next((n for n, line in enumerate(lines, 1) if not line.endswith(";")), len(lines))
        names += " ".join(lines[:n]).split(";")
    return [
        name[:-_LONGEST_MARKS] + _MARKS_AFTER_NAME.sub("", name[-_LONGEST_MARKS:])
        for name in map(str.strip, names)
    ]
