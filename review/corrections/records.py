"""Correct what a record says, or add what its source left out, and undo that; each is an act.

The record's row stays as its file gave it, and so does everything that was decided on it: only what
people and programs read from now on changes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Conflicting, Invalid, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.searches.formats.fields import (
    clean_doi,
    find_isbn,
    find_issn,
    find_pmid,
    one_line,
)
from review.searches.records import record_of_review
from review.tables import BIBLIOGRAPHIC_FIELDS, Event, Record, RecordCorrection, StoredRecord
from review.vocabulary import Act

MOST_IN_FIELD = 50_000
MOST_IN_REASON = 2_000
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")


@dataclass(frozen=True)
class FieldChange:
    """A field of a record before a correction and after it, as `text_of_field` gives them."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class RecordCorrectionLine:
    """An act that corrected a record, or undid that."""

    number: int
    at: datetime
    changes: Sequence[FieldChange]
    source: str
    why: str
    undoes: int | None  # the event that it undid
    is_undoable: bool  # what it changed has not been changed again since


def text_of_field(name: str, value: object) -> str:
    """Return the value of a record's field as text, one author per line; nothing for None."""
    if name == "authors" and isinstance(value, Sequence):
        return "\n".join(value)
    return "" if value is None else str(value)


def correct_record(
    session: Session, *, review_id: UUID, record_id: UUID, fields: Mapping[str, str],
    source: str, why: str = "", by: Actor, based_on: int | None = None,
) -> int:  # fmt: skip
    """Say what a record should say; return the event's number.  Flushes.

    ``fields`` has texts by the names of BIBLIOGRAPHIC_FIELDS, authors one per line; empty ones mean
    that there is none, and those left out stay.  ``source`` says where the right text is from.
    ``based_on`` is the event of the correction, 0 for none, after which somebody read the record:
    what they left as it was then stays as it is now.  Raises Invalid if nothing changes, without a
    source, and for a text that cannot be right, and Conflicting for a field that has been corrected
    since to something else.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    record = record_of_review(session, review_id=review_id, record_id=record_id)
    if unknown := sorted(fields.keys() - set(BIBLIOGRAPHIC_FIELDS)):
        raise Invalid(f"A record has no field ‘{unknown[0]}’ that can be corrected.")
    for text in (source, why):
        if len(text) > MOST_IN_REASON:
            raise Invalid(f"Use at most {MOST_IN_REASON:,} characters for the source or reason.")
    now = {name: getattr(record, name) for name in BIBLIOGRAPHIC_FIELDS}
    read = now
    if based_on is not None:
        read = _fields_at(session, review_id, record_id, event_number=based_on)
    changed = {}
    for name, text in fields.items():
        given = text.replace("\r\n", "\n").strip()
        old, current = (text_of_field(name, values[name]).strip() for values in (read, now))
        if given in (old, current):
            continue
        if old != current:
            raise Conflicting(
                f"The field ‘{name.replace('_', ' ')}’ has been corrected since you opened this "
                f"page, and says now: {current or 'nothing'}. Open the page again to change that."
            )
        if len(given) > MOST_IN_FIELD:
            raise Invalid(f"Use at most {MOST_IN_FIELD:,} characters for a field.")
        value = _READERS.get(name, _text)(given)
        if value != now[name]:
            changed[name] = value
    if not changed:
        raise Invalid("You have not changed anything.")
    if not source.strip():
        raise Invalid("Say where the correct text is from, such as the report itself.")
    return _write(session, review_id, record_id, fields={**now, **changed}, by=by,
                  source=source, why=why)  # fmt: skip


def undo_record_correction(
    session: Session, *, review_id: UUID, record_id: UUID, event_number: int, by: Actor
) -> int:
    """Undo a correction of a record, or an undoing; return the new event's number.  Flushes.

    The fields that it changed are again what they were before.  Raises NotFound if the event did
    not correct this record, Conflicting if one of these fields has been changed since.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = _rows(session, review_id, record_id)
    numbers = [row.event_number for row in rows]
    if event_number not in numbers:
        raise NotFound("There is no correction to undo here.")
    at = numbers.index(event_number)
    before = rows[at - 1] if at else session.get_one(StoredRecord, record_id)
    changed = [change.name for change in _changes(before, rows[at])]
    if not _still_says(rows[-1], rows[at], changed):
        raise Conflicting(
            "What this changed has been changed again since. Undo the later one first."
        )
    fields = {
        name: getattr(before if name in changed else rows[-1], name)
        for name in BIBLIOGRAPHIC_FIELDS
    }
    return _write(session, review_id, record_id, fields=fields, by=by, source="",
                  why=f"Undoes event {event_number}.", undoes=event_number)  # fmt: skip


def record_corrections(
    session: Session, *, review_id: UUID, record_id: UUID, by: Actor
) -> list[RecordCorrectionLine]:
    """Return how a record was corrected, the newest act first."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    rows = _rows(session, review_id, record_id)
    if not rows:
        return []
    events = {
        event.number: event
        for event in session.scalars(
            select(Event).where(
                Event.review_id == review_id, Event.number.in_([row.event_number for row in rows])
            )
        )
    }
    earlier: list[Any] = [session.get_one(StoredRecord, record_id), *rows]
    lines = []
    for before, row in zip(earlier, rows, strict=False):
        changes = _changes(before, row)
        lines.append(
            RecordCorrectionLine(
                number=row.event_number,
                at=events[row.event_number].at,
                changes=changes,
                source=row.source,
                why=row.why,
                undoes=events[row.event_number].detail.get("undoes"),
                is_undoable=_still_says(rows[-1], row, [change.name for change in changes]),
            )
        )
    return lines[::-1]


def original_fields(session: Session, record: Record) -> dict[str, str]:
    """Return what its file said in the fields in which a record has been corrected, as text."""
    stored = session.get_one(StoredRecord, record.id)
    return {change.name: change.old for change in _changes(stored, record)}


def newest_correction(session: Session, *, review_id: UUID, record_id: UUID) -> int:
    """Return the event of a record's newest correction; 0 if it was never corrected."""
    rows = _rows(session, review_id, record_id)
    return rows[-1].event_number if rows else 0


def _fields_at(
    session: Session, review_id: UUID, record_id: UUID, *, event_number: int
) -> dict[str, Any]:
    rows = _rows(session, review_id, record_id)
    earlier = [row for row in rows if row.event_number <= event_number]
    then = earlier[-1] if earlier else session.get_one(StoredRecord, record_id)
    return {name: getattr(then, name) for name in BIBLIOGRAPHIC_FIELDS}


def _still_says(now: RecordCorrection, row: RecordCorrection, names: Sequence[str]) -> bool:
    return all(getattr(now, name) == getattr(row, name) for name in names)


def _changes(before: Any, after: Any) -> list[FieldChange]:
    texts = (
        (name, *(text_of_field(name, getattr(row, name)) for row in (before, after)))
        for name in BIBLIOGRAPHIC_FIELDS
    )
    return [FieldChange(name, old, new) for name, old, new in texts if old != new]


def _rows(session: Session, review_id: UUID, record_id: UUID) -> Sequence[RecordCorrection]:
    record_of_review(session, review_id=review_id, record_id=record_id)
    return session.scalars(
        select(RecordCorrection)
        .where(RecordCorrection.record_id == record_id)
        .order_by(RecordCorrection.event_number)
    ).all()


def _write(
    session: Session,
    review_id: UUID,
    record_id: UUID,
    *,
    fields: Mapping[str, Any],
    by: Actor,
    source: str,
    why: str,
    undoes: int | None = None,
) -> int:
    if any("\0" in text_of_field(name, value) for name, value in fields.items()):
        raise Invalid("The text has a character that cannot be stored. Remove it and try again.")
    row = RecordCorrection(
        id=uuid4(), record_id=record_id, source=source.strip(), why=why.strip(), **fields
    )
    number = record_act(
        session,
        review_id=review_id,
        act=Act.CORRECT_RECORD,
        by=by,
        rows=[row],
        subject=("record", record_id),
        detail={} if undoes is None else {"undoes": undoes},
    )
    session.expire_all()  # a record that was read already is another one now
    return number


def _text(text: str) -> str | None:
    return one_line(text) or None


def _title(text: str) -> str:
    if not (title := one_line(text)):
        raise Invalid("Give the title of the record.")
    return title


def _year(text: str) -> int | None:
    if text and not _YEAR.fullmatch(text):
        raise Invalid(f"‘{text}’ is not a year from 1500 to 2099. Type four digits, or nothing.")
    return int(text) if text else None


def _web_address(text: str) -> str | None:
    if text and not re.fullmatch(r"https?://\S+", text, re.IGNORECASE):
        raise Invalid(f"‘{text}’ is not a web address. It begins with https:// or http://.")
    return text or None


def _identifier(
    find: Callable[[str], str | None], name: str, example: str
) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        if not text:
            return None
        if (found := find(one_line(text))) is None:
            raise Invalid(f"‘{text}’ is not {name}. One looks like {example}.")
        return found

    return read


_READERS: Mapping[str, Callable[[str], object]] = {
    "title": _title,
    "authors": lambda text: [name for line in text.splitlines() if (name := one_line(line))],
    "year": _year,
    "url": _web_address,
    "doi": _identifier(clean_doi, "a DOI", "10.1000/182"),
    "pmid": _identifier(find_pmid, "a PubMed number", "31452104"),
    "isbn": _identifier(lambda text: find_isbn([text]), "an ISBN", "978-3-16-148410-0"),
    "issn": _identifier(lambda text: find_issn([text]), "an ISSN", "0378-5955"),
}
"""How the text of a field becomes its value; in others spaces are tidied, and nothing else."""
