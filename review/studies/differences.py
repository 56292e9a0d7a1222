"""Where coders differ: each value with its quote, for those who may take one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.schema import CodebookItem
from review.errors import Conflicting, NotFound
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.states.clusters import cluster_of
from review.studies.agreement import CodeState, agree, coded_values
from review.studies.coding import Subject, codes_of, items_coded_by
from review.studies.contracts import linked_contracts
from review.studies.studies import study_of_report
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
    code = session.get(Code, code_id)
    if code is None or code.review_id != review_id:
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
    return agree(
        session,
        review_id=review_id,
        item=code.item,
        value=code.value,
        basis=basis,
        by=by,
        study_id=code.study_id,
        contract_id=code.contract_id,
        details=code.details,
        quote=code.quote,
        report_id=report_of_code(session, code),
        page=code.page,
    )


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


def report_of_code(session: Session, code: Code) -> UUID | None:
    """Return the report that a code quotes, unless it has moved to another study since."""
    if code.report_id is None:
        return None
    cluster = cluster_of(session, review_id=code.review_id, record_id=code.report_id)
    study = study_of_report(session, review_id=code.review_id, cluster=cluster)
    is_kept = study is not None and code.study_id in (None, study)
    return code.report_id if is_kept else None
