"""What follows decisions: conflicts and their settlement, new rounds, and stopping early."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, FiniteFloat, StringConstraints

from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.screening import STAGED
from api.v1.shapes import Line, Made, Prose, RecordText, Said, Sentence
from api.web.deps import ReadSession
from review.decisions.adjudication import adjudicate
from review.decisions.blinding import conflicts
from review.decisions.reopening import reopen
from review.decisions.stopping import stop_screening
from review.errors import Invalid
from review.tables import Adjudication, Reopening, Stop
from review.vocabulary import Stage, Verdict

reading, writing = router("screening"), router("screening", writes=True)
Number = bool | int | FiniteFloat | Sentence | None


class Differing(BaseModel):
    """One of the decisions that differ; whose it is stays untold."""

    id: UUID
    verdict: Verdict
    exclusion_reason: str | None
    note: str | None


class Conflict(BaseModel):
    """A record that reviewers disagree about."""

    record: RecordText
    stage: Stage
    decisions: list[Differing]


class NewAdjudication(Said):
    """How a conflict is settled, and the very decisions that it settles."""

    record: UUID
    verdict: Literal[Verdict.INCLUDE, Verdict.EXCLUDE]
    settles: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    exclusion_reason: Line | None = None
    note: Prose | None = None


class NewRound(Said):
    """The record to decide on anew, and why."""

    record: UUID
    why: Sentence


class NewStop(Said):
    """By which rule screening stops, and the numbers that spoke for it; or that it goes on.

    ``by_automation`` counts what is left as marked ineligible by automation tools.
    """

    rule: Annotated[Sentence, StringConstraints(min_length=1)]
    numbers: Annotated[dict[Line, Number], Field(max_length=50, default_factory=dict)]
    resume: bool = False
    by_automation: bool = False


@reading.get(STAGED + "/conflicts", response_model=Page[Conflict])
def list_conflicts(
    session: ReadSession, review_id: ReviewId, by: By, stage: Stage, paged: Paged
) -> dict[str, Any]:
    """Return the conflicts that the caller may settle, the earliest record first."""
    found = conflicts(session, review_id=review_id, stage=stage, by=by, limit=paged.reach)
    return paged.cut(found)


@writing.post(STAGED + "/adjudications", status_code=201, response_model=Made)
def post_adjudication(
    said: NewAdjudication, session: WriteSession, review_id: ReviewId, by: By, stage: Stage
) -> Adjudication:
    """Settle a conflict; 409 where the decisions are not those cited any more."""
    return adjudicate(
        session,
        review_id=review_id,
        record_id=said.record,
        stage=stage,
        verdict=said.verdict,
        settles=said.settles,
        by=by,
        exclusion_reason=said.exclusion_reason,
        note=said.note,
    )


@writing.post(STAGED + "/reopen", status_code=201, response_model=Made)
def post_reopening(
    said: NewRound, session: WriteSession, review_id: ReviewId, by: By, stage: Stage
) -> Reopening:
    """Start a new round for a record; earlier decisions stay on record and count no more."""
    return reopen(
        session, review_id=review_id, record_id=said.record, stage=stage, why=said.why, by=by
    )


@writing.post(STAGED + "/stop", status_code=201, response_model=Made)
def post_stop(
    said: NewStop, session: WriteSession, review_id: ReviewId, by: By, stage: Stage
) -> Stop:
    """Stop screening titles and abstracts early, or take it up again."""
    if stage is not Stage.TITLE_ABSTRACT:
        raise Invalid("Only the screening of titles and abstracts is stopped early.")
    return stop_screening(session, review_id=review_id, by=by, **said.model_dump())
