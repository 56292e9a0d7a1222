"""Searches, the files imported into them, their records, and removals before screening."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Join,
    Label,
    ScalarSelect,
    String,
    Subquery,
    UniqueConstraint,
    case,
    false,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from review.tables.base import (
    ActRow,
    Base,
    act_args,
    now,
    pk,
    review_key,
    sha256,
    short,
    within_review,
)
from review.vocabulary import RemovalKind, SearchKind


class SearchFields:
    """What PRISMA-S asks authors to report about a search."""

    source: Mapped[short]
    kind: Mapped[SearchKind]
    platform: Mapped[short | None]
    query: Mapped[str | None]  # exactly as run
    run_on: Mapped[date | None]
    limits: Mapped[str | None]
    n_hits: Mapped[int | None]  # as the source reported
    update_of: Mapped[UUID | None]  # the earlier run of the same search, if it repeats one


SEARCH_FIELDS = (
    "source", "kind", "platform", "query", "run_on", "limits", "n_hits", "update_of",
)  # fmt: skip


class StoredSearch(SearchFields, ActRow, Base):
    """One search of one source, as it was added; `Search` is how it is now."""

    __tablename__ = "search"
    __table_args__ = act_args(
        "search",
        UniqueConstraint("review_id", "id"),
        CheckConstraint("n_hits >= 0", name="hits_not_negative"),
    )


class SearchCorrection(SearchFields, ActRow, Base):
    """A search as it reads from this act on, and whether it still counts; the newest act does."""

    __tablename__ = "search_correction"
    __table_args__ = act_args(
        "search_correction",
        within_review("search"),
        CheckConstraint("n_hits >= 0", name="hits_not_negative"),
        Index("ix_search_correction_search", "review_id", "search_id", "event_number"),
    )

    search_id: Mapped[UUID]
    is_withdrawn: Mapped[bool]
    why: Mapped[str]


class ImportFile(ActRow, Base):
    """One search file, read completely: every block in it is a record or a rejected block."""

    __tablename__ = "import_file"
    __table_args__ = act_args(
        "import_file",
        within_review("search"),
        UniqueConstraint("review_id", "id"),
        UniqueConstraint("review_id", "sha256"),  # the same bytes are imported once
        CheckConstraint("n_found = n_accepted + n_rejected", name="every_block_accounted_for"),
    )

    search_id: Mapped[UUID]
    name: Mapped[str]
    sha256: Mapped[sha256]  # of the original bytes, kept in the file store
    n_bytes: Mapped[int]
    format: Mapped[short]
    encoding: Mapped[short]
    n_found: Mapped[int]
    n_accepted: Mapped[int]
    n_rejected: Mapped[int]
    warnings: Mapped[list[str]]
    read_at: Mapped[now]
    # Of its records and rejected blocks, as ``row_line`` writes them; None for files of older
    # releases, whose rows are part of the event's own digest.
    blocks_digest: Mapped[str | None] = mapped_column(String(64))


class FileCorrection(ActRow, Base):
    """Which search a file belongs to, and whether its records count; the newest act does."""

    __tablename__ = "file_correction"
    __table_args__ = act_args(
        "file_correction",
        within_review("import_file"),
        within_review("search"),
        Index("ix_file_correction_file", "review_id", "import_file_id", "event_number"),
    )

    import_file_id: Mapped[UUID]
    search_id: Mapped[UUID]
    is_withdrawn: Mapped[bool]
    why: Mapped[str]


def newest(table: type[ActRow], key: InstrumentedAttribute[UUID]) -> Subquery:
    """Return, as a subquery of whole rows, the newest act of each ``key``."""
    recency = func.row_number().over(partition_by=key, order_by=table.event_number.desc())
    columns = table.__table__.columns  # type: ignore[attr-defined]
    ranked = select(*columns, recency.label("recency")).subquery()
    kept = [column for column in ranked.columns if column.name != "recency"]
    return select(*kept).where(ranked.c.recency == 1).subquery()


def as_corrected(correction: Subquery) -> list[Label[Any]]:
    """Return the fields of a search and whether it is withdrawn, as the newest correction says."""
    is_corrected = correction.c.id.is_not(None)
    stored = StoredSearch.__table__.columns
    fields = [
        case((is_corrected, correction.c[name]), else_=stored[name]).label(name)
        for name in SEARCH_FIELDS
    ]
    return [*fields, func.coalesce(correction.c.is_withdrawn, false()).label("is_withdrawn")]


_CORRECTED = newest(SearchCorrection, SearchCorrection.search_id)


class Search(SearchFields, Base):
    """A search as it reads now, corrections applied; `StoredSearch` is what is written."""

    __table__ = (
        select(
            StoredSearch.id,
            StoredSearch.review_id,
            StoredSearch.event_number,
            *as_corrected(_CORRECTED),
        )
        .outerjoin(_CORRECTED, _CORRECTED.c.search_id == StoredSearch.id)
        .subquery("current_search")
    )

    id: Mapped[pk]
    review_id: Mapped[UUID]
    event_number: Mapped[int]
    is_withdrawn: Mapped[bool]


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


class RecordFields:
    """What a record has, whether its file counts already or is still being written."""

    id: Mapped[pk]
    review_id: Mapped[review_key]
    number: Mapped[int]  # import order within the review
    import_file_id: Mapped[UUID]
    block: Mapped[int]
    line: Mapped[int]
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
    accession: Mapped[str | None]
    translated_title: Mapped[str | None]
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


class Record(RecordFields, Base):
    """A title and abstract as one source lists them, with everything that its file gave.

    It is there from the moment the row of its file is, which also gives its event.  Its search is
    that of its file now; if the file is withdrawn, so is the record.  `StoredRecord` is what is
    written.
    """

    __table__ = (
        select(
            *StoredRecord.__table__.columns,
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
