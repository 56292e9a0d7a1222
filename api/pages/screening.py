"""Screening: one record at a time, by keyboard, in the order that is in use."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import By, OptionalId, ReadSession, ReviewId, WriteSession
from api.pages.jobs import started
from api.rendering import path, render
from review.blinding import n_own_decisions, own_decision, own_decisions
from review.decisions import decide, decision_of
from review.errors import NotFound
from review.jobs import JobKind
from review.permissions import Action, check
from review.reviews import protocol_of
from review.tables import Record, Search
from review.vocabulary import Stage, Verdict
from screening.queue import next_records
from screening.ranking import current_run

router = APIRouter()
MAX_SKIPPED = 50


@router.get("/reviews/{slug}/screening/{stage}")
def screen(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: By,
    stage: Stage,
    record: UUID | None = None,
    skip: Annotated[list[UUID] | None, Query(max_length=MAX_SKIPPED)] = None,
) -> Response:
    """Show the reviewer's next record, or one of their own choosing, with their last decisions."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    skipped = skip or []
    if record is None:
        found = next_records(session, review_id=review_id, stage=stage, by=by, skipped=skipped)
        shown = found[0] if found else None
    else:
        shown = session.get(Record, record)
        if shown is None or shown.review_id != review_id:
            raise NotFound("There is no such record in this review.")
    own = (
        own_decision(session, review_id=review_id, record_id=shown.id, stage=stage, by=by)
        if shown
        else None
    )
    protocol = protocol_of(session, review_id)
    return render(
        request,
        "screening.html",
        stage=stage,
        record=shown,
        source=session.get_one(Search, shown.search_id).source if shown else None,
        own=own,
        key=uuid4(),
        skipped=skipped,
        protocol=protocol,
        reasons=protocol.reasons(stage),
        recent=own_decisions(session, review_id=review_id, stage=stage, by=by),
        n_own=n_own_decisions(session, review_id=review_id, stage=stage, by=by),
        run=current_run(session, review_id=review_id, stage=stage),
    )


@router.post("/reviews/{slug}/screening/{stage}/decisions")
def post_decision(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    stage: Stage,
    record: Annotated[UUID, Form()],
    verdict: Annotated[Verdict, Form()],
    exclusion_reason: Annotated[str, Form()] = "",
    note: Annotated[str, Form(max_length=10_000)] = "",
    supersedes: OptionalId = None,
    key: Annotated[UUID | None, Form()] = None,
    seconds: Annotated[float | None, Form(ge=0, le=86_400)] = None,
    skip: Annotated[list[UUID] | None, Form(max_length=MAX_SKIPPED)] = None,
) -> Response:
    """Save the verdict, then show the reviewer's next record."""
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
    still = "&".join(["saved=yes", *(f"skip={one}" for one in skip or [] if one != record)])
    return RedirectResponse(f"{path(request, 'screening', stage)}?{still}", status_code=303)


@router.post("/reviews/{slug}/screening/{stage}/undo")
def post_undo(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    stage: Stage,
    decision: Annotated[UUID, Form()],
) -> Response:
    """Withdraw one's own decision and show its record again."""
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
    target = f"{path(request, 'screening', stage)}?record={own.record_id}"
    return RedirectResponse(target, status_code=303)


@router.post("/reviews/{slug}/screening/{stage}/rank")
def rank(
    request: Request, session: WriteSession, review_id: ReviewId, by: By, stage: Stage
) -> Response:
    """Learn from what is resolved and put the new order in use."""
    return started(request, session, review_id, by, JobKind.RANK, {"stage": stage})
