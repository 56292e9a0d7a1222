"""What the lists of a review show, as tables that people download: searches, records, studies."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote
from uuid import UUID

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell
from openpyxl.styles import Font
from sqlalchemy.orm import Session

from protocols.schema import AppraisalPart
from protocols.values import describe_value
from review.errors import Invalid
from review.exports import ris_entry
from review.permissions import Action, check
from review.reports.open_url import open_url
from review.reports.retrieval import latest_retrievals
from review.reviews import protocol_of, reason_labels
from review.safe_text import safe_cell
from review.searches.searches import n_duplicates_by_search, search_counts
from review.states.flow import SOUGHT, FlowState, record_rows
from review.studies import tidy
from review.studies.appraisal import appraisal_tables
from review.studies.contracts import contracts_by_label, studies_of_contracts
from review.studies.known_contracts.lists import known_projects
from review.studies.known_contracts.matches import matches_of
from review.studies.studies import reports_of, studies_by_label
from review.tables import Record, Search
from review.vocabulary import SearchKind, Stream

BATCH = 2000  # records that are read at once
MOST_IN_CELL = 16_000  # characters, of at most two UTF-16 units; a cell takes 32,767 units (Excel)
CUT = " … [cut: the whole text is in the CSV]"


class ListFormat(StrEnum):
    """How a list can be downloaded."""

    CSV = "csv"
    XLSX = "xlsx"
    RIS = "ris"


MEDIA_TYPES = {
    ListFormat.CSV: "text/csv; charset=utf-8",
    ListFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ListFormat.RIS: "application/x-research-info-systems",
}


@dataclass(frozen=True)
class ListTable:
    """A list: its columns, and its rows in that order."""

    name: str
    columns: Sequence[str]
    rows: Iterator[Sequence[object]]
    records: Callable[[], Iterator[Mapping[str, Any]]] | None = None  # for RIS, where it has any


@dataclass(frozen=True)
class RecordChoice:
    """Which records a list has: a box of the flow, or a state."""

    states: Collection[FlowState]
    stream: Stream | None = None
    kinds: Collection[SearchKind] | None = None
    reason: str | None = None
    source: str | None = None
    as_of: int | None = None


def written(table: ListTable, format: ListFormat) -> bytes:  # noqa: A002 - the user's word
    """Return a list as a file; also one without rows has its heading.

    Raises Invalid for RIS of a list that is not about records.
    """
    if format is ListFormat.RIS:
        if table.records is None:
            raise Invalid("Only lists of records can be downloaded as RIS. Choose CSV or XLSX.")
        return "".join(map(ris_entry, table.records())).encode()
    if format is ListFormat.XLSX:
        return _workbook(table)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def searches_list(session: Session, review_id: UUID) -> ListTable:
    """Return every search with what PRISMA-S asks about it, and what came of it."""
    columns = (
        "source", "kind", "platform", "run on", "limits and filters", "strategy", "hits",
        "update of", "files", "imported", "rejected", "duplicates", "new", "withdrawn",
    )  # fmt: skip
    lines = search_counts(session, review_id=review_id)
    searches = {line.search.id: line.search for line in lines}
    duplicates = n_duplicates_by_search(session, review_id)

    def rows() -> Iterator[Sequence[object]]:
        for line in lines:
            search, n_duplicates = line.search, duplicates.get(line.search.id, 0)
            earlier = searches.get(search.update_of) if search.update_of else None
            yield (
                search.source, search.kind.replace("_", " "), search.platform, search.run_on,
                search.limits, search.query, search.n_hits, earlier and _named(earlier),
                line.n_files, line.n_accepted, line.n_rejected, n_duplicates,
                line.n_accepted - n_duplicates, "yes" if search.is_withdrawn else "no",
            )  # fmt: skip

    return ListTable("searches", columns, rows())


def _named(search: Search) -> str:
    return f"{search.source}, {search.run_on}" if search.run_on else search.source


RECORD_COLUMNS = (
    "number", "title", "authors", "year", "journal", "volume", "issue", "pages", "doi", "pmid",
    "url", "type", "language", "status", "reason", "source", "kind of source", "search run on",
    "abstract", "id",
)  # fmt: skip


def records_list(
    session: Session,
    review_id: UUID,
    choice: RecordChoice,
    *,
    shown: Callable[[str], str],
) -> ListTable:
    """Return the records of a box with their status as ``shown``, their reason and their search."""
    labels = reason_labels(session, review_id, as_of=choice.as_of)
    searches = {line.search.id: line.search for line in search_counts(session, review_id=review_id)}

    def rows() -> Iterator[Sequence[object]]:
        for record, state, reason in _chosen(session, review_id, choice):
            search = searches[record.search_id]
            yield (
                record.number, record.title, record.authors, record.year, record.journal,
                record.volume, record.issue, record.pages, record.doi, record.pmid, record.url,
                record.type, record.language, shown(state).replace("_", " "),
                labels.get(reason, reason) if reason else None, search.source,
                search.kind.replace("_", " "), search.run_on, record.abstract, record.id,
            )  # fmt: skip

    def entries() -> Iterator[Mapping[str, Any]]:
        for record, _state, _reason in _chosen(session, review_id, choice):
            columns = Record.__table__.columns
            yield {column.key: getattr(record, column.key) for column in columns} | {
                "source": searches[record.search_id].source
            }

    return ListTable("records", RECORD_COLUMNS, rows(), entries)


def _chosen(
    session: Session, review_id: UUID, choice: RecordChoice
) -> Iterator[tuple[Record, str, str | None]]:
    after = 0
    while True:
        found = record_rows(
            session,
            review_id=review_id,
            states=choice.states,
            stream=choice.stream,
            kinds=choice.kinds,
            reason=choice.reason,
            source=choice.source,
            as_of=choice.as_of,
            after=after,
            limit=BATCH,
        )
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1][0].number
        session.expunge_all()


def retrieval_list(session: Session, review_id: UUID) -> ListTable:
    """Return the reports sought, and how far the search for each full text has come."""
    columns = ("number", "title", "authors", "year", "journal", "doi", "url", "status",
               "asked of", "why not", "id")  # fmt: skip
    choice = RecordChoice(SOUGHT)

    def rows() -> Iterator[Sequence[object]]:
        found = list(_chosen(session, review_id, choice))
        ids = [record.id for record, _, _ in found]
        retrievals = latest_retrievals(session, review_id=review_id, record_ids=ids)
        for record, _state, _reason in found:
            act = retrievals.get(record.id)
            yield (
                record.number, record.title, record.authors, record.year, record.journal,
                record.doi, record.url, act.state.replace("_", " ") if act else "wanted",
                act and act.asked_of, act and act.why, record.id,
            )  # fmt: skip

    records = records_list(session, review_id, choice, shown=str).records
    return ListTable("full-texts", columns, rows(), records)


def links_list(session: Session, review_id: UUID, *, resolver: str, by: Any) -> ListTable:
    """Return the reports still to retrieve, with the addresses to fetch them from by hand.

    ``resolver`` is the address of the library's link resolver, empty if it has none.  Raises
    NotAllowed for somebody who may not see the list.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    columns = ("number", "title", "authors", "year", "doi address", "address", "library address",
               "scholar address", "asked of", "remind on", "id")  # fmt: skip
    choice = RecordChoice([FlowState.AWAITING_RETRIEVAL])

    def rows() -> Iterator[Sequence[object]]:
        found = [record for record, _, _ in _chosen(session, review_id, choice)]
        retrievals = latest_retrievals(
            session, review_id=review_id, record_ids=[record.id for record in found]
        )
        for record in found:
            act = retrievals.get(record.id)
            wanted = record.doi or record.title or ""
            yield (
                record.number, record.title, record.authors, record.year,
                f"https://doi.org/{quote(record.doi)}" if record.doi else "", record.url,
                open_url(resolver, record) if resolver else "",
                f"https://scholar.google.com/scholar?q={quote(wanted)}",
                act and act.asked_of, act and act.remind_on, record.id,
            )  # fmt: skip

    return ListTable("links", columns, rows())


def studies_list(session: Session, review_id: UUID) -> ListTable:
    """Return the studies, each with its reports."""
    columns = ("study", "reports", "titles of its reports", "years", "dois", "id")

    def rows() -> Iterator[Sequence[object]]:
        for study in studies_by_label(session, review_id=review_id):
            reports = reports_of(session, review_id=review_id, study_id=study.id)
            yield (
                study.label, len(reports), [report.title for report in reports],
                [report.year for report in reports if report.year],
                [report.doi for report in reports if report.doi], study.id,
            )  # fmt: skip

    return ListTable("studies", columns, rows())


def appraisal_list(session: Session, review_id: UUID) -> ListTable:
    """Return the answers to the checklists for quality, a row for each study and question."""
    columns = (
        "study",
        "checklist",
        "question",
        "critical",
        "answer",
        "overall",
        "by the rule",
        "id",
    )

    def rows() -> Iterator[Sequence[object]]:
        for table in appraisal_tables(session, review_id=review_id):
            for row in table.studies:
                for item in table.questions:
                    value = row.values.get(item.key)
                    yield (
                        row.study.label, table.group, item.label,
                        "yes" if item.appraisal is AppraisalPart.CRITICAL else "no",
                        "" if value is None else describe_value(item, value),
                        row.overall if isinstance(row.overall, str) else "",
                        row.rule.level if row.rule else "", row.study.id,
                    )  # fmt: skip

    return ListTable("appraisal", columns, rows())


def contracts_list(session: Session, review_id: UUID) -> ListTable:
    """Return the contracts, each with the studies that report on it."""
    columns = ("contract", "studies", "names of its studies", "id")
    studies = studies_of_contracts(session, review_id=review_id)

    def rows() -> Iterator[Sequence[object]]:
        for contract in contracts_by_label(session, review_id=review_id):
            names = studies.get(contract.id, [])
            yield contract.label, len(names), names, contract.id

    return ListTable("contracts", columns, rows())


def known_contracts_list(session: Session, review_id: UUID) -> ListTable:
    """Return the known contracts, each with the review's own that was matched to it."""
    columns = (
        "number", "name", "other names", "countries", "places", "policy sectors", "type", "start",
        "stage", "outcome payers", "service providers", "evaluation reports", "contract here",
        "studies",
    )  # fmt: skip
    studies = studies_of_contracts(session, review_id=review_id)
    labels = {one.id: one.label for one in contracts_by_label(session, review_id=review_id)}
    matched = defaultdict(list)
    for contract, match in matches_of(session, review_id=review_id).items():
        matched[match.key].append(contract)

    def rows() -> Iterator[Sequence[object]]:
        for one in known_projects(session, review_id=review_id):
            own = matched.get(one.key, [])
            yield (
                one.key, one.name, one.other_names, one.countries, one.places, one.sectors,
                one.instrument, one.start, one.stage, one.payers, one.providers,
                [report.url or report.title for report in one.evaluations],
                [labels[contract] for contract in own],
                [study for contract in own for study in studies.get(contract, [])],
            )  # fmt: skip

    return ListTable("known-contracts", columns, rows())


def coded_list(session: Session, review_id: UUID) -> ListTable:
    """Return the coding as a tidy table, whose columns `dictionary_list` describes."""
    codebook = protocol_of(session, review_id).codebook
    return ListTable(
        "coded", (*tidy.KEYS, *tidy.columns(codebook)), tidy.coded_rows(session, review_id)
    )


def dictionary_list(session: Session, review_id: UUID) -> ListTable:
    """Return what each column of `coded_list` is."""
    codebook = protocol_of(session, review_id).codebook
    return ListTable("dictionary", tidy.DICTIONARY_COLUMNS, tidy.dictionary_rows(codebook))


LISTS: Mapping[str, tuple[Callable[[Session, UUID], ListTable], Action]] = {
    "searches": (searches_list, Action.VIEW),
    "full-texts": (retrieval_list, Action.MANAGE),
    "studies": (studies_list, Action.CODE),
    "appraisal": (appraisal_list, Action.SEE_COUNTS),
    "contracts": (contracts_list, Action.CODE),
    "known-contracts": (known_contracts_list, Action.MANAGE),
    "coded": (coded_list, Action.MANAGE),
    "dictionary": (dictionary_list, Action.MANAGE),
}
"""The lists that are always whole, and what somebody must be allowed to do to have them."""


def whole_list(session: Session, review_id: UUID, name: str, *, by: Any) -> ListTable:
    """Return one of `LISTS`; raise NotAllowed for somebody who may not see it."""
    make, action = LISTS[name]
    check(session, review_id=review_id, by=by, action=action)
    return make(session, review_id)


def _cell(value: object) -> object:
    """Return a value for CSV, in which a spreadsheet must run nothing."""
    plain = _plain(value)
    return safe_cell(plain) if isinstance(plain, str) else plain


def _plain(value: object) -> str | float | None:
    if value is None or isinstance(value, int | float | str):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Sequence):
        return "; ".join(map(str, value))
    return str(value)


def _workbook(table: ListTable) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.name)
    sheet.freeze_panes = "A2"
    heading = []
    for column in table.columns:
        cell = WriteOnlyCell(sheet, value=column)
        cell.font = Font(bold=True)
        heading.append(cell)
    sheet.append(heading)
    for row in table.rows:
        sheet.append([_workbook_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _workbook_cell(sheet: Any, value: object) -> object:
    """Return a value for a workbook; text is text there, never a formula."""
    plain = _plain(value)
    if not isinstance(plain, str):
        return plain
    text = ILLEGAL_CHARACTERS_RE.sub("", plain)
    if len(text) > MOST_IN_CELL:
        text = text[:MOST_IN_CELL] + CUT
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
