"""Where coders differ: each value with its quote, for those who may take one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.schema import CodebookItem
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.studies.agreement import CodeState, agree, coded_values
from review.studies.coding import Subject, codes_of, items_coded_by
from review.studies.contracts import linked_contracts
from review.studies.saved_codes import (
    code_in_force,
    evidence_of,
    is_linked,
    study_of_subject,
)
from review.tables import AgreedCode, Code, Contract, Study
from review.vocabulary import AgreedBy


@dataclass(frozen=True)
class CodeDifference:
    """An item of one subject on which coders differ, with each coder's newest code."""

    item: CodebookItem
    subject: Subject
    study: Study | None  # for a contract, a study that reports on it
    contract: Contract | None
    codes: Sequence[Code]


def differences(
    session: Session, *, review_id: UUID, by: Actor, is_lead: bool
) -> list[CodeDifference]:
    """Return the items on which coders differ, by study, contract and the codebook's order.

    A coder sees the items that they coded themselves; the lead sees all.
    """
    check(session, review_id=review_id, by=by, action=Action.CODE)
    items = {item.key: item for item in protocol_of(session, review_id).codebook}
    order = {key: place for place, key in enumerate(items)}
    own = items_coded_by(session, review_id=review_id, by=by)
    links = linked_contracts(session, review_id)
    open_values = [
        value
        for value in coded_values(session, review_id=review_id)
        if value.state is CodeState.CONFLICT
        and value.item in items
        and (is_lead or (value.subject, value.item) in own)
        and is_linked(value.subject, links)
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
        CodeDifference(
            items[value.item],
            value.subject,
            study_of_subject(session, value.subject, links),
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
    code = code_in_force(session, review_id=review_id, code_id=code_id)
    return agree(
        session,
        review_id=review_id,
        item=code.item,
        value=code.value,
        basis=basis,
        by=by,
        study_id=code.study_id,
        contract_id=code.contract_id,
        **evidence_of(session, code),
    )
