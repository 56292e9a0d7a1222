"""Identification: searches, their files, duplicates, and what leaves before screening."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from api.demonstration.copies import SOURCES, Entry, Source
from api.demonstration.exports import write
from api.demonstration.people import Cast
from review.duplicates.judgements import deduplicate, judge, undo
from review.duplicates.questions import questions
from review.reports.retrieval import remove
from review.searches.imports import add_search, commit, stage
from review.states.flow import FlowState, record_rows
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import Record
from review.vocabulary import Judgement, RemovalKind

N_ANSWERED_ALIKE, N_ANSWERED_APART = 3, 2


def import_searches(
    database: Database, cast: Cast, held: Sequence[Sequence[Entry]], files: FileStore
) -> None:
    """Write each source's file and import it into a search of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for source, entries in zip(SOURCES, held, strict=True):
            path = Path(folder) / f"{source.name.lower().replace(' ', '-')}.{source.format}"
            text = write(entries, ending=source.format, n_damaged=source.n_damaged)
            path.write_text(text, encoding="utf-8")
            _import(database, cast, source, len(entries), path, files)


def _import(
    database: Database, cast: Cast, source: Source, n: int, path: Path, files: FileStore
) -> None:
    staged = stage(path, files=files)
    with database.writing() as session:
        search = add_search(
            session,
            review_id=cast.review_id,
            source=source.name,
            kind=source.kind,
            platform=source.platform,
            query=f"{source.query} (synthetic)",
            run_on=source.run_on,
            limits="Published 1990 to 2020",
            n_hits=n + source.n_damaged + source.n_unread,
            by=cast.lead,
        )
        commit(session, staged, review_id=cast.review_id, search_id=search.id, by=cast.lead)
    staged.blocks.close()


def entries_of_records(
    database: Database, review_id: UUID, held: Sequence[Sequence[Entry]]
) -> dict[UUID, Entry]:
    """Return which entry each record was read from: both are in the order of the files."""
    with database.reading() as session:
        numbered = select(Record.id).where(Record.review_id == review_id).order_by(Record.number)
        ids = session.scalars(numbered).all()
    return dict(zip(ids, (entry for one in held for entry in one), strict=True))


def find_duplicates(database: Database, cast: Cast, entries: dict[UUID, Entry]) -> None:
    """Join the plain duplicates, answer a few doubtful pairs, and take one answer back."""
    deduplicate(database, review_id=cast.review_id, by=cast.lead)
    with database.writing() as session:
        pairs = questions(session, review_id=cast.review_id)
        alike = [one for one in pairs if entries[one[0]].work is entries[one[1]].work]
        for place, (left, right, _) in enumerate(alike[: N_ANSWERED_ALIKE + 1]):
            number = judge(
                session,
                review_id=cast.review_id,
                left_id=left,
                right_id=right,
                verdict=Judgement.DUPLICATE,
                by=cast.lead,
            )
            if place == N_ANSWERED_ALIKE:
                undo(session, review_id=cast.review_id, event_number=number, by=cast.lead)
        for left, right, _ in alike[-N_ANSWERED_APART:]:
            judge(
                session,
                review_id=cast.review_id,
                left_id=left,
                right_id=right,
                verdict=Judgement.SAME_STUDY,
                by=cast.lead,
            )


def remove_some(database: Database, cast: Cast, entries: dict[UUID, Entry]) -> None:
    """Take one record out by a rule and two for other causes, before anybody screens them."""
    causes = [
        (RemovalKind.AUTOMATION, "A filter of the export program set it aside as a news item."),
        (RemovalKind.OTHER, "Retracted by the journal."),
        (RemovalKind.OTHER, "An entry of a test file of the source, which is not a work."),
    ]
    with database.writing() as session:
        rows = record_rows(
            session, review_id=cast.review_id, states=[FlowState.UNSCREENED], limit=len(entries)
        )
        outside = [record.id for record, _, _ in rows if entries[record.id].work.reason]
        for record_id, (kind, why) in zip(outside[::40], causes, strict=False):
            remove(
                session,
                review_id=cast.review_id,
                record_id=record_id,
                kind=kind,
                why=f"{why} (synthetic)",
                by=cast.lead,
            )
