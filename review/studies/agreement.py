"""How coders' values are compared: what is agreed, and the current value of each item."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, and_, select, true
from sqlalchemy.orm import Session

from protocols.schema import CodebookItem
from review.errors import Conflicting, NotAllowed
from review.events import Actor, canonical, lock_review, record_act
from review.permissions import Action, check
from review.reviews import protocol_of
from review.states.clusters import Scope
from review.studies.coding import (
    Subject,
    check_evidence,
    check_subject,
    checked_value,
    codes_of,
    item_of,
)
from review.studies.current_codes import current_codes
from review.studies.studies import merged_studies
from review.tables import Account, AgreedCode, Code, Contract, Study
from review.tables.base import utc_now
from review.vocabulary import Act, AgreedBy


class CodeState(StrEnum):
    """Whether an item has a current value; a map counts values that are agreed or coded."""

    AGREED = "agreed"
    CODED = "coded"
    AWAITING_SECOND = "awaiting_second"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class CodedValue:
    """The current value of one item of one subject, and its state."""

    subject: Subject
    item: str
    state: CodeState
    value: Any  # None unless the state is agreed or coded


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
    details: str | None = None,
    quote: str | None = None,
    report_id: UUID | None = None,
    page: str | None = None,
) -> AgreedCode:
    """Record the value that counts where coders disagreed, with its quote; flushes.

    Everybody's own codes stay as they are.  Consensus is for a coder who takes another coder's
    value, so that nobody decides alone; adjudication is for the lead.  Raises Conflicting where
    coders do not disagree.
    """
    lock_review(session, review_id)
    action = Action.CODE if basis is AgreedBy.CONSENSUS else Action.MANAGE
    check(session, review_id=review_id, by=by, action=action)
    codebook_item = item_of(protocol_of(session, review_id).codebook, item)
    subject = Subject(study_id, contract_id)
    check_subject(session, review_id=review_id, item=codebook_item, subject=subject)
    agreed_value = checked_value(codebook_item, value)
    if basis is AgreedBy.CONSENSUS:
        _check_consensus(session, review_id, item, subject=subject, by=by, value=agreed_value)
    check_evidence(
        session, review_id, study_id=study_id, quote=quote, page=page, report_id=report_id
    )
    values = coded_values(session, review_id=review_id, items=[item], subject=subject)
    state = values[0].state if values else None
    if state not in (CodeState.CONFLICT, CodeState.AGREED):
        raise Conflicting("Coders do not disagree about this, so there is nothing to resolve.")
    if state is CodeState.AGREED and basis is AgreedBy.CONSENSUS:
        raise Conflicting("This has been resolved meanwhile. Ask the lead to change it.")
    row = AgreedCode(
        id=uuid4(),
        study_id=study_id,
        contract_id=contract_id,
        item=item,
        value=agreed_value,
        details=details or None,
        quote=quote or None,
        report_id=report_id,
        page=page or None,
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
    """Return the value of each coded item of each subject, as of event ``as_of``; now for None.

    An agreed value counts before any code.  Otherwise the newest code of each coder counts: an
    item that is double-coded needs two coders with the same value, any other item needs one.
    """
    protocol = protocol_of(session, review_id, as_of=as_of)
    double_coded = {item.key for item in protocol.codebook if item.double_coded}
    acts = _Acts(Scope(review_id, as_of), items, subject)
    agreed = {
        (Subject(row.study_id, row.contract_id), row.item): row.value
        for row in session.execute(acts.newest(AgreedCode))
    }
    # What a merged study still has counts nowhere.  At a past event it had its reports or had not.
    merged = merged_studies(session, review_id) if as_of is None else {}
    by_coder: dict[tuple[Subject, str], list[Any]] = defaultdict(list)
    for row in session.execute(acts.newest(Code)):
        if row.study_id in merged:
            continue
        by_coder[Subject(row.study_id, row.contract_id), row.item].append(row.value)
    return [
        CodedValue(
            key[0], key[1], *_compared(values, agreed.get(key), is_double=key[1] in double_coded)
        )
        for key, values in by_coder.items()
    ]


def is_open_to(item: CodebookItem | None, *, has_coded: bool, is_lead: bool) -> bool:
    """Say whether a person may see the value that coders agree on.

    The value of a double-coded item is for people who coded it themselves, and for the lead.
    While only one coder has given a value, ``coded_values`` returns it to nobody.
    """
    return is_lead or has_coded or item is None or not item.double_coded


def all_codes(session: Session, *, review_id: UUID, by: Actor) -> Iterator[dict[str, Any]]:
    """Yield each coder's newest code of every item and subject, with the current value.

    For the lead.  Codes of others that await a second coder are left out, because the lead may be
    that second coder.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    current = {
        (value.subject, value.item): value for value in coded_values(session, review_id=review_id)
    }
    rows = current_codes(Scope(review_id))
    query = (
        select(Code, Study.label, Contract.label, Account.email)
        .join(rows, rows.c.id == Code.id)
        .join(Account, Account.id == Code.coder_id)
        .outerjoin(Study, Study.id == Code.study_id)
        .outerjoin(Contract, Contract.id == Code.contract_id)
        .order_by(Study.label, Contract.label, Code.item, Code.event_number)
    )
    for row, study, contract, email in session.execute(query):
        coded = current.get((Subject(row.study_id, row.contract_id), row.item))
        if coded is None:  # of a study that was merged into another
            continue
        if coded.state is CodeState.AWAITING_SECOND and row.coder_id != by.account_id:
            continue
        yield {
            "study": study,
            "contract": contract,
            "item": row.item,
            "value": row.value,
            "coder": email,
            "state": coded.state,
            "holds": coded.value,
            "details": row.details,
            "quote": row.quote,
            "page": row.page,
            "report": row.report_id,
            "confidence": row.confidence,
            "note": row.note,
            "coded_at": row.coded_at,
            "event": row.event_number,
            "protocol_version": row.protocol_version,
        }


CODE_COLUMNS = (
    "study", "contract", "item", "value", "coder", "state", "holds", "details", "quote", "page",
    "report", "confidence", "note", "coded_at", "event", "protocol_version",
)  # fmt: skip
"""The columns of `all_codes`."""


def _check_consensus(
    session: Session, review_id: UUID, item: str, *, subject: Subject, by: Actor, value: object
) -> None:
    """Raise NotAllowed unless a coder of the item takes another coder's value."""
    codes = codes_of(
        session,
        review_id=review_id,
        study_id=subject.study_id,
        contract_id=subject.contract_id,
        item=item,
    )
    # Before all else: only those who coded the item may learn whether coders disagree.
    if all(code.coder_id != by.account_id for code in codes):
        raise NotAllowed("Only people who coded this can record a consensus. Ask the lead.")
    others = {canonical(code.value) for code in codes if code.coder_id != by.account_id}
    if others and canonical(value) not in others:
        raise NotAllowed(
            "You both agree once one of you takes the other's value. Take theirs, or ask them to "
            "take yours, or ask the lead to decide."
        )


@dataclass(frozen=True)
class _Acts:
    """The acts of coding and agreeing that count for the values asked about."""

    scope: Scope
    items: Collection[str] | None
    subject: Subject | None

    def newest(
        self, table: type[Code] | type[AgreedCode]
    ) -> Select[UUID | None, UUID | None, str, Any]:
        """Return a query for the newest act on each value, of each coder where there are coders."""
        conditions: list[ColumnElement[bool]] = []
        if self.items is not None:
            conditions.append(table.item.in_(self.items))
        if self.subject is not None:
            conditions.append(table.study_id.is_not_distinct_from(self.subject.study_id))
            conditions.append(table.contract_id.is_not_distinct_from(self.subject.contract_id))
        rows = current_codes(self.scope, table, where=and_(true(), *conditions))
        return select(rows.c.study_id, rows.c.contract_id, rows.c.item, rows.c.value)


def _compared(values: Sequence[Any], agreed: Any, *, is_double: bool) -> tuple[CodeState, Any]:
    """Return the state of an item, and its current value where it has one."""
    if agreed is not None:
        return CodeState.AGREED, agreed
    if len({canonical(value) for value in values}) > 1:
        return CodeState.CONFLICT, None
    if is_double and len(values) < 2:
        return CodeState.AWAITING_SECOND, None
    return CodeState.CODED, values[0]
