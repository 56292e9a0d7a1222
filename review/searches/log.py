"""A log of web searches, pasted as a table: one search a row, with or without a number of hits."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from review.errors import Invalid
from review.events import Actor
from review.searches.searches import add_search
from review.vocabulary import SearchKind

MOST = 1000  # searches in one log
HEADINGS: Mapping[str, Sequence[str]] = {
    "query": ("query", "search", "terms", "search terms", "typed", "strategy", "search string"),
    "source": ("source", "engine", "search engine", "website", "where", "database"),
    "limits": ("limits", "filters", "limits and filters", "pages", "pages seen", "pages looked at"),
    "country": ("country", "from", "region", "location"),
    "n_hits": ("hits", "hits shown", "results", "number of hits"),
    "run_on": ("date", "day", "run on", "searched on", "date of search"),
}
"""What a column may be called; the first name is ours."""


@dataclass(frozen=True)
class LoggedSearch:
    """One row of a log, ready to be added."""

    source: str
    query: str | None
    limits: str | None
    n_hits: int | None
    run_on: date | None


@dataclass(frozen=True)
class SearchLog:
    """The rows that can be added, and a sentence for each that cannot."""

    searches: Sequence[LoggedSearch]
    problems: Sequence[str]


def read_log(text: str, *, source: str = "") -> SearchLog:
    """Return the searches of a pasted table; its first row names the columns.

    Columns are separated by tabs, as a spreadsheet pastes them, semicolons or commas.  ``source``
    is what was searched where no column says so.  Raises Invalid for a table without a column of
    queries, or with too many rows.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        raise Invalid("Paste a table with column names in the first row and one search per row.")
    if len(lines) > MOST + 1:
        raise Invalid(
            f"You can add up to {MOST:,} searches at a time. Split the table and paste it in parts."
        )
    delimiter = max("\t;,", key=lines[0].count)
    heading, *rows = _cells(lines, delimiter)
    places = {
        field: index for index, name in enumerate(heading) if (field := _field(name)) is not None
    }
    if "query" not in places:
        raise Invalid(
            f"The table has no query column. Its columns are: {', '.join(heading)}. Rename the one "
            "with the search terms to “query”."
        )
    searches, problems = [], []
    for number, row in enumerate(rows, start=2):
        cells = {
            field: row[index].strip() if index < len(row) else "" for field, index in places.items()
        }
        try:
            searches.append(_search(cells, source))
        except ValueError as error:
            problems.append(f"Row {number}: {error}")
    return SearchLog(searches, problems)


def add_logged(
    session: Session,
    *,
    review_id: UUID,
    searches: Sequence[LoggedSearch],
    kind: SearchKind,
    platform: str,
    by: Actor,
) -> list[UUID]:
    """Add every search of a log, each as an act of its own; return their ids.  Flushes."""
    common: dict[str, Any] = {"review_id": review_id, "kind": kind, "platform": platform, "by": by}
    return [add_search(session, **common, **vars(search)).id for search in searches]


def _cells(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """Return the cells of a table; those between tabs are text as it is, quotation marks too."""
    if delimiter == "\t":
        return [line.split("\t") for line in lines]
    try:
        return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Invalid(
            f"The table cannot be read: {error}. Copy it from a spreadsheet, with tabs between its "
            "columns."
        ) from error


def _field(name: str) -> str | None:
    plain = " ".join(name.casefold().replace("_", " ").split())
    return next((field for field, names in HEADINGS.items() if plain in names), None)


def _search(cells: Mapping[str, str], source: str) -> LoggedSearch:
    named = cells.get("source") or source.strip()
    if not named:
        raise ValueError("no source. Add a “source” column, or fill in Source beside the table.")
    limits = "; ".join(filter(None, (cells.get("country"), cells.get("limits"))))
    return LoggedSearch(
        source=named,
        query=cells["query"] or None,
        limits=limits or None,
        n_hits=_hits(cells.get("n_hits", "")),
        run_on=_day(cells.get("run_on", "")),
    )


def _hits(text: str) -> int | None:
    """Return a number of hits as pages write it: about 1,240,000; None where none was shown."""
    plain = re.sub(r"^(about|around|ca\.?|~|approximately)\s*", "", text.strip().lower())
    if not plain or plain in ("-", "–", "not shown", "none shown", "n/a"):
        return None
    if not re.fullmatch(r"\d{1,9}|\d{1,3}([ ,.'’\u202f\u00a0]\d{3}){1,2}", plain):
        raise ValueError(f"“{text}” is not a number of hits; leave it empty if none was shown.")
    return int(re.sub(r"\D", "", plain))


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(f"“{text}” is not a date. Write it like 2026-10-12.") from None
