"""Who reads what: shares, languages and searches of each reviewer, and calibration rounds."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.progress import Agreed
from api.v1.routes import WriteSession, router
from api.v1.screening import STAGED
from api.v1.shapes import Line, Made, Recorded, Said
from api.web.deps import ReadSession
from review.events import last_event
from review.tables import Assignment, CalibrationSet
from review.vocabulary import Stage
from screening.queue import calibration
from screening.queue.assignments import MOST, assign, portions

reading, writing = router("screening"), router("screening", writes=True)
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class AssignmentLine(BaseModel):
    """What a reviewer reads: their share against the others', and what they keep to, if to some."""

    account: UUID
    name: str
    workload: int
    languages: list[str]
    searches: list[UUID]
    n_first: int


class NewAssignment(Said):
    """How much a reviewer reads against the others, in which languages (ISO 639-1), of what."""

    account: UUID
    workload: Annotated[int, Field(ge=0, le=MOST)] = 1
    languages: Annotated[list[Line], Field(max_length=50, default_factory=list)]
    searches: Annotated[list[UUID], Field(max_length=200, default_factory=list)]


class CalibrationLine(BaseModel):
    """A calibration round, how far it is, and how far every two agreed in it."""

    id: UUID
    stage: Stage
    label: str
    is_random: bool
    is_open: bool
    n_records: int
    n_complete: int | None
    agreement: Agreed


class NewCalibration(Said):
    """A round of the next `n` unread records in random order, or of those of these `numbers`."""

    label: Line
    n: Number | None = None
    numbers: Annotated[list[Number], Field(max_length=calibration.MOST, default_factory=list)]


@reading.get("/reviews/{review}/assignments", response_model=Page[AssignmentLine])
def list_assignments(
    session: ReadSession, review_id: ReviewId, by: By, paged: Paged
) -> dict[str, Any]:
    """Return what every reviewer reads, and how many titles and abstracts they begin with."""
    found = portions(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, by=by)
    return paged.cut(
        [
            AssignmentLine(
                account=one.reader.account_id,
                name=one.reader.name,
                workload=one.reader.workload,
                languages=list(one.reader.languages),
                searches=list(one.reader.searches),
                n_first=one.n_first,
            )
            for one in found
        ]
    )


@writing.post("/reviews/{review}/assignments", status_code=201, response_model=Made)
def post_assignment(
    said: NewAssignment, session: WriteSession, review_id: ReviewId, by: By
) -> Assignment:
    """Say what a reviewer reads; the latest one holds."""
    return assign(
        session,
        review_id=review_id,
        account_id=said.account,
        workload=said.workload,
        languages=said.languages,
        searches=said.searches,
        by=by,
    )


@reading.get("/reviews/{review}/calibrations", response_model=Page[CalibrationLine])
def list_calibrations(
    session: ReadSession, review_id: ReviewId, by: By, paged: Paged
) -> dict[str, Any]:
    """Return the calibration rounds, the newest first."""
    found = calibration.rounds(session, review_id=review_id, by=by)
    return paged.cut(
        [
            CalibrationLine(
                id=one.calibration.id,
                stage=one.calibration.stage,
                label=one.calibration.label,
                is_random=one.calibration.is_random,
                is_open=one.is_open,
                n_records=one.n_records,
                n_complete=one.n_complete,
                agreement=Agreed.model_validate(one.agreement, from_attributes=True),
            )
            for one in found
        ]
    )


@writing.post(STAGED + "/calibrations", status_code=201, response_model=Made)
def post_calibration(
    said: NewCalibration, session: WriteSession, review_id: ReviewId, by: By, stage: Stage
) -> CalibrationSet:
    """Begin a round of records that every reviewer decides on before any others."""
    return calibration.begin(
        session,
        review_id=review_id,
        stage=stage,
        label=said.label,
        n=said.n,
        numbers=said.numbers,
        by=by,
    )


@writing.post("/reviews/{review}/calibrations/{calibration_set_id}/end")
def post_end(
    session: WriteSession, review_id: ReviewId, by: By, calibration_set_id: UUID
) -> Recorded:
    """End a round; its records need no more decisions than others do."""
    calibration.end(session, review_id=review_id, calibration_set_id=calibration_set_id, by=by)
    return Recorded(event=last_event(session, review_id))
