"""Searches as a lab book, and each search with its files and rejected blocks."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from api.files.downloads import ALONE
from api.web.deps import By, ReadSession, ReviewId
from api.web.rendering import render
from api.web.routing import PageRouter
from review.errors import NotFound
from review.permissions import Action, check
from review.reviews import protocol_of
from review.searches.imports import rejected_table
from review.searches.searches import file_counts, n_duplicates_by_search
from review.tables import ImportFile, Record, RejectedBlock, Search

router = PageRouter()


@router.get("/reviews/{slug}/searches")
def searches(request: Request, session: ReadSession, review_id: ReviewId, by: By) -> Response:
    """Show every search with the number of records imported from it."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    all_searches = session.scalars(
        select(Search).where(Search.review_id == review_id).order_by(Search.event_number)
    ).all()
    counts = file_counts(session, [search.id for search in all_searches])
    return render(
        request,
        "searches/searches.html",
        rows=[(search, *counts[search.id]) for search in all_searches],
        duplicates=n_duplicates_by_search(session, review_id),
        planned=protocol_of(session, review_id).searches,
    )


@router.get("/reviews/{slug}/searches/{search_id}")
def search(
    request: Request, session: ReadSession, review_id: ReviewId, search_id: UUID
) -> Response:
    """Show one search: how it was run, its files, and its rejected blocks (at most 200)."""
    found = _search_of(session, review_id, search_id)
    imported = session.scalars(
        select(ImportFile)
        .where(ImportFile.search_id == search_id)
        .order_by(ImportFile.event_number)
    ).all()
    rejected = session.execute(
        select(RejectedBlock, ImportFile.name)
        .join(ImportFile, ImportFile.id == RejectedBlock.import_file_id)
        .where(ImportFile.search_id == search_id)
        .order_by(RejectedBlock.event_number, RejectedBlock.block)
        .limit(200)
    ).all()
    records = session.scalars(
        select(Record).where(Record.search_id == search_id).order_by(Record.number).limit(20)
    ).all()
    return render(
        request,
        "searches/search.html",
        search=found,
        files=imported,
        rejected=rejected,
        records=records,
    )


@router.get("/reviews/{slug}/searches/{search_id}/rejected.csv")
def rejected_blocks(session: ReadSession, review_id: ReviewId, search_id: UUID) -> Response:
    """Return all rejected blocks of a search as a table, to check and correct them."""
    _search_of(session, review_id, search_id)
    return Response(
        rejected_table(session, review_id=review_id, search_id=search_id).encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers=ALONE | {"content-disposition": 'attachment; filename="rejected.csv"'},
    )


def _search_of(session: Session, review_id: UUID, search_id: UUID) -> Search:
    found = session.get(Search, search_id)
    if found is None or found.review_id != review_id:
        raise NotFound("There is no such search in this review.")
    return found
