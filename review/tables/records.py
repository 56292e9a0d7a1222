"""The records of imported files, their corrections, and removals before screening."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Index,
    Join,
    Label,
    ScalarSelect,
    UniqueConstraint,
    case,
    false,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Mapped

from review.tables.base import ActRow, Base, act_args, pk, review_key, within_review
from review.tables.searches import FileCorrection, ImportFile
from review.vocabulary import RemovalKind


class RejectedBlock(Base):
    """A block that could not be read as a record, with its line and the reason.

    Like records, these rows are written before their file counts: read them with their file.
    """

    __tablename__ = "rejected_block"
    __table_args__ = (Index("ix_rejected_block_file", "review_id", "import_file_id"),)

    id: Mapped[pk]
    review_id: Mapped[review_key]
    import_file_id: Mapped[UUID]
    block: Mapped[int]
    line: Mapped[int]
    raw: Mapped[str]
    reason: Mapped[str]


class BibliographicFields:
    """What a record says about its report, which can be corrected."""

    title: Mapped[str]
    abstract: Mapped[str | None]
    authors: Mapped[list[str]]
    year: Mapped[int | None]
    journal: Mapped[str | None]
    volume: Mapped[str | None]
    issue: Mapped[str | None]
    pages: Mapped[str | None]
    doi: Mapped[str | None]
    pmid: Mapped[str | None]
    isbn: Mapped[str | None]
    issn: Mapped[str | None]
    url: Mapped[str | None]
    type: Mapped[str | None]
    language: Mapped[str | None]
    translated_title: Mapped[str | None]


BIBLIOGRAPHIC_FIELDS = (
    "title", "abstract", "authors", "year", "journal", "volume", "issue", "pages", "doi", "pmid",
    "isbn", "issn", "url", "type", "language", "translated_title",
)  # fmt: skip


class RecordFields(BibliographicFields):
    """What a record has, whether its file counts already or is still being written."""

    id: Mapped[pk]
    review_id: Mapped[review_key]
    number: Mapped[int]  # import order within the review
    import_file_id: Mapped[UUID]
    block: Mapped[int]
    line: Mapped[int]
    accession: Mapped[str | None]
    keywords: Mapped[list[str]]
    extra: Mapped[dict[str, Any]]
    raw: Mapped[str]
    journal_abbreviation: Mapped[str | None]
    other_abstracts: Mapped[list[dict[str, str | None]] | None]  # each with language and text


class StoredRecord(RecordFields, Base):
    """A record's row, which is written before its file counts.

    Only what writes and verifies reads it; everything else reads `Record`.  It has no foreign key
    to the file, because the row of the file is written last.
    """

    __tablename__ = "record"
    __table_args__ = (
        UniqueConstraint("review_id", "id"),
        UniqueConstraint("review_id", "number"),
        Index("ix_record_file", "review_id", "import_file_id"),
    )


class RecordCorrection(BibliographicFields, ActRow, Base):
    """What a record says from this act on; the newest act counts."""

    __tablename__ = "record_correction"
    __table_args__ = act_args(
        "record_correction",
        within_review("record"),
        Index("ix_record_correction_record", "record_id", "event_number"),
    )

    record_id: Mapped[UUID]
    source: Mapped[str]  # where the correct text is from
    why: Mapped[str]


class _InThisOrder(Join):
    """A join whose left table SQLite reads first.

    It would otherwise read all records again for each file.
    """

    inherit_cache = True


@compiles(_InThisOrder, "sqlite")
def _cross_join(join: _InThisOrder, compiler: Any, **options: Any) -> str:
    # sqlite.org/optoverview.html#manual_control_of_query_plans_using_cross_join
    inner_join: str = compiler.visit_join(join, **options)
    return inner_join.replace(" JOIN ", " CROSS JOIN ", 1)


def _newest_placing(column: InstrumentedAttribute[Any]) -> ScalarSelect[Any]:
    """Return a column of the newest correction of a record's file; read only where it is asked for.

    A join would be made by every query for records.
    """
    return (
        select(column)
        .where(
            FileCorrection.review_id == ImportFile.review_id,
            FileCorrection.import_file_id == ImportFile.id,
        )
        .order_by(FileCorrection.event_number.desc())
        .limit(1)
        .correlate(ImportFile)
        .scalar_subquery()
    )


_WITH_FILES = _InThisOrder(
    StoredRecord.__table__,
    ImportFile.__table__,
    ImportFile.__table__.c.id == StoredRecord.__table__.c.import_file_id,
)


def _as_corrected(name: str) -> Label[Any]:
    """Return a field of a record as its newest correction says, read only where it is asked for."""
    stored = StoredRecord.__table__.columns[name]
    corrections = (
        select(RecordCorrection.__table__.columns[name])
        .where(RecordCorrection.record_id == StoredRecord.id)
        .correlate(StoredRecord)
    )
    newest = corrections.order_by(RecordCorrection.event_number.desc()).limit(1)
    corrected: ColumnElement[Any] = case(
        (corrections.exists(), newest.scalar_subquery()), else_=stored
    )
    return corrected.label(name)


class Record(RecordFields, Base):
    """A title and abstract as one source lists them, with everything that its file gave.

    It is there from the moment the row of its file is, which also gives its event.  What it says
    is what its newest correction says.  Its search is that of its file now; if the file is
    withdrawn, so is the record.  `StoredRecord` is what is written.
    """

    __table__ = (
        select(
            *(
                _as_corrected(column.name) if column.name in BIBLIOGRAPHIC_FIELDS else column
                for column in StoredRecord.__table__.columns
            ),
            ImportFile.event_number,
            ImportFile.search_id.label("first_search_id"),
            func.coalesce(_newest_placing(FileCorrection.search_id), ImportFile.search_id).label(
                "search_id"
            ),
            func.coalesce(_newest_placing(FileCorrection.is_withdrawn), false()).label(
                "is_withdrawn"
            ),
        )
        .select_from(_WITH_FILES)
        .subquery("record")
    )

    event_number: Mapped[int]
    first_search_id: Mapped[UUID]  # of the file when it was imported
    search_id: Mapped[UUID]
    is_withdrawn: Mapped[bool]


class Removal(ActRow, Base):
    """A record removed before screening, or put back; the newest act counts."""

    __tablename__ = "removal"
    __table_args__ = act_args(
        "removal",
        within_review("record"),
        Index("ix_removal_record", "review_id", "record_id", "event_number"),
    )

    record_id: Mapped[UUID]
    kind: Mapped[RemovalKind]
    why: Mapped[str]
