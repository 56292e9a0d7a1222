"""Codes at three levels, by coder, and the values that hold."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, and_, func, select, true
from sqlalchemy.orm import Session

from protocols.schema import CodebookItem, Level
from protocols.values import check_value
from review.errors import Conflicting, Invalid, NotAllowed
from review.events import Actor, canonical, lock_review, record_act
from review.permissions import Action, begin_act, check
from review.reviews import protocol_of, protocol_state
from review.states.clusters import Scope, cluster_of, latest
from review.studies.studies import (
    contract_of_review,
    is_contract_of,
    study_of_report,
    study_of_review,
)
from review.tables import Account, AgreedCode, Code, Contract, Study
from review.tables.base import utc_now
from review.vocabulary import Act, AgreedBy


class CodeState(StrEnum):
    """How far a value has come; only the first two are counted on a map."""

    AGREED = "agreed"
    CODED = "coded"
    AWAITING_SECOND = "awaiting_second"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Subject:
    """What a code is about: a study, a contract, or what the study says of the contract."""

    study_id: UUID | None
    contract_id: UUID | None


@dataclass(frozen=True)
class CodedValue:
    """The value of one item of one subject, and how far it has come."""

    subject: Subject
    item: str
    state: CodeState
    value: Any  # None unless it is agreed or coded


def code(
    session: Session,
    *,
    review_id: UUID,
    item: str,
    value: object,
    by: Actor,
    study_id: UUID | None = None,
    contract_id: UUID | None = None,
    quote: str | None = None,
    report_id: UUID | None = None,
    page: str | None = None,
    confidence: str | None = None,
) -> Code:
    """Record ``by``'s value for a codebook item; their newest one is theirs.  Flushes.

    Raises Invalid for an item, a value or a subject that the codebook does not allow.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.CODE)
    state = protocol_state(session, review_id)
    known = _item(state.protocol.codebook, item)
    _check_subject(session, review_id, known, study_id, contract_id)
    if page and not quote:
        raise Invalid("A page number goes with the passage quoted from it; add the passage.")
    if len(page or "") > 255 or len(confidence or "") > 255:
        raise Invalid("A page and a confidence have at most 255 characters.")
    if report_id is not None:
        _check_report(session, review_id, report_id, study_id)
    row = Code(
        id=uuid4(),
        study_id=study_id,
        contract_id=contract_id,
        item=item,
        value=_checked(known, value),
        quote=quote or None,
        report_id=report_id,
        page=page or None,
        confidence=confidence,
        coder_id=by.account_id,
        protocol_version=state.number,
        coded_at=utc_now(),
    )
    record_act(
        session, review_id=review_id, act=Act.CODE, by=by, rows=[row], subject=("code", row.id)
    )
    return row


def agree(
    session: Session,
    *,
    review_id: UUID,
    item: str,
    value: object,
    basis: AgreedBy,
    by: Actor,
    study_id: UUID | None = None,
    contract_id: UUID | None = None,
) -> AgreedCode:
    """Record the value that holds where coders differed; flushes.

    Consensus is for one of the coders to record, adjudication for the lead.  Raises Conflicting
    where coders do not differ.
    """
    lock_review(session, review_id)
    needed = Action.CODE if basis is AgreedBy.CONSENSUS else Action.MANAGE
    check(session, review_id=review_id, by=by, action=needed)
    known = _item(protocol_of(session, review_id).codebook, item)
    _check_subject(session, review_id, known, study_id, contract_id)
    subject = Subject(study_id, contract_id)
    # First of all: whether coders differ is for those who have coded it themselves.
    if basis is AgreedBy.CONSENSUS and not _has_coded(session, review_id, item, subject, by):
        raise NotAllowed("Consensus is between those who coded this; the lead can settle it.")
    coded = coded_values(session, review_id=review_id, items=[item], subject=subject)
    if not coded or coded[0].state not in (CodeState.CONFLICT, CodeState.AGREED):
        raise Conflicting("Coders do not differ about this, so there is nothing to agree on.")
    row = AgreedCode(
        id=uuid4(),
        study_id=study_id,
        contract_id=contract_id,
        item=item,
        value=_checked(known, value),
        basis=basis,
        agreed_at=utc_now(),
    )
    record_act(
        session, review_id=review_id, act=Act.AGREE, by=by, rows=[row], subject=("code", row.id)
    )
    return row


def coded_values(
    session: Session,
    *,
    review_id: UUID,
    items: Collection[str] | None = None,
    subject: Subject | None = None,
    as_of: int | None = None,
) -> list[CodedValue]:
    """Return what is coded, one value for each item of each subject, after event ``as_of``.

    An agreed value holds.  Otherwise the newest code of each coder counts: an item that the
    protocol wants coded twice needs two coders with the same value, any other needs one.
    """
    protocol = protocol_of(session, review_id, as_of=as_of)
    twice = {item.key for item in protocol.codebook if item.double_coded}
    agreed = {
        (Subject(row.study_id, row.contract_id), row.item): row.value
        for row in session.execute(_newest(AgreedCode, review_id, as_of, items, subject))
    }
    by_coder: dict[tuple[Subject, str], list[Any]] = defaultdict(list)
    for row in session.execute(_newest(Code, review_id, as_of, items, subject)):
        by_coder[Subject(row.study_id, row.contract_id), row.item].append(row.value)
    return [
        _settle(subject, item, values, agreed.get((subject, item)), item in twice)
        for (subject, item), values in by_coder.items()
    ]


def codes_of(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID | None,
    contract_id: UUID | None,
    item: str | None = None,
) -> list[Code]:
    """Return each coder's newest code of each item (or one) of one subject, with quotes."""
    rows = latest(
        Scope(review_id),
        Code,
        Code.study_id,
        Code.contract_id,
        Code.item,
        Code.coder_id,
        where=(Code.study_id.is_not_distinct_from(study_id))
        & (Code.contract_id.is_not_distinct_from(contract_id))
        & (true() if item is None else Code.item == item),
    )
    return list(session.scalars(select(Code).join(rows, rows.c.id == Code.id).order_by(Code.item)))


def n_values_by_study(session: Session, *, review_id: UUID, by: Actor | None) -> dict[UUID, int]:
    """Return how many items of each study, and of what it says of contracts, have a code.

    For ``by`` those that the person coded; for None those that anybody did.
    """
    query = select(Code.study_id, Code.contract_id, Code.item).where(
        Code.review_id == review_id, Code.study_id.is_not(None)
    )
    if by is not None:
        query = query.where(Code.coder_id == by.account_id)
    coded = query.distinct().subquery()
    rows = session.execute(select(coded.c.study_id, func.count()).group_by(coded.c.study_id))
    return {study_id: n for study_id, n in rows if study_id is not None}


def is_open_to(item: CodebookItem | None, *, has_coded: bool, is_lead: bool) -> bool:
    """Say whether somebody may know what coders came to.

    What is coded twice is for those who have coded it themselves, and for the lead.  What only
    one coder has said, while a second is awaited, ``coded_values`` tells nobody.
    """
    return is_lead or has_coded or item is None or not item.double_coded


def all_codes(session: Session, *, review_id: UUID, by: Actor) -> Iterator[dict[str, Any]]:
    """Yield each coder's newest code of every item and subject, with what holds; for the lead.

    Codes of others that await a second coder, who may be the lead, are left out.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    held = {
        (value.subject, value.item): value for value in coded_values(session, review_id=review_id)
    }
    rows = latest(
        Scope(review_id),
        Code,
        Code.study_id,
        Code.contract_id,
        Code.item,
        Code.coder_id,
    )
    query = (
        select(Code, Study.label, Contract.label, Account.email)
        .join(rows, rows.c.id == Code.id)
        .join(Account, Account.id == Code.coder_id)
        .outerjoin(Study, Study.id == Code.study_id)
        .outerjoin(Contract, Contract.id == Code.contract_id)
        .order_by(Study.label, Contract.label, Code.item, Code.event_number)
    )
    for code_, study, contract, email in session.execute(query):
        settled = held[Subject(code_.study_id, code_.contract_id), code_.item]
        if settled.state is CodeState.AWAITING_SECOND and code_.coder_id != by.account_id:
            continue
        yield {
            "study": study,
            "contract": contract,
            "item": code_.item,
            "value": code_.value,
            "coder": email,
            "state": settled.state,
            "holds": settled.value,
            "quote": code_.quote,
            "page": code_.page,
            "report": code_.report_id,
            "confidence": code_.confidence,
            "coded_at": code_.coded_at,
            "event": code_.event_number,
            "protocol_version": code_.protocol_version,
        }


def _has_coded(session: Session, review_id: UUID, item: str, subject: Subject, by: Actor) -> bool:
    codes = codes_of(
        session,
        review_id=review_id,
        study_id=subject.study_id,
        contract_id=subject.contract_id,
        item=item,
    )
    return any(code.coder_id == by.account_id for code in codes)


def _newest(
    table: type[Code] | type[AgreedCode],
    review_id: UUID,
    as_of: int | None,
    items: Collection[str] | None,
    subject: Subject | None,
) -> Select[UUID | None, UUID | None, str, Any]:
    keys = [table.study_id, table.contract_id, table.item]
    if table is Code:
        keys.append(Code.coder_id)
    wanted: list[ColumnElement[bool]] = []
    if items is not None:
        wanted.append(table.item.in_(items))
    if subject is not None:
        wanted.append(table.study_id.is_not_distinct_from(subject.study_id))
        wanted.append(table.contract_id.is_not_distinct_from(subject.contract_id))
    rows = latest(Scope(review_id, as_of), table, *keys, where=and_(true(), *wanted))
    return select(rows.c.study_id, rows.c.contract_id, rows.c.item, rows.c.value)


def _settle(
    subject: Subject, item: str, values: list[Any], agreed: Any, is_double: bool
) -> CodedValue:
    if agreed is not None:
        return CodedValue(subject, item, CodeState.AGREED, agreed)
    if len({canonical(value) for value in values}) > 1:
        return CodedValue(subject, item, CodeState.CONFLICT, None)
    if is_double and len(values) < 2:
        return CodedValue(subject, item, CodeState.AWAITING_SECOND, None)
    return CodedValue(subject, item, CodeState.CODED, values[0])


def _item(codebook: Collection[CodebookItem], key: str) -> CodebookItem:
    for item in codebook:
        if item.key == key:
            return item
    raise Invalid(f"The codebook has no item '{key}'.")


def _check_subject(
    session: Session,
    review_id: UUID,
    item: CodebookItem,
    study_id: UUID | None,
    contract_id: UUID | None,
) -> None:
    needs = {
        Level.STUDY: (True, False),
        Level.CONTRACT: (False, True),
        Level.STUDY_CONTRACT: (True, True),
    }[item.level]
    if (study_id is not None, contract_id is not None) != needs:
        wanted = {(True, False): "a study", (False, True): "a contract"}
        raise Invalid(f"'{item.label}' is coded for {wanted.get(needs, 'a study and a contract')}.")
    if study_id is not None:
        study_of_review(session, review_id=review_id, study_id=study_id)
    if contract_id is not None:
        contract_of_review(session, review_id=review_id, contract_id=contract_id)
    if study_id is not None and contract_id is not None:
        linked = is_contract_of(
            session, review_id=review_id, study_id=study_id, contract_id=contract_id
        )
        if not linked:
            raise Invalid("This study is not linked to that contract; link them first.")


def _check_report(
    session: Session, review_id: UUID, report_id: UUID, study_id: UUID | None
) -> None:
    cluster = cluster_of(session, review_id=review_id, record_id=report_id)
    study = study_of_report(session, review_id=review_id, cluster=cluster)
    if study is None or study_id not in (None, study):
        raise Invalid("The passage is not from a report of this study.")


def _checked(item: CodebookItem, value: object) -> object:
    try:
        return check_value(item, value)
    except ValueError as error:
        raise Invalid(str(error)) from error
