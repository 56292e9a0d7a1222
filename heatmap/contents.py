"""What stands in one cell of a map: studies, contracts, codes, and the passages they rest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from heatmap.cells import HeatMap
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
    lines = [
        _line(session, review_id, study_id, contract_id)
        for study_id, contract_id in pairs.itertuples(index=False)
    ]
    return sorted(
        lines, key=lambda line: (line.study.label, line.contract.label if line.contract else "")
    )


def _line(session: Session, review_id: UUID, study_id: UUID, contract_id: UUID | None) -> Line:
    protocol = protocol_of(session, review_id)
    codes = codes_of(session, review_id=review_id, study_id=study_id, contract_id=None)
    if contract_id is not None:
        codes += codes_of(session, review_id=review_id, study_id=None, contract_id=contract_id)
        codes += codes_of(session, review_id=review_id, study_id=study_id, contract_id=contract_id)
    known = {item.key: item for item in protocol.codebook}
    settled = {
        (value.subject, value.item): canonical(value.value)
        for value in coded_values(session, review_id=review_id)
        if value.state in (CodeState.AGREED, CodeState.CODED)
    }
    # A value that coders have not settled is nobody's to read but its coder's.
    passages = {
        (code.item, code.quote or ""): Passage(
            known[code.item].label,
            describe_value(known[code.item], code.value),
            code.quote,
            code.page,
        )
        for code in codes
        if code.item in known
        and settled.get((Subject(code.study_id, code.contract_id), code.item))
        == canonical(code.value)
    }
    return Line(
        study=session.get_one(Study, study_id),
        contract=session.get_one(Contract, contract_id) if contract_id is not None else None,
        reports=reports_of(session, review_id=review_id, study_id=study_id),
        passages=list(passages.values()),
    )
