"""A review's records, decisions, codes and events as files, for programs and spreadsheets."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.decisions.blinding import (
    DECISION_COLUMNS,
    IMPORT_COLUMNS,
    n_rows_shown,
    resolved_decisions,
    shown_state,
)
from review.errors import Invalid
from review.events import Actor, canonical
from review.permissions import Action, check, roles_of_actor, screens
from review.safe_text import safe_cell
from review.states.flow import flow_states
from review.storage.files import written_whole
from review.studies.agreement import CODE_COLUMNS, all_codes
from review.tables import Event, Record, Review, Search

CHUNK = 1000
Row = Mapping[str, Any]


class ExportKind(StrEnum):
    """The part of a review that is exported."""

    RECORDS = "records"
    DECISIONS = "decisions"
    CODES = "codes"
    EVENTS = "events"


class ExportFormat(StrEnum):
    """The format of an export: CSV is safe in spreadsheets, JSON lines are exact, RIS is for
    reference managers."""

    CSV = "csv"
    JSONL = "jsonl"
    RIS = "ris"


MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/jsonl",
    ExportFormat.RIS: "application/x-research-info-systems",
}


@dataclass(frozen=True)
class Export:
    """A file that was written: the name to save it under, its media type and its number of rows."""

    name: str
    media_type: str
    n: int


def check_format(kind: ExportKind, format: ExportFormat) -> None:  # noqa: A002
    """Raise Invalid where this kind cannot be exported in the format."""
    if format is ExportFormat.RIS and kind is not ExportKind.RECORDS:
        raise Invalid("Only records can be exported as RIS. Choose CSV or JSON lines.")


def write_export(
    session: Session,
    *,
    review_id: UUID,
    kind: ExportKind,
    format: ExportFormat,  # noqa: A002
    target: Path,
    by: Actor,
    on_progress: Callable[[float], None] | None = None,
) -> Export:
    """Write one kind of rows to ``target``, completely or not at all; for the lead.

    Decisions are written for resolved records, and the lead's own for all records.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    check_format(kind, format)
    rows = {
        ExportKind.RECORDS: _records,
        ExportKind.DECISIONS: resolved_decisions,
        ExportKind.CODES: all_codes,
        ExportKind.EVENTS: _events,
    }[kind](session, review_id=review_id, by=by)
    total = _n_expected(session, review_id, kind)
    with written_whole(target, "w", encoding="utf-8", newline="") as file:
        shown = _with_progress(rows, total, on_progress)
        n = _write_rows(shown, format, file, columns=COLUMNS[kind])
    slug = session.get_one(Review, review_id).slug
    return Export(f"{slug}-{kind}.{format}", MEDIA_TYPES[format], n)


def _write_rows(
    rows: Iterator[Row],
    format: ExportFormat,  # noqa: A002
    file: TextIO,
    *,
    columns: Sequence[str],
) -> int:
    """Write the rows and return how many there are; a table without any has its heading."""
    n = 0
    table = None
    for n, row in enumerate(rows, start=1):  # noqa: B007 - only the count is returned
        if format is ExportFormat.JSONL:
            file.write(canonical(row) + "\n")
        elif format is ExportFormat.RIS:
            file.write(ris_entry(row))
        else:
            if table is None:
                table = csv.DictWriter(file, fieldnames=list(row), lineterminator="\n")
                table.writeheader()
            table.writerow({key: _cell(value) for key, value in row.items()})
    if n == 0 and format is ExportFormat.CSV:
        csv.writer(file, lineterminator="\n").writerow(columns)
    return n


def _with_progress(
    rows: Iterator[Row], total: int, on_progress: Callable[[float], None] | None
) -> Iterator[Row]:
    for n, row in enumerate(rows):
        if on_progress is not None and n % CHUNK == 0:
            on_progress(min(1.0, n / max(1, total)))
        yield row


def _n_expected(session: Session, review_id: UUID, kind: ExportKind) -> int:
    table = Event if kind is ExportKind.EVENTS else Record
    number = select(func.count()).select_from(table).where(table.review_id == review_id)
    return session.scalar(number) or 0


def _records(session: Session, *, review_id: UUID, by: Actor) -> Iterator[Row]:
    """Yield every record with its source, its cluster and its flow state as ``by`` may see it."""
    roles = roles_of_actor(session, review_id=review_id, by=by)
    states = flow_states(session, review_id=review_id)
    query = (
        select(Record, Search.source, states.c.cluster_id, states.c.flow_state, states.c.reason)
        .join(Search, Search.id == Record.search_id)
        .join(states, states.c.record_id == Record.id)
        .where(Record.review_id == review_id)
        .order_by(Record.number)
        .execution_options(yield_per=CHUNK)
    )
    for record, source, cluster_id, flow_state, reason in session.execute(query):
        yield {
            "id": record.id,
            "number": record.number,
            "cluster": cluster_id,
            "flow_state": shown_state(flow_state, roles),
            "exclusion_reason": reason,
            "source": source,
        } | {name: getattr(record, name) for name in FIELDS}


FIELDS = (
    "type",
    "title",
    "translated_title",
    "authors",
    "year",
    "journal",
    "journal_abbreviation",
    "volume",
    "issue",
    "pages",
    "doi",
    "pmid",
    "issn",
    "isbn",
    "url",
    "language",
    "keywords",
    "accession",
    "abstract",
    "other_abstracts",
)


def _events(session: Session, *, review_id: UUID, by: Actor) -> Iterator[Row]:
    """Yield the log; each event's hash can be recomputed from the event before it.

    Those who screen do not get the number of rows of decisions, and cannot recompute these.
    """
    is_blind = screens(session, review_id=review_id, by=by)
    query = select(Event).where(Event.review_id == review_id).order_by(Event.number)
    for event in session.scalars(query.execution_options(yield_per=CHUNK)):
        columns = {column.name: getattr(event, column.name) for column in Event.__table__.columns}
        yield columns | {"n_rows": n_rows_shown(event, is_blind=is_blind)}


COLUMNS = {
    ExportKind.RECORDS: (
        "id", "number", "cluster", "flow_state", "exclusion_reason", "source", *FIELDS,
    ),
    ExportKind.DECISIONS: (*DECISION_COLUMNS, *IMPORT_COLUMNS),
    ExportKind.CODES: CODE_COLUMNS,
    ExportKind.EVENTS: tuple(column.name for column in Event.__table__.columns),
}  # fmt: skip
"""The heading of each table, for those that have no row."""


RIS_TAGS = {
    "title": "TI",
    "translated_title": "TT",
    "year": "PY",
    "journal": "JO",
    "journal_abbreviation": "J2",
    "volume": "VL",
    "issue": "IS",
    "pages": "SP",
    "doi": "DO",
    "issn": "SN",
    "isbn": "SN",
    "url": "UR",
    "language": "LA",
    "accession": "AN",
    "abstract": "AB",
    "source": "DB",
    "id": "ID",
}


def ris_entry(row: Row) -> str:
    """Return one record as RIS; the row has a record's fields, empty ones as None."""
    lines = [f"TY  - {row['type'] if len(row['type'] or '') == 4 else 'GEN'}"]
    lines += [f"AU  - {_line(author)}" for author in row["authors"]]
    lines += [f"{tag}  - {_line(row[key])}" for key, tag in RIS_TAGS.items() if row[key]]
    lines += [f"AB  - {_line(abstract['text'])}" for abstract in row["other_abstracts"] or ()]
    lines += [f"KW  - {_line(word)}" for word in row["keywords"]]
    return "\n".join([*lines, "ER  - ", "", ""])


def _line(value: object) -> str:
    return " ".join(str(value).split())


def _cell(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return safe_cell(value)
    if isinstance(value, Sequence):
        return safe_cell("; ".join(str(item) for item in value))
    if isinstance(value, dict):
        return safe_cell(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return safe_cell(str(value))
