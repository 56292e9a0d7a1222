"""Screening: the caller's own next records, their decisions, and the ranking."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query
from pydantic import BaseModel, Field, Json
from sqlalchemy.orm import Session

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.problems import OutOfDate
from api.v1.routes import WriteSession, router
from api.v1.shapes import Prose, QueuedJob, RecordText, RequestBody, ShortText, queued_job
from api.v1.uploads import ReadOptions, UploadedFiles
from api.web.access import needs, one_file
from api.web.deps import ReadSession
from review.decisions.blinding import own_decision, own_decisions
from review.decisions.decisions import decide
from review.decisions.import_rules import ImportRules
from review.decisions.marked_words import MOST_CHARACTERS, MOST_MARKS, marks_of
from review.errors import Invalid, Stale
from review.jobs import JobKind, enqueue
from review.permissions import Action, check
from review.tables import Decision, Record
from review.vocabulary import Stage, Verdict
from screening.queue.next_records import next_records

read_router, write_router = router("screening"), router("screening", writes=True)
STAGED = "/reviews/{review}/screening/{stage}"


MarkedText = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]


class NewRanking(RequestBody):
    """The stage to rank records for."""

    stage: Stage


class NewDecision(RequestBody):
    """A decision; `supersedes` is the caller's own decision that it changes.

    `marked_words` are the words of the text that decided.  They replace those of the decision
    that it changes.
    """

    record: UUID
    verdict: Verdict
    exclusion_reason: ShortText | None = None
    note: Prose | None = None
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None
    supersedes: UUID | None = None
    marked_words: Annotated[tuple[MarkedText, ...], Field(max_length=MOST_MARKS)] = ()


class OwnDecision(BaseModel):
    """One of the caller's own decisions."""

    id: UUID
    record: UUID
    stage: Stage
    verdict: Verdict
    exclusion_reason: str | None
    note: str | None
    marked_words: list[str]
    supersedes: UUID | None
    decided_at: datetime


@write_router.post("/reviews/{review}/rank", status_code=202)
@needs(Action.MANAGE)
def post_rank(
    body: NewRanking, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> QueuedJob:
    """Rank the records of a stage again, in the background, from those that are resolved."""
    arguments = {"stage": body.stage}
    return queued_job(
        enqueue(session, review_id=review_id, kind=JobKind.RANK, arguments=arguments, by=by)
    )


@read_router.get(STAGED + "/queue", response_model=Page[RecordText])
def get_queue(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, list[Record]]:
    """Return the caller's own next records, most relevant first; it changes as they decide."""
    return {"items": next_records(session, review_id=review_id, stage=stage, by=by, limit=limit)}


@read_router.get(STAGED + "/decisions", response_model=Page[OwnDecision])
def list_decisions(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, stage: Stage, paged: Paged
) -> dict[str, Any]:
    """Return the caller's own live decisions, the newest first."""
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    decisions = own_decisions(
        session, review_id=review_id, stage=stage, by=by, limit=paged.n_needed
    )
    return paged.page_of(_own(session, [decision for decision, _ in decisions]))


@write_router.post(STAGED + "/decisions", status_code=201)
@needs(Action.SCREEN)
def post_decision(
    body: NewDecision, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> OwnDecision:
    """Save the caller's decision on a record, or change it.

    If `supersedes` is not the caller's live decision, the response is 409 with the live one.
    """
    fields = body.model_dump(
        include={"verdict", "exclusion_reason", "note", "seconds", "marked_words"}
    )
    try:
        decision = decide(
            session,
            review_id=review_id,
            record_id=body.record,
            stage=stage,
            supersedes_id=body.supersedes,
            by=by,
            **fields,
        )
    except Stale as error:
        live = own_decision(session, review_id=review_id, record_id=body.record, stage=stage, by=by)
        current = None if live is None else _own(session, [live])[0].model_dump(mode="json")
        raise OutOfDate(str(error), current) from error
    return _own(session, [decision])[0]


@write_router.post(STAGED + "/decisions/files", status_code=202)
@needs(Action.MANAGE, at_most=one_file)
def post_decisions(
    review_id: ReviewId,
    by: CurrentActor,
    files: UploadedFiles,
    session: WriteSession,
    stage: Stage,
    options: ReadOptions,
    verdicts: Annotated[
        Json[dict[str, str]] | None,
        Form(description="As JSON: a word of the file → `include`, `maybe`, `exclude` or nothing."),
    ] = None,
    people: Annotated[
        Json[dict[str, str]] | None,
        Form(description="As JSON: a person whom the file names → a member's e-mail address."),
    ] = None,
    all_are: Annotated[
        Verdict | None, Form(description="What a list without decisions means.")
    ] = None,
) -> QueuedJob:
    """Import the decisions of another program's export; what you do not say is guessed."""
    if len(files) != 1:
        raise Invalid("Send one file at a time.")
    rules = ImportRules(stage, verdicts or {}, people or {}, all_are)
    arguments = {"files": [files[0] | options], **asdict(rules)}
    kind = JobKind.IMPORT_DECISIONS
    return queued_job(enqueue(session, review_id=review_id, kind=kind, arguments=arguments, by=by))


def _own(session: Session, decisions: Sequence[Decision]) -> list[OwnDecision]:
    marks = marks_of(session, [decision.id for decision in decisions])
    return [
        OwnDecision(
            id=decision.id,
            record=decision.record_id,
            stage=decision.stage,
            verdict=decision.verdict,
            exclusion_reason=decision.exclusion_reason,
            note=decision.note,
            marked_words=marks.get(decision.id, []),
            supersedes=decision.supersedes_id,
            decided_at=decision.decided_at,
        )
        for decision in decisions
    ]
