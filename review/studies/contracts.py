"""Contracts, and which studies report on them."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.errors import NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.clusters import Scope, latest
from review.studies.contract_names import NameIndex
from review.studies.studies import check_not_merged, free_label
from review.tables import Contract, Study, StudyContract
from review.vocabulary import Act


def add_contract(session: Session, *, review_id: UUID, label: str, by: Actor) -> Contract:
    """Add a contract under a name that no other contract has; flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.CODE)
    contract = Contract(
        id=uuid4(), label=free_label(session, Contract, review_id=review_id, label=label)
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.ADD_CONTRACT,
        by=by,
        rows=[contract],
        subject=("contract", contract.id),
    )
    return contract


def link_contract(
    session: Session,
    *,
    review_id: UUID,
    study_id: UUID,
    contract_id: UUID,
    by: Actor,
    linked: bool = True,
) -> None:
    """Link a study to a contract that it reports on, or unlink the two; flushes.

    Does nothing where the link is already as asked.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.CODE)
    check_not_merged(session, review_id=review_id, study_id=study_id)
    contract_of_review(session, review_id=review_id, contract_id=contract_id)
    if linked == is_contract_of(
        session, review_id=review_id, study_id=study_id, contract_id=contract_id
    ):
        return
    row = StudyContract(id=uuid4(), study_id=study_id, contract_id=contract_id, is_linked=linked)
    record_act(
        session,
        review_id=review_id,
        act=Act.LINK_CONTRACT,
        by=by,
        rows=[row],
        subject=("study", study_id),
    )


def contract_of_review(session: Session, *, review_id: UUID, contract_id: UUID) -> Contract:
    """Return a contract; raise NotFound for one of another review."""
    contract = session.get(Contract, contract_id)
    if contract is None or contract.review_id != review_id:
        raise NotFound("There is no such contract in this review.")
    return contract


def contracts_of(session: Session, *, review_id: UUID, study_id: UUID) -> list[Contract]:
    """Return the contracts that a study reports on, by name."""
    return _contracts(session, review_id, study_id=study_id, are_linked=True)


def unlinked_contracts(session: Session, *, review_id: UUID, study_id: UUID) -> list[Contract]:
    """Return the contracts that were linked to a study and no longer are, by name."""
    return _contracts(session, review_id, study_id=study_id, are_linked=False)


def _contracts(
    session: Session, review_id: UUID, *, study_id: UUID, are_linked: bool
) -> list[Contract]:
    links = latest(
        Scope(review_id),
        StudyContract,
        StudyContract.study_id,
        StudyContract.contract_id,
        where=StudyContract.study_id == study_id,
    )
    query = select(Contract).join(links, links.c.contract_id == Contract.id)
    return list(
        session.scalars(query.where(links.c.is_linked.is_(are_linked)).order_by(Contract.label))
    )


def linked_contracts(session: Session, review_id: UUID) -> dict[UUID, list[UUID]]:
    """Return the contracts that each study reports on, by the study's id."""
    links = latest(
        Scope(review_id), StudyContract, StudyContract.study_id, StudyContract.contract_id
    )
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for study, contract in session.execute(
        select(links.c.study_id, links.c.contract_id).where(links.c.is_linked)
    ):
        found[study].append(contract)
    return found


def similar_contracts(session: Session, *, review_id: UUID, label: str) -> list[Contract]:
    """Return the contracts whose names may mean the same contract, the likeliest first."""
    known = contracts_by_label(session, review_id=review_id)
    index = NameIndex(contract.label for contract in known)
    return [known[place] for place, _ in index.alike(label)[:5]]


def is_contract_of(session: Session, *, review_id: UUID, study_id: UUID, contract_id: UUID) -> bool:
    """Say whether a study reports on a contract."""
    return any(
        contract.id == contract_id
        for contract in contracts_of(session, review_id=review_id, study_id=study_id)
    )


def contracts_by_label(session: Session, *, review_id: UUID) -> Sequence[Contract]:
    """Return the review's contracts, by name."""
    return session.scalars(
        select(Contract).where(Contract.review_id == review_id).order_by(Contract.label)
    ).all()


def studies_of_contracts(session: Session, *, review_id: UUID) -> dict[UUID, list[str]]:
    """Return the names of the studies that report on each contract, by the contract's id."""
    links = latest(
        Scope(review_id), StudyContract, StudyContract.study_id, StudyContract.contract_id
    )
    rows = session.execute(
        select(links.c.contract_id, Study.label)
        .join(Study, Study.id == links.c.study_id)
        .where(links.c.is_linked)
        .order_by(Study.label)
    )
    found: dict[UUID, list[str]] = {}
    for contract_id, label in rows:
        found.setdefault(contract_id, []).append(label)
    return found


def n_contracts(session: Session, *, review_id: UUID) -> int:
    """Return how many contracts the review has."""
    query = select(func.count()).select_from(Contract).where(Contract.review_id == review_id)
    return session.scalar(query) or 0
