"""How far studies are coded: values coded, of those that the codebook asks for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.events import Actor
from review.reviews import protocol_of
from review.states.clusters import Scope
from review.studies.asking import held_values, n_asked
from review.studies.coding import Subject
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
    held = held_values(session, review_id=review_id, codebook=codebook, by=by)
    coded = _n_coded(session, review_id, [item.key for item in codebook], by=by)
    contracts = linked_contracts(session, review_id)
    found = {}
    for study in studies:
        parts: dict[UUID | None, tuple[int, int]] = {}
        for contract in (None, *contracts.get(study, ())):
            subjects = {Subject(study, contract), Subject(None, contract)}
            n_coded = sum(coded.get(one, 0) for one in subjects)
            n_items = n_asked(codebook, held, study_id=study, contract_id=contract)
            parts[contract] = (n_coded, max(n_items, n_coded))
        found[study] = Progress(
            sum(n for n, _ in parts.values()), sum(n for _, n in parts.values()), parts
        )
    return found


def _n_coded(
    session: Session, review_id: UUID, items: Sequence[str], *, by: Actor | None
) -> dict[Subject, int]:
    asked = Code.item.in_(items)
    codes = current_codes(
        Scope(review_id), where=asked if by is None else asked & (Code.coder_id == by.account_id)
    ).c
    query = select(codes.study_id, codes.contract_id, func.count(codes.item.distinct()))
    rows = session.execute(query.group_by(codes.study_id, codes.contract_id))
    return {Subject(study, contract): n for study, contract, n in rows}
