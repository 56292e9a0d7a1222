"""What the coding form shows of each item: the coder's own code, the current value, differences."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, StringConstraints
from sqlalchemy.orm import Session

from protocols.appraisal import RuleJudgement
from protocols.conditions import is_asked
from protocols.schema import AppraisalPart, CodebookItem, ItemType, Level
from protocols.values import describe_value
from review.errors import Invalid
from review.events import Actor
from review.reviews import protocol_of
from review.studies.agreement import CodedValue, CodeState, coded_values, is_open_to
from review.studies.appraisal import judgement_of
from review.studies.asking import condition_values_of_form
from review.studies.coding import Subject, codes_of, subject_of
from review.studies.saved_codes import cleared_codes
from review.tables import Code

NoneOrId = Annotated[UUID | None, BeforeValidator(lambda given: given or None)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000)]
AS_BUTTONS = 4  # of so many values or fewer, one click chooses and saves


class CodeForm(BaseModel):
    """What a person sends for one item: a value of their own, or the value to agree on."""

    item: str
    value: list[str] = []
    special: str = ""
    currency: str = ""
    year: Annotated[str, StringConstraints(strip_whitespace=True)] = ""
    details: Prose = ""
    quote: Prose = ""
    page: Annotated[str, StringConstraints(strip_whitespace=True, max_length=50)] = ""
    report: NoneOrId = None
    confidence: Literal["", "sure", "fairly", "unsure"] = ""
    note: Prose = ""
    contract: NoneOrId = None
    settle: Literal["", "adjudication"] = ""
    take: NoneOrId = None  # another coder's code, to be the agreed value
    clear: NoneOrId = None  # one's own code, to have none
    restore: NoneOrId = None  # one's own code, cleared before
    key: NoneOrId = None  # of the request, so that nothing is saved twice

    def value_for(self, item: CodebookItem) -> object:
        """Return what was filled in as the value that the codebook checks; or raise Invalid."""
        if self.special:
            return {"special": self.special}
        filled = [value for value in self.value if value.strip()]
        if not filled:
            raise Invalid(
                f"Give a value for '{item.label}', or choose Not reported, Unclear or "
                "Not applicable."
            )
        if item.type is ItemType.MANY_OF:
            return filled
        if item.type is ItemType.YES_NO:
            return {"yes": True, "no": False}.get(filled[0], filled[0])
        if item.type is ItemType.MONEY:
            return {"amount": filled[0], "currency": self.currency, "year": self.year or None}
        return filled[0].strip()


@dataclass(frozen=True)
class Differing:
    """One coder's value of an item on which coders differ."""

    code: Code
    value: str
    number: int  # of the coder, in the order in which they coded it
    is_own: bool


@dataclass(frozen=True)
class Field:
    """One item of the form."""

    item: CodebookItem
    own: Code | None
    state: CodeState | None
    settled: str | None
    differing: Sequence[Differing]
    keys: Sequence[str]  # of its value, by which other items are asked
    is_asked: bool  # by the values of other items
    rule: RuleJudgement | None  # what the rule of the appraisal says, for the overall judgement
    cleared: Code | None  # the coder's own code, which they took back
    may_settle: str  # as adjudication, by consensus, or not at all

    @property
    def group(self) -> str:
        """Return the heading that the item comes under."""
        return self.item.group or ""

    @property
    def filled(self) -> dict[str, Any]:
        """Return the coder's own code as the form shows it."""
        value = self.own.value if self.own else None
        if isinstance(value, dict) and "special" in value:
            return {"special": value["special"]}
        if isinstance(value, dict):
            return {"value": value["amount"], "currency": value["currency"], "year": value["year"]}
        return {} if self.own is None else {"value": value}

    @property
    def own_text(self) -> str | None:
        """One's own code in words."""
        return describe_value(self.item, self.own.value) if self.own else None

    @property
    def cleared_text(self) -> str | None:
        """The code that one took back, in words."""
        return describe_value(self.item, self.cleared.value) if self.cleared else None

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """The values that one click each chooses, as (key, label, definition); none for others."""
        if self.item.type == "yes_no":
            return [("yes", "Yes", ""), ("no", "No", "")]
        if self.item.type == "one_of" and len(self.item.values) <= AS_BUTTONS:
            return [
                (choice.key, choice.label, choice.definition or "") for choice in self.item.values
            ]
        return []

    def is_chosen(self, key: str) -> bool:
        """Say whether the coder's own code is the value of this key."""
        value = self.filled.get("value")
        return value == key or (value is True and key == "yes") or (value is False and key == "no")


def form_fields(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    contract_id: UUID | None,
    by: Actor,
    is_lead: bool,
    only: Collection[str] | None = None,
) -> list[Field]:
    """Return the fields for a study, or for one of its contracts and what the study says of it.

    With ``only``, those of these items alone.
    """
    levels = [Level.STUDY] if contract_id is None else [Level.CONTRACT, Level.STUDY_CONTRACT]
    items = [
        item
        for item in protocol_of(session, review_id).codebook
        if item.level in levels and (only is None or item.key in only)
    ]
    subjects = {subject_of(item, study_id, contract_id) for item in items}
    codes, values = _read(session, review_id, subjects)
    cleared = {
        item: row
        for subject in subjects
        for item, row in cleared_codes(session, review_id=review_id, subject=subject, by=by).items()
    }
    conditions = condition_values_of_form(
        session, review_id=review_id, study_id=study_id, contract_id=contract_id, by=by
    )
    rule = None
    if any(item.appraisal is AppraisalPart.OVERALL for item in items):
        rule = judgement_of(session, review_id=review_id, study_id=study_id, by=by)
    return [
        _field(item, codes[item.key], values.get(item.key), cleared=cleared.get(item.key), by=by,
               is_lead=is_lead, conditions=conditions,
               rule=rule if item.appraisal is AppraisalPart.OVERALL else None)
        for item in items
    ]  # fmt: skip


def _read(
    session: Session, review_id: UUID, subjects: set[Subject]
) -> tuple[dict[str, list[Code]], dict[str, CodedValue]]:
    codes: dict[str, list[Code]] = defaultdict(list)
    values: dict[str, CodedValue] = {}
    for subject in subjects:
        found = codes_of(
            session,
            review_id=review_id,
            study_id=subject.study_id,
            contract_id=subject.contract_id,
        )
        for own_code in found:
            codes[own_code.item].append(own_code)
        for value in coded_values(session, review_id=review_id, subject=subject):
            values[value.item] = value
    return codes, values


def _field(
    item: CodebookItem,
    codes: Sequence[Code],
    value: CodedValue | None,
    *,
    cleared: Code | None,
    by: Actor,
    is_lead: bool,
    conditions: Mapping[str, object],
    rule: RuleJudgement | None,
) -> Field:
    own = next((code for code in codes if code.coder_id == by.account_id), None)
    if not is_open_to(item, has_coded=own is not None, is_lead=is_lead):
        value = None
    state = value.state if value else None
    is_settled = value is not None and state in (CodeState.AGREED, CodeState.CODED)
    is_conflict = state is CodeState.CONFLICT
    return Field(
        item=item,
        own=own,
        state=state,
        settled=describe_value(item, value.value) if value and is_settled else None,
        differing=differing(item, codes, by=by) if is_conflict else [],
        keys=_keys(conditions.get(item.key)),
        is_asked=is_asked(item, conditions),
        rule=rule,
        cleared=cleared,
        may_settle="" if not is_conflict else "adjudication" if is_lead else "consensus",
    )


def _keys(value: object) -> list[str]:
    return [key for key in (value if isinstance(value, list) else [value]) if isinstance(key, str)]


def differing(item: CodebookItem, codes: Sequence[Code], *, by: Actor) -> list[Differing]:
    """Return what each coder gave, in the order in which they gave it."""
    in_order = sorted(codes, key=lambda code: code.event_number)
    return [
        Differing(code, describe_value(item, code.value), number, code.coder_id == by.account_id)
        for number, code in enumerate(in_order, start=1)
    ]
