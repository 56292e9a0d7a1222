"""Searches as a lab book, their files, and adding a search with its files."""

import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, UploadFile
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response

from api.deps import By, ReadSession, ReviewId, Store, WriteSession
from api.pages.jobs import started
from api.rendering import render
from review.errors import Invalid, NotFound, Unreadable
from review.files import FileStore
from review.jobs import JobKind
from review.permissions import Action, check
from review.reading import FILE_LIMIT
from review.reviews import protocol_of
from review.tables import ImportFile, Record, RejectedBlock, Search
from review.vocabulary import SearchKind

router = APIRouter()


@router.get("/reviews/{slug}/searches")
def searches(request: Request, session: ReadSession, review_id: ReviewId, by: By) -> Response:
    """Show every search with what was read of it."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    counts = (
        select(
            ImportFile.search_id,
            func.count().label("n_files"),
            func.sum(ImportFile.n_accepted).label("n_accepted"),
            func.sum(ImportFile.n_rejected).label("n_rejected"),
        )
        .group_by(ImportFile.search_id)
        .subquery()
    )
    rows = session.execute(
        select(Search, counts.c.n_files, counts.c.n_accepted, counts.c.n_rejected)
        .outerjoin(counts, counts.c.search_id == Search.id)
        .where(Search.review_id == review_id)
        .order_by(Search.event_number)
    ).all()
    return render(
        request,
        "searches.html",
        rows=rows,
        kinds=list(SearchKind),
        planned=protocol_of(session, review_id).searches,
    )


@router.post("/reviews/{slug}/searches")
def add(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    store: Store,
    source: Annotated[str, Form()],
    kind: Annotated[SearchKind, Form()],
    files: list[UploadFile],
    platform: Annotated[str, Form()] = "",
    query: Annotated[str, Form()] = "",
    run_on: Annotated[str, Form()] = "",
    limits: Annotated[str, Form()] = "",
    hits: Annotated[str, Form(max_length=9)] = "",
) -> Response:
    """Add a search and read its files; a file that cannot be read is named with the reason."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not source.strip() or len(source) > 255:
        raise Invalid("Name the source that was searched, in at most 255 characters.")
    given = [file for file in files if file.filename]
    if not given:
        raise Invalid("Choose at least one file exported from the source.")
    return started(
        request,
        session,
        review_id,
        by,
        JobKind.IMPORT,
        {
            "files": [{"sha256": _keep(file, store), "name": _name(file)} for file in given],
            "fields": {
                "source": source,
                "kind": kind,
                "platform": platform,
                "query": query,
                "run_on": _date(run_on),
                "limits": limits,
                "n_hits": _count(hits),
            },
        },
    )


@router.get("/reviews/{slug}/searches/{search_id}")
def search(
    request: Request, session: ReadSession, review_id: ReviewId, search_id: UUID
) -> Response:
    """Show one search: how it was run, its files, and every block that was rejected."""
    found = session.get(Search, search_id)
    if found is None or found.review_id != review_id:
        raise NotFound("There is no such search in this review.")
    imported = session.scalars(
        select(ImportFile)
        .where(ImportFile.search_id == search_id)
        .order_by(ImportFile.event_number)
    ).all()
    rejected = session.execute(
        select(RejectedBlock, ImportFile.name)
        .join(ImportFile, ImportFile.id == RejectedBlock.import_file_id)
        .where(ImportFile.search_id == search_id)
        .order_by(RejectedBlock.event_number, RejectedBlock.block)
        .limit(200)
    ).all()
    records = session.scalars(
        select(Record).where(Record.search_id == search_id).order_by(Record.number).limit(20)
    ).all()
    return render(
        request, "search.html", search=found, files=imported, rejected=rejected, records=records
    )


def _keep(file: UploadFile, store: FileStore) -> str:
    with tempfile.NamedTemporaryFile() as copy:
        shutil.copyfileobj(file.file, copy)
        copy.flush()
        if copy.tell() > FILE_LIMIT:
            raise Unreadable(f"{_name(file)} is larger than {FILE_LIMIT // 2**20} MB; split it.")
        return store.keep(Path(copy.name))


def _name(file: UploadFile) -> str:
    """Return the file's own name, without any folders, to show and nothing else."""
    name = (file.filename or "file").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(one for one in name if one.isprintable())[:255] or "file"


def _date(text: str) -> str | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError as error:
        raise Invalid(f"'{text}' is not a date like 2026-11-22.") from error


def _count(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal():
        raise Invalid(f"'{text}' is not a number of hits.")
    return int(text)
