"""Codes: the caller's own, the current value of each item, and where coders disagree."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, JsonValue
from sqlalchemy.orm import Session

from api.v1.callers import CurrentActor, CurrentReview, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import CreatedId, Prose, RequestBody, ShortText
from api.web.access import needs
from api.web.deps import ReadSession, ReviewContext
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.studies.agreement import CodedValue, CodeState, agree, coded_values, is_open_to
from review.studies.appraisal import check_reason
from review.studies.coding import code, codes_of, item_of, items_coded_by
from review.studies.contracts import contract_of_review
from review.studies.saved_codes import clear_code
from review.studies.studies import study_of_review
from review.tables import AgreedCode, Code
from review.vocabulary import AgreedBy

read_router, write_router = router("codes"), router("codes", writes=True)


class OwnCode(BaseModel):
    """The caller's own newest code."""

    value: Any
    details: str | None
    quote: str | None
    report: UUID | None
    page: str | None
    confidence: str | None
    note: str | None
    coded_at: datetime


class CodedItem(BaseModel):
    """An item of a study, a contract, or both: its current value, or how coders disagree."""

    study: UUID | None
    contract: UUID | None
    item: str
    state: CodeState
    value: Any
    own: OwnCode | None
    differing: list[Any]


class _CodedSubject(RequestBody):
    study: UUID | None = None
    contract: UUID | None = None
    item: ShortText
    value: JsonValue


class _CodedValue(_CodedSubject):
    details: Prose | None = None
    quote: Prose | None = None
    report: UUID | None = None
    page: ShortText | None = None


class NewCode(_CodedValue):
    """A value for a codebook item, with the quote that it is based on."""

    confidence: ShortText | None = None
    note: Prose | None = None


class NewAgreedValue(_CodedValue):
    """The value that coders who disagreed have agreed on, or that the lead has decided."""

    basis: AgreedBy


@read_router.get("/reviews/{review}/codes", response_model=Page[CodedItem])
def list_codes(
    session: ReadSession,
    context: CurrentReview,
    by: CurrentActor,
    paged: Paged,
    study: UUID | None = None,
    contract: UUID | None = None,
    item: Annotated[str | None, Query(max_length=255)] = None,
) -> dict[str, Any]:
    """Return what is coded, as far as the caller may see it; for those who code.

    An item that two people code is shown to those who have coded it themselves, and to the lead.
    """
    review_id = context.review.id
    check(session, review_id=review_id, by=by, action=Action.CODE)
    if study is not None:
        study_of_review(session, review_id=review_id, study_id=study)
    if contract is not None:
        contract_of_review(session, review_id=review_id, contract_id=contract)
    values = [
        value
        for value in coded_values(session, review_id=review_id, items=[item] if item else None)
        if study in (None, value.subject.study_id) and contract in (None, value.subject.contract_id)
    ]
    values.sort(key=_sort_key)
    page = paged.page_of(_visible(session, context, values=values, by=by))
    page["items"] = [
        _coded_item(session, review_id=review_id, coded=value, by=by) for value in page["items"]
    ]
    return page


@write_router.post("/reviews/{review}/codes", status_code=201, response_model=CreatedId)
@needs(Action.CODE)
def post_code(body: NewCode, session: WriteSession, review_id: ReviewId, by: CurrentActor) -> Code:
    """Save the caller's value for an item; their newest one counts."""
    if body.study is not None:
        item = item_of(protocol_of(session, review_id).codebook, body.item)
        check_reason(session, review_id=review_id, study_id=body.study, item=item,
                     value=body.value, details=body.details, by=by)  # fmt: skip
    return code(
        session,
        review_id=review_id,
        by=by,
        confidence=body.confidence,
        note=body.note,
        **_fields(body),
    )


@write_router.post(
    "/reviews/{review}/codes/{code}/clear", status_code=201, response_model=CreatedId
)
@needs(Action.CODE)
def post_clear(session: WriteSession, review_id: ReviewId, by: CurrentActor, code: UUID) -> Code:
    """Take the caller's code back, so that they have none for the item."""
    return clear_code(session, review_id=review_id, code_id=code, by=by)


@write_router.post("/reviews/{review}/codes/agreed", status_code=201, response_model=CreatedId)
@needs(Action.CODE)
def post_agreed(
    body: NewAgreedValue, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> AgreedCode:
    """Save the agreed value of an item on which coders disagreed."""
    return agree(session, review_id=review_id, by=by, basis=body.basis, **_fields(body))


def _fields(body: _CodedValue) -> dict[str, Any]:
    return {
        "study_id": body.study,
        "contract_id": body.contract,
        "report_id": body.report,
        **body.model_dump(include={"item", "value", "details", "quote", "page"}),
    }


def _sort_key(coded: CodedValue) -> tuple[str, str, str]:
    return str(coded.subject.study_id or ""), str(coded.subject.contract_id or ""), coded.item


def _visible(
    session: Session, context: ReviewContext, *, values: list[CodedValue], by: Actor
) -> list[CodedValue]:
    """Return the values that the caller may see; blinding hides the others."""
    items = {item.key: item for item in protocol_of(session, context.review.id).codebook}
    own = items_coded_by(session, review_id=context.review.id, by=by)
    return [
        value
        for value in values
        if is_open_to(
            items.get(value.item),
            has_coded=(value.subject, value.item) in own,
            is_lead=context.may(Action.MANAGE),
        )
    ]


def _coded_item(
    session: Session, *, review_id: UUID, coded: CodedValue, by: Actor
) -> dict[str, Any]:
    codes = sorted(
        codes_of(
            session,
            review_id=review_id,
            study_id=coded.subject.study_id,
            contract_id=coded.subject.contract_id,
            item=coded.item,
        ),
        key=lambda code: code.event_number,
    )
    own = next((code for code in codes if code.coder_id == by.account_id), None)
    is_conflict = coded.state is CodeState.CONFLICT
    return {
        "study": coded.subject.study_id,
        "contract": coded.subject.contract_id,
        "item": coded.item,
        "state": coded.state,
        "value": coded.value,
        "own": None if own is None else _own_code(own),
        "differing": [code.value for code in codes] if is_conflict else [],
    }


def _own_code(own: Code) -> dict[str, Any]:
    names = ("value", "details", "quote", "page", "confidence", "note", "coded_at")
    return {name: getattr(own, name) for name in names} | {"report": own.report_id}
