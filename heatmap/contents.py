"""What stands in one cell of a map: studies, contracts, codes, and the passages they rest on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from heatmap.cells import HeatMap
from protocols.schema import CodebookItem
from protocols.values import describe_value
from review.coding import CodeState, Subject, coded_values, codes_of
from review.events import canonical
from review.reviews import protocol_of
from review.studies import reports_of
from review.tables import Contract, Record, Study


@dataclass(frozen=True)
class Passage:
    """A coded value in words, with the passage that the coder quoted for it."""

    item: str
    value: str
    quote: str | None
    page: str | None


@dataclass(frozen=True)
class Line:
    """One contract in a cell, as one study reports it."""

    study: Study
    contract: Contract | None
    reports: Sequence[Record]
    passages: Sequence[Passage]


def cell_contents(
    session: Session, *, review_id: UUID, heatmap: HeatMap, row: str, column: str
) -> list[Line]:
    """Return the lines behind one cell, by study; none for a gap."""
    frame = heatmap.frame
    inside = frame[(frame["row"] == row) & (frame["column"] == column)]
    pairs = inside[["study_id", "contract_id"]].drop_duplicates()
    items = protocol_of(session, review_id).codebook
    # A value that coders have not settled is nobody's to read but its coder's.
    settled = {
        (value.subject, value.item): value.value
        for value in coded_values(session, review_id=review_id)
        if value.state in (CodeState.AGREED, CodeState.CODED)
    }
    lines = [
        Line(
            study=session.get_one(Study, study_id),
            contract=session.get_one(Contract, contract_id) if contract_id else None,
            reports=reports_of(session, review_id=review_id, study_id=study_id),
            passages=[
                passage
                for subject in _subjects(study_id, contract_id)
                for passage in _passages(session, review_id, subject, items, settled)
            ],
        )
        for study_id, contract_id in pairs.itertuples(index=False)
    ]
    return sorted(
        lines, key=lambda line: (line.study.label, line.contract.label if line.contract else "")
    )


def _subjects(study_id: UUID, contract_id: UUID | None) -> list[Subject]:
    alone = [Subject(study_id, None)]
    if contract_id is None:
        return alone
    return [*alone, Subject(None, contract_id), Subject(study_id, contract_id)]


def _passages(
    session: Session,
    review_id: UUID,
    subject: Subject,
    items: Sequence[CodebookItem],
    settled: Mapping[tuple[Subject, str], Any],
) -> Iterator[Passage]:
    """Yield each settled value with every passage quoted for it; once without, where none is."""
    codes = codes_of(
        session, review_id=review_id, study_id=subject.study_id, contract_id=subject.contract_id
    )
    for item in items:
        if (subject, item.key) not in settled:
            continue
        value = settled[subject, item.key]
        quoted = dict.fromkeys(
            (code.quote, code.page)
            for code in codes
            if code.item == item.key and code.quote and canonical(code.value) == canonical(value)
        )
        for quote, page in quoted or [(None, None)]:
            yield Passage(item.label, describe_value(item, value), quote, page)
