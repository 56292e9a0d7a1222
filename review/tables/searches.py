"""Searches, the files imported into them, their records, and removals before screening."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Join, String, UniqueConstraint, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column

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


class Search(ActRow, Base):
    """One search of one source, with what PRISMA-S asks authors to report about it."""

    __tablename__ = "search"
    __table_args__ = act_args(
        "search",
        UniqueConstraint("review_id", "id"),
        CheckConstraint("n_hits >= 0", name="hits_not_negative"),
    )

    source: Mapped[short]
    kind: Mapped[SearchKind]
    platform: Mapped[short | None]
    query: Mapped[str | None]  # exactly as run
    run_on: Mapped[date | None]
    limits: Mapped[str | None]
    n_hits: Mapped[int | None]  # as the source reported


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


class Record(RecordFields, Base):
    """A title and abstract as one source lists them, with everything that its file gave.

    It is there from the moment the row of its file is, which also gives its search and its event.
    `StoredRecord` is what is written.
    """

    __table__ = (
        select(*StoredRecord.__table__.columns, ImportFile.search_id, ImportFile.event_number)
        .select_from(
            _InThisOrder(
                StoredRecord.__table__,
                ImportFile.__table__,
                ImportFile.__table__.c.id == StoredRecord.__table__.c.import_file_id,
            )
        )
        .subquery("record")
    )

    search_id: Mapped[UUID]
    event_number: Mapped[int]


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
