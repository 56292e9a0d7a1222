"""How far studies are coded: values coded, of those that the codebook asks for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.reviews import protocol_of
from review.states.clusters import Scope
from review.studies.asking import asked_items, condition_values
from review.studies.coding import Subject, subject_of
from review.studies.contracts import linked_contracts
from review.studies.current_codes import current_codes
from review.tables import Code


@dataclass(frozen=True)
class Progress:
    """How many values of a study are coded, and how many the codebook asks for."""

    n_coded: int
    n_items: int
    by_contract: Mapping[UUID | None, tuple[int, int]]  # the same of each; None is the study itself


def coding_progress(
    session: Session, *, review_id: UUID, studies: Collection[UUID], by: Actor | None
) -> dict[UUID, Progress]:
    """Return the progress of each study, the items of its contracts included.

    Counts the values that ``by`` has coded; for None those that anybody has.
    """
    codebook = protocol_of(session, review_id).codebook
    conditions = condition_values(session, review_id=review_id, codebook=codebook, by=by)
    coded = _coded(session, review_id, by=by)
    contracts = linked_contracts(session, review_id)
    found = {}
    for study in studies:
        parts: dict[UUID | None, tuple[int, int]] = {}
        for contract in (None, *contracts.get(study, ())):
            asked = asked_items(codebook, conditions, study_id=study, contract_id=contract)
            n_coded = sum((subject_of(one, study, contract), one.key) in coded for one in asked)
            parts[contract] = (n_coded, len(asked))
        found[study] = Progress(
            sum(n for n, _ in parts.values()), sum(n for _, n in parts.values()), parts
        )
    return found


def _coded(session: Session, review_id: UUID, *, by: Actor | None) -> set[tuple[Subject, str]]:
    """Return every subject and item that has a code."""
    own = None if by is None else Code.coder_id == by.account_id
    codes = current_codes(Scope(review_id), where=own).c
    rows = session.execute(select(codes.study_id, codes.contract_id, codes.item).distinct())
    return {(Subject(study, contract), item) for study, contract, item in rows}
