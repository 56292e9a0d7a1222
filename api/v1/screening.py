"""Screening: the caller's own next records, their decisions, and the ranking."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form, Query
from pydantic import BaseModel, Field, Json

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.problems import OutOfDate
from api.v1.routes import WriteSession, router
from api.v1.shapes import Prose, QueuedJob, RecordText, RequestBody, ShortText, queued_job
from api.v1.uploads import ReadOptions, UploadedFiles
from api.web.deps import ReadSession
from review.decisions.blinding import own_decision, own_decisions
from review.decisions.decisions import decide
from review.decisions.import_rules import ImportRules
from review.errors import Invalid, Stale
from review.jobs import JobKind, enqueue
from review.permissions import Action, check
from review.tables import Decision, Record
from review.vocabulary import Stage, Verdict
from screening.queue.next_records import next_records

read_router, write_router = router("screening"), router("screening", writes=True)
STAGED = "/reviews/{review}/screening/{stage}"


class NewRanking(RequestBody):
    """The stage to rank records for."""

    stage: Stage


class NewDecision(RequestBody):
    """A decision; `supersedes` is the caller's own decision that it changes."""

    record: UUID
    verdict: Verdict
    exclusion_reason: ShortText | None = None
    note: Prose | None = None
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None
    supersedes: UUID | None = None


class OwnDecision(BaseModel):
    """One of the caller's own decisions."""

    id: UUID
    record: UUID
    stage: Stage
    verdict: Verdict
    exclusion_reason: str | None
    note: str | None
    supersedes: UUID | None
    decided_at: datetime


@write_router.post("/reviews/{review}/rank", status_code=202)
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
    return paged.page_of([_own(decision) for decision, _ in decisions])


@write_router.post(STAGED + "/decisions", status_code=201)
def post_decision(
    body: NewDecision, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> OwnDecision:
    """Save the caller's decision on a record, or change it.

    If `supersedes` is not the caller's live decision, the response is 409 with the live one.
    """
    fields = body.model_dump(include={"verdict", "exclusion_reason", "note", "seconds"})
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
        current = None if live is None else _own(live).model_dump(mode="json")
        raise OutOfDate(str(error), current) from error
    return _own(decision)


@write_router.post(STAGED + "/decisions/files", status_code=202)
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
