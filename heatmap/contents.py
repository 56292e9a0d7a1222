"""What stands behind a map: studies, contracts, codes, and the passages they rest on."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from heatmap.cells import HeatMap
from protocols.schema import CodebookItem
from protocols.values import describe_value
from review.events import canonical
from review.reviews import protocol_of
from review.states.clusters import Scope, latest
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import Subject
from review.tables import Code, Contract, Record, Study, StudyReport

Pair = tuple[UUID, UUID | None]
Quoted = Mapping[tuple[Subject, str, str], Sequence[tuple[str, str | None]]]


@dataclass(frozen=True)
class Report:
    """A report as a reader finds it elsewhere."""

    record_id: UUID | None  # None in a publication
    title: str
    authors: Sequence[str]
    year: int | None
    journal: str | None
    doi: str | None
    url: str | None


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

    study_id: UUID
    study: str
    contract_id: UUID | None
    contract: str | None
    reports: Sequence[Report]
    passages: Sequence[Passage]


def pairs_in(heatmap: HeatMap, row: str, column: str) -> list[Pair]:
    """Return the (study, contract) pairs that stand in a cell."""
    frame = heatmap.frame
    inside = frame[(frame["row"] == row) & (frame["column"] == column)]
    return list(inside[["study_id", "contract_id"]].drop_duplicates().itertuples(index=False))


def cell_contents(
    session: Session, *, review_id: UUID, heatmap: HeatMap, row: str, column: str
) -> list[Line]:
    """Return the lines behind one cell, by study; none for a gap."""
    return lines_of(session, review_id=review_id, pairs=pairs_in(heatmap, row, column))


def lines_of(
    session: Session, *, review_id: UUID, pairs: Collection[Pair], is_public: bool = False
) -> list[Line]:
    """Return a line for each pair of study and contract, by their names.

    ``is_public`` leaves out the items that the protocol keeps to the review.
    """
    studies = _labels(session, Study, {study for study, _ in pairs})
    contracts = _labels(session, Contract, {contract for _, contract in pairs if contract})
    reports = _reports(session, review_id, studies)
    codebook = protocol_of(session, review_id).codebook
    items = [item for item in codebook if item.public or not is_public]
    settled = _settled(session, review_id)
    quoted = _quoted(session, review_id, studies, contracts=contracts)
    lines = [
        Line(
            study_id=study,
            study=studies[study],
            contract_id=contract,
            contract=contracts[contract] if contract else None,
            reports=reports[study],
            passages=[
                passage
                for subject in _subjects(study, contract)
                for passage in _passages(subject, items, settled, quoted=quoted)
            ],
        )
        for study, contract in pairs
    ]
    return sorted(lines, key=lambda line: (line.study, line.contract or ""))


def _labels(
    session: Session, table: type[Study] | type[Contract], ids: Collection[UUID]
) -> dict[UUID, str]:
    rows = session.execute(select(table.id, table.label).where(table.id.in_(ids)))
    return {row.id: row.label for row in rows}


def _reports(
    session: Session, review_id: UUID, studies: Collection[UUID]
) -> Mapping[UUID, Sequence[Report]]:
    links = latest(Scope(review_id), StudyReport, StudyReport.record_id)
    rows = session.execute(
        select(links.c.study_id, Record)
        .join(Record, Record.id == links.c.record_id)
        .where(links.c.is_linked, links.c.study_id.in_(studies))
        .order_by(Record.number)
    )
    found: dict[UUID, list[Report]] = defaultdict(list)
    for study_id, record in rows:
        found[study_id].append(
            Report(
                record_id=record.id,
                title=record.title,
                authors=record.authors,
                year=record.year,
                journal=record.journal,
                doi=record.doi,
                url=record.url,
            )
        )
    return found


def _settled(session: Session, review_id: UUID) -> Mapping[tuple[Subject, str], Any]:
    # A value that coders have not settled is nobody's to read but its coder's.
    return {
        (value.subject, value.item): value.value
        for value in coded_values(session, review_id=review_id)
        if value.state in (CodeState.AGREED, CodeState.CODED)
    }


def _quoted(
    session: Session, review_id: UUID, studies: Collection[UUID], *, contracts: Collection[UUID]
) -> Quoted:
    """Return the passages quoted for each value of each item of each subject."""
    newest = latest(
        Scope(review_id),
        Code,
        Code.study_id,
        Code.contract_id,
        Code.item,
        Code.coder_id,
        where=Code.study_id.in_(studies) | Code.contract_id.in_(contracts),
    )
    codes = session.scalars(
        select(Code)
        .join(newest, newest.c.id == Code.id)
        .where(Code.quote.is_not(None))
        .order_by(Code.event_number)
    )
    found: dict[tuple[Subject, str, str], dict[tuple[str, str | None], None]] = defaultdict(dict)
    for code in codes:
        subject = Subject(code.study_id, code.contract_id)
        found[subject, code.item, canonical(code.value)][code.quote or "", code.page] = None
    return {key: list(passages) for key, passages in found.items()}


def _subjects(study_id: UUID, contract_id: UUID | None) -> list[Subject]:
    alone = [Subject(study_id, None)]
    if contract_id is None:
        return alone
    return [*alone, Subject(None, contract_id), Subject(study_id, contract_id)]


def _passages(
    subject: Subject,
    items: Sequence[CodebookItem],
    settled: Mapping[tuple[Subject, str], Any],
    *,
    quoted: Quoted,
) -> Iterator[Passage]:
    """Yield each settled value with every passage quoted for it; once without, where none is."""
    for item in items:
        if (subject, item.key) not in settled:
            continue
        value = settled[subject, item.key]
        words = describe_value(item, value)
        passages = quoted.get((subject, item.key, canonical(value)), [])
        yield from (Passage(item.label, words, quote, page) for quote, page in passages)
        if not passages:
            yield Passage(item.label, words, None, None)
