"""Duplicates: comparing records in the background, and the pairs that a person settles."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import select

from api.v1.callers import By, ReviewId
from api.v1.paging import LARGEST, Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import Queued, Recorded, RecordText, Said, queued
from api.web.deps import ReadSession
from review.duplicates.judgements import judge, merge_above, undo
from review.duplicates.questions import questions
from review.jobs import JobKind, enqueue
from review.permissions import Action, check
from review.tables import Record
from review.vocabulary import Judgement

reading, writing = router("duplicates"), router("duplicates", writes=True)


class Pair(BaseModel):
    """A doubtful pair; the left record was imported earlier."""

    left: RecordText
    right: RecordText
    score: float


class NewJudgement(Said):
    """What a person says of two records."""

    left: UUID
    right: UUID
    verdict: Literal[Judgement.DUPLICATE, Judgement.DISTINCT, Judgement.SAME_STUDY]


class Score(Said):
    """The lowest score of the pairs to join."""

    score: Annotated[float, Field(gt=0, le=1)]


class Undone(Said):
    """The number of the event to take back."""

    event: Annotated[int, Field(ge=1, le=LARGEST)]


@writing.post("/reviews/{review}/dedupe", status_code=202)
def post_dedupe(session: WriteSession, review_id: ReviewId, by: By) -> Queued:
    """Have the records that came since the last time compared with all others."""
    return queued(
        enqueue(session, review_id=review_id, kind=JobKind.DEDUPLICATE, arguments={}, by=by)
    )


@reading.get("/reviews/{review}/duplicates", response_model=Page[Pair])
def list_duplicates(
    session: ReadSession,
    review_id: ReviewId,
    by: By,
    paged: Paged,
    state: Annotated[Literal["pending"], Query()] = "pending",  # noqa: ARG001 - no other as yet
) -> dict[str, Any]:
    """Return the doubtful pairs that await a person, the likeliest first."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    page = paged.cut(questions(session, review_id=review_id))
    asked = {one for left, right, _ in page["items"] for one in (left, right)}
    found = {one.id: one for one in session.scalars(select(Record).where(Record.id.in_(asked)))}
    page["items"] = [
        {"left": found[left], "right": found[right], "score": score}
        for left, right, score in page["items"]
    ]
    return page


@writing.post("/reviews/{review}/duplicates", status_code=201)
def post_judgement(
    said: NewJudgement, session: WriteSession, review_id: ReviewId, by: By
) -> Recorded:
    """Record the answer about a pair, and what follows from it."""
    number = judge(
        session,
        review_id=review_id,
        left_id=said.left,
        right_id=said.right,
        verdict=said.verdict,
        by=by,
    )
    return Recorded(event=number)


@writing.post("/reviews/{review}/duplicates/above", status_code=201)
def post_above(said: Score, session: WriteSession, review_id: ReviewId, by: By) -> Recorded:
    """Join every doubtful pair that scores at least so high, in one act."""
    return Recorded(event=merge_above(session, review_id=review_id, score=said.score, by=by))


@writing.post("/reviews/{review}/duplicates/undo", status_code=201)
def post_undo(said: Undone, session: WriteSession, review_id: ReviewId, by: By) -> Recorded:
    """Take back one act, an answer or a whole comparison."""
    return Recorded(event=undo(session, review_id=review_id, event_number=said.event, by=by))
