"""Searches as a lab book: what was searched, what came of it, and what was corrected later."""

from itertools import groupby
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import Form
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.files.downloads import ALONE
from api.pages.add_search import hits_of
from api.web.access import needs
from api.web.days import day_of
from api.web.deps import CurrentActor, Db, OptionalId, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.corrections.history import corrections_of
from review.corrections.preview import Change, preview
from review.corrections.searches import (
    correct_search,
    move_file,
    undo_correction,
    withdraw_file,
    withdraw_search,
)
from review.errors import NotFound
from review.permissions import Action, check
from review.reviews import protocol_of
from review.searches.imports import rejected_table
from review.searches.records import records_of_search
from review.searches.searches import (
    SearchCounts,
    files_of_search,
    n_duplicates_by_search,
    rejected_blocks_of_search,
    search_counts,
    search_of_review,
)
from review.tables import Search
from review.vocabulary import SearchKind

router = PageRouter()
R = "/reviews/{slug}/searches"
MANY = 4  # searches of one source from which on they are folded into one line
Why = Annotated[str, Form(max_length=2000)]


class SourceLines(NamedTuple):
    """The searches of one source, of one kind."""

    source: str
    lines: list[SearchCounts]

    @property
    def is_folded(self) -> bool:
        """Whether they are so many that one line stands for all of them."""
        return len(self.lines) >= MANY


@router.get(R)
def searches(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show every search with what was read of it, by kind and source, and the corrections."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    rows = search_counts(session, review_id=review_id)
    return render(
        request,
        "searches/searches.html",
        kinds=_by_kind([row for row in rows if not row.search.is_withdrawn]),
        withdrawn=[row for row in rows if row.search.is_withdrawn],
        n_searches=sum(not row.search.is_withdrawn for row in rows),
        searches={row.search.id: row.search for row in rows},
        duplicates=n_duplicates_by_search(session, review_id),
        planned=protocol_of(session, review_id).searches,
        corrections=corrections_of(session, review_id=review_id, by=by),
    )


def _by_kind(rows: list[SearchCounts]) -> dict[SearchKind, list[SourceLines]]:
    order = list(SearchKind)
    rows.sort(key=lambda row: (order.index(row.search.kind), row.search.source.casefold()))
    found: dict[SearchKind, list[SourceLines]] = {}
    for (kind, source), lines in groupby(
        rows, key=lambda row: (row.search.kind, row.search.source)
    ):
        found.setdefault(kind, []).append(SourceLines(source, list(lines)))
    return found


@router.get(R + "/{search_id}")
def search(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor, search_id: UUID
) -> Response:
    """Show one search: how it was run, its files, what was rejected, and how to correct it."""
    return _search_page(request, session, review_id, by=by, search_id=search_id)


@router.get(R + "/{search_id}/rejected.csv")
def rejected_blocks(session: ReadSession, review_id: ReviewId, search_id: UUID) -> Response:
    """Return all rejected blocks of a search as a table, to check and correct them."""
    search_of_review(session, review_id=review_id, search_id=search_id)
    return Response(
        rejected_table(session, review_id=review_id, search_id=search_id).encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers=ALONE | {"content-disposition": 'attachment; filename="rejected.csv"'},
    )


@router.post(R + "/{search_id}/correct")
@needs(Action.MANAGE)
def post_correction(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    search_id: UUID,
    source: Annotated[str, Form(max_length=255)],
    kind: Annotated[SearchKind, Form()],
    platform: Annotated[str, Form(max_length=255)] = "",
    query: Annotated[str, Form(max_length=500_000)] = "",
    run_on: Annotated[str, Form(max_length=20)] = "",
    limits: Annotated[str, Form(max_length=5000)] = "",
    hits: Annotated[str, Form(max_length=20)] = "",
    update_of: OptionalId = None,
    why: Why = "",
    confirmed: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Correct what is said about a search; one that moves numbers is previewed first."""
    fields = {
        "source": source,
        "kind": kind,
        "platform": platform,
        "query": query.replace("\r\n", "\n"),
        "run_on": day_of(run_on),
        "limits": limits,
        "n_hits": hits_of(hits),
        "update_of": update_of,
    }

    def act(session: Session) -> int:
        return correct_search(
            session, review_id=review_id, search_id=search_id, fields=fields, why=why, by=by
        )

    if not confirmed:
        change = preview(database, review_id=review_id, by=by, act=act)
        if change.moves_columns:
            sent = {"source": source, "kind": kind, "platform": platform, "query": query,
                    "run_on": run_on, "limits": limits, "hits": hits,
                    "update_of": update_of or "", "why": why}  # fmt: skip
            return _preview(request, database, search_id, change=change, what="correct", sent=sent)
    with database.writing() as session:
        act(session)
    return RedirectResponse(path(request, "searches", search_id), status_code=303)


@router.post(R + "/{search_id}/withdraw")
@needs(Action.MANAGE)
def post_withdrawal(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    search_id: UUID,
    file: OptionalId = None,
    why: Why = "",
    confirmed: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Withdraw a search, or one of its files, once its effect has been shown."""

    def act(session: Session, reason: str = why) -> int:
        common: dict[str, Any] = {"review_id": review_id, "why": reason, "by": by}
        if file is not None:
            return withdraw_file(session, file_id=file, **common)
        return withdraw_search(session, search_id=search_id, **common)

    if not confirmed:
        change = preview(database, review_id=review_id, by=by, act=lambda s: act(s, "preview"))
        sent = {"file": file or ""}
        return _preview(request, database, search_id, change=change, what="withdraw", sent=sent)
    with database.writing() as session:
        act(session)
    return RedirectResponse(path(request, "searches"), status_code=303)


@router.post(R + "/{search_id}/move")
@needs(Action.MANAGE)
def post_move(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    search_id: UUID,
    file: Annotated[UUID, Form()],
    to: Annotated[UUID, Form()],
    why: Why = "",
    confirmed: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Move a file to another search; a move that changes numbers is previewed first."""

    def act(session: Session) -> int:
        return move_file(session, review_id=review_id, file_id=file, search_id=to, why=why, by=by)

    if not confirmed:
        change = preview(database, review_id=review_id, by=by, act=act)
        if change.moves_columns:
            sent = {"file": file, "to": to, "why": why}
            return _preview(request, database, search_id, change=change, what="move", sent=sent)
    with database.writing() as session:
        act(session)
    return RedirectResponse(path(request, "searches", to), status_code=303)


@router.post(R + "/corrections/{number}/undo")
@needs(Action.MANAGE)
def post_undo(
    request: Request, session: WriteSession, review_id: ReviewId, by: CurrentActor, number: int
) -> Response:
    """Undo a correction, a move, a withdrawal, or the undoing of one."""
    undo_correction(session, review_id=review_id, event_number=number, by=by)
    return RedirectResponse(path(request, "searches") + "#corrections", status_code=303)


def _search_page(
    request: Request, session: Session, review_id: UUID, *, by: CurrentActor, search_id: UUID
) -> Response:
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    rows = search_counts(session, review_id=review_id)
    found = search_of_review(session, review_id=review_id, search_id=search_id)
    given = {name: getattr(found, name) for name in (
        "source", "kind", "platform", "query", "run_on", "limits", "update_of")}  # fmt: skip
    in_search: dict[str, Any] = {"review_id": review_id, "search_id": search_id}
    return render(
        request,
        "searches/search.html",
        search=found,
        given=given | {"hits": found.n_hits},
        others=[
            row.search
            for row in rows
            if row.search.id != search_id
            and (not row.search.is_withdrawn or row.search.id == found.update_of)
        ],
        updates=[row.search for row in rows if row.search.update_of == search_id],
        n_new=_n_new(session, review_id, next(row for row in rows if row.search.id == search_id)),
        searches={row.search.id: row.search for row in rows},
        kinds=list(SearchKind),
        planned=protocol_of(session, review_id).searches,
        files=files_of_search(session, **in_search),
        rejected=rejected_blocks_of_search(session, **in_search, limit=200),
        records=records_of_search(session, search_id=search_id, limit=20),
        corrections=[
            line
            for line in corrections_of(session, review_id=review_id, by=by)
            if line.search_id == search_id
        ],
    )


def _n_new(session: Session, review_id: UUID, row: SearchCounts) -> int:
    """Return how many records of a search no earlier search had found."""
    return row.n_accepted - n_duplicates_by_search(session, review_id).get(row.search.id, 0)


def _preview(
    request: Request,
    database: Db,
    search_id: UUID,
    *,
    change: Change,
    what: str,
    sent: dict[str, Any],
) -> Response:
    """Show what an act would change, with everything that was sent, to be confirmed."""
    with database.reading() as session:
        found = session.get(Search, search_id)
        if found is None:
            raise NotFound("There is no such search in this review.")
        names = {
            str(one.id): one.name
            for one, _ in files_of_search(session, review_id=found.review_id, search_id=search_id)
        }
        target = session.get(Search, UUID(str(sent["to"]))) if "to" in sent else None
        return render(
            request,
            "searches/preview.html",
            search=found,
            file=names.get(str(sent.get("file") or ""), ""),
            to=target.source if target else "",
            change=change,
            what=what,
            sent=sent,
            target=path(request, "searches", search_id, what),
        )
