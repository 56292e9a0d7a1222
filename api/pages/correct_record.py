"""Correcting what a record says, or adding what its source left out."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Form
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, Db, ReadSession, ReviewId, WriteSession
from api.web.doi_look_up import DoiLookUp, LookedUp
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.corrections.records import (
    correct_record,
    newest_correction,
    original_fields,
    text_of_field,
    undo_record_correction,
)
from review.errors import Conflicting, Invalid, NotFound
from review.permissions import Action, check
from review.searches.formats.fields import clean_doi
from review.searches.records import record_of_review
from review.tables import BIBLIOGRAPHIC_FIELDS

router = PageRouter()
R = "/reviews/{slug}/records/{record_id}"
Text = Annotated[str, Field(max_length=200_000)]


class RecordForm(BaseModel):
    """What a record should say, authors one per line, and where that is from.

    Fields that are not sent stay.  The limit of a field that changes is that of `correct_record`.
    """

    title: Text | None = None
    translated_title: Text | None = None
    authors: Text | None = None
    abstract: Text | None = None
    journal: Text | None = None
    year: Text | None = None
    volume: Text | None = None
    issue: Text | None = None
    pages: Text | None = None
    doi: Text | None = None
    pmid: Text | None = None
    isbn: Text | None = None
    issn: Text | None = None
    url: Text | None = None
    type: Text | None = None
    language: Text | None = None
    source: Text = ""
    why: Text = ""
    based_on: Annotated[int | None, Field(ge=0, lt=2**31)] = None


class LookUpForm(RecordForm):
    """The same, and which text of an index to use."""

    use: Text = ""


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
    fields = form.model_dump(include=set(BIBLIOGRAPHIC_FIELDS), exclude_none=True)
    try:
        with database.writing() as session:
            correct_record(
                session, review_id=review_id, record_id=record_id, fields=fields,
                source=form.source, why=form.why, by=by, based_on=form.based_on,
            )  # fmt: skip
    except (Invalid, Conflicting) as error:
        with database.reading() as session:
            return _form(
                request,
                session,
                review_id,
                record_id=record_id,
                typed=form,
                problems=[str(error)],
                is_refused=True,
            )
    return RedirectResponse(path(request, "records", record_id) + "#corrections", status_code=303)


@router.post(R + "/look-up")
@needs(Action.MANAGE)
def post_look_up(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    record_id: UUID,
    form: Annotated[LookUpForm, Form()],
) -> Response:
    """Show the form as typed, with what Crossref and OpenAlex say about its DOI.

    ``use`` takes one of their texts into the form: the name of the index and of the field.
    """
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        record_of_review(session, review_id=review_id, record_id=record_id)
    look_up: DoiLookUp | None = request.app.state.doi_look_up
    if look_up is None:
        raise NotFound("Looking up DOIs is switched off on this server.")
    doi = clean_doi(form.doi or "")
    found: list[LookedUp] = []
    problems = ["Type the DOI first. One looks like 10.1000/182."]
    if doi:
        try:
            found = look_up.ask(doi)  # without a connection to the database
            problems = [answer.problem for answer in found if answer.problem]
        except Conflicting as error:
            problems = [str(error)]
    typed = _with_proposal(form, found)
    with database.reading() as session:
        return _form(
            request, session, review_id, record_id=record_id, typed=typed, problems=problems,
            found=found,
        )  # fmt: skip


def _with_proposal(form: LookUpForm, found: Sequence[LookedUp]) -> RecordForm:
    """Return the form with the chosen text in its field, and its index as the source."""
    index, _, name = form.use.partition(" ")
    texts = {answer.index: answer.fields for answer in found}.get(index, {})
    if name not in texts:
        return form
    sources = [part for part in form.source.split(", ") if part]
    return form.model_copy(
        update={
            name: texts[name],
            "source": ", ".join([*sources, *([] if index in sources else [index])]),
        }
    )


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
    """Undo a correction of a record, or an undoing."""
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
    problems: Sequence[str] = (),
    found: Sequence[LookedUp] = (),
    is_refused: bool = False,
) -> Response:
    record = record_of_review(session, review_id=review_id, record_id=record_id)
    now = {name: text_of_field(name, getattr(record, name)) for name in BIBLIOGRAPHIC_FIELDS}
    newest = newest_correction(session, review_id=review_id, record_id=record_id)
    shown = typed or RecordForm.model_construct(None, based_on=newest, **now)
    texts = now | shown.model_dump(include=set(now), exclude_none=True)
    return render(
        request,
        "records/correct.html",
        record=record,
        typed=shown.model_dump() | texts,
        proposals={answer.index: answer.differing_from(texts) for answer in found},
        may_look_up=request.app.state.doi_look_up is not None,
        originals=original_fields(session, record),
        problems=problems,
        is_refused=is_refused,
        status_code=422 if is_refused else 200,
    )
