"""Recognise the columns of a table by the headings of many programs; turn rows into records."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from review.searches.formats.building import build_record
from review.searches.formats.fields import clean_doi, doi_in_url, unescaped
from review.searches.formats.headings import HEADINGS
from review.searches.formats.name_lists import split_names
from review.searches.formats.pubmed_text import CITATION
from review.searches.formats.records import ParsedRecord
from review.searches.formats.trials import describe_trial
from review.searches.registrations import registration_number

FIELDS = tuple(HEADINGS)
"""What a column can be mapped to.  Columns that are not mapped go to ``extra``."""

_FIELD_OF = {
    heading.strip(): (field, rank)
    for field, headings in HEADINGS.items()
    for rank, heading in enumerate(headings.split(","))
}
# Some exports write "PublicTitle"; short headings would be too much alike without their spaces.
_WITHOUT_SPACES = {
    heading.replace(" ", ""): known for heading, known in _FIELD_OF.items() if len(heading) > 7
}
_SURE = frozenset(("title", "authors", "doi", "abstract", "journal", "year", "pmid"))
_EMBASE_SOURCE = re.compile(
    r"(.{2,300}?) \((\d{4})\) (\d{1,6})?(?::(\S{1,20}))?(?: \(([^)]{1,40})\))?"
)


@dataclass(frozen=True, slots=True)
class Columns:
    """The heading row of a table, and the field of each column."""

    names: tuple[str, ...]
    fields: tuple[str | None, ...]

    @property
    def n_sure(self) -> int:
        """Return how many of the fields typical of a reference list the heading row names."""
        return len(_SURE.intersection(field for field in self.fields if field))

    @property
    def has_work(self) -> bool:
        """Return whether any column says what the work is about; numbers alone do not."""
        return any(field in ("title", "abstract") for field in self.fields)


def match_columns(cells: Sequence[str], mapping: Mapping[str, str] | None = None) -> Columns:
    """Return the fields of a heading row; ``mapping`` (heading to field, "" for none) wins."""
    names = tuple(cell.strip().lstrip("\ufeff") for cell in cells)
    chosen = {_plain(name): field or None for name, field in (mapping or {}).items()}
    fields = [chosen[_plain(name)] if _plain(name) in chosen else _known(name)[0] for name in names]
    return Columns(names, tuple(fields))


def _known(name: str) -> tuple[str | None, int]:
    """Return the field that a heading means, and how many clearer headings that field has."""
    plain = _plain(name)
    return _FIELD_OF.get(plain) or _WITHOUT_SPACES.get(plain.replace(" ", "")) or (None, 99)


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[^\w]|_", " ", name.casefold()).split())


def row_record(columns: Columns, cells: Sequence[str]) -> ParsedRecord:
    """Return the record in a row; if two columns have one field, the clearer heading wins."""
    values: dict[str, list[str]] = {}
    extra: dict[str, list[str]] = {}
    for index in _by_rank(columns):
        cell = cells[index].strip() if index < len(cells) else ""
        field = columns.fields[index]
        if not cell or cell.lower() in ("nan", "null", "none", "n/a"):
            continue
        if field is None or (values.get(field) and field not in ("keywords", "numbers", "year")):
            extra.setdefault(columns.names[index] or f"column {index + 1}", []).append(cell)
        else:
            values.setdefault(field, []).append(cell)
    if surplus := [cell for cell in cells[len(columns.names) :] if cell.strip()]:
        extra["cells beyond the headings"] = surplus
    return _record(values, extra)


def _by_rank(columns: Columns) -> list[int]:
    def rank(index: int) -> tuple[int, int]:
        return _known(columns.names[index])[1], index

    return sorted(range(len(columns.names)), key=rank)


def _record(values: dict[str, list[str]], extra: dict[str, list[str]]) -> ParsedRecord:
    def first(field: str) -> str | None:
        return next(iter(values.get(field, ())), None)

    source = _EMBASE_SOURCE.match(first("journal") or "")
    cited = CITATION.search(next(iter(extra.get("Citation", ())), ""))  # PubMed's tables
    volume, issue, pages = (
        source.group(3, 4, 5) if source else cited.group("volume", "issue", "pages") if cited
        else (None, None, None)
    )  # fmt: skip
    url = first("url") or ""
    is_trial = registration_number(first("accession") or "")
    return build_record(
        title=first("title"),
        abstract=first("abstract") or (describe_trial(extra) if is_trial else None),
        authors=split_names(first("authors") or ""),
        years=values.get("year", []) + ([source.group(2)] if source else []),
        journal=source.group(1) if source else first("journal"),
        journal_abbreviation=first("journal_abbreviation"),
        volume=first("volume") or volume,
        issue=first("issue") or issue,
        first_page=first("first_page") or pages,
        last_page=first("last_page"),
        doi=clean_doi(first("doi")) or doi_in_url(url),
        pmid=first("pmid"),
        numbers=values.get("numbers", []),
        url=url or None,
        type=first("type"),
        language=first("language"),
        accession=first("accession"),
        keywords=[word for cell in values.get("keywords", ()) for word in _words(cell)],
        translated_title=first("translated_title"),
        extra=extra,
    )


def _words(cell: str) -> list[str]:
    cell = unescaped(cell)
    if cell.startswith("[") and cell.endswith("]"):
        return split_names(cell)
    for separator in (";", "|", "\n", ","):
        if separator in cell:
            return cell.split(separator)
    return [cell]
