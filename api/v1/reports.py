"""Reports: how the search for each full text stands, and the documents themselves."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel
from starlette.responses import FileResponse

from api.files.downloads import document_file
from api.v1.callers import By, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import Made, RecordLine, Said, Sentence
from api.v1.uploads import Document
from api.web.deps import ReadSession, Store
from review.jobs import JobKind, enqueue
from review.permissions import Action, check
from review.reports.full_texts import add_full_text, full_texts_of, require_full_text
from review.reports.retrieval import latest_retrievals, retrieve
from review.states.flow import SOUGHT, record_rows
from review.tables import Retrieval
from review.vocabulary import RetrievalState

reading, writing = router("reports"), router("reports", writes=True)
REPORT = "/reviews/{review}/reports/{report}"


class LatestRetrieval(BaseModel):
    """The latest word on where a full text is."""

    state: RetrievalState
    asked_of: str | None
    why: str | None


class Report(BaseModel):
    """A report that is sought: `stands` is the place it has come to in the flow."""

    record: RecordLine
    stands: str
    exclusion_reason: str | None
    retrieval: LatestRetrieval | None
    has_full_text: bool


class NewRetrieval(Said):
    """How the search for a full text stands."""

    state: RetrievalState
    asked_of: Sentence | None = None
    why: Sentence | None = None


class KeptDocument(Made):
    """A full text that was kept."""

    sha256: str
    name: str
    n_bytes: int


@reading.get("/reviews/{review}/reports", response_model=Page[Report])
def list_reports(session: ReadSession, review_id: ReviewId, by: By, paged: Paged) -> dict[str, Any]:
    """Return the reports that are or were sought, with how far each has come; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = record_rows(
        session, review_id=review_id, states=SOUGHT, after=paged.after, limit=paged.limit + 1
    )
    page = paged.follow(rows, lambda row: row[0].number)
    ids = [record.id for record, _, _ in page["items"]]
    words = latest_retrievals(session, review_id=review_id, record_ids=ids)
    kept = full_texts_of(session, review_id=review_id, record_ids=ids)
    page["items"] = [
        {
            "record": record,
            "stands": flow_state,
            "exclusion_reason": reason,
            "retrieval": words.get(record.id),
            "has_full_text": record.id in kept,
        }
        for record, flow_state, reason in page["items"]
    ]
    return page


@writing.post(REPORT + "/retrieval", status_code=201, response_model=Made)
def post_retrieval(
    said: NewRetrieval, session: WriteSession, review_id: ReviewId, by: By, report: UUID
) -> Retrieval:
    """Record that a full text was asked for, is at hand, or cannot be had and why."""
    return retrieve(session, review_id=review_id, record_id=report, by=by, **said.model_dump())


@writing.post(REPORT + "/full-text", status_code=201)
def post_full_text(
    review_id: ReviewId,
    by: By,
    store: Store,
    document: Document,
    session: WriteSession,
    report: UUID,
) -> KeptDocument:
    """Keep a PDF as the report's full text, which is then retrieved, and have its text read."""
    path, name = document
    kept = add_full_text(
        session, review_id=review_id, record_id=report, path=path, name=name, files=store, by=by
    )
    wanted = {"sha256": kept.sha256, "name": kept.name}
    enqueue(session, review_id=review_id, kind=JobKind.READ_FULL_TEXT, arguments=wanted, by=by)
    return KeptDocument.model_validate(kept, from_attributes=True)


@reading.get(
    REPORT + "/full-text",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
def get_full_text(
    session: ReadSession, review_id: ReviewId, by: By, report: UUID, store: Store
) -> FileResponse:
    """Return the report's newest full text, for those who work on the review."""
    kept = require_full_text(session, review_id=review_id, record_id=report, by=by)
    return document_file(store, kept)
