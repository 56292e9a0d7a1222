"""Where coders differ: each value with its quote, for those who may take one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.schema import CodebookItem
from review.errors import Conflicting, NotFound
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.studies.agreement import CodeState, agree, coded_values
from review.studies.coding import Subject, codes_of, items_coded_by
from review.tables import AgreedCode, Code, Contract, Study, StudyContract
from review.vocabulary import AgreedBy


@dataclass(frozen=True)
class Difference:
    """An item of one subject on which coders differ, with each coder's newest code."""

    item: CodebookItem
    subject: Subject
    study: Study | None  # for a contract, a study that reports on it
    contract: Contract | None
    codes: Sequence[Code]


def differences(session: Session, *, review_id: UUID, by: Actor, is_lead: bool) -> list[Difference]:
    """Return the items on which coders differ, by study, contract and the codebook's order.

    A coder sees the items that they coded themselves; the lead sees all.
    """
    check(session, review_id=review_id, by=by, action=Action.CODE)
    items = {item.key: item for item in protocol_of(session, review_id).codebook}
    order = {key: place for place, key in enumerate(items)}
    own = items_coded_by(session, review_id=review_id, by=by)
    open_values = [
        value
        for value in coded_values(session, review_id=review_id)
        if value.state is CodeState.CONFLICT
        and value.item in items
        and (is_lead or (value.subject, value.item) in own)
    ]
    subjects = {value.subject for value in open_values}
    codes = {
        subject: codes_of(
            session,
            review_id=review_id,
            study_id=subject.study_id,
            contract_id=subject.contract_id,
        )
        for subject in subjects
    }
    found = [
        Difference(
            items[value.item],
            value.subject,
            _study(session, value.subject),
            session.get(Contract, value.subject.contract_id) if value.subject.contract_id else None,
            [code for code in codes[value.subject] if code.item == value.item],
        )
        for value in open_values
    ]
    return sorted(
        found,
        key=lambda one: (
            one.study.label if one.study else "",
            one.contract.label if one.contract else "",
            order[one.item.key],
        ),
    )


def take_code(
    session: Session, *, review_id: UUID, code_id: UUID, basis: AgreedBy, by: Actor
) -> AgreedCode:
    """Make a coder's value the agreed one, with its quote and details; flushes.

    Raises NotFound for a code of another review, Conflicting for one that its coder has replaced,
    and what `agree` raises.
    """
    code = session.get(Code, code_id)
    if code is None or code.review_id != review_id:
        raise NotFound("There is no such code in this review.")
    newest = codes_of(
        session,
        review_id=review_id,
        study_id=code.study_id,
        contract_id=code.contract_id,
        item=code.item,
    )
    if code.id not in {row.id for row in newest}:
        raise Conflicting("The coder has changed this value. Reload to see the current one.")
    return agree(
        session,
        review_id=review_id,
        item=code.item,
        value=code.value,
        basis=basis,
        by=by,
        study_id=code.study_id,
        contract_id=code.contract_id,
        details=code.details,
        quote=code.quote,
        report_id=code.report_id,
        page=code.page,
    )


def _study(session: Session, subject: Subject) -> Study | None:
    """Return the study of a subject; for a contract, the first study that reports on it."""
    if subject.study_id:
        return session.get(Study, subject.study_id)
    linked = (
        select(Study)
        .join(StudyContract, StudyContract.study_id == Study.id)
        .where(StudyContract.contract_id == subject.contract_id, StudyContract.is_linked)
        .order_by(StudyContract.event_number.desc())
    )
    return session.scalar(linked.limit(1))
