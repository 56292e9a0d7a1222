"""How reports were moved, what can be undone, and what was not moved."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.states.clusters import Scope
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import items_coded_by
from review.studies.current_codes import current_codes
from review.studies.studies import merged_studies, study_of_review
from review.tables import (
    Account,
    Code,
    Contract,
    Event,
    Record,
    Study,
    StudyReport,
)
from review.vocabulary import Act


@dataclass(frozen=True)
class MoveLine:
    """An act that moved reports, or undid that."""

    number: int
    at: datetime
    actor: str
    source: Study
    target: Study
    reports: Sequence[Record]
    undoes: int | None
    is_undoable: bool  # none of the reports has been moved or unlinked since


@dataclass(frozen=True)
class LeftCode:
    """A coder's value of a study that was merged, where the other study has another one."""

    study: Study
    code: Code
    coder: str
    contract: Contract | None


def moves_of(session: Session, *, review_id: UUID, study_id: UUID, by: Actor) -> list[MoveLine]:
    """Return the acts that moved reports from or to a study, the newest first."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    study_of_review(session, review_id=review_id, study_id=study_id)
    moves = _moves(session, review_id, [study_id])
    people = {event.actor_id for event in moves}
    names = dict(
        session.execute(select(Account.id, Account.name).where(Account.id.in_(people))).all()
    )
    lines = []
    for event in moves:
        reports = session.scalars(
            select(Record)
            .join(StudyReport, StudyReport.record_id == Record.id)
            .where(StudyReport.review_id == review_id, StudyReport.event_number == event.number)
            .order_by(Record.number)
        )
        lines.append(
            MoveLine(
                number=event.number,
                at=event.at,
                actor=names.get(cast(UUID, event.actor_id), "The operator"),
                source=session.get_one(Study, event.subject_id),
                target=session.get_one(Study, UUID(event.detail["to"])),
                reports=list(reports),
                undoes=event.detail.get("undoes"),
                is_undoable=is_undoable(session, event),
            )
        )
    return lines[::-1]


def left_codes(session: Session, *, review_id: UUID, study_id: UUID, by: Actor) -> list[LeftCode]:
    """Return the values that a merged study kept, because its coder said otherwise of the other.

    For the lead, who may be a second coder: what two people code is shown once both have, or the
    lead has.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    study = study_of_review(session, review_id=review_id, study_id=study_id)
    into = merged_studies(session, review_id).get(study_id)
    if into is None:
        return []
    codebook = protocol_of(session, review_id).codebook
    double_coded = {item.key for item in codebook if item.double_coded}
    told = {
        (value.subject.contract_id, value.item)
        for value in coded_values(session, review_id=review_id)
        if value.subject.study_id == into and value.state is not CodeState.AWAITING_SECOND
    }
    told |= {
        (subject.contract_id, item)
        for subject, item in items_coded_by(session, review_id=review_id, by=by)
        if subject.study_id == into
    }
    codes = current_codes(Scope(review_id), where=Code.study_id == study_id)
    rows = session.execute(
        select(Code, Account.name, Contract)
        .join(codes, codes.c.id == Code.id)
        .join(Account, Account.id == Code.coder_id)
        .outerjoin(Contract, Contract.id == Code.contract_id)
        .order_by(Contract.label, Code.item, Account.name)
    )
    return [
        LeftCode(study, code, name, contract)
        for code, name, contract in rows
        if code.coder_id == by.account_id
        or code.item not in double_coded
        or (code.contract_id, code.item) in told
    ]


def is_undoable(session: Session, event: Event) -> bool:
    """Say whether an event's reports are where it moved them, and nothing was moved on top of it.

    A later move from or to either study has used what this one brought; it is undone first.
    """
    studies = {event.subject_id, UUID(event.detail["to"])}
    later: dict[int, Event] = {}
    for move in _moves(session, event.review_id, studies):
        if move.number > event.number and later.pop(move.detail.get("undoes", 0), None) is None:
            later[move.number] = move
    if later:
        return False
    newer = aliased(StudyReport)
    return not session.scalar(
        select(
            exists().where(
                StudyReport.review_id == event.review_id,
                StudyReport.event_number == event.number,
                newer.review_id == event.review_id,
                newer.record_id == StudyReport.record_id,
                newer.event_number > event.number,
            )
        )
    )


def _moves(session: Session, review_id: UUID, studies: Collection[UUID | None]) -> list[Event]:
    """Return the acts that moved reports from or to any of the studies, in order."""
    ever = select(StudyReport.record_id).where(StudyReport.study_id.in_(studies))
    moved = select(StudyReport.event_number).where(
        StudyReport.review_id == review_id, StudyReport.record_id.in_(ever)
    )
    events = session.scalars(
        select(Event)
        .where(
            Event.review_id == review_id,
            Event.act == Act.MOVE_REPORTS,
            Event.number.in_(moved),
        )
        .order_by(Event.number)
    )
    return [one for one in events if {one.subject_id, UUID(one.detail["to"])} & set(studies)]
