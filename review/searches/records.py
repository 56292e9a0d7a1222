"""Find one record of a review, or records by their title or DOI."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session

from protocols.names import is_within, words_of
from review.errors import NotFound
from review.searches.formats.languages import language_tag
from review.tables import Record, Search

BATCH = 500


def record_of_review(session: Session, *, review_id: UUID, record_id: UUID) -> Record:
    """Return a record; raise NotFound if the review has no such record."""
    record = session.get(Record, record_id)
    if record is None or record.review_id != review_id:
        raise NotFound("There is no such record in this review.")
    return record


def source_of(session: Session, record: Record) -> str:
    """Return the name of the source that a record came from."""
    return session.get_one(Search, record.search_id).source


def matches(text: str) -> ColumnElement[bool]:
    """Return the condition that a record's title or DOI contains ``text``; true if empty."""
    needle = text.strip()
    if not needle:
        return true()
    return or_(
        Record.title.icontains(needle, autoescape=True),
        Record.doi.icontains(needle, autoescape=True),
    )


def matching_records(
    session: Session,
    *,
    review_id: UUID,
    text: str,
    search_id: UUID | None = None,
    among: Collection[UUID] | None = None,
    names: Sequence[str] = (),
    lacks_abstract: bool = False,
    after: int = 0,
    limit: int,
) -> Sequence[Record]:
    """Return the first records that match ``text``, in import order, numbered after ``after``.

    Only those of one search, or with an id in ``among``, if given.  A record matches too if its
    title has one of the other ``names`` as whole words.  With ``lacks_abstract``, only records
    without an abstract.
    """
    named = (Record.title.icontains(name, autoescape=True) for name in names)
    query = select(Record).where(
        Record.review_id == review_id, Record.number > after, or_(matches(text), *named)
    )
    if search_id is not None:
        query = query.where(Record.search_id == search_id)
    if lacks_abstract:
        query = query.where(Record.abstract.is_(None) | (Record.abstract == ""))
    if among is not None:
        query = query.where(Record.id.in_(among))
    query = query.order_by(Record.number)
    if not names:
        return session.scalars(query.limit(limit)).all()
    wanted = [words_of(name) for name in names]
    found = (
        record
        for record in _in_batches(session, query)
        if text.strip().casefold() in f"{record.title}\n{record.doi or ''}".casefold()
        or any(is_within(name, words_of(record.title)) for name in wanted)
    )
    return list(islice(found, limit))


def _in_batches(session: Session, query: Select[Any]) -> Iterator[Record]:
    """Yield records in import order, reading no more of them than are asked for, by batches."""
    after = -1
    while batch := session.scalars(query.where(Record.number > after).limit(BATCH)).all():
        yield from batch
        after = batch[-1].number


def records_of_search(session: Session, *, search_id: UUID, limit: int) -> Sequence[Record]:
    """Return the first records of a search, in import order."""
    return session.scalars(
        select(Record).where(Record.search_id == search_id).order_by(Record.number).limit(limit)
    ).all()


def records_by_id(session: Session, *, record_ids: Collection[UUID]) -> dict[UUID, Record]:
    """Return the records with these ids: id → record."""
    records = session.scalars(select(Record).where(Record.id.in_(record_ids)))
    return {record.id: record for record in records}


def records_with_sources(
    session: Session, *, record_ids: Collection[UUID]
) -> list[tuple[Record, str]]:
    """Return records in import order, each with the name of the source that it came from."""
    rows = session.execute(
        select(Record, Search.source)
        .join(Search, Search.id == Record.search_id)
        .where(Record.id.in_(record_ids))
        .order_by(Record.number)
    )
    return [(record, source) for record, source in rows]


def languages_of_records(session: Session, *, review_id: UUID) -> dict[str, int]:
    """Return the languages of the review's records as ISO 639-1 codes, the most frequent first."""
    rows = session.execute(
        select(Record.language, func.count())
        .where(Record.review_id == review_id, Record.language.is_not(None))
        .group_by(Record.language)
    )
    counts: dict[str, int] = {}
    for word, n in rows:
        if tag := language_tag(word):
            counts[tag] = counts.get(tag, 0) + n
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
