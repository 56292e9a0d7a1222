"""Codes to look at again, because the codebook has changed since they were given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.loader import load
from protocols.schema import CodebookItem
from protocols.values import check_value
from review.events import Actor
from review.permissions import Action, begin_act, check
from review.reviews import protocol_state, version_of_protocol
from review.states.clusters import Scope
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import Subject
from review.studies.contracts import linked_contracts
from review.studies.current_codes import current_codes
from review.studies.saved_codes import (
    code_again,
    code_in_force,
    is_linked,
    study_of_subject,
)
from review.studies.studies import merged_studies
from review.tables import Account, Code, Contract, Study


@dataclass(frozen=True)
class OutdatedCode:
    """A coder's newest code of an item, and what has changed about the item since."""

    code: Code
    coder: str
    old_item: CodebookItem
    item: CodebookItem
    study: Study  # for a contract, a study that reports on it
    contract: Contract | None
    changes: Sequence[str]
    is_possible: bool  # whether the codebook still has the value


@dataclass(frozen=True)
class ImpossibleValue:
    """A value that coders agreed on and that the codebook no longer has."""

    item: CodebookItem
    value: object
    study: Study
    contract: Contract | None


def outdated_codes(
    session: Session, *, review_id: UUID, by: Actor, is_lead: bool
) -> list[OutdatedCode]:
    """Return the codes to look at again: the caller's own, for the lead everybody's.

    A code is looked at again if its item has changed since in what coders read or choose from.
    Left out are codes of items that the codebook no longer has, and of contracts that no study
    reports on any more.
    """
    check(session, review_id=review_id, by=by, action=Action.CODE)
    state = protocol_state(session, review_id)
    now = {item.key: item for item in state.protocol.codebook}
    order = {key: place for place, key in enumerate(now)}
    rows = current_codes(Scope(review_id))
    query = (
        select(Code, Account.name)
        .join(rows, rows.c.id == Code.id)
        .join(Account, Account.id == Code.coder_id)
        .where(Code.protocol_version < state.number, Code.item.in_(now))
    )
    if not is_lead:
        query = query.where(Code.coder_id == by.account_id)
    given = session.execute(query).all()
    if not given:
        return []
    then = {
        number: _items(session, review_id, number)
        for number in {row.protocol_version for row, _ in given}
    }
    links, merged = linked_contracts(session, review_id), merged_studies(session, review_id)
    found = []
    for row, coder in given:
        if row.study_id in merged:
            continue
        item, old = now[row.item], then[row.protocol_version].get(row.item)
        subject = Subject(row.study_id, row.contract_id)
        changes = list(_changes(old, item, row.value)) if old else []
        study = study_of_subject(session, subject, links) if changes else None
        if old is None or study is None or not is_linked(subject, links):
            continue
        contract = session.get(Contract, row.contract_id) if row.contract_id else None
        possible = _is_possible(item, row.value)
        found.append(OutdatedCode(row, coder, old, item, study, contract, changes, possible))
    return sorted(
        found,
        key=lambda one: (
            one.coder,
            one.study.label,
            one.contract.label if one.contract else "",
            order[one.item.key],
        ),
    )


def impossible_agreed(session: Session, *, review_id: UUID, by: Actor) -> list[ImpossibleValue]:
    """Return the agreed values in force that the codebook no longer has, for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    state = protocol_state(session, review_id)
    if state.number == 1:  # and all values were checked against this very codebook
        return []
    now = {item.key: item for item in state.protocol.codebook}
    links = linked_contracts(session, review_id)
    found = []
    for value in coded_values(session, review_id=review_id):
        item = now.get(value.item)
        if value.state is not CodeState.AGREED or item is None or _is_possible(item, value.value):
            continue
        study = study_of_subject(session, value.subject, links)
        if study is not None and is_linked(value.subject, links):
            contract_id = value.subject.contract_id
            contract = session.get(Contract, contract_id) if contract_id else None
            found.append(ImpossibleValue(item, value.value, study, contract))
    return found


def keep_value(session: Session, *, review_id: UUID, code_id: UUID, by: Actor) -> Code:
    """Code the same value again under the current codebook, with its quote and details; flushes.

    Raises NotFound for a code that is not the caller's, Conflicting for one that they replaced, and
    Invalid where the codebook no longer has the value.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.CODE)
    row = code_in_force(session, review_id=review_id, code_id=code_id, coder_id=by.account_id)
    return code_again(session, row, by=by)


def _items(session: Session, review_id: UUID, number: int) -> Mapping[str, CodebookItem]:
    text = version_of_protocol(session, review_id=review_id, number=number).text
    return {item.key: item for item in load(text).protocol.codebook}


def _changes(old: CodebookItem, new: CodebookItem, value: object) -> Iterator[str]:
    """Yield, in words, what has changed in what somebody read who chose ``value``.

    Another choice that was renamed or taken out changes nothing for them; one that is new, or has
    another definition, may fit better.  The type of an item that is coded stays: see
    `review.reviews.amend_protocol`.
    """
    before, after = ({choice.key: choice for choice in item.values} for item in (old, new))
    chosen = set(value if isinstance(value, list) else [value] if isinstance(value, str) else [])
    if added := [choice.label for key, choice in after.items() if key not in before]:
        yield f"New: {', '.join(added)}."
    if gone := [choice.label for key, choice in before.items() if key in chosen - after.keys()]:
        yield f"No longer there: {', '.join(gone)}."
    for key, choice in after.items():
        was = before.get(key)
        if was and key in chosen and was.label != choice.label:
            yield f"“{was.label}” is called “{choice.label}” now."
        if was and was.definition != choice.definition:
            yield f"“{choice.label}” has another definition now."
    if (old.label, old.help) != (new.label, new.help):
        yield "Its question or help has changed."
    if (old.earliest, old.latest) != (new.earliest, new.latest):
        yield "The years that it allows have changed."


def _is_possible(item: CodebookItem, value: object) -> bool:
    try:
        check_value(item, value)
    except ValueError:
        return False
    return True
