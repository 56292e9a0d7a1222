"""Screening: one record at a time, by keyboard, in ranked order."""

from statistics import median
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import Depends, Form, Query
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages.jobs import started
from api.web.access import needs
from api.web.deps import CurrentActor, Db, OptionalId, ReviewId, WriteSession
from api.web.rendering import is_fragment, render
from api.web.routing import PageRouter, url
from review.decisions.blinding import n_own_decisions, own_decision, own_decisions
from review.decisions.closing import close_decisions, own_open_decisions
from review.decisions.decisions import decide, decision_of
from review.decisions.marked_words import MOST_CHARACTERS, own_marks
from review.decisions.reopening_requests import ask_to_reopen, own_request
from review.jobs import JobKind
from review.permissions import Action, check
from review.reports.full_texts import full_text_of
from review.reviews import protocol_of
from review.searches.records import record_of_review, source_of
from review.tables import Record
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


class ScreeningRoom:
    """One reviewer's screening at one stage, for the length of a request."""

    def __init__(
        self, request: Request, database: Db, *, review_id: ReviewId, by: CurrentActor, stage: Stage
    ) -> None:
        self.request, self.database = request, database
        self.review_id, self.by, self.stage = review_id, by, stage

    @property
    def scope(self) -> dict[str, Any]:
        """Return the arguments that name review, stage and reviewer."""
        return {"review_id": self.review_id, "stage": self.stage, "by": self.by}

    def answer(
        self,
        *,
        done: str,
        left: int,
        record_id: UUID | None = None,
        skipped: UUID | None = None,
    ) -> Response:
        """Show the next record in place of this one; redirect to it where there is no script."""
        if not is_fragment(self.request):
            query = {"done": done, "record": record_id, "skipped": skipped}
            kept = {key: value for key, value in query.items() if value}
            target = url(self.request, "screening.screen", stage=self.stage, **kept)
            return RedirectResponse(target, status_code=303)
        return self.show(record_id=record_id, done=done, left=max(0, left), skipped=skipped)

    def show(
        self,
        *,
        record_id: UUID | None,
        done: str = "",
        left: int | None = None,
        skipped: UUID | None = None,
        merged: tuple[int, UUID] | None = None,
    ) -> Response:
        """Show a record, or the reviewer's next one, with their last decisions."""
        if record_id is None:
            record_id = reserve_next(self.database, **self.scope)
        with self.database.reading() as session:
            check(session, review_id=self.review_id, by=self.by, action=Action.SCREEN)
            record = None
            if record_id is not None:
                record = record_of_review(session, review_id=self.review_id, record_id=record_id)
            protocol = protocol_of(session, self.review_id)
            context = {
                "stage": self.stage,
                "record": record,
                "key": uuid4(),
                "skipped": skipped,  # just now, so that undoing means this
                "merged": merged,  # likewise: the event, and the record it was made from
                "done": done or self.request.query_params.get("done", ""),
                "protocol": protocol,
                "reasons": protocol.reasons(self.stage),
                "others_read": record is None and are_others_screening(session, **self.scope),
                "left": n_left(session, **self.scope) if left is None else left,
                **self._own_work(session),
                **(self._about(session, record) if record else {}),
            }
            own = context.get("own")
            context["is_closed"] = own is not None and own.id not in context["still_open"]
            if record and context["is_closed"]:
                context["asked"] = own_request(session, record_id=record.id, **self.scope)
            is_part = is_fragment(self.request)
            name = "screening/_screening.html" if is_part else "screening/screening.html"
            return render(self.request, name, **context)

    def _own_work(self, session: Session) -> dict[str, Any]:
        """Return the reviewer's last decisions, and how long one takes them."""
        recent = own_decisions(session, **self.scope, limit=PACE)
        still_open = own_open_decisions(session, **self.scope)
        seconds = [decision.seconds for decision, _ in recent if decision.seconds is not None]
        return {
            "recent": recent[:RECENT],
            "still_open": {decision.id for decision in still_open},
            "n_own": n_own_decisions(session, **self.scope),
            "pace": median(seconds) if len(seconds) >= RECENT else None,
        }

    def _about(self, session: Session, record: Record) -> dict[str, Any]:
        """Return what the page shows about the record beside its own fields."""
        run = current_run(session, review_id=self.review_id, stage=self.stage)
        rank = rank_of(session, run=run, record_id=record.id) if run else None
        document = None
        if self.stage is Stage.FULL_TEXT:
            document = full_text_of(
                session, review_id=self.review_id, record_id=record.id, by=self.by
            )
        return {
            "source": source_of(session, record),
            "own": own_decision(session, record_id=record.id, **self.scope),
            "most_characters": MOST_CHARACTERS,
            "own_marks": own_marks(session, record_id=record.id, **self.scope),
            "run": run,
            "rank": rank,
            "why": explanation(rank) if rank else None,
            "n_ranked": n_ranked(session, run=run) if run else 0,
            "calibration": calibration_progress(session, record_id=record.id, **self.scope),
            "document": document,
        }


InRoom = Annotated[ScreeningRoom, Depends(ScreeningRoom)]


@router.get(STAGED)
def screen(
    room: InRoom,
    record: UUID | None = None,
    skipped: UUID | None = None,
    merge: Annotated[int | None, Query(alias="joined", ge=1, le=2**31 - 1)] = None,
    merged_from: Annotated[UUID | None, Query(alias="from")] = None,
) -> Response:
    """Show the reviewer's next record, or the one they chose, with their last decisions."""
    merged = (merge, merged_from) if merge and merged_from else None
    return room.show(record_id=record, skipped=skipped, merged=merged)


@router.post(STAGED + "/decisions")
@needs(Action.SCREEN)
def post_decision(
    room: InRoom,
    record: Annotated[UUID, Form()],
    verdict: Annotated[Verdict, Form()],
    exclusion_reason: Annotated[str, Form()] = "",
    note: Annotated[str, Form(max_length=10_000)] = "",
    marked_words: Annotated[str, Form(max_length=10_000)] = "",
    supersedes: OptionalId = None,
    key: Annotated[UUID | None, Form()] = None,
    seconds: Annotated[float | None, Form(ge=0, le=86_400)] = None,
    left: Left = 0,
) -> Response:
    """Save the decision, then show the reviewer's next record."""
    with room.database.writing() as session:
        decide(
            session,
            **room.scope,
            record_id=record,
            verdict=verdict,
            exclusion_reason=(exclusion_reason or None) if verdict is Verdict.EXCLUDE else None,
            note=note.strip() or None,
            marked_words=marked_words.splitlines(),
            seconds=seconds,
            supersedes_id=supersedes,
            idempotency_key=key,
        )
    return room.answer(done="saved", left=left - (not supersedes))


@router.post(STAGED + "/undo")
@needs(Action.SCREEN)
def post_undo(room: InRoom, decision: Annotated[UUID, Form()], left: Left = 0) -> Response:
    """Withdraw the reviewer's own decision and show its record again."""
    with room.database.writing() as session:
        own = decision_of(session, review_id=room.review_id, decision_id=decision, by=room.by)
        record_id = own.record_id
        decide(
            session,
            review_id=room.review_id,
            record_id=record_id,
            stage=room.stage,
            verdict=Verdict.WITHDRAWN,
            by=room.by,
            supersedes_id=own.id,
        )
    return room.answer(done="undone", left=left + 1, record_id=record_id)


@router.post(STAGED + "/skip")
@needs(Action.SCREEN)
def post_skip(
    room: InRoom,
    record: Annotated[UUID, Form()],
    undo: Annotated[Literal["", "yes"], Form()] = "",
    left: Left = 0,
) -> Response:
    """Skip a record and show the next one, or bring the skipped one back."""
    with room.database.writing() as session:
        skip(session, **room.scope, record_id=record, is_undone=bool(undo))
    if undo:
        return room.answer(done="undone", left=left, record_id=record)
    return room.answer(done="skipped", left=left, skipped=record)


@router.post(STAGED + "/done")
@needs(Action.SCREEN)
def post_done(room: InRoom) -> Response:
    """Close the reviewer's decisions now, so that the review can use them."""
    with room.database.writing() as session:
        close_decisions(session, **room.scope)
    return RedirectResponse(
        url(room.request, "screening.screen", stage=room.stage, done="closed"), status_code=303
    )


@router.post(STAGED + "/reopening-requests")
@needs(Action.SCREEN)
def post_request(
    room: InRoom,
    record: Annotated[UUID, Form()],
    why: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Ask the lead to reopen a record that the reviewer cannot change any more."""
    with room.database.writing() as session:
        ask_to_reopen(session, **room.scope, record_id=record, why=why)
    target = url(room.request, "screening.screen", stage=room.stage, record=record, done="asked")
    return RedirectResponse(target, status_code=303)


@router.post(STAGED + "/rank")
@needs(Action.MANAGE)
def rank(
    request: Request, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> Response:
    """Train on the resolved records and rank again."""
    return started(
        request, session, review_id, by=by, kind=JobKind.RANK, arguments={"stage": stage}
    )
