"""Searches: what was searched and how, and what their files brought."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.clusters import Scope, members
from review.storage.database import pairs
from review.tables import ImportFile, Search
from review.vocabulary import Act, SearchKind


class FileCounts(NamedTuple):
    """How many files a search has, and how many blocks of them were accepted or rejected."""

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
) -> Search:
    """Add a search with what PRISMA-S asks reviews to report about it; flushes.

    Raises Invalid without a source, or for a number of hits that is out of range.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not source.strip() or len(source) > 255:
        raise Invalid("Name the source that was searched, in at most 255 characters.")
    if n_hits is not None and not 0 <= n_hits < 10**9:
        raise Invalid("Enter a number of hits from 0 to 999,999,999.")
    search = Search(
        id=uuid4(),
        source=source.strip(),
        kind=kind,
        platform=platform or None,
        query=query or None,
        run_on=run_on,
        limits=limits or None,
        n_hits=n_hits,
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.ADD_SEARCH,
        by=by,
        rows=[search],
        subject=("search", search.id),
    )
    return search


def search_of_review(session: Session, *, review_id: UUID, search_id: UUID) -> Search:
    """Return a search; raise NotFound if the review has no such search."""
    search = session.get(Search, search_id)
    if search is None or search.review_id != review_id:
        raise NotFound("There is no such search in this review.")
    return search


def file_counts(session: Session, search_ids: Collection[UUID]) -> dict[UUID, FileCounts]:
    """Return the counts of each search's files; all are 0 for a search without files."""
    rows = session.execute(
        select(
            ImportFile.search_id,
            func.count().label("n_files"),
            func.sum(ImportFile.n_accepted).label("n_accepted"),
            func.sum(ImportFile.n_rejected).label("n_rejected"),
        )
        .where(ImportFile.search_id.in_(search_ids))
        .group_by(ImportFile.search_id)
    )
    counts = dict.fromkeys(search_ids, FileCounts(0, 0, 0))
    return counts | {
        row.search_id: FileCounts(row.n_files, row.n_accepted, row.n_rejected) for row in rows
    }


def n_duplicates_by_search(session: Session, review_id: UUID) -> dict[UUID, int]:
    """Return how many records of each search are duplicates of an earlier record."""
    member = members(Scope(review_id))
    rows = session.execute(
        select(member.c.search_id, func.count())
        .where(member.c.record_id != member.c.cluster_id)
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
