"""Many PDFs at once: uploaded, matched to the reports sought; a person is asked about the rest."""

from contextlib import ExitStack
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import Form, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from api.files import uploads
from api.files.downloads import document_file
from api.pages.jobs import started
from api.web.access import needs, several_documents
from api.web.deps import CurrentActor, OptionalId, ReadSession, ReviewId, Store, WriteSession
from api.web.rendering import path
from api.web.routing import PageRouter
from review.errors import Invalid
from review.jobs import JobKind, enqueue
from review.permissions import Action
from review.reports.full_texts import MAX_BYTES
from review.reports.library_files import LIBRARIES
from review.reports.many_files import (
    attach,
    keep_pdfs,
    leave_out,
    offered_file,
    report_of_number,
)
from review.vocabulary import DocumentPart

router = PageRouter()
R = "/reviews/{slug}/reports"
USED = (".pdf", *LIBRARIES)  # how the names of files end that are of use here
OFFERED = R + "/offered/{offered_id}"


@router.post(R + "/files")
@needs(Action.MANAGE, at_most=several_documents)
def post_files(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    store: Store,
    files: list[UploadFile],
) -> Response:
    """Keep uploaded PDFs and start the job that matches them to reports, by a library among them.

    The files are kept before the session reads anything: SQLite lets nobody else write meanwhile.
    """
    given = [file for file in files if file.filename]
    chosen = [file for file in given if uploads.name_of(file).lower().endswith(USED)]
    if given and not chosen:
        raise Invalid("None of these is a PDF. Choose PDFs, with a RIS or RDF export if you like.")
    if not chosen:
        raise Invalid("Choose one or more PDFs.")
    with ExitStack() as copies:
        paths = [
            (uploads.name_of(file), copies.enter_context(uploads.on_disk(file, limit=MAX_BYTES)))
            for file in chosen
        ]
        kept, refused = keep_pdfs(paths, store)
    if n_others := len(given) - len(chosen):
        files_were = "file was" if n_others == 1 else "files were"
        refused.append(("", f"{n_others:,} other {files_were} left out: not a PDF."))
    if not kept:
        raise Invalid(" ".join(problem for _name, problem in refused) or "Choose the PDFs as well.")
    arguments = {
        "files": [asdict(file) for file in kept],
        "refused": [{"name": name, "problem": problem} for name, problem in refused],
    }
    return started(request, session, review_id, by=by, kind=JobKind.MATCH_FULL_TEXTS,
                 arguments=arguments)  # fmt: skip


@router.get(OFFERED)
def show_file(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, store: Store, offered_id: UUID
) -> FileResponse:
    """Return a file that is offered, to look at."""
    return document_file(
        store, offered_file(session, review_id=review_id, file_id=offered_id, by=by)
    )


@router.post(OFFERED)
@needs(Action.MANAGE)
def post_match(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    store: Store,
    offered_id: UUID,
    record: OptionalId = None,
    number: Annotated[str, Form(max_length=20)] = "",
    part: Annotated[DocumentPart, Form()] = DocumentPart.REPORT,
    is_left_out: Annotated[bool, Form()] = False,
) -> Response:
    """Attach an offered file to a report, given as its record or number; or leave it out."""
    file = offered_file(session, review_id=review_id, file_id=offered_id, by=by)
    if is_left_out:
        leave_out(session, review_id=review_id, file_id=offered_id, by=by)
    else:
        target = report_of_number(session, review_id=review_id, number=number) or record
        if target is None:
            raise Invalid("Choose a report, or give the number of its record.")
        attach(session, review_id=review_id, record_id=target, sha256=file.sha256, name=file.name,
               store=store, by=by, part=part)  # fmt: skip
        enqueue(
            session,
            review_id=review_id,
            kind=JobKind.READ_FULL_TEXT,
            arguments={"sha256": file.sha256, "name": file.name},
            by=by,
        )
    return RedirectResponse(f"{path(request, 'reports')}#offered", status_code=303)
