"""Searches with what PRISMA-S asks for, their files, and importing more files."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import LongText, Prose, QueuedJob, RequestBody, ShortText, queued_job
from api.v1.uploads import ReadOptions, UploadedFiles
from api.web.access import needs, several_files
from api.web.deps import ReadSession
from review.jobs import JobKind, enqueue
from review.permissions import Action
from review.searches.searches import (
    SearchCounts,
    add_search,
    files_of_search,
    rejected_blocks_of_search,
    search_counts,
    search_of_review,
)
from review.vocabulary import SearchKind

read_router, write_router = router("searches"), router("searches", writes=True)
MAX_REJECTED = 200


class NewSearch(RequestBody):
    """A search as it was run; `hits` is the number that the source reported."""

    source: Annotated[ShortText, StringConstraints(min_length=1)]
    kind: SearchKind
    platform: ShortText | None = None
    query: LongText | None = None
    run_on: date | None = None
    hits: Annotated[int, Field(ge=0, lt=10**9)] | None = None
    limits: Prose | None = None


class SearchLine(BaseModel):
    """A search with the numbers of its files and of their accepted and rejected blocks."""

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
    update_of: UUID | None
    is_withdrawn: bool


class ImportedFile(BaseModel):
    """A file that was imported: every block in it was accepted as a record or rejected."""

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
    is_withdrawn: bool


FILE_FIELDS = set(ImportedFile.model_fields) - {"is_withdrawn"}


class RejectedBlockLine(BaseModel):
    """A block that could not be read as a record."""

    file: str
    block: int
    line: int
    reason: str
    raw: str


class SearchDetail(SearchLine):
    """A search with its files and the first 200 of its rejected blocks."""

    files: list[ImportedFile]
    rejected: list[RejectedBlockLine]


@read_router.get("/reviews/{review}/searches", response_model=Page[SearchLine])
def list_searches(session: ReadSession, review_id: ReviewId, paged: Paged) -> dict[str, Any]:
    """Return the searches in the order they were added, with the counts of each."""
    rows = search_counts(session, review_id=review_id, after=paged.after, limit=paged.limit + 1)
    page = paged.page_of_next(rows, lambda row: row.search.event_number)
    return page | {"items": [_line(row) for row in page["items"]]}


@write_router.post("/reviews/{review}/searches", status_code=201)
@needs(Action.MANAGE)
def post_search(
    body: NewSearch, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> SearchLine:
    """Add a search; add its files after it."""
    fields = body.model_dump(exclude={"hits"})
    search = add_search(session, review_id=review_id, n_hits=body.hits, by=by, **fields)
    [counts] = search_counts(session, review_id=review_id, search_id=search.id)
    return SearchLine(**_line(counts))


@read_router.get("/reviews/{review}/searches/{search}")
def get_search(session: ReadSession, review_id: ReviewId, search: UUID) -> SearchDetail:
    """Return a search, its files and the first 200 of its rejected blocks."""
    search_of_review(session, review_id=review_id, search_id=search)
    [counts] = search_counts(session, review_id=review_id, search_id=search)
    files = files_of_search(session, review_id=review_id, search_id=search)
    rejected = rejected_blocks_of_search(
        session, review_id=review_id, search_id=search, limit=MAX_REJECTED
    )
    return SearchDetail(
        **_line(counts),
        files=[
            ImportedFile.model_validate(
                {name: getattr(file, name) for name in FILE_FIELDS} | {"is_withdrawn": withdrawn}
            )
            for file, withdrawn in files
        ],
        rejected=[
            RejectedBlockLine(
                file=name, block=block.block, line=block.line, reason=block.reason, raw=block.raw
            )
            for block, name in rejected
        ],
    )


@write_router.post("/reviews/{review}/searches/{search}/files", status_code=202)
@needs(Action.MANAGE, at_most=several_files)
def post_files(
    review_id: ReviewId,
    by: CurrentActor,
    files: UploadedFiles,
    session: WriteSession,
    search: UUID,
    options: ReadOptions,
) -> QueuedJob:
    """Import one or more files exported from the source into a search, in the background."""
    search_of_review(session, review_id=review_id, search_id=search)
    arguments = {"files": files, "search": str(search), "fields": None, **options}
    return queued_job(
        enqueue(session, review_id=review_id, kind=JobKind.IMPORT, arguments=arguments, by=by)
    )


def _line(counts: SearchCounts) -> dict[str, Any]:
    search = counts.search
    names = (
        "id",
        "source",
        "kind",
        "platform",
        "query",
        "run_on",
        "limits",
        "update_of",
        "is_withdrawn",
    )
    return {name: getattr(search, name) for name in names} | {
        "hits": search.n_hits,
        "n_files": counts.n_files,
        "n_accepted": counts.n_accepted,
        "n_rejected": counts.n_rejected,
    }
