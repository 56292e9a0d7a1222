"""Searches as PRISMA-S asks, their files, and reading more of them in the background."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import Line, Prose, Queued, Said, Text, queued
from api.v1.uploads import HowRead, Kept
from api.web.deps import ReadSession
from review.errors import NotFound
from review.jobs import JobKind, enqueue
from review.searches.searches import FileCounts, add_search, file_counts
from review.tables import ImportFile, RejectedBlock, Search
from review.vocabulary import SearchKind

reading, writing = router("searches"), router("searches", writes=True)
MAX_REJECTED = 200


class NewSearch(Said):
    """A search as it was run; `hits` is the number that the source reported."""

    source: Annotated[Line, StringConstraints(min_length=1)]
    kind: SearchKind
    platform: Line | None = None
    query: Text | None = None
    run_on: date | None = None
    hits: Annotated[int, Field(ge=0, lt=10**9)] | None = None
    limits: Prose | None = None


class SearchLine(BaseModel):
    """A search with what was read of it."""

    id: UUID
    source: str
    kind: SearchKind
    platform: str | None
    query: str | None
    run_on: date | None
    hits: int | None
    limits: str | None
    n_files: int
    n_accepted: int
    n_rejected: int


class ReadFile(BaseModel):
    """A file that was read: every block found is a record or was rejected."""

    id: UUID
    name: str
    sha256: str
    n_bytes: int
    format: str
    encoding: str
    n_found: int
    n_accepted: int
    n_rejected: int
    warnings: list[str]
    read_at: datetime


class Rejected(BaseModel):
    """A block that could not be read as a record."""

    file: str
    block: int
    line: int
    reason: str
    raw: str


class SearchWhole(SearchLine):
    """A search with its files and (the first 200 of) the blocks that were rejected."""

    files: list[ReadFile]
    rejected: list[Rejected]


@reading.get("/reviews/{review}/searches", response_model=Page[SearchLine])
def list_searches(session: ReadSession, review_id: ReviewId, paged: Paged) -> dict[str, Any]:
    """Return the searches in the order they were added, with what was read of each."""
    rows = session.scalars(
        select(Search)
        .where(Search.review_id == review_id, Search.event_number > paged.after)
        .order_by(Search.event_number)
        .limit(paged.limit + 1)
    ).all()
    page = paged.follow(rows, lambda one: one.event_number)
    counts = file_counts(session, [search.id for search in page["items"]])
    return page | {"items": [_line(search, counts[search.id]) for search in page["items"]]}


@writing.post("/reviews/{review}/searches", status_code=201)
def post_search(said: NewSearch, session: WriteSession, review_id: ReviewId, by: By) -> SearchLine:
    """Add a search; its files come after it."""
    given = said.model_dump(exclude={"hits"})
    search = add_search(session, review_id=review_id, n_hits=said.hits, by=by, **given)
    return SearchLine(**_line(search, file_counts(session, [search.id])[search.id]))


@reading.get("/reviews/{review}/searches/{search}")
def get_search(session: ReadSession, review_id: ReviewId, search: UUID) -> SearchWhole:
    """Return a search, its files, and the blocks of them that were rejected."""
    found = search_of_review(session, review_id, search)
    files = session.scalars(
        select(ImportFile).where(ImportFile.search_id == search).order_by(ImportFile.event_number)
    )
    rejected = session.execute(
        select(RejectedBlock, ImportFile.name)
        .join(ImportFile, ImportFile.id == RejectedBlock.import_file_id)
        .where(ImportFile.search_id == search)
        .order_by(RejectedBlock.event_number, RejectedBlock.block)
        .limit(MAX_REJECTED)
    )
    return SearchWhole(
        **_line(found, file_counts(session, [search])[search]),
        files=[ReadFile.model_validate(one, from_attributes=True) for one in files],
        rejected=[
            Rejected(file=name, block=one.block, line=one.line, reason=one.reason, raw=one.raw)
            for one, name in rejected
        ],
    )


@writing.post("/reviews/{review}/searches/{search}/files", status_code=202)
def post_files(
    review_id: ReviewId,
    by: By,
    files: Kept,
    session: WriteSession,
    search: UUID,
    how: HowRead,
) -> Queued:
    """Have one or several files exported from the source read into a search."""
    search_of_review(session, review_id, search)
    arguments = {"files": files, "search": str(search), "fields": None, **how}
    return queued(
        enqueue(session, review_id=review_id, kind=JobKind.IMPORT, arguments=arguments, by=by)
    )


def search_of_review(session: Session, review_id: UUID, search_id: UUID) -> Search:
    """Return a search; raise NotFound for one of another review."""
    found = session.get(Search, search_id)
    if found is None or found.review_id != review_id:
        raise NotFound("There is no such search in this review.")
    return found


def _line(search: Search, counts: FileCounts) -> dict[str, Any]:
    shown = ("id", "source", "kind", "platform", "query", "run_on", "limits")
    return {
        **{name: getattr(search, name) for name in shown},
        "hits": search.n_hits,
        **counts._asdict(),
    }
