"""Many values in one press: what the review knows, what another contract has, and all the rest."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.schema import CHOICES, CodebookItem, ItemType, Level, Prefill
from protocols.values import check_value
from review.errors import Invalid
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.searches.formats.languages import language_name
from review.studies.coding import Subject, code, codes_of, subject_of
from review.studies.contracts import contract_of_review, contracts_of
from review.studies.studies import reports_of, study_of_review
from review.tables import Code, Contract, Record

FREE = frozenset({ItemType.TEXT, ItemType.DOI, ItemType.WEB_ADDRESS, ItemType.DATE, ItemType.MONEY})
"""Types whose values are seldom the same for two contracts; they are copied only if asked for."""


@dataclass(frozen=True)
class OfferedValue:
    """A value that a person may confirm, with one press for many."""

    item: CodebookItem
    value: Any
    code: Code | None = None  # that it would be copied from
    is_likely: bool = True


def known_facts(
    session: Session, *, review_id: UUID, study_id: UUID, contract_id: UUID | None, by: Actor
) -> list[OfferedValue]:
    """Return what the review knows of the items that ``by`` has not coded, in codebook order.

    A fact that the item does not allow, such as a year outside its bounds, is left out.
    """
    own = _own_items(session, review_id, study_id=study_id, contract_id=contract_id, by=by)
    reports = reports_of(session, review_id=review_id, study_id=study_id)
    contract = None
    if contract_id is not None:
        contract = contract_of_review(session, review_id=review_id, contract_id=contract_id)
    found = []
    for item in _items(session, review_id, is_contract=contract is not None):
        if item.prefill is None or item.key in own:
            continue
        fact = _fact(item, reports[0] if reports else None, contract)
        if fact is None:
            continue
        try:
            found.append(OfferedValue(item, check_value(item, fact)))
        except ValueError:
            continue
    return found


def copies_from(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    contract_id: UUID,
    source_id: UUID,
    by: Actor,
) -> list[OfferedValue]:
    """Return ``by``'s values of another contract of the study that this contract lacks."""
    own = _own_items(session, review_id, study_id=study_id, contract_id=contract_id, by=by)
    there = {
        row.item: row
        for subject in _subjects(study_id, source_id)
        for row in codes_of(
            session,
            review_id=review_id,
            study_id=subject.study_id,
            contract_id=subject.contract_id,
        )
        if row.coder_id == by.account_id
    }
    return [
        OfferedValue(item, there[item.key].value, there[item.key], item.type not in FREE)
        for item in _items(session, review_id, is_contract=True)
        if item.key in there and item.key not in own and item.prefill is None
    ]


def contracts_to_copy_from(
    session: Session, *, review_id: UUID, study_id: UUID, contract_id: UUID, by: Actor
) -> list[Contract]:
    """Return the study's other contracts that have values to copy."""
    return [
        other
        for other in contracts_of(session, review_id=review_id, study_id=study_id)
        if other.id != contract_id
        and copies_from(session, review_id=review_id, study_id=study_id, contract_id=contract_id,
                        source_id=other.id, by=by)
    ]  # fmt: skip


def confirm_facts(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    contract_id: UUID | None,
    items: Collection[str],
    by: Actor,
) -> int:
    """Code the chosen facts as the review knows them; return how many.  Flushes."""
    facts = known_facts(
        session, review_id=review_id, study_id=study_id, contract_id=contract_id, by=by
    )
    return _code_all(session, review_id, [one for one in facts if one.item.key in items],
                     study_id=study_id, contract_id=contract_id, by=by)  # fmt: skip


def copy_codes(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    contract_id: UUID,
    source_id: UUID,
    items: Collection[str],
    by: Actor,
) -> int:
    """Copy the chosen values, with quotes and details, from another contract; return how many.

    What has been coded for this contract already stays as it is.  Flushes.
    """
    copies = copies_from(
        session, review_id=review_id, study_id=study_id, contract_id=contract_id,
        source_id=source_id, by=by,
    )  # fmt: skip
    return _code_all(session, review_id, [one for one in copies if one.item.key in items],
                     study_id=study_id, contract_id=contract_id, by=by)  # fmt: skip


def code_rest(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    contract_id: UUID | None,
    group: str,
    value: object,
    by: Actor,
) -> int:
    """Give one value to all items of a group that ``by`` has not coded; return how many.  Flushes.

    The group "" is that of the items without one.  Raises Invalid where nothing is left of the
    group, or an item does not allow the value.
    """
    check(session, review_id=review_id, by=by, action=Action.CODE)
    own = _own_items(session, review_id, study_id=study_id, contract_id=contract_id, by=by)
    items = [
        item
        for item in _items(session, review_id, is_contract=contract_id is not None)
        if (item.group or "") == group and item.key not in own
    ]
    if not items:
        raise Invalid("You have coded every item of this group already.")
    return _code_all(session, review_id, [OfferedValue(item, value) for item in items],
                     study_id=study_id, contract_id=contract_id, by=by)  # fmt: skip


def shared_choices(items: Sequence[CodebookItem]) -> list[tuple[str, str]]:
    """Return the (key, label) of the choices that all these items have; none for other types."""
    if not items or any(item.type not in CHOICES - {ItemType.MANY_OF} for item in items):
        return []
    labels = {choice.key: choice.label for choice in items[0].values}
    shared = set.intersection(*({choice.key for choice in item.values} for item in items))
    return [(key, label) for key, label in labels.items() if key in shared]


def _code_all(
    session: Session,
    review_id: UUID,
    proposals: Sequence[OfferedValue],
    *,
    study_id: UUID,
    contract_id: UUID | None,
    by: Actor,
) -> int:
    for one in proposals:
        subject = subject_of(one.item, study_id, contract_id)
        source = one.code
        code(
            session,
            review_id=review_id,
            item=one.item.key,
            value=one.value,
            by=by,
            study_id=subject.study_id,
            contract_id=subject.contract_id,
            quote=source.quote if source else None,
            report_id=source.report_id if source else None,
            page=source.page if source else None,
            details=source.details if source else None,
            confidence=source.confidence if source else None,
        )
    return len(proposals)


def _items(session: Session, review_id: UUID, *, is_contract: bool) -> list[CodebookItem]:
    return [
        item
        for item in protocol_of(session, review_id).codebook
        if (item.level is not Level.STUDY) == is_contract
    ]


def _own_items(
    session: Session, review_id: UUID, *, study_id: UUID, contract_id: UUID | None, by: Actor
) -> set[str]:
    study_of_review(session, review_id=review_id, study_id=study_id)
    return {
        row.item
        for subject in _subjects(study_id, contract_id)
        for row in codes_of(
            session,
            review_id=review_id,
            study_id=subject.study_id,
            contract_id=subject.contract_id,
        )
        if row.coder_id == by.account_id
    }


def _subjects(study_id: UUID, contract_id: UUID | None) -> list[Subject]:
    if contract_id is None:
        return [Subject(study_id, None)]
    return [Subject(None, contract_id), Subject(study_id, contract_id)]


def _fact(item: CodebookItem, report: Record | None, contract: Contract | None) -> object:
    """Return what the review knows for an item, None where it does not."""
    if item.prefill is Prefill.CONTRACT_NAME:
        return contract.label if contract else None
    if report is None:
        return None
    if item.prefill is Prefill.LANGUAGE:
        return _language(item, report.language)
    facts = {
        Prefill.AUTHORS: "; ".join(report.authors) or None,
        Prefill.JOURNAL: report.journal,
        Prefill.YEAR: report.year,
        Prefill.DOI: report.doi,
        Prefill.URL: report.url or (f"https://doi.org/{report.doi}" if report.doi else None),
    }
    return facts[item.prefill] if item.prefill else None


def _language(item: CodebookItem, tag: str | None) -> object:
    """Return a record's language as the item's value: by its key, its label, or as text."""
    if not tag:
        return None
    name = language_name(tag)
    if item.type not in CHOICES:
        return name
    for choice in item.values:
        names = {choice.key, choice.label, *choice.synonyms}
        if {tag.casefold(), name.casefold()} & {one.casefold() for one in names}:
            return [choice.key] if item.type is ItemType.MANY_OF else choice.key
    return None
