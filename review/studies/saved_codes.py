"""Codes that were saved before: which of them are in force, and what they are about."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from review.errors import Conflicting, NotFound
from review.states.clusters import cluster_of
from review.studies.coding import Subject, codes_of
from review.studies.studies import study_of_report
from review.tables import Code, Study


def code_in_force(
    session: Session, *, review_id: UUID, code_id: UUID, coder_id: UUID | None = None
) -> Code:
    """Return a coder's newest code of an item; of one coder only, where ``coder_id`` is given.

    Raises NotFound for a code of another review or coder, Conflicting for one that its coder has
    replaced.
    """
    code = session.get(Code, code_id)
    if code is None or code.review_id != review_id or coder_id not in (None, code.coder_id):
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
    return code


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


def _report_of(session: Session, code: Code) -> UUID | None:
    """Return the report that a code quotes, unless it has moved to another study since."""
    if code.report_id is None:
        return None
    cluster = cluster_of(session, review_id=code.review_id, record_id=code.report_id)
    study = study_of_report(session, review_id=code.review_id, cluster=cluster)
    is_kept = study is not None and code.study_id in (None, study)
    return code.report_id if is_kept else None
