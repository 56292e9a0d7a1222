"""Many web searches at once: one more like the last, or a table of them pasted."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages.add_search import hits_of
from api.web.access import LONG_FORM, needs
from api.web.days import day_of
from api.web.deps import CurrentActor, Db, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.errors import Invalid
from review.permissions import Action, check
from review.reviews import protocol_of
from review.searches.log import HEADINGS, SearchLog, add_logged, read_log
from review.searches.searches import add_search, search_counts
from review.states.flow import FROM_DATABASES
from review.tables import Search
from review.vocabulary import SearchKind

router = PageRouter()
R = "/reviews/{slug}/search-log"


@router.get(R)
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the form for one more web search, filled in like the last, and that for a table."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return _page(request, session, review_id)


@router.post(R + "/one")
@needs(Action.MANAGE)
def post_one(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    source: Annotated[str, Form(max_length=255)],
    kind: Annotated[SearchKind, Form()] = SearchKind.WEBSITE,
    query: Annotated[str, Form(max_length=20_000)] = "",
    limits: Annotated[str, Form(max_length=5000)] = "",
    hits: Annotated[str, Form(max_length=20)] = "",
    run_on: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Add one search that kept nothing, or whose hits are typed later."""
    add_search(
        session,
        review_id=review_id,
        source=source,
        kind=kind,
        query=query,
        limits=limits,
        n_hits=hits_of(hits),
        run_on=day_of(run_on),
        by=by,
    )
    return RedirectResponse(path(request, "search-log") + "?added=1", status_code=303)


@router.post(R + "/table")
@needs(Action.MANAGE, at_most=LONG_FORM)
def post_table(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    table: Annotated[str, Form(max_length=2_000_000)] = "",
    source: Annotated[str, Form(max_length=255)] = "",
    kind: Annotated[SearchKind, Form()] = SearchKind.WEBSITE,
    confirmed: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Preview the searches of a pasted table, or add them once they were seen."""
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        typed: dict[str, Any] = {"table": table, "source": source, "kind": kind}
        try:
            log = read_log(table, source=source)
        except Invalid as error:
            return _page(request, session, review_id, typed=typed, wrong=str(error))
        if log.problems or not confirmed:
            return _page(request, session, review_id, typed=typed, log=log)
    with database.writing() as session:
        added = add_logged(
            session, review_id=review_id, searches=log.searches, kind=kind, platform="", by=by
        )
    return RedirectResponse(path(request, "search-log") + f"?added={len(added)}", status_code=303)


def _page(
    request: Request,
    session: Session,
    review_id: UUID,
    *,
    typed: dict[str, Any] | None = None,
    log: SearchLog | None = None,
    wrong: str = "",
) -> Response:
    return render(
        request,
        "searches/log.html",
        status_code=422 if wrong or (log and log.problems) else 200,
        last=_last(session, review_id),
        kinds=[kind for kind in SearchKind if kind not in FROM_DATABASES],
        planned=protocol_of(session, review_id).searches,
        headings={field: names[0] for field, names in HEADINGS.items()},
        typed=typed or {"table": "", "source": "", "kind": SearchKind.WEBSITE},
        log=log,
        wrong=wrong,
        added=request.query_params.get("added", ""),
    )


def _last(session: Session, review_id: UUID) -> Search | None:
    """Return the web search that was added last."""
    rows = search_counts(session, review_id=review_id)
    web = [row.search for row in rows if row.search.kind is SearchKind.WEBSITE]
    return web[-1] if web else None
