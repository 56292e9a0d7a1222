"""Which report a PDF is: by its DOI, its title, and the name of its file.

A file is attached without a question only where its first page has the whole title, letter by
letter, with an author, or the report's DOI with a title that is close to it; or where a reference
library has it under the report's own entry and its first page has the whole title, or it is a scan
and the entry's only file.
Everything else that speaks for a report is offered to a person.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from uuid import UUID

from rapidfuzz import fuzz

from review.reports.library_files import LibraryEntry
from review.reports.page_text import find_quote, letters_of

TITLE_WITHIN = 2_000  # letters from the beginning: title page or head of an article
DOI_WITHIN = 2  # pages
SHORTEST_TITLE = 20  # letters; shorter titles stand in many texts
CLOSE = 85  # of 100: a title in other words, or cut
POSSIBLE = 75
NAMED = 80  # a file's name against author, year and title
MOST_CANDIDATES = 5
_DOI = re.compile(r"10\.[0-9]{4,9}/[^\s\"<>]+", re.IGNORECASE)
_ABOUT_ANOTHER = re.compile(
    r"\b(suppl\w*|supporting information|appendi\w+|annex\w*|errat\w+|corrigend\w+|correction|"
    r"comment\w*|reply|response|review of|protocol|summary of|s\d{1,2})\b",
    re.IGNORECASE,
)
"""Words before a title, or in a file's name, by which the file is not the report itself."""
_DOI_IN_NAME = re.compile(r"10\.[0-9]{4,9}[_/%-].+", re.IGNORECASE)


@dataclass(frozen=True)
class Sought:
    """A report that is sought, with what a file may say of it."""

    record_id: UUID
    title: str
    authors: Sequence[str]
    year: int | None
    doi: str | None


@dataclass(frozen=True)
class Candidate:
    """A report that a file may be: what agrees, and how well from 0 to 100."""

    record_id: UUID
    score: int
    agrees: Sequence[str]  # of doi, title, author, name
    is_sure: bool


def candidates_of(
    name: str,
    pages: Sequence[str],
    sought: Sequence[Sought],
    *,
    entry: LibraryEntry | None = None,
) -> list[Candidate]:
    """Return the reports that a file of this name and text may be, the likeliest first.

    ``entry`` is what a reference library says about the file.  At most one is sure, and then it is
    the first.
    """
    text = " ".join(pages)
    head = letters_of(text)[:TITLE_WITHIN]
    words = {letters_of(word) for word in text[: 4 * TITLE_WITHIN].split()} - {""}
    is_another = bool(_ABOUT_ANOTHER.search(PurePath(name).stem.replace("_", " ")))
    dois = {_plain(doi) for page in pages[:DOI_WITHIN] for doi in _DOI.findall(page)}
    found = [
        candidate
        for report in sought
        if (candidate := _candidate(report, name, head=head, words=words, dois=dois, entry=entry))
    ]
    found.sort(key=lambda one: (-one.is_sure, -one.score, str(one.record_id)))
    titles = {report.record_id: report.title for report in sought}
    if found and (is_another or _is_of_another(text, titles[found[0].record_id])):
        found = [replace(one, is_sure=False) for one in found]
    sure = [one for one in found if one.is_sure]
    if len(sure) > 1:
        found = _between(sure, sought) + [one for one in found if not one.is_sure]
    return found[:MOST_CANDIDATES]


def is_scan(pages: Sequence[str]) -> bool:
    """Say whether a document has pages but hardly any text, as a scan without OCR."""
    return bool(pages) and sum(map(len, pages)) < 20 * len(pages)


def _candidate(
    report: Sought,
    name: str,
    *,
    head: str,
    words: set[str],
    dois: set[str],
    entry: LibraryEntry | None,
) -> Candidate | None:
    title = letters_of(report.title)
    is_long = len(title) >= SHORTEST_TITLE
    is_whole = is_long and title in head
    # A text shorter than the title is alike to every title that has its letters.
    is_comparable = is_long and len(head) >= len(title)
    likeness = 100 if is_whole else round(fuzz.partial_ratio(title, head)) if is_comparable else 0
    has_doi = bool(report.doi) and (
        _plain(report.doi or "") in dois or _has_doi_in_name(name, report.doi or "")
    )
    has_author = any(_family_name(author) in words for author in report.authors[:3])
    by_name = _name_likeness(name, report)
    is_in_library = entry is not None and _is_entry_of(entry, report)
    if not (has_doi or likeness >= POSSIBLE or by_name >= NAMED or is_in_library):
        return None
    agrees = [
        word
        for word, does in (
            ("doi", has_doi),
            ("title", likeness >= CLOSE),
            ("author", has_author),
            ("name", by_name >= NAMED),
            ("library", is_in_library),
        )
        if does
    ]
    has_another_doi = bool(report.doi) and bool(dois) and not has_doi
    is_sure = (has_doi and likeness >= CLOSE) or (is_whole and has_author and not has_another_doi)
    # A library may have a supplement or another version under the entry: the text has to have the
    # whole title, unless it has no text and the entry no other file.
    if is_in_library and entry and not has_another_doi:
        is_sure |= is_whole or (entry.is_only_file and not head)
    score = max(
        likeness, 95 if is_in_library else 0, 90 if has_doi else 0,
        by_name if by_name >= NAMED else 0,
    )  # fmt: skip
    return Candidate(report.record_id, score, agrees, is_sure)


def _is_entry_of(entry: LibraryEntry, report: Sought) -> bool:
    """Say whether an entry is about a report: the same DOI, or the same title, author and year."""
    if entry.doi and report.doi:
        return _plain(entry.doi) == _plain(report.doi)
    title = letters_of(report.title)
    if not entry.authors or not report.authors or entry.year is None or report.year is None:
        return False
    names = [letters_of(authors[0].split(",")[0]) for authors in (entry.authors, report.authors)]
    return (
        len(title) >= SHORTEST_TITLE
        and letters_of(entry.title) == title
        and names[0] == names[1] != ""
        and abs(entry.year - report.year) <= 1  # online first, then in print
    )


def _between(sure: Sequence[Candidate], sought: Sequence[Sought]) -> list[Candidate]:
    """Return the candidates with the one that is sure, if any still is.

    The longest title wins over those that are a part of it; of two with other titles, or the same
    title twice, a person has to choose.
    """
    titles = {report.record_id: letters_of(report.title) for report in sought}
    first, *others = sorted(sure, key=lambda one: (-len(titles[one.record_id]), -one.score))
    longest = titles[first.record_id]
    is_one = all(
        titles[one.record_id] != longest and titles[one.record_id] in longest for one in others
    )
    return [replace(first, is_sure=is_one), *(replace(one, is_sure=False) for one in others)]


def _is_of_another(text: str, title: str) -> bool:
    """Say whether the words before the title show that the file is about the report, not it."""
    place = find_quote(text, title)
    return bool(_ABOUT_ANOTHER.search(text[: place[0]] if place else text[:TITLE_WITHIN]))


def _family_name(author: str) -> str | None:
    """Return an author's family name as one word; None where it has fewer than two letters."""
    parts = author.split(",")[0].split()
    name = letters_of(parts[-1]) if parts else ""
    return name if len(name) > 1 else None


def _plain(doi: str) -> str:
    return doi.casefold().rstrip(".,;)]")


def _has_doi_in_name(name: str, doi: str) -> bool:
    found = _DOI_IN_NAME.search(PurePath(name).stem)
    return bool(found) and letters_of(found[0] if found else "") == letters_of(doi)


def _name_likeness(name: str, report: Sought) -> int:
    """Return how well a file's name fits author, year and title, from 0 to 100.

    A name of a word or two, such as main_article, fits nothing.
    """
    words = set(re.findall(r"[^\W\d_]{3,}|[12][0-9]{3}", PurePath(name).stem.casefold()))
    author = report.authors[0].split(",")[0] if report.authors else ""
    known = set(re.findall(r"\w{3,}", f"{author} {report.year or ''} {report.title}".casefold()))
    if len(words) < 2:
        return 0
    has_author_and_year = author.casefold() in words and str(report.year) in words
    return 85 if has_author_and_year else round(100 * len(words & known) / len(words))
