"""Which items a coder is asked about, by what they or all coders said of other items."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from protocols.conditions import condition_items, is_asked
from protocols.schema import CodebookItem, Level
from review.events import Actor
from review.reviews import protocol_of
from review.states.clusters import Scope
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import Subject, subject_of
from review.studies.current_codes import current_codes
from review.tables import AgreedCode, Code

ConditionValues = Mapping[tuple[Subject, str], object]


def condition_values_of_form(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    contract_id: UUID | None,
    by: Actor,
) -> dict[str, object]:
    """Return, by item, the values that decide which items of a form a coder is asked about.

    What coders agreed on counts, for those who coded the item; else the coder's own value does.
    """
    codebook = protocol_of(session, review_id).codebook
    conditions = condition_values(session, review_id=review_id, codebook=codebook, by=by)
    return _of_form(codebook, conditions, study_id=study_id, contract_id=contract_id)


def condition_values(
    session: Session, *, review_id: UUID, codebook: Collection[CodebookItem], by: Actor | None
) -> ConditionValues:
    """Return the values of the items that others depend on, by subject and item.

    Those of ``by``, agreed ones before all others; for None those that count.
    """
    keys = condition_items(codebook)
    if not keys:
        return {}
    if by is None:  # the lead may be a second coder, and learns nothing of a first one's value
        return {
            (value.subject, value.item): value.value
            for value in coded_values(session, review_id=review_id, items=keys)
            if value.state in (CodeState.AGREED, CodeState.CODED)
        }
    found: dict[tuple[Subject, str], object] = {}
    for table in (Code, AgreedCode):
        own = Code.coder_id == by.account_id if table is Code else true()
        rows = current_codes(Scope(review_id), table, where=table.item.in_(keys) & own)
        for row in session.execute(select(rows).order_by(rows.c.event_number)):
            key = (Subject(row.study_id, row.contract_id), row.item)
            if table is Code or key in found:
                found[key] = row.value
    return found


def asked_items(
    codebook: Collection[CodebookItem],
    conditions: ConditionValues,
    *,
    study_id: UUID,
    contract_id: UUID | None,
) -> list[CodebookItem]:
    """Return the items that a form asks for: of a study, or of one of its contracts."""
    values = _of_form(codebook, conditions, study_id=study_id, contract_id=contract_id)
    return [
        item
        for item in codebook
        if (item.level is Level.STUDY) == (contract_id is None) and is_asked(item, values)
    ]


def _of_form(
    codebook: Collection[CodebookItem],
    conditions: ConditionValues,
    *,
    study_id: UUID,
    contract_id: UUID | None,
) -> dict[str, object]:
    return {
        item.key: value
        for item in codebook
        if (value := conditions.get((subject_of(item, study_id, contract_id), item.key)))
        is not None
    }
