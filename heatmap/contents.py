"""What is behind a map: studies, contracts, coded values and their quotes."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from heatmap.cells import HeatMap
from protocols.schema import CodebookItem
from protocols.values import describe_value
from review.events import canonical
from review.reviews import protocol_of
from review.states.clusters import Scope, latest
from review.states.flow import FlowState, flow_states
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import Subject
from review.studies.current_codes import current_codes
from review.tables import AgreedCode, Code, Contract, Record, Study, StudyReport

Pair = tuple[UUID, UUID | None]
Values = Mapping[tuple[Subject, str], Any]  # by subject and item
Quote = tuple[str | None, str | None, str | None]  # with its page and details
Quotes = Mapping[tuple[Subject, str, str], Sequence[Quote]]  # by subject, item and value


@dataclass(frozen=True)
class Report:
    """A report, with what a reader needs to find it."""

    record_id: UUID | None  # None in a publication
    title: str
    authors: Sequence[str]
    year: int | None
    journal: str | None
    doi: str | None
    url: str | None
    type: str | None = None  # none in publications of older releases, like what follows
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    abstract: str | None = None


@dataclass(frozen=True)
class QuotedValue:
    """A coded value in words, with the quote it is based on, and details."""

    item: str
    value: str
    quote: str | None
    page: str | None
    key: str | None = None  # of the item; None in publications of older releases
    details: str | None = None  # what the study says of it, in a coder's words


@dataclass(frozen=True)
class CellContent:
    """One contract in a cell, as one study reports it."""

    study_id: UUID
    study: str
    contract_id: UUID | None
    contract: str | None
    reports: Sequence[Report]
    passages: Sequence[QuotedValue]  # the name that publications store and the API returns


def pairs_in(heatmap: HeatMap, row: str | None = None, column: str | None = None) -> list[Pair]:
    """Return the (study, contract) pairs in a cell, in a whole row or column, or on the map."""
    lines = heatmap.frame
    if row is not None:
        lines = lines[lines["row"] == row]
    if column is not None:
        lines = lines[lines["column"] == column]
    return list(lines[["study_id", "contract_id"]].drop_duplicates().itertuples(index=False))


def cell_contents(
    session: Session, *, review_id: UUID, heatmap: HeatMap, row: str, column: str
) -> list[CellContent]:
    """Return what is in one cell, by study; nothing for a gap."""
    return contents_of(session, review_id=review_id, pairs=pairs_in(heatmap, row, column))


def without_records(content: CellContent) -> CellContent:
    """Return a content for readers outside the review, whom a record's page is closed to."""
    reports = [replace(report, record_id=None) for report in content.reports]
    return replace(content, reports=reports)


def contents_of(
    session: Session, *, review_id: UUID, pairs: Collection[Pair], is_public: bool = False
) -> list[CellContent]:
    """Return the content of each pair of study and contract, sorted by their labels.

    ``is_public`` leaves out the items that the protocol keeps private.
    """
    studies = _labels(session, Study, {study for study, _ in pairs})
    contracts = _labels(session, Contract, {contract for _, contract in pairs if contract})
    reports = _reports(session, review_id, studies)
    codebook = protocol_of(session, review_id).codebook
    items = [item for item in codebook if item.public or not is_public]
    values = _current_values(session, review_id)
    quotes = _quotes(session, review_id, studies=studies, contracts=contracts)
    contents = [
        CellContent(
            study_id=study,
            study=studies[study],
            contract_id=contract,
            contract=contracts[contract] if contract else None,
            reports=reports[study],
            passages=[
                value
                for subject in _subjects(study, contract)
                for value in _quoted_values(subject, items, values=values, quotes=quotes)
            ],
        )
        for study, contract in pairs
    ]
    return sorted(contents, key=lambda content: (content.study, content.contract or ""))


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
    included, shown = _included(session, review_id), set[UUID]()
    reports: dict[UUID, list[Report]] = defaultdict(list)
    for study_id, linked in rows:
        cluster = included.get(linked.id)
        if cluster is None or cluster in shown:  # excluded, or a copy of one that is there
            continue
        shown.add(cluster)
        # The record that was linked may have been withdrawn, and a copy of it has stayed.
        record = session.get_one(Record, cluster) if linked.is_withdrawn else linked
        reports[study_id].append(
            Report(
                record_id=record.id,
                title=record.title,
                authors=record.authors,
                year=record.year,
                journal=record.journal,
                doi=record.doi,
                url=record.url,
                type=record.type,
                volume=record.volume,
                issue=record.issue,
                pages=record.pages,
                abstract=record.abstract,
            )
        )
    return reports


def _included(session: Session, review_id: UUID) -> dict[UUID, UUID]:
    """Return the records of included reports, copies among them, each with its cluster."""
    states = flow_states(session, review_id=review_id)
    included = select(states.c.cluster_id).where(states.c.flow_state == FlowState.INCLUDED.value)
    rows = session.execute(
        select(states.c.record_id, states.c.cluster_id).where(states.c.cluster_id.in_(included))
    )
    return {row.record_id: row.cluster_id for row in rows}


def _current_values(session: Session, review_id: UUID) -> Values:
    # As long as coders have not agreed on a value, nobody but its coder may see it.
    return {
        (value.subject, value.item): value.value
        for value in coded_values(session, review_id=review_id)
        if value.state in (CodeState.AGREED, CodeState.CODED)
    }


def _quotes(
    session: Session, review_id: UUID, *, studies: Collection[UUID], contracts: Collection[UUID]
) -> Quotes:
    """Return the quotes for each value of each item of each subject, without repetitions."""
    quotes: dict[tuple[Subject, str, str], dict[Quote, None]] = defaultdict(dict)
    for table in (Code, AgreedCode):
        for row in session.scalars(_newest(table, review_id, studies=studies, contracts=contracts)):
            subject = Subject(row.study_id, row.contract_id)
            words = (row.quote, row.page, row.details)
            quotes[subject, row.item, canonical(row.value)][words] = None
    return {key: list(of_value) for key, of_value in quotes.items()}


def _newest(
    table: type[Code] | type[AgreedCode],
    review_id: UUID,
    *,
    studies: Collection[UUID],
    contracts: Collection[UUID],
) -> Select[Any]:
    """Return a query for the codes in force that have a quote or details."""
    about = table.study_id.in_(studies) | table.contract_id.in_(contracts)
    newest = current_codes(Scope(review_id), table, where=about)
    return (
        select(table)
        .join(newest, newest.c.id == table.id)
        .where(table.quote.is_not(None) | table.details.is_not(None))
        .order_by(table.event_number)
    )


def _subjects(study_id: UUID, contract_id: UUID | None) -> list[Subject]:
    study = Subject(study_id, None)
    if contract_id is None:
        return [study]
    return [study, Subject(None, contract_id), Subject(study_id, contract_id)]


def _quoted_values(
    subject: Subject, items: Sequence[CodebookItem], *, values: Values, quotes: Quotes
) -> Iterator[QuotedValue]:
    """Yield each current value with each of its quotes and details, or once without any."""
    for item in items:
        if (subject, item.key) not in values:
            continue
        value = values[subject, item.key]
        words = describe_value(item, value)
        of_value = quotes.get((subject, item.key, canonical(value)), [])
        none: Sequence[Quote] = [(None, None, None)]
        for quote, page, details in of_value or none:
            yield QuotedValue(item.label, words, quote, page, item.key, details)
