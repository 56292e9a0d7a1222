"""Build a block from its values: with its record, or with the reason why it has none."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element

from review.searches.formats.elements import CUT_OFF, LOST_BEGINNING, cut_elements, parse_element
from review.searches.formats.fields import (
    are_tidy,
    clean_doi,
    find_isbn,
    find_issn,
    find_pmid,
    find_year,
    join_pages,
    number_or_none,
    tidy,
    tidy_or_none,
    unescaped,
    without_notice,
)
from review.searches.formats.names import tidy_names
from review.searches.formats.records import (
    RAW_LIMIT,
    RECORD_LIMIT,
    Block,
    ParsedAbstract,
    ParsedRecord,
)
from review.searches.formats.source import TextSource, without_controls
from review.searches.formats.tagged import SplitLine, Starts, Tags, cut, parse_tags, starts_with
from review.searches.registrations import without_registrations

NOTHING_IN_IT = "The block is empty: it has no title, abstract, DOI or PubMed id."
NO_TITLE = "The block has no title, and no abstract, DOI or PubMed id to identify it by."
TOO_LONG = f"The block is longer than {RECORD_LIMIT // 1024 // 1024} MB, the limit for a record."
_SEMICOLON = re.compile("[;\uff1b]")
_POINTER = re.compile(r"abstract(?:s)? (?:is )?available (?:from|in|on)\b", re.IGNORECASE)
TITLE_MISSING = "The record has no title."


def build_record(
    *,
    title: str | None = None,
    abstract: str | None = None,
    authors: Iterable[str] = (),
    years: Iterable[str] = (),
    journal: str | None = None,
    journal_abbreviation: str | None = None,
    volume: str | None = None,
    issue: str | None = None,
    first_page: str | None = None,
    last_page: str | None = None,
    doi: str | None = None,
    pmid: str | None = None,
    numbers: Sequence[str] = (),
    url: str | None = None,
    type: str | None = None,  # noqa: A002
    language: str | None = None,
    accession: str | None = None,
    keywords: Iterable[str] = (),
    translated_title: str | None = None,
    other_abstracts: Iterable[ParsedAbstract] = (),
    extra: Mapping[str, list[str]] | None = None,
) -> ParsedRecord:
    """Return a record built from raw values.

    ``numbers`` are ISSNs and ISBNs in any order; ``keywords`` may have several in one value.  A
    registration number among the authors is none of them: it is the accession number if there
    is no other, and stays in ``extra``.
    """
    authors, registrations = without_registrations(authors)
    if registrations:
        extra = {**(extra or {}), "registration number": registrations}
        accession = accession or registrations[0]
    abstract, notice = without_notice(tidy_or_none(abstract))
    if notice:
        fields = extra or {}
        extra = {**fields, "copyright": [*fields.get("copyright", ()), notice]}
    further_abstracts = [
        ParsedAbstract(tidy_or_none(further.language), tidy(further.text))
        for further in other_abstracts
    ]
    if pointers := [further.text for further in further_abstracts if _POINTER.match(further.text)]:
        extra = {**(extra or {}), "abstract elsewhere": pointers}
    if journal and journal.startswith(("http://", "https://")):  # a register's entry in CENTRAL
        url, journal = url or journal, None
    journal, abbreviation = tidy_or_none(journal), tidy_or_none(journal_abbreviation)
    is_same = journal and abbreviation and journal.casefold() == abbreviation.casefold()
    return ParsedRecord(
        title=tidy(title or ""),
        abstract=abstract,
        authors=tidy_names(authors),
        year=find_year(years),
        journal=journal or abbreviation,
        journal_abbreviation=None if is_same else abbreviation,
        volume=number_or_none(volume),
        issue=number_or_none(issue),
        pages=join_pages(first_page, last_page),
        doi=clean_doi(doi),
        pmid=find_pmid(pmid),
        isbn=find_isbn(numbers) if numbers else None,
        issn=find_issn(numbers) if numbers else None,
        url=url.strip() or None if url else None,
        type=tidy_or_none(type),
        language=tidy_or_none(language),
        accession=tidy_or_none(accession),
        keywords=_tidy_words(list(keywords)),
        translated_title=tidy_or_none(translated_title),
        other_abstracts=_not_in_first(abstract, further_abstracts) if further_abstracts else (),
        extra={
            name: values
            for name, values in (extra or {}).items()
            if values and (values[0] or any(values))
        },
    )


def _not_in_first(
    abstract: str | None, further_abstracts: Iterable[ParsedAbstract]
) -> tuple[ParsedAbstract, ...]:
    """Return the other abstracts whose text is not already in the first."""
    return tuple(
        further
        for further in further_abstracts
        if further.text
        and further.text not in (abstract or "")
        and not _POINTER.match(further.text)
    )


def _tidy_words(values: list[str]) -> tuple[str, ...]:
    """Return index terms; some programs write several into one value, with semicolons."""
    joined = ";".join(values)
    # A record may have a hundred, and nearly all are plain: one look at all of them.
    if joined.count(";") < len(values) and are_tidy(values):
        return tuple(values)
    words = _SEMICOLON.split(unescaped(joined))
    return tuple(filter(None, map(tidy, words)))


class Blocks:
    """Numbers blocks in order and decides which are records."""

    def __init__(self) -> None:
        self.n_blocks = 0

    def block(
        self, record: ParsedRecord, *, line: int, raw: str, warnings: Iterable[str] = ()
    ) -> Block:
        """Return the next block, accepted if ``record`` says which work it is about."""
        if reason := _reason_against(record):
            return self.rejected(reason, line=line, raw=raw, warnings=warnings)
        notes = list(warnings)
        if not record.title:
            notes.append(TITLE_MISSING)
        self.n_blocks += 1
        return Block(number=self.n_blocks, line=line, raw=raw, record=record, warnings=tuple(notes))

    def rejected(self, reason: str, *, line: int, raw: str, warnings: Iterable[str] = ()) -> Block:
        """Return the next block, which is not a record because of ``reason``."""
        self.n_blocks += 1
        return Block(
            number=self.n_blocks, line=line, raw=raw, reason=reason, warnings=tuple(warnings)
        )

    def too_long(self, *, line: int, raw: str) -> Block:
        """Return the next block, rejected as too long and cut to its beginning."""
        return self.rejected(TOO_LONG, line=line, raw=without_controls(raw[:RAW_LIMIT]))


def marked_blocks(
    source: TextSource,
    mark: re.Pattern[str],
    split_line: SplitLine,
    *,
    to_record: Callable[[Tags], ParsedRecord],
    starts: Starts | None = None,
) -> Iterator[Block]:
    """Yield the blocks of a file in which a line with ``mark`` begins each record.

    ``starts`` says which of these lines do, if not all.

    Text before the first mark, such as a legend, is not a block, unless it is a record that lost
    its first line.
    """
    blocks = Blocks()
    for line, text in cut(source, starts or starts_with(mark)):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        is_marked = mark.match(text.lstrip(" \t\ufeff\x0c"))
        text, faults = source.clean(text)
        record = to_record(parse_tags(text, split_line))
        has_more = record.year or record.doi or record.pmid or record.authors or record.journal
        if not is_marked and not (record.title and has_more):
            continue
        yield blocks.block(record, line=line, raw=text.strip("\n"), warnings=faults)


def element_blocks(
    source: TextSource, *names: str, to_record: Callable[[Element], ParsedRecord]
) -> Iterator[Block]:
    """Yield the blocks of an XML file in which each element with one of ``names`` is a record."""
    blocks = Blocks()
    for part in cut_elements(source, *names):
        line, text = part.line, part.text
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        element = parse_element(text) if part.is_complete else _why_incomplete(text, names)
        if isinstance(element, str):
            yield blocks.rejected(element, line=line, raw=text, warnings=faults)
        else:
            yield blocks.block(to_record(element), line=line, raw=text, warnings=faults)


def _why_incomplete(text: str, names: Iterable[str]) -> str:
    return CUT_OFF if text.startswith(tuple(f"<{name}" for name in names)) else LOST_BEGINNING


def _reason_against(record: ParsedRecord) -> str | None:
    if record.title or record.doi or record.abstract or record.pmid:
        return None
    return NO_TITLE if record.authors or record.journal else NOTHING_IN_IT
