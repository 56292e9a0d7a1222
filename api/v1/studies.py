"""Studies, the reports they are known through, and the contracts they report on."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import select

from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import Line, RecordLine, Said
from api.web.deps import ReadSession
from review.errors import Invalid
from review.permissions import Action, check
from review.studies.contracts import add_contract, contract_of_review, contracts_of, link_contract
from review.studies.studies import add_study, link_report, reports_of, study_of_review
from review.tables import Study

reading, writing = router("studies"), router("studies", writes=True)
Label = Annotated[Line, StringConstraints(min_length=1)]


class Named(BaseModel):
    """A study, or a contract."""

    id: UUID
    label: str


class StudyWhole(Named):
    """A study with the reports it is known through and the contracts it reports on."""

    reports: list[RecordLine]
    contracts: list[Named]


class NewStudy(Said):
    """A study, known through records whose reports were included."""

    label: Label
    reports: Annotated[list[UUID], Field(min_length=1, max_length=500)]


class NewContract(Said):
    """A contract that the study reports on: a new one's name, or one that is there."""

    label: Label | None = None
    contract: UUID | None = None


class NewReportLink(Said):
    """A report that belongs to the study, or no longer does."""

    record: UUID
    linked: bool = True


@reading.get("/reviews/{review}/studies", response_model=Page[Named])
def list_studies(session: ReadSession, review_id: ReviewId, by: By, paged: Paged) -> dict[str, Any]:
    """Return the studies in the order they were added; for those who code."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    rows = session.scalars(
        select(Study)
        .where(Study.review_id == review_id, Study.event_number > paged.after)
        .order_by(Study.event_number)
        .limit(paged.limit + 1)
    ).all()
    return paged.follow(rows, lambda one: one.event_number)


@writing.post("/reviews/{review}/studies", status_code=201, response_model=Named)
def post_study(said: NewStudy, session: WriteSession, review_id: ReviewId, by: By) -> Study:
    """Add a study known through included reports."""
    return add_study(session, review_id=review_id, label=said.label, reports=said.reports, by=by)


@reading.get("/reviews/{review}/studies/{study}", response_model=StudyWhole)
def get_study(session: ReadSession, review_id: ReviewId, by: By, study: UUID) -> dict[str, Any]:
    """Return a study with its reports and contracts; for those who code."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    found = study_of_review(session, review_id=review_id, study_id=study)
    return {
        "id": found.id,
        "label": found.label,
        "reports": reports_of(session, review_id=review_id, study_id=study),
        "contracts": contracts_of(session, review_id=review_id, study_id=study),
    }


@writing.post("/reviews/{review}/studies/{study}/contracts", status_code=201, response_model=Named)
def post_contract(
    said: NewContract, session: WriteSession, review_id: ReviewId, by: By, study: UUID
) -> object:
    """Say that a study reports on a contract: one that is there, or a new one."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    study_of_review(session, review_id=review_id, study_id=study)
    if said.contract is not None and said.label is None:
        chosen = contract_of_review(session, review_id=review_id, contract_id=said.contract)
    elif said.label is not None and said.contract is None:
        chosen = add_contract(session, review_id=review_id, label=said.label, by=by)
    else:
        raise Invalid("Give a new contract's label, or a contract that is there: one of the two.")
    link_contract(session, review_id=review_id, study_id=study, contract_id=chosen.id, by=by)
    return chosen


@writing.post(
    "/reviews/{review}/studies/{study}/reports", status_code=201, response_model=StudyWhole
)
def post_report(
    said: NewReportLink, session: WriteSession, review_id: ReviewId, by: By, study: UUID
) -> dict[str, Any]:
    """Link an included report to a study, or unlink it."""
    link_report(
        session,
        review_id=review_id,
        study_id=study,
        record_id=said.record,
        by=by,
        linked=said.linked,
    )
    return get_study(session, review_id, by, study)
