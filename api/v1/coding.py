"""Codes: one's own, what coders came to, and where they differ."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, JsonValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.v1.callers import By, Here, ReviewId
from api.v1.paging import Page, Paged
from api.v1.routes import WriteSession, router
from api.v1.shapes import Line, Made, Prose, Said
from api.web.deps import Place, ReadSession
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.studies.agreement import CodedValue, CodeState, agree, coded_values, is_open_to
from review.studies.coding import Subject, code, codes_of
from review.studies.contracts import contract_of_review
from review.studies.studies import study_of_review
from review.tables import AgreedCode, Code
from review.vocabulary import AgreedBy

reading, writing = router("codes"), router("codes", writes=True)


class OwnCode(BaseModel):
    """The caller's own newest code."""

    value: Any
    quote: str | None
    report: UUID | None
    page: str | None
    confidence: str | None
    coded_at: datetime


class Coded(BaseModel):
    """An item of a study, a contract, or both: what holds, or how coders differ."""

    study: UUID | None
    contract: UUID | None
    item: str
    state: CodeState
    value: Any
    own: OwnCode | None
    differing: list[Any]


class _OfSubject(Said):
    study: UUID | None = None
    contract: UUID | None = None
    item: Line
    value: JsonValue


class NewCode(_OfSubject):
    """A value for a codebook item, with the passage that it rests on."""

    quote: Prose | None = None
    report: UUID | None = None
    page: Line | None = None
    confidence: Line | None = None


class NewAgreed(_OfSubject):
    """The value that coders who differed agree on, or that the lead settles."""

    basis: AgreedBy


@reading.get("/reviews/{review}/codes", response_model=Page[Coded])
def list_codes(
    session: ReadSession,
    here: Here,
    by: By,
    paged: Paged,
    study: UUID | None = None,
    contract: UUID | None = None,
    item: Annotated[str | None, Query(max_length=255)] = None,
) -> dict[str, Any]:
    """Return what is coded, as far as the caller may see it; for those who code.

    An item that is coded twice is shown to those who have coded it themselves, and to the lead.
    """
    review_id = here.review.id
    check(session, review_id=review_id, by=by, action=Action.CODE)
    if study is not None:
        study_of_review(session, review_id=review_id, study_id=study)
    if contract is not None:
        contract_of_review(session, review_id=review_id, contract_id=contract)
    found = [
        one
        for one in coded_values(session, review_id=review_id, items=[item] if item else None)
        if study in (None, one.subject.study_id) and contract in (None, one.subject.contract_id)
    ]
    shown = _visible(session, here, by, sorted(found, key=_order))
    page = paged.cut(shown)
    page["items"] = [_coded(session, review_id, one, by) for one in page["items"]]
    return page


@writing.post("/reviews/{review}/codes", status_code=201, response_model=Made)
def post_code(said: NewCode, session: WriteSession, review_id: ReviewId, by: By) -> Code:
    """Record the caller's value for an item; their newest one is theirs."""
    given = said.model_dump(include={"item", "value", "quote", "page", "confidence"})
    return code(
        session,
        review_id=review_id,
        study_id=said.study,
        contract_id=said.contract,
        report_id=said.report,
        by=by,
        **given,
    )


@writing.post("/reviews/{review}/codes/agreed", status_code=201, response_model=Made)
def post_agreed(said: NewAgreed, session: WriteSession, review_id: ReviewId, by: By) -> AgreedCode:
    """Record the value that holds where coders differed."""
    return agree(
        session,
        review_id=review_id,
        item=said.item,
        value=said.value,
        basis=said.basis,
        study_id=said.study,
        contract_id=said.contract,
        by=by,
    )


def _order(one: CodedValue) -> tuple[str, str, str]:
    return str(one.subject.study_id or ""), str(one.subject.contract_id or ""), one.item


def _visible(session: Session, here: Place, by: Actor, found: list[CodedValue]) -> list[CodedValue]:
    items = {item.key: item for item in protocol_of(session, here.review.id).codebook}
    rows = session.execute(
        select(Code.study_id, Code.contract_id, Code.item)
        .where(Code.review_id == here.review.id, Code.coder_id == by.account_id)
        .distinct()
    )
    own = {(Subject(study, contract), item) for study, contract, item in rows}
    return [
        one
        for one in found
        if is_open_to(
            items.get(one.item),
            has_coded=(one.subject, one.item) in own,
            is_lead=here.may(Action.MANAGE),
        )
    ]


def _coded(session: Session, review_id: UUID, one: CodedValue, by: Actor) -> dict[str, Any]:
    codes = sorted(
        codes_of(
            session,
            review_id=review_id,
            study_id=one.subject.study_id,
            contract_id=one.subject.contract_id,
            item=one.item,
        ),
        key=lambda each: each.event_number,
    )
    own = next((each for each in codes if each.coder_id == by.account_id), None)
    return {
        "study": one.subject.study_id,
        "contract": one.subject.contract_id,
        "item": one.item,
        "state": one.state,
        "value": one.value,
        "own": None if own is None else _said(own),
        "differing": [each.value for each in codes] if one.state is CodeState.CONFLICT else [],
    }


def _said(own: Code) -> dict[str, Any]:
    names = ("value", "quote", "page", "confidence", "coded_at")
    return {name: getattr(own, name) for name in names} | {"report": own.report_id}
