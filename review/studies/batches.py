"""Many values in one press: what the review knows, what another contract has, and all the rest."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.conditions import is_asked
from protocols.schema import CHOICES, CodebookItem, ItemType, Level, Prefill
from protocols.values import check_value
from review.errors import Invalid
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.searches.formats.languages import language_name
from review.studies.asking import condition_values_of_form
from review.studies.coding import code, codes_of, subject_of
from review.studies.contracts import contract_of_review, contracts_of
from review.studies.known_contracts.matches import project_of
from review.studies.known_contracts.values import listed_value
from review.studies.studies import reports_of, study_of_review
from review.tables import Code, Contract, Record

FREE = frozenset({ItemType.TEXT, ItemType.DOI, ItemType.WEB_ADDRESS, ItemType.DATE, ItemType.MONEY})
"""Types whose values are seldom the same for two contracts; they are copied only if asked for."""


@dataclass(frozen=True)
class CodingForm:
    """The form of one coder for a study, or for a contract and what the study says about it."""

    review_id: UUID
    study_id: UUID
    contract_id: UUID | None
    by: Actor

    def of_contract(self, contract_id: UUID) -> "CodingForm":
        """Return the same coder's form for another contract of the study."""
        return replace(self, contract_id=contract_id)

    def items(self, session: Session) -> list[CodebookItem]:
        """Return the form's items, in the codebook's order."""
        is_of_study = self.contract_id is None
        return [
            item
            for item in protocol_of(session, self.review_id).codebook
            if (item.level is Level.STUDY) == is_of_study
        ]

    def condition_values(self, session: Session) -> dict[str, object]:
        """Return the values that decide which of the form's items the coder is asked about."""
        return condition_values_of_form(
            session,
            review_id=self.review_id,
            study_id=self.study_id,
            contract_id=self.contract_id,
            by=self.by,
        )

    def own_codes(self, session: Session) -> dict[str, Code]:
        """Return the coder's own newest codes, by item; raise NotFound for another's study."""
        study_of_review(session, review_id=self.review_id, study_id=self.study_id)
        subjects = {
            subject_of(item, self.study_id, self.contract_id) for item in self.items(session)
        }
        return {
            row.item: row
            for subject in subjects
            for row in codes_of(
                session,
                review_id=self.review_id,
                study_id=subject.study_id,
                contract_id=subject.contract_id,
            )
            if row.coder_id == self.by.account_id
        }


@dataclass(frozen=True)
class OfferedValue:
    """A value that a person may confirm, with one press for many."""

    item: CodebookItem
    value: Any
    code: Code | None = None  # that it would be copied from
    is_likely: bool = True


def known_facts(session: Session, form: CodingForm) -> list[OfferedValue]:
    """Return what the review knows of the items that the coder has not coded, in codebook order.

    It knows the study's first report, and the contract by the list of known contracts; what two
    people must code is not offered from the list, so that they judge by themselves.  A fact that
    the item does not allow, such as a year outside its bounds, is left out.
    """
    own = form.own_codes(session)
    reports = reports_of(session, review_id=form.review_id, study_id=form.study_id)
    contract = project = None
    if form.contract_id is not None:
        about = {"review_id": form.review_id, "contract_id": form.contract_id}
        contract, project = contract_of_review(session, **about), project_of(session, **about)
    found = []
    for item in form.items(session):
        if item.key in own:
            continue
        fact = _fact(item, reports[0] if reports else None, contract)
        if fact is None and project is not None and not item.double_coded:
            fact = listed_value(item, project)
        if fact is None:
            continue
        try:
            found.append(OfferedValue(item, check_value(item, fact)))
        except ValueError:
            continue
    return found


def copies_from(session: Session, form: CodingForm, source_id: UUID) -> list[OfferedValue]:
    """Return the coder's values of another contract of the study that this contract lacks."""
    own, there = form.own_codes(session), form.of_contract(source_id).own_codes(session)
    return [
        OfferedValue(item, there[item.key].value, there[item.key], item.type not in FREE)
        for item in form.items(session)
        if item.key in there and item.key not in own and item.prefill is None
    ]


def contracts_to_copy_from(session: Session, form: CodingForm) -> list[Contract]:
    """Return the study's other contracts that have values to copy."""
    contracts = contracts_of(session, review_id=form.review_id, study_id=form.study_id)
    others = [contract for contract in contracts if contract.id != form.contract_id]
    return [contract for contract in others if copies_from(session, form, contract.id)]


def confirm_facts(session: Session, form: CodingForm, items: Collection[str]) -> int:
    """Code the chosen facts as the review knows them; return how many.  Flushes."""
    facts = known_facts(session, form)
    return _code_all(session, form, [one for one in facts if one.item.key in items])


def copy_codes(
    session: Session, form: CodingForm, source_id: UUID, *, items: Collection[str]
) -> int:
    """Copy the chosen values, with quotes and details, from another contract; return how many.

    What has been coded for this contract already stays as it is.  Flushes.
    """
    copies = copies_from(session, form, source_id)
    return _code_all(session, form, [one for one in copies if one.item.key in items])


def code_rest(session: Session, form: CodingForm, *, group: str, value: object) -> int:
    """Give one value to all items of a group that the coder has left; return how many.  Flushes.

    The group "" is that of the items without one.  Raises Invalid where nothing is left of the
    group, or an item does not allow the value.
    """
    check(session, review_id=form.review_id, by=form.by, action=Action.CODE)
    own, conditions = form.own_codes(session), form.condition_values(session)
    left = [
        OfferedValue(item, value)
        for item in form.items(session)
        if (item.group or "") == group and item.key not in own and is_asked(item, conditions)
    ]
    if not left:
        raise Invalid("You have coded every item of this group already.")
    return _code_all(session, form, left)


def shared_choices(items: Sequence[CodebookItem]) -> list[tuple[str, str]]:
    """Return the (key, label) of the choices that all these items have; none for other types."""
    if not items or any(item.type not in CHOICES - {ItemType.MANY_OF} for item in items):
        return []
    labels = {choice.key: choice.label for choice in items[0].values}
    shared = set.intersection(*({choice.key for choice in item.values} for item in items))
    return [(key, label) for key, label in labels.items() if key in shared]


def _code_all(session: Session, form: CodingForm, values: Sequence[OfferedValue]) -> int:
    for one in values:
        subject = subject_of(one.item, form.study_id, form.contract_id)
        source = one.code
        code(
            session,
            review_id=form.review_id,
            item=one.item.key,
            value=one.value,
            by=form.by,
            study_id=subject.study_id,
            contract_id=subject.contract_id,
            quote=source.quote if source else None,
            report_id=source.report_id if source else None,
            page=source.page if source else None,
            details=source.details if source else None,
            confidence=source.confidence if source else None,
        )
    return len(values)


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
