"""Searches as a lab book, and each with its files and what was rejected of them."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.files.downloads import ALONE
from api.web.deps import CurrentActor, ReadSession, ReviewId
from api.web.rendering import render
from api.web.routing import PageRouter
from review.permissions import Action, check
from review.reviews import protocol_of
from review.searches.imports import rejected_table
from review.searches.records import records_of_search
from review.searches.searches import (
    files_of_search,
    n_duplicates_by_search,
    rejected_blocks_of_search,
    search_counts,
    search_of_review,
)

router = PageRouter()


@router.get("/reviews/{slug}/searches")
def searches(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show every search with what was read of it."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    return render(
        request,
        "searches/searches.html",
        rows=search_counts(session, review_id=review_id),
        duplicates=n_duplicates_by_search(session, review_id),
        planned=protocol_of(session, review_id).searches,
    )


@router.get("/reviews/{slug}/searches/{search_id}")
def search(
    request: Request, session: ReadSession, review_id: ReviewId, search_id: UUID
) -> Response:
    """Show one search: how it was run, its files, and every block that was rejected."""
    found = search_of_review(session, review_id=review_id, search_id=search_id)
    return render(
        request,
        "searches/search.html",
        search=found,
        files=files_of_search(session, review_id=review_id, search_id=search_id),
        rejected=rejected_blocks_of_search(
            session, review_id=review_id, search_id=search_id, limit=200
        ),
        records=records_of_search(session, search_id=search_id, limit=20),
    )


@router.get("/reviews/{slug}/searches/{search_id}/rejected.csv")
def rejected_blocks(session: ReadSession, review_id: ReviewId, search_id: UUID) -> Response:
    """Return all rejected blocks of a search as a table, to check and correct them."""
    search_of_review(session, review_id=review_id, search_id=search_id)
    return Response(
        rejected_table(session, review_id=review_id, search_id=search_id).encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers=ALONE | {"content-disposition": 'attachment; filename="rejected.csv"'},
    )
