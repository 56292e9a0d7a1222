"""Codes that were saved before: which are in force; code the same again, or clear one."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Conflicting, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.reviews import protocol_state
from review.states.clusters import cluster_of
from review.studies.coding import Subject, code, codes_of
from review.studies.current_codes import CLEARED
from review.studies.studies import study_of_report
from review.tables import Code, Event, Study
from review.tables.base import utc_now
from review.vocabulary import Act


def code_in_force(
    session: Session, *, review_id: UUID, code_id: UUID, coder_id: UUID | None = None
) -> Code:
    """Return a coder's newest code of an item; of one coder only, where ``coder_id`` is given.

    Raises NotFound for a code of another review or coder, Conflicting for one that its coder has
    replaced.
    """
    code = _code_of_review(session, review_id, code_id, coder_id=coder_id)
    if code.id not in {row.id for row in _newest_beside(session, code)}:
        raise Conflicting("The coder has changed this value. Reload to see the current one.")
    return code


def clear_code(session: Session, *, review_id: UUID, code_id: UUID, by: Actor) -> Code:
    """Take the caller's code of an item back, so that they have none; flushes.

    ``code_id`` is theirs, or one that they have replaced since.  The code stays in the log, and
    `restore_code` brings it back.  Raises NotFound for a code that is not the caller's, and
    Conflicting where they have none.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.CODE)
    given = _code_of_review(session, review_id, code_id, coder_id=by.account_id)
    newest = _newest_beside(session, given)
    old = next((row for row in newest if row.coder_id == by.account_id), None)
    if old is None:
        raise Conflicting("You have no value here that could be cleared. Reload the page.")
    row = Code(
        id=uuid4(),
        study_id=old.study_id,
        contract_id=old.contract_id,
        item=old.item,
        value=CLEARED,
        coder_id=old.coder_id,
        protocol_version=protocol_state(session, review_id).number,
        coded_at=utc_now(),
    )
    record_act(
        session, review_id=review_id, act=Act.CODE, by=by, rows=[row], subject=("code", row.id)
    )
    return row


def restore_code(session: Session, *, review_id: UUID, code_id: UUID, by: Actor) -> Code:
    """Code again what the caller cleared, with its quote and details; flushes.

    Raises Conflicting unless it is the last thing that they cleared for this item, and Invalid
    where the codebook no longer has the value.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.CODE)
    row = _code_of_review(session, review_id, code_id, coder_id=by.account_id)
    subject = Subject(row.study_id, row.contract_id)
    if cleared_codes(session, review_id=review_id, subject=subject, by=by).get(row.item) != row:
        raise Conflicting("You have changed this value since. Reload to see the current one.")
    return code_again(session, row, by=by)


def code_again(session: Session, row: Code, *, by: Actor) -> Code:
    """Code the same value under the current codebook, with its quote and details; flushes."""
    return code(
        session,
        review_id=row.review_id,
        item=row.item,
        value=row.value,
        by=by,
        study_id=row.study_id,
        contract_id=row.contract_id,
        confidence=row.confidence,
        note=row.note,
        **evidence_of(session, row),
    )


def cleared_codes(
    session: Session, *, review_id: UUID, subject: Subject, by: Actor
) -> dict[str, Code]:
    """Return, by item, what the caller cleared and has not coded again since."""
    rows = session.execute(
        select(Code, Event.act)
        .join(Event, (Event.review_id == Code.review_id) & (Event.number == Code.event_number))
        .where(
            Code.review_id == review_id,
            Code.coder_id == by.account_id,
            Code.study_id.is_not_distinct_from(subject.study_id),
            Code.contract_id.is_not_distinct_from(subject.contract_id),
        )
        .order_by(Code.event_number)
    )
    held, cleared = dict[str, Code](), dict[str, Code]()
    for row, act in rows:
        cleared.pop(row.item, None)
        if row.value is not CLEARED:
            held[row.item] = row
        elif row.item in held and act is Act.CODE:  # and not moved to another study
            cleared[row.item] = held[row.item]
    return cleared


def evidence_of(session: Session, code: Code) -> dict[str, Any]:
    """Return what goes wherever the value of a code goes: its details and its quote."""
    return {
        "details": code.details,
        "quote": code.quote,
        "report_id": _report_of(session, code),
        "page": code.page,
    }


def is_linked(subject: Subject, links: Mapping[UUID, Sequence[UUID]]) -> bool:
    """Say whether a study still reports on the contract, where the subject is both."""
    if subject.study_id is None or subject.contract_id is None:
        return True
    return subject.contract_id in links.get(subject.study_id, ())


def study_of_subject(
    session: Session, subject: Subject, links: Mapping[UUID, Sequence[UUID]]
) -> Study | None:
    """Return the study of a subject; for a contract, a study that reports on it."""
    if subject.study_id:
        return session.get(Study, subject.study_id)
    studies = [
        session.get_one(Study, study)
        for study, contracts in links.items()
        if subject.contract_id in contracts
    ]
    return min(studies, key=lambda study: study.event_number, default=None)


def _code_of_review(
    session: Session, review_id: UUID, code_id: UUID, *, coder_id: UUID | None
) -> Code:
    code = session.get(Code, code_id)
    if code is None or code.review_id != review_id or coder_id not in (None, code.coder_id):
        raise NotFound("There is no such code in this review.")
    return code


def _newest_beside(session: Session, code: Code) -> list[Code]:
    """Return each coder's newest code of the item and subject of a code."""
    return codes_of(
        session,
        review_id=code.review_id,
        study_id=code.study_id,
        contract_id=code.contract_id,
        item=code.item,
    )


def _report_of(session: Session, code: Code) -> UUID | None:
    """Return the report that a code quotes, unless it has moved to another study since."""
    if code.report_id is None:
        return None
    cluster = cluster_of(session, review_id=code.review_id, record_id=code.report_id)
    study = study_of_report(session, review_id=code.review_id, cluster=cluster)
    is_kept = study is not None and code.study_id in (None, study)
    return code.report_id if is_kept else None
