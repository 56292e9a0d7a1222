"""How far studies are coded: values coded, of those that the codebook asks for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocols.schema import Level
from review.events import Actor
from review.reviews import protocol_of
from review.states.clusters import Scope
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
    levels = {level: list[str]() for level in Level}
    for item in protocol_of(session, review_id).codebook:
        levels[item.level].append(item.key)
    coded = _n_coded(session, review_id, [key for keys in levels.values() for key in keys], by=by)
    contracts = linked_contracts(session, review_id)
    n_of_study = len(levels[Level.STUDY])
    n_of_contract = len(levels[Level.CONTRACT]) + len(levels[Level.STUDY_CONTRACT])
    found = {}
    for study in studies:
        parts: dict[UUID | None, tuple[int, int]] = {
            None: (coded.get(Subject(study, None), 0), n_of_study)
        }
        for contract in contracts.get(study, ()):
            of_contract = (Subject(None, contract), Subject(study, contract))
            parts[contract] = (sum(coded.get(one, 0) for one in of_contract), n_of_contract)
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
