"""Assignments (each reviewer's workload, languages and searches) and calibration sets."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.progress import AgreementFigures
from api.v1.routes import WriteSession, router
from api.v1.screening import STAGED
from api.v1.shapes import CreatedId, RecordedEvent, RequestBody, ShortText
from api.web.access import needs
from api.web.deps import ReadSession
from review.events import last_event
from review.permissions import Action
from review.tables import Assignment, CalibrationSet
from review.vocabulary import Stage
from screening.queue import calibration
from screening.queue.assignments import MAX_WORKLOAD, assign, workloads

read_router, write_router = router("screening"), router("screening", writes=True)
PositiveNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


class AssignmentLine(BaseModel):
    """A reviewer's workload, compared with the others', and the limits of what they read."""

    account: UUID
    name: str
    workload: int
    languages: list[str]
    searches: list[UUID]
    n_first: int


class NewAssignment(RequestBody):
    """A reviewer's workload, the languages (ISO 639-1) they read, and their searches."""

    account: UUID
    workload: Annotated[int, Field(ge=0, le=MAX_WORKLOAD)] = 1
    languages: Annotated[list[ShortText], Field(max_length=50, default_factory=list)]
    searches: Annotated[list[UUID], Field(max_length=200, default_factory=list)]


class CalibrationLine(BaseModel):
    """A calibration set, how far it is, and how far its reviewers agree."""

    id: UUID
    stage: Stage
    label: str
    is_random: bool
    is_open: bool
    n_records: int
    n_complete: int | None
    agreement: AgreementFigures


class NewCalibration(RequestBody):
    """A set of the next `n` unscreened records in random order, or of those with `numbers`."""

    label: ShortText
    n: PositiveNumber | None = None
    numbers: Annotated[
        list[PositiveNumber], Field(max_length=calibration.MAX_RECORDS, default_factory=list)
    ]


@read_router.get("/reviews/{review}/assignments", response_model=Page[AssignmentLine])
def list_assignments(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, paged: Paged
) -> dict[str, Any]:
    """Return every reviewer's assignment, and how many titles and abstracts they start with."""
    assignments = workloads(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, by=by)
    return paged.page_of(
        [
            AssignmentLine(
                account=assignment.reviewer.account_id,
                name=assignment.reviewer.name,
                workload=assignment.reviewer.workload,
                languages=list(assignment.reviewer.languages),
                searches=list(assignment.reviewer.searches),
                n_first=assignment.n_first,
            )
            for assignment in assignments
        ]
    )


@write_router.post("/reviews/{review}/assignments", status_code=201, response_model=CreatedId)
@needs(Action.MANAGE)
def post_assignment(
    body: NewAssignment, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> Assignment:
    """Assign work to a reviewer; their newest assignment counts."""
    return assign(
        session,
        review_id=review_id,
        account_id=body.account,
        workload=body.workload,
        languages=body.languages,
        searches=body.searches,
        by=by,
    )


@read_router.get("/reviews/{review}/calibrations", response_model=Page[CalibrationLine])
def list_calibrations(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, paged: Paged
) -> dict[str, Any]:
    """Return the calibration sets, the newest first."""
    calibrations = calibration.summaries(session, review_id=review_id, by=by)
    return paged.page_of(
        [
            CalibrationLine(
                id=summary.calibration.id,
                stage=summary.calibration.stage,
                label=summary.calibration.label,
                is_random=summary.calibration.is_random,
                is_open=summary.is_open,
                n_records=summary.n_records,
                n_complete=summary.n_complete,
                agreement=AgreementFigures.model_validate(summary.agreement, from_attributes=True),
            )
            for summary in calibrations
        ]
    )


@write_router.post(STAGED + "/calibrations", status_code=201, response_model=CreatedId)
@needs(Action.MANAGE)
def post_calibration(
    body: NewCalibration, session: WriteSession, review_id: ReviewId, by: CurrentActor, stage: Stage
) -> CalibrationSet:
    """Start a set of records that every reviewer decides on before any others."""
    return calibration.begin(
        session,
        review_id=review_id,
        stage=stage,
        label=body.label,
        n=body.n,
        numbers=body.numbers,
        by=by,
    )


@write_router.post("/reviews/{review}/calibrations/{calibration_set_id}/end")
@needs(Action.MANAGE)
def post_end(
    session: WriteSession, review_id: ReviewId, by: CurrentActor, calibration_set_id: UUID
) -> RecordedEvent:
    """End a calibration set; its records then need no more decisions than any others."""
    calibration.end(session, review_id=review_id, calibration_set_id=calibration_set_id, by=by)
    return RecordedEvent(event=last_event(session, review_id))
