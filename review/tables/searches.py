"""Searches, the files imported into them, their records, and removals before screening."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Label,
    String,
    Subquery,
    UniqueConstraint,
    case,
    false,
    func,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from review.tables.base import (
    ActRow,
    Base,
    act_args,
    now,
    pk,
    sha256,
    short,
    within_review,
)
from review.vocabulary import SearchKind


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
