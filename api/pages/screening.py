"""Screening: one record at a time, by keyboard, in ranked order."""

from collections.abc import Collection
from statistics import median
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import Depends, Form, Query
from pydantic import BeforeValidator
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.pages.jobs import started
from api.web.access import needs
from api.web.deps import CurrentActor, Db, OptionalId, ReviewId, WriteSession
from api.web.rendering import is_fragment, render
from api.web.routing import PageRouter, url
from review.decisions.blinding import n_own_decisions, own_decisions
from review.decisions.closing import close_decisions, own_open_decisions
from review.decisions.decisions import decide, decision_made_with, decision_of
from review.decisions.marked_words import MOST_CHARACTERS
from review.decisions.reopening_requests import ask_to_reopen
from review.errors import Invalid
from review.jobs import JobKind
from review.permissions import Action, check
from review.reviews import protocol_of, reason_labels
from review.vocabulary import Stage, Verdict
from screening.queue.cards import cards
from screening.queue.labels import own_label_names
from screening.queue.next_records import n_left, skip
from screening.queue.own_terms import add_own_term, own_terms, remove_own_term
from screening.queue.reservations import are_others_screening, reserve_ahead, reserve_next
from screening.queue.schedule import schedule_of

router = PageRouter()
STAGED = "/reviews/{slug}/screening/{stage}"
RECENT = 5
STOCK = 40  # records that a page has ready at most, so that screening goes on without a network
HISTORY = 50  # own decisions on a page
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
        record_id: UUID | None = None,
        skipped: UUID | None = None,
        decision: UUID | None = None,
    ) -> Response:
        """Confirm what was done to the page's script; where there is none, show the next record."""
        if is_fragment(self.request):
            return JSONResponse({"done": done, "decision": decision and str(decision)})
        query = {"done": done, "record": record_id, "skipped": skipped}
        kept = {key: value for key, value in query.items() if value}
        target = url(self.request, "screening.screen", stage=self.stage, **kept)
        return RedirectResponse(target, status_code=303)

    def show(
        self,
        *,
        record_id: UUID | None,
        skipped: UUID | None = None,
        merged: tuple[int, UUID] | None = None,
    ) -> Response:
        """Show a record, or the reviewer's next one, with their last decisions."""
        if record_id is None:
            record_id = reserve_next(self.database, **self.scope)
        shown = [record_id] if record_id else []
        with self.database.reading() as session:
            found = cards(session, **self.scope, record_ids=shown)
            return render(
                self.request,
                "screening/screening.html",
                card=found[0] if found else None,
                key=uuid4(),
                skipped=skipped,  # just now, so that undoing means this
                merged=merged,  # likewise: the event, and the record it was made from
                done=self.request.query_params.get("done", ""),
                **self._surroundings(session, is_empty=not found),
            )

    def show_ahead(self, *, shown: UUID | None, have: Collection[UUID], limit: int) -> Response:
        """Show the cards of the next records, but for those that the page has already."""
        ahead = reserve_ahead(self.database, **self.scope, limit=limit, shown=shown)
        missing = [id_ for id_ in ahead.record_ids if id_ not in have and id_ != shown]
        with self.database.reading() as session:
            return render(
                self.request,
                "screening/_ahead.html",
                order=ahead.record_ids,
                are_reserved=ahead.are_reserved,
                cards=cards(session, **self.scope, record_ids=missing, are_open=True),
                **self._surroundings(session, is_empty=not ahead.record_ids),
            )

    def show_history(self, *, verdict: Verdict | None, q: str, before: int | None) -> Response:
        """Show the reviewer's own decisions, the newest first."""
        with self.database.reading() as session:
            check(session, review_id=self.review_id, by=self.by, action=Action.SCREEN)
            found = own_decisions(
                session, **self.scope, limit=HISTORY + 1, verdict=verdict, text=q, before=before
            )
            return render(
                self.request,
                "screening/history.html",
                stage=self.stage,
                rows=found[:HISTORY],
                more=found[HISTORY - 1][0].event_number if len(found) > HISTORY else None,
                still_open={one.id for one in own_open_decisions(session, **self.scope)},
                n_own=n_own_decisions(session, **self.scope),
                reason_labels=reason_labels(session, self.review_id),
                verdict=verdict,
                q=q,
            )

    def show_card(self, record_id: UUID) -> Response:
        """Show the card of one record, for a script that has to show it again."""
        with self.database.reading() as session:
            found = cards(session, **self.scope, record_ids=[record_id])
            context = self._surroundings(session, is_empty=False)
            name = "screening/_ahead.html"
            return render(
                self.request, name, order=[record_id], are_reserved=False, cards=found, **context
            )

    def show_terms(self, *, record_id: UUID | None) -> Response:
        """Show the reviewer's own terms, or where there is no script, the page again."""
        if not is_fragment(self.request):
            record = {"record": record_id} if record_id else {}
            target = url(self.request, "screening.screen", stage=self.stage, **record)
            return RedirectResponse(target, status_code=303)
        with self.database.reading() as session:
            found = own_terms(session, review_id=self.review_id, by=self.by)
            return render(self.request, "screening/_terms.html", own_terms=found, stage=self.stage)

    def _surroundings(self, session: Session, *, is_empty: bool) -> dict[str, Any]:
        """Return what is shown around the record: progress, last decisions, reasons."""
        protocol = protocol_of(session, self.review_id)
        schedule = schedule_of(session, **self.scope)
        recent = own_decisions(session, **self.scope, limit=PACE)
        still_open = own_open_decisions(session, **self.scope)
        seconds = [decision.seconds for decision, _ in recent if decision.seconds is not None]
        return {
            "stage": self.stage,
            "protocol": protocol,
            "reasons": protocol.reasons(self.stage),
            "numbers": protocol.reason_numbers(),
            "most_characters": MOST_CHARACTERS,
            "others_read": is_empty and are_others_screening(session, **self.scope),
            "left": n_left(session, **self.scope) if schedule.is_paused or not is_empty else 0,
            "schedule": schedule,
            "own_terms": own_terms(session, review_id=self.review_id, by=self.by),
            "label_names": own_label_names(session, review_id=self.review_id, by=self.by),
            "recent": recent[:RECENT],
            "still_open": {decision.id for decision in still_open},
            "n_own": n_own_decisions(session, **self.scope),
            "pace": median(seconds) if len(seconds) >= RECENT else None,
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


@router.get(STAGED + "/history")
def show_history(
    room: InRoom,
    verdict: Annotated[
        Literal[Verdict.INCLUDE, Verdict.MAYBE, Verdict.EXCLUDE] | None,
        BeforeValidator(lambda given: given or None),
        Query(),
    ] = None,
    q: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """Show one's own decisions at a stage, to look something up or to change one's mind."""
    return room.show_history(verdict=verdict, q=q, before=before)


@router.get(STAGED + "/ahead")
def show_ahead(
    room: InRoom,
    record: UUID | None = None,
    shown: UUID | None = None,
    have: Annotated[list[UUID], Query(max_length=STOCK)] = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=STOCK)] = STOCK,
) -> Response:
    """Show the cards of the reviewer's next records, or of the one they ask for."""
    if record is not None:
        return room.show_card(record)
    return room.show_ahead(shown=shown, have=have, limit=limit)


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
) -> Response:
    """Save the decision, then show the reviewer's next record."""
    with room.database.writing() as session:
        decision = decide(
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
        decision_id = decision.id
    return room.answer(done="saved", decision=decision_id)


@router.post(STAGED + "/undo")
@needs(Action.SCREEN)
def post_undo(
    room: InRoom,
    decision: OptionalId = None,
    made_with: OptionalId = None,
    key: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Withdraw the reviewer's own decision and show its record again.

    ``made_with`` names the decision by its key, for a page that sent it and does not know its id;
    where that decision was refused, there is nothing to withdraw.
    """
    with room.database.writing() as session:
        if made_with is not None:
            own = decision_made_with(session, review_id=room.review_id, key=made_with, by=room.by)
        elif decision is not None:
            own = decision_of(session, review_id=room.review_id, decision_id=decision, by=room.by)
        else:
            raise Invalid("Say which decision to undo.")
        record_id = own.record_id if own else None
        if own:
            decide(
                session,
                **room.scope,
                record_id=own.record_id,
                verdict=Verdict.WITHDRAWN,
                supersedes_id=own.id,
                idempotency_key=key,
            )
    return room.answer(done="undone", record_id=record_id)


@router.post(STAGED + "/skip")
@needs(Action.SCREEN)
def post_skip(
    room: InRoom,
    record: Annotated[UUID, Form()],
    undo: Annotated[Literal["", "yes"], Form()] = "",
) -> Response:
    """Skip a record and show the next one, or bring the skipped one back."""
    with room.database.writing() as session:
        skip(session, **room.scope, record_id=record, is_undone=bool(undo))
    if undo:
        return room.answer(done="undone", record_id=record)
    return room.answer(done="skipped", skipped=record)


@router.post(STAGED + "/terms")
@needs(Action.SCREEN)
def post_term(
    room: InRoom,
    term: Annotated[str, Form(max_length=1000)] = "",
    is_removed: Annotated[bool, Form()] = False,
    record: OptionalId = None,
) -> Response:
    """Add a term that the reviewer has marked in texts, or remove one."""
    change = remove_own_term if is_removed else add_own_term
    with room.database.writing() as session:
        change(session, review_id=room.review_id, term=term, by=room.by)
    return room.show_terms(record_id=record)


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
