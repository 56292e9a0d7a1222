"""What follows decisions: resolving conflicts, reopening records, and stopping early."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field, FiniteFloat, StringConstraints

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.screening import STAGED
from api.v1.shapes import CreatedId, Prose, RecordText, RequestBody, Sentence, ShortText
from api.web.access import needs
from api.web.deps import ReadSession
from review.decisions.adjudication import adjudicate, withdraw_adjudication
from review.decisions.closing import close_decisions
from review.decisions.conflicts import open_conflicts
from review.decisions.consensus import answer, propose
from review.decisions.discussion import LONGEST, comment, discussion
from review.decisions.new_rules import apply_rules
from review.decisions.reopening import reopen
from review.decisions.reopening_requests import (
    ask_to_reopen,
    open_requests,
    refuse_reopening,
    reopen_as_asked,
)
from review.decisions.stopping import stop_screening
from review.errors import Invalid
from review.permissions import Action
from review.tables import (
    Adjudication,
    Comment,
    ConsensusProposal,
    Reopening,
    ReopeningRefusal,
    ReopeningRequest,
    Stop,
)
from review.vocabulary import Stage, Verdict

read_router, write_router = router("screening"), router("screening", writes=True)
REQUESTS = "/reviews/{review}/reopening-requests"
StopFigure = bool | int | FiniteFloat | Sentence | None


class DifferingDecision(BaseModel):
    """One of the decisions that differ; it does not say whose it is."""

    id: UUID
    verdict: Verdict
    exclusion_reason: str | None
    note: str | None


class ConflictLine(BaseModel):
    """A record that reviewers disagree on."""

    record: RecordText
    stage: Stage
    decisions: list[DifferingDecision]


class NewAdjudication(RequestBody):
    """The decision that resolves a conflict, and the ids of the decisions that it resolves."""

    record: UUID
    verdict: Literal[Verdict.INCLUDE, Verdict.EXCLUDE]
    settles: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    exclusion_reason: ShortText | None = None
    note: Prose | None = None


class NewProposal(RequestBody):
    """How one of the reviewers who disagree would resolve a conflict."""

    record: UUID
    verdict: Literal[Verdict.INCLUDE, Verdict.EXCLUDE]
    exclusion_reason: ShortText | None = None
    note: Prose | None = None


class NewAnswer(RequestBody):
    """Whether a reviewer agrees with another's proposal."""

    agrees: bool


class Answered(BaseModel):
    """The resolution that follows once everybody has agreed; null before."""

    adjudication: UUID | None


class NewComment(RequestBody):
    """What to write about a record, to the others who decided on it or resolve it."""

    record: UUID
    text: Annotated[Prose, StringConstraints(min_length=1, max_length=LONGEST)]


class CommentLine(BaseModel):
    """A comment; reviewers go by their number."""

    author: str
    at: datetime
    text: str


class NewReopening(RequestBody):
    """The record to reopen, and why."""

    record: UUID
    why: Sentence


class ReopeningRequestLine(BaseModel):
    """A request to reopen a record which nobody has answered yet."""

    id: UUID
    record: RecordText
    stage: Stage
    reviewer: str
    why: str
    at: datetime


class Reason(RequestBody):
    """Why something is done: for a record that is not reopened, the reviewer reads it."""

    why: Sentence


class BroughtRecords(BaseModel):
    """How many records go by the newest rules from now on; null to a lead who screens."""

    records: int | None


class ClosedDecisions(BaseModel):
    """How many decisions were still open until now."""

    closed: int


class NewStop(RequestBody):
    """The rule by which screening stops, with the numbers that support it; or that it resumes.

    ``by_automation`` counts what is left as marked ineligible by automation tools.
    """

    rule: Annotated[Sentence, StringConstraints(min_length=1)]
    numbers: Annotated[dict[ShortText, StopFigure], Field(max_length=50, default_factory=dict)]
    resume: bool = False
    by_automation: bool = False


@read_router.get(STAGED + "/conflicts", response_model=Page[ConflictLine])
def list_conflicts(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, stage: Stage, paged: Paged
) -> dict[str, Any]:
    """Return the conflicts that the caller may resolve or agree on, the earliest record first."""
    found = open_conflicts(session, review_id=review_id, stages=[stage], by=by)
    return paged.page_of(found[: paged.n_needed])


@write_router.post(STAGED + "/adjudications", status_code=201, response_model=CreatedId)
@needs(Action.ADJUDICATE)
def post_adjudication(
    body: NewAdjudication,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
) -> Adjudication:
    """Resolve a conflict; 409 if the decisions are no longer those in `settles`."""
    return adjudicate(
        session,
        review_id=review_id,
        record_id=body.record,
        stage=stage,
        verdict=body.verdict,
        settles=body.settles,
        by=by,
        exclusion_reason=body.exclusion_reason,
        note=body.note,
    )


@write_router.post(
    "/reviews/{review}/adjudications/{adjudication_id}/undo",
    status_code=204,
    response_class=Response,
)
@needs(Action.ADJUDICATE)
def post_undo_adjudication(
    session: WriteSession, review_id: ReviewId, by: CurrentActor, adjudication_id: UUID
) -> None:
    """Undo your own resolution; 409 once later work depends on it."""
    withdraw_adjudication(session, review_id=review_id, adjudication_id=adjudication_id, by=by)


@write_router.post(STAGED + "/proposals", status_code=201, response_model=CreatedId)
@needs(Action.SCREEN)
def post_proposal(
    body: NewProposal, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> ConsensusProposal:
    """Propose how to resolve a conflict that you are part of, where the protocol allows it."""
    fields = body.model_dump(exclude={"record"})
    return propose(
        session, review_id=review_id, record_id=body.record, stage=stage, by=by, **fields
    )


@write_router.post("/reviews/{review}/proposals/{proposal_id}/answer", response_model=Answered)
@needs(Action.SCREEN)
def post_answer(
    body: NewAnswer,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    proposal_id: UUID,
) -> Answered:
    """Agree with another reviewer's proposal, or decline it."""
    made = answer(session, review_id=review_id, proposal_id=proposal_id, agrees=body.agrees, by=by)
    return Answered(adjudication=made.id if made else None)


@read_router.get(STAGED + "/records/{record}/comments", response_model=Page[CommentLine])
def list_comments(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    stage: Stage,
    record: UUID,
    paged: Paged,
) -> dict[str, Any]:
    """Return what was written about a record in its round; nothing to outsiders or too early."""
    entries = discussion(session, review_id=review_id, record_id=record, stage=stage, by=by)
    return paged.page_of(entries or [])


@write_router.post(STAGED + "/comments", status_code=201, response_model=CreatedId)
@needs(Action.READ)
def post_comment(
    body: NewComment, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> Comment:
    """Write about a record once its round is complete and no decision on it can change."""
    return comment(
        session, review_id=review_id, record_id=body.record, stage=stage, text=body.text, by=by
    )


@write_router.post(STAGED + "/reopen", status_code=201, response_model=CreatedId)
@needs(Action.MANAGE)
def post_reopening(
    body: NewReopening, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> Reopening:
    """Start a new round for a record; earlier decisions stay in its history but no longer count."""
    return reopen(
        session, review_id=review_id, record_id=body.record, stage=stage, why=body.why, by=by
    )


@write_router.post(STAGED + "/rules")
@needs(Action.MANAGE)
def post_rules(
    body: Reason, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> BroughtRecords:
    """Apply the newest rules to the records with one decision, if they differ; 409 if none."""
    n = apply_rules(session, review_id=review_id, stage=stage, why=body.why, by=by)
    return BroughtRecords(records=n)


@write_router.post(STAGED + "/done")
@needs(Action.SCREEN)
def post_done(
    session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> ClosedDecisions:
    """Close the caller's own decisions at a stage now, so that the review can use them."""
    return ClosedDecisions(closed=close_decisions(session, review_id=review_id, stage=stage, by=by))


@write_router.post(STAGED + "/reopening-requests", status_code=201, response_model=CreatedId)
@needs(Action.SCREEN)
def post_reopening_request(
    body: NewReopening, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> ReopeningRequest:
    """Ask the lead to reopen a record on which the caller's own decision has closed."""
    return ask_to_reopen(
        session, review_id=review_id, record_id=body.record, stage=stage, why=body.why, by=by
    )


@read_router.get(REQUESTS, response_model=Page[ReopeningRequestLine])
def list_reopening_requests(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, paged: Paged
) -> dict[str, Any]:
    """Return the requests that nobody has answered, the earliest first; for the lead."""
    return paged.page_of(open_requests(session, review_id=review_id, by=by))


@write_router.post(REQUESTS + "/{request_id}/reopen", status_code=201, response_model=CreatedId)
@needs(Action.MANAGE)
def post_reopening_as_asked(
    session: WriteSession, review_id: ReviewId, by: CurrentActor, request_id: UUID
) -> Reopening:
    """Reopen the record of a request, for the reason that the reviewer gave."""
    return reopen_as_asked(session, review_id=review_id, request_id=request_id, by=by)


@write_router.post(REQUESTS + "/{request_id}/refuse", status_code=201, response_model=CreatedId)
@needs(Action.MANAGE)
def post_refusal(
    body: Reason, session: WriteSession, review_id: ReviewId, by: CurrentActor, request_id: UUID
) -> ReopeningRefusal:
    """Answer a request without reopening the record."""
    return refuse_reopening(
        session, review_id=review_id, request_id=request_id, why=body.why, by=by
    )


@write_router.post(STAGED + "/stop", status_code=201, response_model=CreatedId)
@needs(Action.MANAGE)
def post_stop(
    body: NewStop, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> Stop:
    """Stop title and abstract screening early, or resume it."""
    if stage is not Stage.TITLE_ABSTRACT:
        raise Invalid("Only title and abstract screening can be stopped early.")
    return stop_screening(session, review_id=review_id, by=by, **body.model_dump())
