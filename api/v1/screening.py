"""Screening: the caller's own next records, their decisions, and the order to read in."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query
from pydantic import BaseModel, Field, Json
from sqlalchemy.orm import Session

from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.problems import OutOfDate
from api.v1.routes import WriteSession, router
from api.v1.shapes import Line, Prose, Queued, RecordText, Said, queued
from api.v1.uploads import HowRead, Kept
from api.web.deps import ReadSession
from review.decisions.blinding import own_decision, own_decisions
from review.decisions.decisions import decide
from review.decisions.import_rules import ImportRules
from review.errors import Invalid, Stale
from review.events import Actor
from review.jobs import JobKind, enqueue
from review.permissions import Action, check
from review.tables import Decision, Record
from review.vocabulary import Stage, Verdict
from screening.queue.next_records import next_records

reading, writing = router("screening"), router("screening", writes=True)
STAGED = "/reviews/{review}/screening/{stage}"


class Ranked(Said):
    """The stage to rank records for."""

    stage: Stage


class NewDecision(Said):
    """A verdict; `supersedes` is the caller's own decision that it changes."""

    record: UUID
    verdict: Verdict
    exclusion_reason: Line | None = None
    note: Prose | None = None
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None
    supersedes: UUID | None = None


class OwnDecision(BaseModel):
    """A decision of the caller's own."""

    id: UUID
    record: UUID
    stage: Stage
    verdict: Verdict
    exclusion_reason: str | None
    note: str | None
    supersedes: UUID | None
    decided_at: datetime


@writing.post("/reviews/{review}/rank", status_code=202)
def post_rank(said: Ranked, session: WriteSession, review_id: ReviewId, by: By) -> Queued:
    """Have the records ranked anew, by what is resolved."""
    arguments = {"stage": said.stage}
    return queued(
        enqueue(session, review_id=review_id, kind=JobKind.RANK, arguments=arguments, by=by)
    )


@reading.get(STAGED + "/queue", response_model=Page[RecordText])
def get_queue(
    session: ReadSession,
    review_id: ReviewId,
    by: By,
    stage: Stage,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, list[Record]]:
    """Return the caller's own next records, most relevant first; it changes as they decide."""
    return {"items": next_records(session, review_id=review_id, stage=stage, by=by, limit=limit)}


@reading.get(STAGED + "/decisions", response_model=Page[OwnDecision])
def list_decisions(
    session: ReadSession, review_id: ReviewId, by: By, stage: Stage, paged: Paged
) -> dict[str, Any]:
    """Return the caller's own decisions that stand, the newest first."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    found = own_decisions(session, review_id=review_id, stage=stage, by=by, limit=paged.reach)
    return paged.cut([_own(decision) for decision, _ in found])


@writing.post(STAGED + "/decisions", status_code=201)
def post_decision(
    said: NewDecision, session: WriteSession, review_id: ReviewId, by: By, stage: Stage
) -> OwnDecision:
    """Save the caller's verdict on a record, or change it.

    Where `supersedes` is not the decision that stands, the answer is 409 with what stands.
    """
    given = said.model_dump(include={"verdict", "exclusion_reason", "note", "seconds"})
    try:
        decision = decide(
            session,
            review_id=review_id,
            record_id=said.record,
            stage=stage,
            supersedes_id=said.supersedes,
            by=by,
            **given,
        )
    except Stale as error:
        raise OutOfDate(str(error), _standing(session, review_id, said, stage, by)) from error
    return _own(decision)


@writing.post(STAGED + "/decisions/files", status_code=202)
def post_decisions(
    review_id: ReviewId,
    by: By,
    files: Kept,
    session: WriteSession,
    stage: Stage,
    how: HowRead,
    verdicts: Annotated[
        Json[dict[str, str]] | None,
        Form(description="As JSON: the file's word to `include`, `maybe`, `exclude` or nothing."),
    ] = None,
    people: Annotated[
        Json[dict[str, str]] | None,
        Form(description="As JSON: a person as the file names them to a member's address."),
    ] = None,
    all_are: Annotated[
        Verdict | None, Form(description="What a list that says nothing more stands for.")
    ] = None,
) -> Queued:
    """Have the decisions that another program exported taken over; what is not said is guessed."""
    if len(files) != 1:
        raise Invalid("Send one file at a time.")
    rules = ImportRules(stage, verdicts or {}, people or {}, all_are)
    arguments = {"files": [files[0] | how], **asdict(rules)}
    kind = JobKind.IMPORT_DECISIONS
    return queued(enqueue(session, review_id=review_id, kind=kind, arguments=arguments, by=by))


def _standing(
    session: Session, review_id: UUID, said: NewDecision, stage: Stage, by: Actor
) -> dict[str, Any] | None:
    now = own_decision(session, review_id=review_id, record_id=said.record, stage=stage, by=by)
    return None if now is None else _own(now).model_dump(mode="json")


def _own(decision: Decision) -> OwnDecision:
    return OwnDecision(
        id=decision.id,
        record=decision.record_id,
        stage=decision.stage,
        verdict=decision.verdict,
        exclusion_reason=decision.exclusion_reason,
        note=decision.note,
        supersedes=decision.supersedes_id,
        decided_at=decision.decided_at,
    )
