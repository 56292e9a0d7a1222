"""Recording codes: one coder's value for one codebook item of a study, a contract, or both."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from protocols.schema import CodebookItem, Level
from protocols.values import check_value
from review.errors import Invalid
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.reviews import protocol_state
from review.states.clusters import Scope, cluster_of
from review.studies.contracts import contract_of_review, is_contract_of
from review.studies.current_codes import current_codes
from review.studies.studies import check_not_merged, study_of_report
from review.tables import Code
from review.tables.base import utc_now
from review.vocabulary import Act


@dataclass(frozen=True)
class Subject:
    """The subject of a code: a study, a contract, or what the study reports about the contract."""

    study_id: UUID | None
    contract_id: UUID | None


def subject_of(item: CodebookItem, study_id: UUID, contract_id: UUID | None) -> Subject:
    """Return what a code of the item is about."""
    return Subject(
        None if item.level is Level.CONTRACT else study_id,
        None if item.level is Level.STUDY else contract_id,
    )


def code(
    session: Session,
    *,
    review_id: UUID,
    item: str,
    value: object,
    by: Actor,
    study_id: UUID | None = None,
    contract_id: UUID | None = None,
    quote: str | None = None,
    report_id: UUID | None = None,
    page: str | None = None,
    details: str | None = None,
    confidence: str | None = None,
    note: str | None = None,
) -> Code:
    """Record ``by``'s value for a codebook item; it replaces their earlier ones.  Flushes.

    ``details`` says in the coder's words what the study reports, and goes wherever the value goes;
    ``note`` is for the other coders.  Raises Invalid where the codebook does not allow the item,
    the value or the subject.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.CODE)
    state = protocol_state(session, review_id)
    codebook_item = item_of(state.protocol.codebook, item)
    subject = Subject(study_id, contract_id)
    check_subject(session, review_id=review_id, item=codebook_item, subject=subject)
    check_evidence(
        session, review_id, study_id=study_id, quote=quote, page=page, report_id=report_id
    )
    if len(confidence or "") > 255:
        raise Invalid("Use at most 255 characters for the confidence.")
    row = Code(
        id=uuid4(),
        study_id=study_id,
        contract_id=contract_id,
        item=item,
        value=checked_value(codebook_item, value),
        details=details or None,
        quote=quote or None,
        report_id=report_id,
        page=page or None,
        confidence=confidence or None,
        note=note or None,
        coder_id=by.account_id,
        protocol_version=state.number,
        coded_at=utc_now(),
    )
    record_act(
        session, review_id=review_id, act=Act.CODE, by=by, rows=[row], subject=("code", row.id)
    )
    return row


def codes_of(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID | None,
    contract_id: UUID | None,
    item: str | None = None,
) -> list[Code]:
    """Return each coder's newest codes of one subject, with their quotes, by item, in order.

    With ``item``, only the codes of that item.
    """
    rows = current_codes(
        Scope(review_id),
        where=(Code.study_id.is_not_distinct_from(study_id))
        & (Code.contract_id.is_not_distinct_from(contract_id))
        & (true() if item is None else Code.item == item),
    )
    return list(
        session.scalars(
            select(Code).join(rows, rows.c.id == Code.id).order_by(Code.item, Code.event_number)
        )
    )


def items_coded_by(session: Session, *, review_id: UUID, by: Actor) -> set[tuple[Subject, str]]:
    """Return every subject and item for which the person has a code."""
    own = current_codes(Scope(review_id), where=Code.coder_id == by.account_id)
    rows = session.execute(select(own.c.study_id, own.c.contract_id, own.c.item))
    return {(Subject(study_id, contract_id), item) for study_id, contract_id, item in rows}


def item_of(codebook: Collection[CodebookItem], key: str) -> CodebookItem:
    """Return the codebook item with this key; raise Invalid where there is none."""
    for item in codebook:
        if item.key == key:
            return item
    raise Invalid(f"The codebook has no item '{key}'.")


def check_subject(
    session: Session, *, review_id: UUID, item: CodebookItem, subject: Subject
) -> None:
    """Raise Invalid or NotFound unless the item can be coded for the subject."""
    study_id, contract_id = subject.study_id, subject.contract_id
    needs = {
        Level.STUDY: (True, False),
        Level.CONTRACT: (False, True),
        Level.STUDY_CONTRACT: (True, True),
    }[item.level]
    if (study_id is not None, contract_id is not None) != needs:
        words = {(True, False): "a study", (False, True): "a contract"}
        raise Invalid(f"'{item.label}' is coded for {words.get(needs, 'a study and a contract')}.")
    if study_id is not None:
        check_not_merged(session, review_id=review_id, study_id=study_id)
    if contract_id is not None:
        contract_of_review(session, review_id=review_id, contract_id=contract_id)
    if study_id is not None and contract_id is not None:
        is_linked = is_contract_of(
            session, review_id=review_id, study_id=study_id, contract_id=contract_id
        )
        if not is_linked:
            raise Invalid("This study is not linked to that contract. Link them first.")


def checked_value(item: CodebookItem, value: object) -> object:
    """Return the value as the codebook writes it; raise Invalid where it is not allowed."""
    try:
        return check_value(item, value)
    except ValueError as error:
        raise Invalid(str(error)) from error


def check_evidence(
    session: Session,
    review_id: UUID,
    *,
    study_id: UUID | None,
    quote: str | None,
    page: str | None,
    report_id: UUID | None,
) -> None:
    """Raise Invalid unless a page comes with a quote, and the report is one of the study."""
    if page and not quote:
        raise Invalid("A page number needs a quote. Add the quote from that page.")
    if len(page or "") > 255:
        raise Invalid("Use at most 255 characters for the page.")
    if report_id is None:
        return
    cluster = cluster_of(session, review_id=review_id, record_id=report_id)
    linked_id = study_of_report(session, review_id=review_id, cluster=cluster)
    if linked_id is None or study_id not in (None, linked_id):
        raise Invalid("The quote is not from a report of this study. Choose one of its reports.")
