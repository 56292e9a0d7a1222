"""Correcting what a record says, or adding what its source left out."""

from typing import Annotated
from uuid import UUID

from fastapi import Form
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, Db, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.corrections.records import (
    correct_record,
    original_fields,
    text_of_field,
    undo_record_correction,
)
from review.errors import Invalid
from review.permissions import Action, check
from review.searches.records import record_of_review
from review.tables import BIBLIOGRAPHIC_FIELDS

router = PageRouter()
R = "/reviews/{slug}/records/{record_id}"
Line = Annotated[str, Field(max_length=2000)]
Text = Annotated[str, Field(max_length=50_000)]


class RecordForm(BaseModel):
    """What a record should say, authors one per line, and where that is from."""

    title: Line = ""
    translated_title: Line = ""
    authors: Text = ""
    abstract: Text = ""
    journal: Line = ""
    year: Line = ""
    volume: Line = ""
    issue: Line = ""
    pages: Line = ""
    doi: Line = ""
    pmid: Line = ""
    isbn: Line = ""
    issn: Line = ""
    url: Line = ""
    type: Line = ""
    language: Line = ""
    source: Line = ""
    why: Line = ""


@router.get(R + "/correct")
def show(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor, record_id: UUID
) -> Response:
    """Show the form, filled with what the record says now."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return _form(request, session, review_id, record_id=record_id)


@router.post(R + "/correct")
@needs(Action.MANAGE)
def post_correction(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    record_id: UUID,
    form: Annotated[RecordForm, Form()],
) -> Response:
    """Correct the record; what was typed stays where it cannot be used."""
    fields = form.model_dump(exclude={"source", "why"})
    try:
        with database.writing() as session:
            correct_record(
                session, review_id=review_id, record_id=record_id, fields=fields,
                source=form.source, why=form.why, by=by,
            )  # fmt: skip
    except Invalid as error:
        with database.reading() as session:
            return _form(
                request,
                session,
                review_id,
                record_id=record_id,
                typed=form,
                problem=str(error),
            )
    return RedirectResponse(path(request, "records", record_id) + "#corrections", status_code=303)


@router.post(R + "/corrections/{event_number}/undo")
@needs(Action.MANAGE)
def post_undo(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record_id: UUID,
    event_number: int,
) -> Response:
    """Undo the newest correction of a record, or its undoing."""
    undo_record_correction(
        session, review_id=review_id, record_id=record_id, event_number=event_number, by=by
    )
    return RedirectResponse(path(request, "records", record_id) + "#corrections", status_code=303)


def _form(
    request: Request,
    session: Session,
    review_id: UUID,
    *,
    record_id: UUID,
    typed: RecordForm | None = None,
    problem: str | None = None,
) -> Response:
    record = record_of_review(session, review_id=review_id, record_id=record_id)
    now = {name: text_of_field(name, getattr(record, name)) for name in BIBLIOGRAPHIC_FIELDS}
    return render(
        request,
        "records/correct.html",
        record=record,
        typed=typed or RecordForm.model_construct(None, **now),
        originals=original_fields(session, record),
        problem=problem,
        status_code=422 if problem else 200,
    )
