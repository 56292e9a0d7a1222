"""Screening: one record at a time, by keyboard, in ranked order."""

from statistics import median
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import Form, Query
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages.jobs import started
from api.web.deps import CurrentActor, Db, OptionalId, ReviewId, WriteSession
from api.web.rendering import is_fragment, path, render
from api.web.routing import PageRouter
from review.decisions.blinding import n_own_decisions, own_decision, own_decisions
from review.decisions.decisions import decide, decision_of
from review.events import Actor
from review.jobs import JobKind
from review.permissions import Action, check
from review.reports.full_texts import full_text_of
from review.reviews import protocol_of
from review.searches.records import record_of_review
from review.storage.database import Database
from review.tables import Record, Search
from review.vocabulary import Stage, Verdict
from screening.queue.next_records import n_left, skip
from screening.queue.open_calibrations import calibration_progress
from screening.queue.reservations import are_others_screening, reserve_next
from screening.ranking.explanation import explanation, n_ranked, rank_of
from screening.ranking.runs import current_run

router = PageRouter()
STAGED = "/reviews/{slug}/screening/{stage}"
RECENT = 5
# Counted when the page is opened; after that the page carries it along.
Left = Annotated[int, Form(ge=0, le=10**9)]
PACE = 50  # decisions that the estimate of the time left is based on


@router.get(STAGED)
def screen(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
    record: UUID | None = None,
    skipped: UUID | None = None,
    merge: Annotated[int | None, Query(alias="joined", ge=1, le=2**31 - 1)] = None,
    merged_from: Annotated[UUID | None, Query(alias="from")] = None,
) -> Response:
    """Show the reviewer's next record, or the one they chose, with their last decisions."""
    return _show(
        request,
        database,
        review_id,
        by,
        stage,
        record_id=record,
        skipped=skipped,
        merged=(merge, merged_from) if merge and merged_from else None,
    )


@router.post(STAGED + "/decisions")
def post_decision(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
    record: Annotated[UUID, Form()],
    verdict: Annotated[Verdict, Form()],
    exclusion_reason: Annotated[str, Form()] = "",
    note: Annotated[str, Form(max_length=10_000)] = "",
    supersedes: OptionalId = None,
    key: Annotated[UUID | None, Form()] = None,
    seconds: Annotated[float | None, Form(ge=0, le=86_400)] = None,
    left: Left = 0,
) -> Response:
    """Save the decision, then show the reviewer's next record."""
    with database.writing() as session:
        decide(
            session,
            review_id=review_id,
            record_id=record,
            stage=stage,
            verdict=verdict,
            by=by,
            exclusion_reason=(exclusion_reason or None) if verdict is Verdict.EXCLUDE else None,
            note=note.strip() or None,
            seconds=seconds,
            supersedes_id=supersedes,
            idempotency_key=key,
        )
    return _go_on(
        request, database, review_id, by, stage, done="saved", left=left - (not supersedes)
    )


@router.post(STAGED + "/undo")
def post_undo(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
    decision: Annotated[UUID, Form()],
    left: Left = 0,
) -> Response:
    """Withdraw the reviewer's own decision and show its record again."""
    with database.writing() as session:
        own = decision_of(session, review_id=review_id, decision_id=decision, by=by)
        decide(
            session,
            review_id=review_id,
            record_id=own.record_id,
            stage=stage,
            verdict=Verdict.WITHDRAWN,
            by=by,
            supersedes_id=own.id,
        )
        record_id = own.record_id
    return _go_on(
        request, database, review_id, by, stage, done="undone", left=left + 1, record_id=record_id
    )


@router.post(STAGED + "/skip")
def post_skip(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
    record: Annotated[UUID, Form()],
    undo: Annotated[Literal["", "yes"], Form()] = "",
    left: Left = 0,
) -> Response:
    """Skip a record and show the next one, or bring the skipped one back."""
    with database.writing() as session:
        skip(
            session,
            review_id=review_id,
            record_id=record,
            stage=stage,
            by=by,
            is_undone=bool(undo),
        )
    if undo:
        return _go_on(
            request, database, review_id, by, stage, done="undone", left=left, record_id=record
        )
    return _go_on(
        request, database, review_id, by, stage, done="skipped", left=left, skipped=record
    )


@router.post(STAGED + "/rank")
def rank(
    request: Request, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> Response:
    """Train on the resolved records and rank again."""
    return started(request, session, review_id, by, JobKind.RANK, {"stage": stage})


def _go_on(
    request: Request,
    database: Db,
    review_id: UUID,
    by: Actor,
    stage: Stage,
    *,
    done: str,
    left: int,
    record_id: UUID | None = None,
    skipped: UUID | None = None,
) -> Response:
    """Show the next record in place of this one; as a whole page where there is no script."""
    if not is_fragment(request):
        query = {"done": done, "record": record_id, "skipped": skipped}
        kept = urlencode({key: value for key, value in query.items() if value})
        target = f"{path(request, 'screening', stage)}?{kept}"
        return RedirectResponse(target, status_code=303)
    return _show(
        request,
        database,
        review_id,
        by,
        stage,
        record_id=record_id,
        done=done,
        left=max(0, left),
        skipped=skipped,
    )


def _show(
    request: Request,
    database: Database,
    review_id: UUID,
    by: Actor,
    stage: Stage,
    *,
    record_id: UUID | None,
    done: str = "",
    left: int | None = None,
    skipped: UUID | None = None,
    merged: tuple[int, UUID] | None = None,
) -> Response:
    if record_id is None:
        record_id = reserve_next(database, review_id=review_id, stage=stage, by=by)
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.SCREEN)
        shown = None
        if record_id is not None:
            shown = record_of_review(session, review_id=review_id, record_id=record_id)
        protocol = protocol_of(session, review_id)
        context = {
            "stage": stage,
            "record": shown,
            "key": uuid4(),
            "skipped": skipped,  # just now, so that undoing means this
            "merged": merged,  # likewise: the event, and the record it was made from
            "done": done or request.query_params.get("done", ""),
            "protocol": protocol,
            "reasons": protocol.reasons(stage),
            "others_read": shown is None
            and are_others_screening(session, review_id=review_id, stage=stage, by=by),
            **_own_work(session, review_id, by, stage),
            **(_about(session, review_id, by, stage, shown) if shown else {}),
        }
        name = "screening/_screening.html" if is_fragment(request) else "screening/screening.html"
        if left is None:
            left = n_left(session, review_id=review_id, stage=stage, by=by)
        return render(request, name, **context, left=left)


def _own_work(session: Session, review_id: UUID, by: Actor, stage: Stage) -> dict[str, Any]:
    """Return the reviewer's last decisions, and how long one takes them."""
    recent = own_decisions(session, review_id=review_id, stage=stage, by=by, limit=PACE)
    seconds = [decision.seconds for decision, _ in recent if decision.seconds is not None]
    return {
        "recent": recent[:RECENT],
        "n_own": n_own_decisions(session, review_id=review_id, stage=stage, by=by),
        "pace": median(seconds) if len(seconds) >= RECENT else None,
    }


def _about(
    session: Session, review_id: UUID, by: Actor, stage: Stage, record: Record
) -> dict[str, Any]:
    """Return what the page shows about the record beside its own fields."""
    where = {"review_id": review_id, "record_id": record.id}
    run = current_run(session, review_id=review_id, stage=stage)
    rank = rank_of(session, run=run, record_id=record.id) if run else None
    return {
        "source": session.get_one(Search, record.search_id).source,
        "own": own_decision(session, **where, stage=stage, by=by),
        "run": run,
        "rank": rank,
        "why": explanation(rank, record) if rank else None,
        "n_ranked": n_ranked(session, run=run) if run else 0,
        "calibration": calibration_progress(session, **where, stage=stage, by=by),
        "document": full_text_of(session, **where, by=by) if stage is Stage.FULL_TEXT else None,
    }
