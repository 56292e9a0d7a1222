"""The log and what its events wrote: nothing is changed, missing or new."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, select
from sqlalchemy.orm import Session

from review.events import GENESIS, digest_of, event_hash, row_line
from review.searches.saving import BLOCK_TABLES
from review.tables import Event, ImportFile, ModelRun, StoredRecord, act_tables
from review.vocabulary import Act


def chain(session: Session, review_id: UUID) -> Iterator[str]:
    """S7: numbers have no gap and start at one, and every hash follows from the event before."""
    previous, expected = GENESIS, 1
    # The act as plain text: an unknown word is a fault to report, and must not raise here.
    columns = [
        cast(column, String).label("act") if column.name == "act" else column
        for column in Event.__table__.columns
    ]
    events = session.execute(
        select(*columns).where(Event.review_id == review_id).order_by(Event.number)
    )
    for event in events.mappings().all():
        if event["number"] != expected:
            yield f"event {expected} is missing; the next one is {event['number']}"
            return
        if event["previous_hash"] != previous or event["hash"] != event_hash(dict(event)):
            yield f"event {event['number']} does not follow from the events before it"
            return
        previous, expected = event["hash"], expected + 1


def digests(session: Session, review_id: UUID) -> Iterator[str]:
    """IN1: the rows that each event wrote are unchanged, and none is missing or new."""
    lines: dict[int, list[str]] = {}
    for number, line in _act_rows(session, review_id):
        lines.setdefault(number, []).append(line)
    events = session.execute(
        select(Event.number, Event.n_rows, Event.digest)
        .where(Event.review_id == review_id)
        .order_by(Event.number)
    )
    for number, n_rows, digest in events:
        present = lines.pop(number, [])
        if len(present) != n_rows:
            yield f"event {number} wrote {n_rows} rows; {len(present)} are there"
        elif digest_of(present) != digest:
            yield f"a row that event {number} wrote has been changed"
    if lines:
        yield f"rows belong to event {min(lines)}, which is not in the log"


def blocks(session: Session, review_id: UUID) -> Iterator[str]:
    """IN1: the records and rejected blocks of every file are as they were imported."""
    lines: dict[UUID, list[str]] = defaultdict(list)
    for table in BLOCK_TABLES:
        query = select(table.__table__).where(table.review_id == review_id)
        for row in session.execute(query.execution_options(yield_per=2000)).mappings():
            lines[row["import_file_id"]].append(row_line(table.__tablename__, dict(row)))
    files = session.execute(
        select(ImportFile.id, ImportFile.name, ImportFile.event_number, ImportFile.blocks_digest)
        .where(ImportFile.review_id == review_id, ImportFile.blocks_digest.is_not(None))
        .order_by(ImportFile.event_number)
    )
    for file_id, name, number, digest in files:
        if digest_of(lines[file_id]) != digest:
            yield f"a row that event {number} wrote, a block of {name}, has been changed"


def rankings(session: Session, review_id: UUID) -> Iterator[str]:
    """Every ranking that was put in use is that of the run which the log names."""
    rows = session.execute(
        select(Event.number, Event.detail, ModelRun.stage, ModelRun.fingerprint)
        .outerjoin(
            ModelRun,
            (ModelRun.id == Event.subject_id) & (ModelRun.review_id == Event.review_id),
        )
        .where(Event.review_id == review_id, Event.act == Act.RANK)
        .order_by(Event.number)
    )
    for number, detail, stage, fingerprint in rows:
        if (detail["stage"], detail["fingerprint"]) != (stage, fingerprint):
            yield f"the run whose ranking event {number} put in use has been changed"


def _act_rows(session: Session, review_id: UUID) -> Iterator[tuple[int, str]]:
    tables = [
        (table.name, select(table).where(table.c.review_id == review_id)) for table in act_tables()
    ]
    for name, query in [*tables, *_blocks_within_events(review_id)]:
        for row in session.execute(query.execution_options(yield_per=2000)).mappings():
            yield row["event_number"], row_line(name, dict(row))


def _blocks_within_events(review_id: UUID) -> Iterator[tuple[str, Select[Any]]]:
    """Yield queries for the blocks of files of older releases, which wrote them as acts."""
    for table in BLOCK_TABLES:
        columns = [*table.__table__.columns, ImportFile.event_number]
        if table is StoredRecord:
            columns.append(ImportFile.search_id)
        yield (
            table.__tablename__,
            select(*columns)
            .join(ImportFile, ImportFile.id == table.import_file_id)
            .where(table.review_id == review_id, ImportFile.blocks_digest.is_(None)),
        )
