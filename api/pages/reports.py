"""Full texts: the reports sought, how far each has come, and the documents themselves."""

from datetime import date, timedelta
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Form, Query, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from api.files import uploads
from api.files.downloads import document_file
from api.files.full_text_pages import pages_or_ask
from api.web.access import needs, one_document
from api.web.days import day_of
from api.web.deps import (
    AppSettings,
    CurrentActor,
    CurrentReview,
    Db,
    ReadSession,
    ReviewId,
    Store,
    WriteSession,
)
from api.web.rendering import is_fragment, path, render
from api.web.routing import PageRouter
from review.errors import Invalid, NotFound
from review.jobs import JobKind, enqueue, find_job
from review.permissions import Action, check
from review.reports.documents import kept_pages, page_image
from review.reports.full_texts import (
    MAX_BYTES,
    add_full_text,
    documents_of,
    full_texts_of,
    require_full_text,
)
from review.reports.many_files import candidate_records, offered_files
from review.reports.retrieval import latest_retrievals, retrieve
from review.reviews import protocol_of
from review.states.closing import open_clusters
from review.states.clusters import cluster_of
from review.states.flow import SOUGHT, FlowState, record_rows
from review.storage.files import write_whole
from review.tables import Record, Retrieval
from review.tables.base import utc_now
from review.vocabulary import DocumentPart, RetrievalState, Stage
from screening.queue.own_terms import own_terms

router = PageRouter()
PAGE = 25
REMINDER = timedelta(days=14)
Show = Literal["open", "requested", "all"]
_DRAWING = BoundedSemaphore(2)  # each page is drawn by a process of its own
R = "/reviews/{slug}/reports"
ONE = R + "/{record_id}"


@router.get(R)
def reports(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    show: Show = "open",
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    matched: UUID | None = None,
) -> Response:
    """Show the reports still to retrieve, those requested, or all sought; and files to match."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    awaiting = record_rows(
        session, review_id=review_id, states=[FlowState.AWAITING_RETRIEVAL], limit=None
    )
    acts = latest_retrievals(
        session, review_id=review_id, record_ids=[row[0].id for row in awaiting]
    )
    requested = [row for row in awaiting if _is_requested(acts.get(row[0].id))]
    today = utc_now().date()
    if show == "all":
        rows = record_rows(session, review_id=review_id, states=SOUGHT, after=after, limit=PAGE)
        ids = [row[0].id for row in rows]
        acts |= latest_retrievals(session, review_id=review_id, record_ids=ids)
    elif show == "requested":
        rows = sorted(requested, key=lambda row: _due_first(acts[row[0].id]))
    else:
        rows = [row for row in awaiting if row[0].number > after][:PAGE]
    offered = offered_files(session, review_id=review_id, by=by)
    job = find_job(session, review_id=review_id, job_id=matched, by=by) if matched else None
    return render(
        request,
        "reports/reports.html",
        rows=rows,
        retrievals=acts,
        documents=full_texts_of(
            session, review_id=review_id, record_ids=[row[0].id for row in rows]
        ),
        not_closed=open_clusters(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT),
        show=show,
        n_open=len(awaiting),
        n_requested=len(requested),
        n_due=sum(_is_due(acts[row[0].id], today) for row in requested),
        today=today,
        in_two_weeks=today + REMINDER,
        offered=offered,
        candidates=candidate_records(session, offered),
        matched=job.result if job and job.kind == JobKind.MATCH_FULL_TEXTS else None,
        more=rows[-1][0].number if len(rows) == PAGE and show != "requested" else None,
    )


def _is_requested(act: Retrieval | None) -> bool:
    return act is not None and act.state is RetrievalState.REQUESTED


def _is_due(act: Retrieval, today: date) -> bool:
    return act.remind_on is not None and act.remind_on <= today


def _due_first(act: Retrieval) -> tuple[bool, date]:
    return act.remind_on is None, act.remind_on or date.min


@router.get(ONE)
def report(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    database: Db,
    settings: AppSettings,
    here: CurrentReview,
    record_id: UUID,
    view: Literal["text", "page"] = "page",
) -> Response:
    """Show a report's full text: its pages as images, and its text to read and quote.

    The screening room gets the pages alone, as text with the protocol's terms marked or as printed.
    """
    document = require_full_text(session, review_id=review_id, record_id=record_id, by=by)
    is_part = is_fragment(request)
    has_terms = is_part and here.may(Action.SCREEN)
    context: dict[str, Any] = {
        "record": session.get_one(Record, record_id),
        "documents": documents_of(session, review_id=review_id, record_id=record_id, by=by),
        "protocol": protocol_of(session, review_id),
        "own_terms": own_terms(session, review_id=review_id, by=by) if has_terms else (),
    }
    session.close()  # before anything is written: an old SQLite waits for those who read
    return render(
        request,
        "reports/_reading.html" if is_part else "reports/report.html",
        **context,
        view=view,
        document=document,
        pages=pages_or_ask(database, settings, document, review_id=review_id, by=by),
    )


@router.post(ONE + "/retrieval")
@needs(Action.MANAGE)
def post_retrieval(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record_id: UUID,
    state: Annotated[RetrievalState, Form()],
    why: Annotated[str, Form(max_length=2000)] = "",
    show: Show = "open",
    remind_on: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Record the retrieval of a full text; ``why`` says who was asked, or why there is none."""
    retrieve(
        session,
        review_id=review_id,
        record_id=record_id,
        state=state,
        by=by,
        asked_of=why if state is RetrievalState.REQUESTED else None,
        why=None if state is RetrievalState.REQUESTED else why,
        remind_on=day_of(remind_on),
    )
    target = f"{path(request, 'reports')}?show={show}#r{record_id}"
    return RedirectResponse(target, status_code=303)


@router.post(ONE + "/full-text")
@needs(Action.MANAGE, at_most=one_document)
def post_full_text(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    store: Store,
    record_id: UUID,
    file: UploadFile,
    part: Annotated[DocumentPart, Form()] = DocumentPart.REPORT,
) -> Response:
    """Keep an uploaded PDF as the report's full text or a part of it; have its text read."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    cluster_of(session, review_id=review_id, record_id=record_id)
    if not file.filename:
        raise Invalid("Choose the PDF of this report.")
    with uploads.on_disk(file, limit=MAX_BYTES) as copy:
        kept = add_full_text(
            session,
            review_id=review_id,
            record_id=record_id,
            path=copy,
            name=uploads.name_of(file),
            files=store,
            by=by,
            part=part,
        )
    enqueue(
        session,
        review_id=review_id,
        kind=JobKind.READ_FULL_TEXT,
        arguments={"sha256": kept.sha256, "name": kept.name},
        by=by,
    )
    if part is not DocumentPart.REPORT:
        return RedirectResponse(f"{path(request, 'reports')}#r{record_id}", status_code=303)
    return RedirectResponse(path(request, "reports", record_id), status_code=303)


@router.get(ONE + "/full-text")
def full_text(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, store: Store, record_id: UUID
) -> Response:
    """Return the document itself."""
    document = require_full_text(session, review_id=review_id, record_id=record_id, by=by)
    return document_file(store, document)


@router.get(ONE + "/documents/{document_id}")
def part(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    store: Store,
    record_id: UUID,
    document_id: UUID,
) -> Response:
    """Return one of the report's files: its full text, a supplement or a translation."""
    found = documents_of(session, review_id=review_id, record_id=record_id, by=by)
    document = next((one for one in found if one.id == document_id), None)
    if document is None:
        raise NotFound("This report has no such file.")
    return document_file(store, document)


@router.get(ONE + "/pages/{number}")
def page(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    store: Store,
    settings: AppSettings,
    record_id: UUID,
    number: int,
) -> Response:
    """Return one page of the document as an image."""
    document = require_full_text(session, review_id=review_id, record_id=record_id, by=by)
    session.close()
    n_pages = len(kept_pages(settings.text_path(document.sha256)) or [""])
    if not 0 < number <= n_pages:
        raise NotFound("This document has no such page.")
    kept = settings.made_dir / f"page-{document.sha256}-{number}.png"
    if not kept.exists():
        with _DRAWING:
            write_whole(kept, page_image(store.path(document.sha256), number))
    return FileResponse(kept, media_type="image/png")
