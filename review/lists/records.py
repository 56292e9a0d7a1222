"""Lists of searches, records and full texts."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy.orm import Session

from review.lists.tables import ListTable
from review.permissions import Action, check
from review.reports.open_url import open_url
from review.reports.retrieval import latest_retrievals
from review.reviews import reason_labels
from review.searches.searches import n_duplicates_by_search, search_counts
from review.states.flow import SOUGHT, FlowState, record_rows
from review.tables import Record, Search
from review.vocabulary import SearchKind, Stream

BATCH = 2000  # records that are read at once


@dataclass(frozen=True)
class RecordChoice:
    """Which records a list has: a box of the flow, or a state."""

    states: Collection[FlowState]
    stream: Stream | None = None
    kinds: Collection[SearchKind] | None = None
    reason: str | None = None
    source: str | None = None
    as_of: int | None = None


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
