"""Duplicates: comparing records in the background, and the pairs that a person decides on."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import LARGEST, Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import QueuedJob, RecordedEvent, RecordText, RequestBody, queued_job
from api.web.access import needs
from api.web.deps import ReadSession
from review.duplicates.judgements import judge, merge_above, undo
from review.duplicates.questions import questions
from review.jobs import JobKind, enqueue
from review.permissions import Action, check
from review.searches.records import records_by_id
from review.vocabulary import Judgement

read_router, write_router = router("duplicates"), router("duplicates", writes=True)


class PossibleDuplicate(BaseModel):
    """Two records that may be duplicates; the left one was imported earlier."""

    left: RecordText
    right: RecordText
    score: float


class NewJudgement(RequestBody):
    """Whether two records are duplicates."""

    left: UUID
    right: UUID
    verdict: Literal[Judgement.DUPLICATE, Judgement.DISTINCT, Judgement.SAME_STUDY]


class NewBulkMerge(RequestBody):
    """The lowest score of the possible duplicates to merge."""

    score: Annotated[float, Field(gt=0, le=1)]


class NewUndo(RequestBody):
    """The number of the event to undo."""

    event: Annotated[int, Field(ge=1, le=LARGEST)]


@write_router.post("/reviews/{review}/dedupe", status_code=202)
@needs(Action.MANAGE)
def post_dedupe(session: WriteSession, review_id: ReviewId, by: CurrentActor) -> QueuedJob:
    """Compare the records that are new since the last run with all others, in the background."""
    return queued_job(
        enqueue(session, review_id=review_id, kind=JobKind.DEDUPLICATE, arguments={}, by=by)
    )


@read_router.get("/reviews/{review}/duplicates", response_model=Page[PossibleDuplicate])
def list_duplicates(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    paged: Paged,
    state: Annotated[Literal["pending"], Query()] = "pending",  # noqa: ARG001 - the only one so far
) -> dict[str, Any]:
    """Return the possible duplicates that nobody has decided on yet, the most likely first."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    page = paged.page_of(questions(session, review_id=review_id))
    record_ids = {record_id for left, right, _ in page["items"] for record_id in (left, right)}
    records = records_by_id(session, record_ids=record_ids)
    page["items"] = [
        {"left": records[left], "right": records[right], "score": score}
        for left, right, score in page["items"]
    ]
    return page


@write_router.post("/reviews/{review}/duplicates", status_code=201)
@needs(Action.MANAGE)
def post_judgement(
    body: NewJudgement, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> RecordedEvent:
    """Save whether two records are duplicates, and merge or split them accordingly."""
    number = judge(
        session,
        review_id=review_id,
        left_id=body.left,
        right_id=body.right,
        verdict=body.verdict,
        by=by,
    )
    return RecordedEvent(event=number)


@write_router.post("/reviews/{review}/duplicates/above", status_code=201)
@needs(Action.MANAGE)
def post_above(
    body: NewBulkMerge, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> RecordedEvent:
    """Merge every possible duplicate with at least this score, as one act."""
    return RecordedEvent(event=merge_above(session, review_id=review_id, score=body.score, by=by))


@write_router.post("/reviews/{review}/duplicates/undo", status_code=201)
@needs(Action.MARK_DUPLICATES)  # one's own answer; others' need MANAGE, as `undo` checks
def post_undo(
    body: NewUndo, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> RecordedEvent:
    """Undo one event: an answer or a whole run."""
    return RecordedEvent(event=undo(session, review_id=review_id, event_number=body.event, by=by))
