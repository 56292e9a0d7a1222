"""The event log: each act gets the next number in its review and a link in a hash chain."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.tables import Account, ActRow, Base, Event, Review
from review.tables.base import utc_now
from review.vocabulary import Act, ActorKind

GENESIS = "0" * 64
ROWS_PER_INSERT = 2000
PROTOCOL_CACHE = "protocols"  # key in `Session.info` of the protocols read (review.reviews)


@dataclass(frozen=True)
class Actor:
    """Who acts: a person with an account, or the operator or the model, who have none."""

    kind: ActorKind
    account_id: UUID | None = None

    @classmethod
    def person(cls, account_id: UUID) -> "Actor":
        """Return the person with an account as an actor."""
        return cls(ActorKind.PERSON, account_id)


OPERATOR = Actor(ActorKind.OPERATOR)
MODEL = Actor(ActorKind.MODEL)


def lock_review(session: Session, review_id: UUID) -> None:
    """Wait until no other act is being written in the review; every act begins with this.

    Events are appended under this lock, so what is derived after it cannot change before the act
    is written.  On SQLite the transaction itself is the lock (BEGIN IMMEDIATE).

    Raises NotFound for a review that does not exist.
    """
    locked = session.scalar(
        select(Review.id).where(Review.id == review_id).with_for_update(key_share=True)
    )
    if locked is None:
        raise NotFound("There is no such review.")
    session.info.pop(PROTOCOL_CACHE, None)  # those read before the lock may have been amended


def last_event(session: Session, review_id: UUID) -> int:
    """Return the number of the review's newest event; 0 if there is none."""
    return _head(session, review_id)[0]


def hash_of_event(session: Session, *, review_id: UUID, number: int) -> str | None:
    """Return the hash of one event of the review; None where there is no such event."""
    return session.scalar(
        select(Event.hash).where(Event.review_id == review_id, Event.number == number)
    )


def time_of_event(session: Session, *, review_id: UUID, number: int) -> datetime | None:
    """Return when an event of the review happened; None where there is no such event."""
    return session.scalar(
        select(Event.at).where(Event.review_id == review_id, Event.number == number)
    )


def events_with_actors(
    session: Session, *, review_id: UUID, after: int, limit: int
) -> list[tuple[Event, str | None]]:
    """Return the first events numbered after ``after``, each with the name of the person acting."""
    rows = session.execute(
        select(Event, Account.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(Event.review_id == review_id, Event.number > after)
        .order_by(Event.number)
        .limit(limit)
    )
    return [(event, name) for event, name in rows]


def record_act(
    session: Session,
    *,
    review_id: UUID,
    act: Act,
    by: Actor,
    rows: Sequence[ActRow] = (),
    subject: tuple[str, UUID] | None = None,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Write an act's rows and its event, and return the event's number; flushes.

    The caller has locked the review.  Raises Invalid for a text with a NUL character.
    """
    writer = ActWriter(session, review_id=review_id, act=act, by=by)
    for row in rows:
        row.review_id = review_id
        row.event_number = writer.number
        if any("\0" in value for value in vars(row).values() if isinstance(value, str)):
            raise Invalid(
                "The text has a character that cannot be stored. Remove it and try again."
            )
    for _, rows_of_table in groupby(rows, key=type):  # parents first; each table by itself
        session.add_all(rows_of_table)
        session.flush()
    for row in rows:
        writer.add_to_digest(row.__table__.name, _column_values(row))  # type: ignore[attr-defined]
    return writer.finish(subject=subject, detail=detail)


class ActWriter:
    """A bulk act: rows are inserted in chunks, then one event covers them all."""

    def __init__(self, session: Session, *, review_id: UUID, act: Act, by: Actor) -> None:
        self.session = session
        self.review_id = review_id
        self.act = act
        self.by = by
        last_number, self.previous_hash = _head(session, review_id)
        self.number = last_number + 1
        self._lines: list[str] = []

    def insert(self, table: type[Base], rows: Iterable[dict[str, Any]]) -> None:
        """Insert ``rows``, with every column except review and event number, in chunks."""
        chunk: list[dict[str, Any]] = []
        for row in rows:
            complete = row | {"review_id": self.review_id, "event_number": self.number}
            self.add_to_digest(table.__tablename__, complete)
            chunk.append(complete)
            if len(chunk) >= ROWS_PER_INSERT:
                self.session.execute(insert(table), chunk)
                chunk = []
        if chunk:
            self.session.execute(insert(table), chunk)

    def add_to_digest(self, table: str, values: Mapping[str, Any]) -> None:
        """Add a row that was written to the event's digest."""
        self._lines.append(row_line(table, values))

    def finish(
        self,
        *,
        subject: tuple[str, UUID] | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> int:
        """Append the event and return its number; flushes."""
        event = Event(
            review_id=self.review_id,
            number=self.number,
            act=self.act,
            actor_kind=self.by.kind,
            actor_id=self.by.account_id,
            at=utc_now(),
            subject_kind=subject[0] if subject else None,
            subject_id=subject[1] if subject else None,
            n_rows=len(self._lines),
            digest=digest_of(self._lines),
            detail=json.loads(canonical(dict(detail or {}))),
            previous_hash=self.previous_hash,
        )
        event.hash = event_hash(event_content(event))
        self.session.add(event)
        self.session.flush()
        return self.number


ADDED_LATER = {
    "agreed_code": frozenset(("details", "quote", "page", "report_id")),
    "code": frozenset(("details", "note")),
    "full_text": frozenset(("part",)),
    "import_file": frozenset(("blocks_digest",)),
    "record": frozenset(("journal_abbreviation", "other_abstracts")),
    "retrieval": frozenset(("remind_on",)),
    "stage_rule": frozenset(("closes_after_decisions", "closes_after_hours")),
    "search": frozenset(("update_of",)),
    "stop": frozenset(("by_automation",)),
}
"""Columns that rows of older releases were hashed without; they are left out while empty."""


def row_line(table: str, values: Mapping[str, Any]) -> str:
    """Return one row's line in its event's digest: table, id, sha256 of all its values."""
    if later := ADDED_LATER.get(table):
        values = {
            key: value for key, value in values.items() if value is not None or key not in later
        }
    content = hashlib.sha256(canonical(values).encode()).hexdigest()
    return f"{table} {values['id']} {content}"


def digest_of(lines: Iterable[str]) -> str:
    """Return the sha256 of an act's rows, independent of the order they were written in."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def event_content(event: Event) -> dict[str, Any]:
    """Return the values of an event by column."""
    return {column.name: getattr(event, column.name) for column in Event.__table__.columns}


def event_hash(content: Mapping[str, Any]) -> str:
    """Return an event's link in the chain: sha256 of its values and the previous link."""
    hashed = {name: value for name, value in content.items() if name != "hash"}
    return hashlib.sha256(canonical(hashed).encode()).hexdigest()


def canonical(value: object) -> str:
    """Return JSON text that is the same for the same value on every database and machine."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_json_value
    )


def _json_value(value: object) -> object:
    match value:
        case UUID() | Decimal():
            return str(value)
        case datetime():
            return value.isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case Enum():
            return value.value
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _column_values(row: ActRow) -> dict[str, Any]:
    columns = row.__table__.columns  # type: ignore[attr-defined]
    return {column.name: getattr(row, column.key) for column in columns}


def _head(session: Session, review_id: UUID) -> tuple[int, str]:
    head = session.execute(
        select(Event.number, Event.hash)
        .where(Event.review_id == review_id)
        .order_by(Event.number.desc())
        .limit(1)
    ).one_or_none()
    return (head.number, head.hash) if head else (0, GENESIS)
