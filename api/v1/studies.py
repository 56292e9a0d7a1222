"""Studies, the reports that they are known through, and the contracts they report on."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import RecordLine, RequestBody, ShortText
from api.web.access import needs
from api.web.deps import ReadSession
from review.errors import Invalid
from review.permissions import Action, check
from review.studies.contracts import add_contract, contract_of_review, contracts_of, link_contract
from review.studies.moves.acts import Move, move_reports
from review.studies.moves.undo import undo_move
from review.studies.studies import add_study, link_report, reports_of, studies_of, study_of_review
from review.tables import Study

read_router, write_router = router("studies"), router("studies", writes=True)
Label = Annotated[ShortText, StringConstraints(min_length=1)]


class StudyOrContract(BaseModel):
    """A study, or a contract."""

    id: UUID
    label: str


class StudyDetail(StudyOrContract):
    """A study with the reports it is known through and the contracts it reports on."""

    reports: list[RecordLine]
    contracts: list[StudyOrContract]


class NewStudy(RequestBody):
    """A study, known through records whose reports were included."""

    label: Label
    reports: Annotated[list[UUID], Field(min_length=1, max_length=500)]


class NewContractLink(RequestBody):
    """A contract that the study reports on: a new one's label, or an existing one's id."""

    label: Label | None = None
    contract: UUID | None = None


class NewReportLink(RequestBody):
    """A report that belongs to the study, or no longer does."""

    record: UUID
    linked: bool = True


class NewMove(RequestBody):
    """Reports of the study that belong to another one: an existing study, or a new one's label.

    `contracts` go along; `shared` ones are reported on by both.  All reports merge the study.
    """

    reports: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    to: UUID | None = None
    label: Label | None = None
    contracts: list[UUID] = Field(default_factory=list, max_length=500)
    shared: list[UUID] = Field(default_factory=list, max_length=500)
    copies_codes: bool = False


@read_router.get("/reviews/{review}/studies", response_model=Page[StudyOrContract])
def list_studies(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, paged: Paged
) -> dict[str, Any]:
    """Return the studies in the order they were added; for those who code."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    studies = studies_of(session, review_id=review_id, after=paged.after, limit=paged.limit + 1)
    return paged.page_of_next(studies, lambda study: study.event_number)


@write_router.post("/reviews/{review}/studies", status_code=201, response_model=StudyOrContract)
@needs(Action.MANAGE)
def post_study(
    body: NewStudy, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> Study:
    """Add a study known through included reports."""
    return add_study(session, review_id=review_id, label=body.label, reports=body.reports, by=by)


@read_router.get("/reviews/{review}/studies/{study}", response_model=StudyDetail)
def get_study(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, study: UUID
) -> dict[str, Any]:
    """Return a study with its reports and contracts; for those who code."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    chosen = study_of_review(session, review_id=review_id, study_id=study)
    return {
        "id": chosen.id,
        "label": chosen.label,
        "reports": reports_of(session, review_id=review_id, study_id=study),
        "contracts": contracts_of(session, review_id=review_id, study_id=study),
    }


@write_router.post(
    "/reviews/{review}/studies/{study}/contracts", status_code=201, response_model=StudyOrContract
)
@needs(Action.CODE)
def post_contract(
    body: NewContractLink, session: WriteSession, review_id: ReviewId, by: CurrentActor, study: UUID
) -> object:
    """Link a study to a contract that it reports on: an existing one, or a new one."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    study_of_review(session, review_id=review_id, study_id=study)
    if body.contract is not None and body.label is None:
        linked = contract_of_review(session, review_id=review_id, contract_id=body.contract)
    elif body.label is not None and body.contract is None:
        linked = add_contract(session, review_id=review_id, label=body.label, by=by)
    else:
        raise Invalid("Send either `label` for a new contract or `contract` for an existing one.")
    link_contract(session, review_id=review_id, study_id=study, contract_id=linked.id, by=by)
    return linked


@write_router.post(
    "/reviews/{review}/studies/{study}/reports", status_code=201, response_model=StudyDetail
)
@needs(Action.MANAGE)
def post_report(
    body: NewReportLink, session: WriteSession, review_id: ReviewId, by: CurrentActor, study: UUID
) -> dict[str, Any]:
    """Link an included report to a study, or unlink it."""
    link_report(
        session,
        review_id=review_id,
        study_id=study,
        record_id=body.record,
        by=by,
        linked=body.linked,
    )
    return get_study(session, review_id, by, study)


@write_router.post(
    "/reviews/{review}/studies/{study}/moves", status_code=201, response_model=StudyDetail
)
@needs(Action.MANAGE)
def post_move(
    body: NewMove, session: WriteSession, review_id: ReviewId, by: CurrentActor, study: UUID
) -> dict[str, Any]:
    """Move reports to another study, with what was coded from them; return that study."""
    if (body.to is None) == (body.label is None):
        raise Invalid("Send either `to` for an existing study or `label` for a new one.")
    move = Move(study, body.reports, body.contracts, body.shared, body.copies_codes)
    there = move_reports(
        session, review_id=review_id, move=move, to=body.to, label=body.label or "", by=by
    )
    return get_study(session, review_id, by, there)


@write_router.post(
    "/reviews/{review}/studies/{study}/moves/{event}/undo",
    status_code=201,
    response_model=StudyDetail,
)
@needs(Action.MANAGE)
def post_undo_move(
    session: WriteSession, review_id: ReviewId, by: CurrentActor, study: UUID, event: int
) -> dict[str, Any]:
    """Undo a move of reports from or to the study; return the study that has them again."""
    study_of_review(session, review_id=review_id, study_id=study)
    back = undo_move(session, review_id=review_id, event_number=event, by=by)
    return get_study(session, review_id, by, back)
