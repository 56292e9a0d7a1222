"""Identification: searches with their files, duplicates, and removals before screening."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.demonstration.copies import SOURCES, PretendSource, SourceEntry
from api.demonstration.exports import write
from api.demonstration.people import Cast
from review.duplicates.deduplication import deduplicate
from review.duplicates.judgements import judge, undo
from review.duplicates.questions import questions
from review.reports.retrieval import remove
from review.searches.imports import import_file
from review.searches.searches import add_search
from review.states.flow import FlowState, record_rows
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import Record
from review.vocabulary import Judgement, RemovalKind

N_MERGED, N_SAME_STUDY = 3, 2


def import_searches(
    database: Database, cast: Cast, by_source: Sequence[Sequence[SourceEntry]], *, files: FileStore
) -> None:
    """Write the file of each source and import it as a separate search."""
    with tempfile.TemporaryDirectory() as folder:
        for source, entries in zip(SOURCES, by_source, strict=True):
            path = Path(folder) / f"{source.name.lower().replace(' ', '-')}.{source.format}"
            text = write(entries, ending=source.format, n_damaged=source.n_damaged)
            path.write_text(text, encoding="utf-8")
            _import(database, cast, source, n=len(entries), path=path, files=files)


def _import(
    database: Database, cast: Cast, source: PretendSource, *, n: int, path: Path, files: FileStore
) -> None:
    def search(session: Session) -> UUID:
        return add_search(
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
        ).id

    import_file(database, files, path, review_id=cast.review_id, search_for=search, by=cast.lead)


def entries_of_records(
    database: Database, review_id: UUID, by_source: Sequence[Sequence[SourceEntry]]
) -> dict[UUID, SourceEntry]:
    """Return the entry of each record; both are in the order of the files."""
    with database.reading() as session:
        in_order = select(Record.id).where(Record.review_id == review_id).order_by(Record.number)
        ids = session.scalars(in_order).all()
    return dict(zip(ids, (entry for entries in by_source for entry in entries), strict=True))


def find_duplicates(database: Database, cast: Cast, entries: dict[UUID, SourceEntry]) -> None:
    """Merge the clear duplicates, answer a few possible ones, and undo one answer."""
    deduplicate(database, review_id=cast.review_id, by=cast.lead)
    with database.writing() as session:
        pairs = questions(session, review_id=cast.review_id)
        same_work = [pair for pair in pairs if entries[pair[0]].work is entries[pair[1]].work]
        for index, (left, right, _) in enumerate(same_work[: N_MERGED + 1]):
            number = judge(
                session,
                review_id=cast.review_id,
                left_id=left,
                right_id=right,
                verdict=Judgement.DUPLICATE,
                by=cast.lead,
            )
            if index == N_MERGED:
                undo(session, review_id=cast.review_id, event_number=number, by=cast.lead)
        for left, right, _ in same_work[-N_SAME_STUDY:]:
            judge(
                session,
                review_id=cast.review_id,
                left_id=left,
                right_id=right,
                verdict=Judgement.SAME_STUDY,
                by=cast.lead,
            )


def remove_some(database: Database, cast: Cast, entries: dict[UUID, SourceEntry]) -> None:
    """Remove one record by a rule and two for other causes, before screening."""
    causes = [
        (RemovalKind.AUTOMATION, "A filter of the export program set it aside as a news item."),
        (RemovalKind.OTHER, "Retracted by the journal."),
        (RemovalKind.OTHER, "An entry of a test file of the source, which is not a work."),
    ]
    with database.writing() as session:
        rows = record_rows(
            session, review_id=cast.review_id, states=[FlowState.UNSCREENED], limit=len(entries)
        )
        irrelevant = [record.id for record, _, _ in rows if entries[record.id].work.reason]
        for record_id, (kind, why) in zip(irrelevant[::40], causes, strict=False):
            remove(
                session,
                review_id=cast.review_id,
                record_id=record_id,
                kind=kind,
                why=f"{why} (synthetic)",
                by=cast.lead,
            )
