"""Coding: studies, their contracts, and a form of the codebook for each."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import By, Here, OptionalId, ReadSession, ReviewId, WriteSession
from api.rendering import path, render
from protocols.schema import SPECIAL_VALUES, CodebookItem, ItemType, Level
from protocols.values import describe_value
from review.coding import CodeState, Subject, agree, code, coded_values, codes_of
from review.errors import Invalid
from review.events import Actor
from review.flow import Leaf, record_rows
from review.permissions import Action, check
from review.reviews import protocol_of
from review.studies import (
    add_contract,
    add_study,
    contracts_of,
    link_contract,
    reports_of,
    study_of_review,
)
from review.tables import Contract, Study
from review.vocabulary import AgreedBy

router = APIRouter()


@router.get("/reviews/{slug}/coding")
def studies(
    request: Request, session: ReadSession, here: Here, review_id: ReviewId, by: By
) -> Response:
    """Show the studies, and the included reports that belong to none yet."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    found = session.scalars(
        select(Study).where(Study.review_id == review_id).order_by(Study.label)
    ).all()
    # What awaits a study tells what reviewers decided, so it is for the lead.
    waiting = (
        record_rows(session, review_id=review_id, where=[Leaf.AWAITING_STUDY])
        if here.may(Action.MANAGE)
        else []
    )
    return render(request, "studies.html", studies=found, waiting=waiting)


@router.post("/reviews/{slug}/coding")
def post_study(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    label: Annotated[str, Form()],
    reports: Annotated[list[UUID], Form()],
) -> Response:
    """Add a study known through the chosen reports."""
    study = add_study(session, review_id=review_id, label=label, reports=reports, by=by)
    return RedirectResponse(path(request, "coding", study.id), status_code=303)


@router.get("/reviews/{slug}/coding/{study_id}")
def study_form(
    request: Request,
    session: ReadSession,
    here: Here,
    review_id: ReviewId,
    by: By,
    study_id: UUID,
    contract: UUID | None = None,
) -> Response:
    """Show the coding form of a study, or of one of its contracts."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    study = study_of_review(session, review_id=review_id, study_id=study_id)
    contracts = contracts_of(session, review_id=review_id, study_id=study_id)
    chosen = next((one for one in contracts if one.id == contract), None)
    protocol = protocol_of(session, review_id)
    levels = [Level.STUDY] if chosen is None else [Level.CONTRACT, Level.STUDY_CONTRACT]
    fields = [
        _field(session, review_id, item, _subject(item, study_id, contract), by, here)
        for item in protocol.codebook
        if item.level in levels
    ]
    others = session.scalars(
        select(Contract).where(Contract.review_id == review_id).order_by(Contract.label)
    ).all()
    return render(
        request,
        "coding.html",
        study=study,
        contracts=contracts,
        chosen=chosen,
        others=[one for one in others if one not in contracts],
        fields=fields,
        reports=reports_of(session, review_id=review_id, study_id=study_id),
        special=SPECIAL_VALUES,
        protocol=protocol,
    )


@router.post("/reviews/{slug}/coding/{study_id}/contracts")
def post_contract(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    study_id: UUID,
    label: Annotated[str, Form()] = "",
    contract: OptionalId = None,
) -> Response:
    """Link a contract to the study: one that is there, or a new one."""
    contract_id = contract or add_contract(session, review_id=review_id, label=label, by=by).id
    link_contract(session, review_id=review_id, study_id=study_id, contract_id=contract_id, by=by)
    target = f"{path(request, 'coding', study_id)}?contract={contract_id}"
    return RedirectResponse(target, status_code=303)


@router.post("/reviews/{slug}/coding/{study_id}/codes")
def post_code(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: By,
    study_id: UUID,
    item: Annotated[str, Form()],
    special: Annotated[str, Form()] = "",
    value: Annotated[list[str] | None, Form()] = None,
    currency: Annotated[str, Form()] = "",
    year: Annotated[str, Form()] = "",
    quote: Annotated[str, Form(max_length=10_000)] = "",
    page: Annotated[str, Form(max_length=50)] = "",
    report: OptionalId = None,
    contract: OptionalId = None,
    settle: Annotated[Literal["", "consensus", "adjudication"], Form()] = "",
) -> Response:
    """Save one's value for an item, or the value that coders who differed agree on."""
    known = next((one for one in protocol_of(session, review_id).codebook if one.key == item), None)
    if known is None:
        raise Invalid(f"The codebook has no item '{item}'.")
    subject = _subject(known, study_id, contract)
    given = _value(known, value or [], special, currency, year)
    if settle:
        agree(
            session,
            review_id=review_id,
            item=item,
            value=given,
            basis=AgreedBy(settle),
            by=by,
            study_id=subject.study_id,
            contract_id=subject.contract_id,
        )
    else:
        code(
            session,
            review_id=review_id,
            item=item,
            value=given,
            by=by,
            quote=quote.strip(),
            page=page.strip(),
            report_id=report,
            study_id=subject.study_id,
            contract_id=subject.contract_id,
        )
    query = f"?contract={contract}" if contract else ""
    return RedirectResponse(f"{path(request, 'coding', study_id)}{query}#{item}", status_code=303)


def _subject(item: CodebookItem, study_id: UUID, contract_id: UUID | None) -> Subject:
    return Subject(
        None if item.level is Level.CONTRACT else study_id,
        None if item.level is Level.STUDY else contract_id,
    )


def _field(
    session: Session,
    review_id: UUID,
    item: CodebookItem,
    subject: Subject,
    by: Actor,
    here: Here,
) -> dict[str, Any]:
    """Return what the form shows of one item: one's own code, and the value if it is settled."""
    codes = codes_of(
        session,
        review_id=review_id,
        study_id=subject.study_id,
        contract_id=subject.contract_id,
        item=item.key,
    )
    own = next((one for one in codes if one.coder_id == by.account_id), None)
    if item.double_coded and own is None and not here.may(Action.MANAGE):
        codes = []  # a second coder codes before reading what the first one wrote
    values = codes and coded_values(session, review_id=review_id, items=[item.key], subject=subject)
    state = values[0].state if values else None
    is_settled = state in (CodeState.AGREED, CodeState.CODED)
    may_settle = state is CodeState.CONFLICT and here.may(Action.CODE)
    return {
        "item": item,
        "group": item.group or "",
        "own": own,
        "filled": _filled(own.value) if own else {},
        "own_text": describe_value(item, own.value) if own else None,
        "state": state,
        "settled": describe_value(item, values[0].value) if is_settled else None,
        "differing": [describe_value(item, one.value) for one in codes] if may_settle else [],
    }


def _filled(value: object) -> dict[str, object]:
    """Return what the form's fields show of a value that was saved before."""
    if isinstance(value, dict) and "special" in value:
        return {"special": value["special"]}
    if isinstance(value, dict):
        return {"value": value["amount"], "currency": value["currency"], "year": value["year"]}
    return {"value": value}


def _value(item: CodebookItem, given: list[str], special: str, currency: str, year: str) -> object:
    """Return what a form says as the value that the codebook checks."""
    filled = [one for one in given if one.strip()]
    if special and filled:
        raise Invalid(f"Give a value for '{item.label}' or the reason why there is none, not both.")
    if special:
        return {"special": special}
    if not filled:
        raise Invalid(f"Give a value for '{item.label}', or say why there is none.")
    if item.type is ItemType.MANY_OF:
        return filled
    if item.type is ItemType.YES_NO:
        return {"yes": True, "no": False}.get(filled[0], filled[0])
    if item.type is ItemType.MONEY:
        return {"amount": filled[0], "currency": currency, "year": year.strip() or None}
    return filled[0].strip()
