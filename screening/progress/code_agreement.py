"""How far coders agreed on each item, before anything was resolved."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import krippendorff
from sklearn.metrics import cohen_kappa_score
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.schema import CodebookItem
from review.events import Actor, canonical
from review.permissions import Action, check
from review.reviews import protocol_of
from review.states.clusters import Scope
from review.studies.coding import Subject
from review.studies.current_codes import current_codes
from review.studies.studies import merged_studies

Values = Mapping[UUID, str]  # by coder


@dataclass(frozen=True)
class ItemAgreement:
    """The agreement on one item, over the studies and contracts that several people coded.

    Shares are 0 to 1, coefficients at most 1.  None where a number is not defined: where all gave
    one and the same value everywhere, or, for kappa, where not the same two people coded all.
    """

    item: CodebookItem
    n: int  # subjects that two or more people coded
    n_agreed: int  # of these, those on which all gave the same value
    kappa: float | None
    alpha: float | None

    @property
    def share(self) -> float:
        """The share of subjects on which all gave the same value."""
        return self.n_agreed / self.n


def code_agreement(session: Session, *, review_id: UUID, by: Actor) -> list[ItemAgreement]:
    """Return the agreement on each item that several people coded, in the codebook's order.

    Each coder's newest value counts; a special value such as *unclear* is a value, and a list of
    values is one.  Agreed values count nowhere.  For the lead: raises NotAllowed for others.

    References
    ----------
    Kappa: Cohen 1960, doi:10.1177/001316446002000104.  Alpha, for nominal values: Krippendorff
    2011, https://repository.upenn.edu/asc_papers/43.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    by_item = _values_by_item(session, review_id)
    return [
        _agreement(item, by_item[item.key])
        for item in protocol_of(session, review_id).codebook
        if by_item.get(item.key)
    ]


def _values_by_item(session: Session, review_id: UUID) -> dict[str, list[Values]]:
    """Return the values of each subject that two or more people coded, by item."""
    rows, merged = current_codes(Scope(review_id)), merged_studies(session, review_id)
    query = select(rows.c.study_id, rows.c.contract_id, rows.c.item, rows.c.coder_id, rows.c.value)
    values: dict[tuple[str, Subject], dict[UUID, str]] = defaultdict(dict)
    for study_id, contract_id, item, coder_id, value in session.execute(query):
        if study_id not in merged:
            values[item, Subject(study_id, contract_id)][coder_id] = canonical(value)
    by_item: dict[str, list[Values]] = defaultdict(list)
    for (item, _subject), of_subject in values.items():
        if len(of_subject) > 1:
            by_item[item].append(of_subject)
    return by_item


def _agreement(item: CodebookItem, subjects: Sequence[Values]) -> ItemAgreement:
    n_agreed = sum(len(set(values.values())) == 1 for values in subjects)
    coders = sorted({coder for values in subjects for coder in values})
    numbers = {
        value: number
        for number, value in enumerate(
            sorted({value for values in subjects for value in values.values()})
        )
    }
    if len(numbers) < 2:
        return ItemAgreement(item, len(subjects), n_agreed, None, None)
    table = [
        [numbers[values[coder]] if coder in values else None for values in subjects]
        for coder in coders
    ]
    kappa = float(cohen_kappa_score(*table)) if len(coders) == 2 else None
    return ItemAgreement(item, len(subjects), n_agreed, kappa, _alpha(table))


def _alpha(table: Sequence[Sequence[int | None]]) -> float:
    missing = float("nan")
    rows = [[missing if value is None else float(value) for value in row] for row in table]
    return float(krippendorff.alpha(reliability_data=rows, level_of_measurement="nominal"))
