"""Reports: how far the search for each full text has got, and the documents themselves."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import FileResponse

from api.files.downloads import document_file
from api.v1.callers import CurrentActor, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import CreatedId, RecordLine, RequestBody, Sentence
from api.v1.uploads import UploadedDocument
from api.web.access import needs, one_document
from api.web.deps import ReadSession, Store
from review.jobs import JobKind, enqueue
from review.permissions import Action, check
from review.reports.full_texts import add_full_text, full_texts_of, require_full_text
from review.reports.retrieval import latest_retrievals, retrieve
from review.states.flow import SOUGHT, record_rows
from review.tables import Retrieval
from review.vocabulary import RetrievalState

read_router, write_router = router("reports"), router("reports", writes=True)
REPORT = "/reviews/{review}/reports/{report}"


class LatestRetrieval(BaseModel):
    """The newest entry on the search for a full text."""

    state: RetrievalState
    asked_of: str | None
    why: str | None


class ReportLine(BaseModel):
    """A report that is sought: `flow_state` says how far it is."""

    record: RecordLine
    flow_state: str
    exclusion_reason: str | None
    retrieval: LatestRetrieval | None
    has_full_text: bool


class NewRetrieval(RequestBody):
    """How far the search for a full text has got."""

    state: RetrievalState
    asked_of: Sentence | None = None
    why: Sentence | None = None


class StoredFullText(CreatedId):
    """A full text that was stored."""

    sha256: str
    name: str
    n_bytes: int


@read_router.get("/reviews/{review}/reports", response_model=Page[ReportLine])
def list_reports(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, paged: Paged
) -> dict[str, Any]:
    """Return the reports that are or were sought, with how far each has got; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = record_rows(
        session, review_id=review_id, states=SOUGHT, after=paged.after, limit=paged.limit + 1
    )
    page = paged.page_of_next(rows, lambda row: row[0].number)
    ids = [record.id for record, _, _ in page["items"]]
    retrievals = latest_retrievals(session, review_id=review_id, record_ids=ids)
    full_texts = full_texts_of(session, review_id=review_id, record_ids=ids)
    page["items"] = [
        {
            "record": record,
            "flow_state": flow_state,
            "exclusion_reason": reason,
            "retrieval": retrievals.get(record.id),
            "has_full_text": record.id in full_texts,
        }
        for record, flow_state, reason in page["items"]
    ]
    return page


@write_router.post(REPORT + "/retrieval", status_code=201, response_model=CreatedId)
@needs(Action.MANAGE)
def post_retrieval(
    body: NewRetrieval, session: WriteSession, review_id: ReviewId, by: CurrentActor, report: UUID
) -> Retrieval:
    """Record that a full text was requested, was retrieved, or was not retrieved and why."""
    return retrieve(session, review_id=review_id, record_id=report, by=by, **body.model_dump())


@write_router.post(REPORT + "/full-text", status_code=201)
@needs(Action.MANAGE, at_most=one_document)
def post_full_text(
    review_id: ReviewId,
    by: CurrentActor,
    store: Store,
    document: UploadedDocument,
    session: WriteSession,
    report: UUID,
) -> StoredFullText:
    """Store a PDF as the report's full text, which is then retrieved; its text is read later."""
    path, name = document
    stored = add_full_text(
        session, review_id=review_id, record_id=report, path=path, name=name, files=store, by=by
    )
    arguments = {"sha256": stored.sha256, "name": stored.name}
    enqueue(session, review_id=review_id, kind=JobKind.READ_FULL_TEXT, arguments=arguments, by=by)
    return StoredFullText.model_validate(stored, from_attributes=True)


@read_router.get(
    REPORT + "/full-text",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
def get_full_text(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, report: UUID, store: Store
) -> FileResponse:
    """Return the report's newest full text, for those who work on the review."""
    full_text = require_full_text(session, review_id=review_id, record_id=report, by=by)
    return document_file(store, full_text)
