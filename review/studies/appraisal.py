"""The appraisal of studies' quality: the judgement by the rule, reasons to differ, and a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.appraisal import RuleJudgement, judge
from protocols.conditions import is_asked
from protocols.schema import AppraisalPart, CodebookItem
from review.errors import Invalid
from review.events import Actor
from review.reviews import protocol_of
from review.states.flow import FlowState, flow_states
from review.studies.agreement import CodeState, coded_values
from review.studies.asking import condition_values_of_form
from review.studies.coding import codes_of
from review.tables import Study

QUESTIONS = (AppraisalPart.QUESTION, AppraisalPart.CRITICAL)


def judgement_of(
    session: Session, *, review_id: UUID, study_id: UUID, by: Actor
) -> RuleJudgement | None:
    """Return what the rule says by the caller's own answers; None while one is missing."""
    conditions = condition_values_of_form(
        session, review_id=review_id, study_id=study_id, contract_id=None, by=by
    )
    own = {
        row.item: row.value
        for row in codes_of(session, review_id=review_id, study_id=study_id, contract_id=None)
        if row.coder_id == by.account_id
    }
    codebook = protocol_of(session, review_id).codebook
    return judge(_asked(codebook, conditions), own)


def check_reason(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    item: CodebookItem,
    value: object,
    details: str | None,
    by: Actor,
) -> None:
    """Raise Invalid for an overall judgement that differs from the rule's without a reason."""
    if item.appraisal is not AppraisalPart.OVERALL or not isinstance(value, str) or details:
        return
    rule = judgement_of(session, review_id=review_id, study_id=study_id, by=by)
    if rule is not None and rule.level != value:
        raise Invalid(
            f"By your answers the rule says {rule.label}. To judge differently, say why under "
            "Details, then choose again."
        )


@dataclass(frozen=True)
class AppraisedStudy:
    """An included study, its answers that count, its overall judgement, and the rule's."""

    study: Study
    values: Mapping[str, object]  # by question; only those that count
    overall: object | None
    rule: RuleJudgement | None


@dataclass(frozen=True)
class ChecklistTable:
    """The studies that the questions of one checklist are asked about."""

    group: str
    questions: Sequence[CodebookItem]
    studies: Sequence[AppraisedStudy]


def appraisal_tables(session: Session, *, review_id: UUID) -> list[ChecklistTable]:
    """Return a table for each checklist of the codebook, with the included studies by name.

    Answers count as on a map: agreed, or coded alike by as many as the codebook asks for.
    """
    codebook = protocol_of(session, review_id).codebook
    questions = [item for item in codebook if item.appraisal in QUESTIONS]
    if not questions:
        return []
    values: dict[UUID, dict[str, object]] = {}
    for one in coded_values(session, review_id=review_id):
        study_id, counts = one.subject.study_id, one.state in (CodeState.AGREED, CodeState.CODED)
        if study_id is not None and one.subject.contract_id is None and counts:
            values.setdefault(study_id, {})[one.item] = one.value
    states = flow_states(session, review_id=review_id)
    included = session.scalars(
        select(Study)
        .where(
            Study.id.in_(
                select(states.c.study_id).where(states.c.flow_state == FlowState.INCLUDED.value)
            )
        )
        .order_by(Study.label)
    ).all()
    overall = [item.key for item in codebook if item.appraisal is AppraisalPart.OVERALL]
    tables = []
    for group in dict.fromkeys(item.group or "" for item in questions):
        asked = [item for item in questions if (item.group or "") == group]
        rows = [
            AppraisedStudy(
                study,
                {item.key: own[item.key] for item in asked if item.key in own},
                next((own[key] for key in overall if key in own), None),
                judge(_asked(questions, own), own),  # by every checklist that it is asked
            )
            for study, own in ((one, values.get(one.id, {})) for one in included)
            if any(is_asked(item, own) for item in asked)
        ]
        tables.append(ChecklistTable(group, asked, rows))
    return tables


def _asked(
    codebook: Iterable[CodebookItem], conditions: Mapping[str, object]
) -> list[CodebookItem]:
    """Return the questions of checklists that are asked."""
    return [item for item in codebook if item.appraisal in QUESTIONS and is_asked(item, conditions)]
