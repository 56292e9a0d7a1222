"""Which acts corrected searches and files, and which of them can be undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.tables import Account, Event, FileCorrection, ImportFile, Search, SearchCorrection
from review.vocabulary import Act

CORRECTIONS = (Act.CORRECT_SEARCH, Act.MOVE_FILE, Act.WITHDRAW_SEARCH, Act.UNDO_CORRECTION)


@dataclass(frozen=True)
class CorrectionLine:
    """An act that corrected searches: who, when, what it is about, from what and to what."""

    number: int
    at: datetime
    actor: str
    act: Act
    about: str
    search_id: UUID  # of the search that it is about, or that the file was in before
    changes: Sequence[tuple[str, object, object]]
    why: str
    is_undoable: bool  # nothing of it has been changed again since


def corrections_of(
    session: Session, *, review_id: UUID, by: Actor, limit: int | None = None
) -> list[CorrectionLine]:
    """Return the acts that corrected searches, the newest first."""
    check(session, review_id=review_id, by=by, action=Action.VIEW)
    events = session.execute(
        select(Event, Account.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(Event.review_id == review_id, Event.act.in_(CORRECTIONS))
        .order_by(Event.number.desc())
        .limit(limit)
    ).all()
    if not events:
        return []
    searches = rows_by_event(session, SearchCorrection, review_id)
    files = rows_by_event(session, FileCorrection, review_id)
    newest_search = newest_events(session, SearchCorrection, review_id)
    newest_file = newest_events(session, FileCorrection, review_id)
    sources = dict(
        session.execute(select(Search.id, Search.source).where(Search.review_id == review_id)).all()
    )
    names = dict(
        session.execute(
            select(ImportFile.id, ImportFile.name).where(ImportFile.review_id == review_id)
        ).all()
    )
    lines = []
    for event, name in events:
        of_search, of_file = searches.get(event.number, []), files.get(event.number, [])
        lines.append(
            CorrectionLine(
                number=event.number,
                at=event.at,
                actor=name or "The operator",
                act=event.act,
                about=(sources | names)[cast(UUID, event.subject_id)],
                search_id=of_search[0].search_id if of_search else _before_move(event, of_file[0]),
                changes=_changes(event, sources),
                why=next((row.why for row in [*of_search, *of_file] if row.why), ""),
                is_undoable=all(newest_search[row.search_id] == event.number for row in of_search)
                and all(newest_file[row.import_file_id] == event.number for row in of_file),
            )
        )
    return lines


def _before_move(event: Event, row: FileCorrection) -> UUID:
    return UUID(event.detail["old"]) if event.act is Act.MOVE_FILE else row.search_id


def _changes(event: Event, sources: Mapping[UUID, str]) -> list[tuple[str, object, object]]:
    if event.act is Act.CORRECT_SEARCH:
        return [(name, part["old"], part["new"]) for name, part in event.detail.items()]
    if event.act is Act.MOVE_FILE:
        old, new = (sources[UUID(event.detail[side])] for side in ("old", "new"))
        return [("search", old, new)]
    return []


def rows_by_event(session: Session, table: Any, review_id: UUID) -> dict[int, list[Any]]:
    """Return the rows of a table of corrections by event, in order."""
    found: dict[int, list[Any]] = {}
    for row in session.scalars(
        select(table).where(table.review_id == review_id).order_by(table.event_number)
    ):
        found.setdefault(row.event_number, []).append(row)
    return found


def newest_events(session: Session, table: Any, review_id: UUID) -> dict[UUID, int]:
    """Return the event of the newest correction of each search, or of each file."""
    key = table.search_id if table is SearchCorrection else table.import_file_id
    query = (
        select(key, func.max(table.event_number)).where(table.review_id == review_id).group_by(key)
    )
    return dict(session.execute(query).all())
