"""Searches: what was searched and how, and what their files brought."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Select, false, func, select
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.clusters import Scope, latest, members
from review.storage.database import pairs
from review.tables import FileCorrection, ImportFile, RejectedBlock, Search, StoredSearch
from review.vocabulary import Act, SearchKind


class SearchCounts(NamedTuple):
    """A search, its number of files, and how many of their blocks were accepted and rejected."""

    search: Search
    n_files: int
    n_accepted: int
    n_rejected: int


def add_search(
    session: Session,
    *,
    review_id: UUID,
    source: str,
    kind: SearchKind,
    by: Actor,
    platform: str | None = None,
    query: str | None = None,
    run_on: date | None = None,
    limits: str | None = None,
    n_hits: int | None = None,
    update_of: UUID | None = None,
) -> StoredSearch:
    """Add a search with what PRISMA-S asks reviews to report about it; flushes.

    Raises Invalid without a source, or for a number of hits that is out of range.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    search = StoredSearch(
        id=uuid4(),
        **search_fields(
            source=source,
            kind=kind,
            platform=platform,
            query=query,
            run_on=run_on,
            limits=limits,
            n_hits=n_hits,
            update_of=update_of,
        ),
    )
    if update_of is not None:
        search_of_review(session, review_id=review_id, search_id=update_of)
    record_act(
        session,
        review_id=review_id,
        act=Act.ADD_SEARCH,
        by=by,
        rows=[search],
        subject=("search", search.id),
    )
    return search


def search_fields(
    *, source: str, kind: SearchKind, n_hits: int | None, **others: Any
) -> dict[str, Any]:
    """Return the columns of a search; empty text is None.

    Raises Invalid without a source, or for a number of hits that is out of range.
    """
    if not source.strip() or len(source) > 255:
        raise Invalid("Name the source that was searched, in at most 255 characters.")
    if n_hits is not None and not 0 <= n_hits < 10**9:
        raise Invalid("Enter a number of hits from 0 to 999,999,999.")
    rest = {
        name: value.replace("\r\n", "\n") or None if isinstance(value, str) else value or None
        for name, value in others.items()
    }
    return {"source": source.strip(), "kind": kind, "n_hits": n_hits, **rest}


def search_counts(
    session: Session,
    *,
    review_id: UUID,
    search_id: UUID | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[SearchCounts]:
    """Return searches with their counts, in the order they were added, by one query.

    Of the whole review, or of one search; ``after`` leaves out those added by an event of that
    number or a lower one.  Files that were withdrawn are not counted.
    """
    placed = files_now(review_id).subquery()
    files = (
        select(
            placed.c.search_id,
            func.count().label("n_files"),
            func.sum(placed.c.n_accepted).label("n_accepted"),
            func.sum(placed.c.n_rejected).label("n_rejected"),
        )
        .where(~placed.c.is_withdrawn)
        .group_by(placed.c.search_id)
        .subquery()
    )
    query = (
        select(Search, files.c.n_files, files.c.n_accepted, files.c.n_rejected)
        .outerjoin(files, files.c.search_id == Search.id)
        .where(Search.review_id == review_id, Search.event_number > after)
        .order_by(Search.event_number)
    )
    if search_id is not None:
        query = query.where(Search.id == search_id)
    return [
        SearchCounts(search, n_files or 0, n_accepted or 0, n_rejected or 0)
        for search, n_files, n_accepted, n_rejected in session.execute(query.limit(limit))
    ]


def search_of_review(session: Session, *, review_id: UUID, search_id: UUID) -> Search:
    """Return a search; raise NotFound for one of another review."""
    search = session.get(Search, search_id)
    if search is None or search.review_id != review_id:
        raise NotFound("There is no such search in this review.")
    return search


def files_now(review_id: UUID) -> Select[*tuple[Any, ...]]:
    """Return a row for every file of the review, as corrected: which search, and whether it counts.

    Columns: id, name, search_id, is_withdrawn, n_accepted, n_rejected, event_number.
    """
    newest = latest(Scope(review_id), FileCorrection, FileCorrection.import_file_id)
    return (
        select(
            ImportFile.id,
            ImportFile.name,
            func.coalesce(newest.c.search_id, ImportFile.search_id).label("search_id"),
            func.coalesce(newest.c.is_withdrawn, false()).label("is_withdrawn"),
            ImportFile.n_accepted,
            ImportFile.n_rejected,
            ImportFile.event_number,
        )
        .outerjoin(newest, newest.c.import_file_id == ImportFile.id)
        .where(ImportFile.review_id == review_id)
    )


def files_of_search(
    session: Session, *, review_id: UUID, search_id: UUID
) -> list[tuple[ImportFile, bool]]:
    """Return a search's files in the order they were imported, and whether each is withdrawn."""
    now = files_now(review_id).subquery()
    rows = session.execute(
        select(ImportFile, now.c.is_withdrawn)
        .join(now, now.c.id == ImportFile.id)
        .where(now.c.search_id == search_id)
        .order_by(ImportFile.event_number)
    )
    return [(file, bool(is_withdrawn)) for file, is_withdrawn in rows]


def rejected_blocks_of_search(
    session: Session, *, review_id: UUID, search_id: UUID, limit: int
) -> list[tuple[RejectedBlock, str]]:
    """Return the first rejected blocks of a search's files, each with the name of its file."""
    now = files_now(review_id).subquery()
    rows = session.execute(
        select(RejectedBlock, now.c.name)
        .join(now, now.c.id == RejectedBlock.import_file_id)
        .where(now.c.search_id == search_id)
        .order_by(now.c.event_number, RejectedBlock.block)
        .limit(limit)
    )
    return [(block, name) for block, name in rows]


def n_duplicates_by_search(session: Session, review_id: UUID) -> dict[UUID, int]:
    """Return how many records of each search are duplicates of an earlier record."""
    member = members(Scope(review_id))
    rows = session.execute(
        select(member.c.search_id, func.count())
        .where(member.c.record_id != member.c.cluster_id, ~member.c.is_withdrawn)
        .group_by(member.c.search_id)
    )
    return dict(pairs(rows))


class SearchOnDemand:
    """Adds a search once its first new file is about to be committed, and not before."""

    def __init__(
        self,
        review_id: UUID,
        by: Actor,
        fields: Mapping[str, Any],
        *,
        search_id: UUID | None = None,
    ) -> None:
        self.review_id = review_id
        self.by = by
        self.fields = fields
        self.id = search_id

    def __call__(self, session: Session) -> UUID:
        """Return the search's id; add the search if that has not been done yet."""
        if self.id is None:
            search = add_search(session, review_id=self.review_id, by=self.by, **self.fields)
            self.id = search.id
        return self.id


def n_records_by_search(session: Session, *, review_id: UUID) -> list[tuple[Search, int]]:
    """Return the searches that count with the number of their records, in the order of adding."""
    return [
        (line.search, line.n_accepted)
        for line in search_counts(session, review_id=review_id)
        if not line.search.is_withdrawn
    ]


def n_searches(session: Session, *, review_id: UUID) -> int:
    """Return how many searches the review has that were not withdrawn."""
    query = (
        select(func.count())
        .select_from(Search)
        .where(Search.review_id == review_id, ~Search.is_withdrawn)
    )
    return session.scalar(query) or 0
