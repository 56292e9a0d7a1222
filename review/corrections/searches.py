"""Correct a search, move its files, withdraw either, and undo any of that; each is an act.

What was imported stays in the database.  A withdrawn record leaves the flow and the queue with all
that was decided on it; the copies of it that other searches found stay, with their decisions.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from review.corrections.history import newest_events, rows_by_event
from review.duplicates.clustering import membership_rows, regrouped
from review.errors import Conflicting, Invalid, NotFound
from review.events import Actor, ActWriter
from review.permissions import Action, begin_act
from review.searches.searches import search_fields, search_of_review
from review.tables import (
    SEARCH_FIELDS,
    ClusterMembership,
    FileCorrection,
    ImportFile,
    Record,
    Search,
    SearchCorrection,
    StoredSearch,
)
from review.vocabulary import Act

Correction = TypeVar("Correction", SearchCorrection, FileCorrection)


def correct_search(
    session: Session, *, review_id: UUID, search_id: UUID, fields: Mapping[str, Any], why: str,
    by: Actor,
) -> int:  # fmt: skip
    """Say what a search was really: its source, kind, day, query, limits and hits.

    Returns the event's number; flushes.  Raises Invalid if nothing changes or a field is unusable.
    """
    search = _search(session, review_id, search_id, by=by)
    if search.is_withdrawn:
        raise Conflicting(f"{search.source} has been withdrawn. Undo that first, then correct it.")
    given = search_fields(**fields)
    if given["update_of"] is not None:
        if given["update_of"] == search_id:
            raise Invalid("A search cannot be an update of itself.")
        search_of_review(session, review_id=review_id, search_id=given["update_of"])
    now = {name: getattr(search, name) for name in SEARCH_FIELDS}
    changed = [name for name in SEARCH_FIELDS if given[name] != now[name]]
    if not changed:
        raise Invalid("You have not changed anything.")
    row = _search_row(search_id, given, is_withdrawn=search.is_withdrawn, why=why)
    detail = {name: {"old": now[name], "new": given[name]} for name in changed}
    about = ("search", search_id)
    return _write(session, review_id, act=Act.CORRECT_SEARCH, by=by, about=about, searches=[row],
                  detail=detail)  # fmt: skip


def withdraw_search(
    session: Session, *, review_id: UUID, search_id: UUID, why: str, by: Actor
) -> int:
    """Take a search with all its files out of the review; return the event's number.  Flushes.

    Raises Invalid without a reason, Conflicting if it has already been withdrawn.
    """
    search = _search(session, review_id, search_id, by=by)
    reason = _reason(why)
    if search.is_withdrawn:
        raise Conflicting(f"{search.source} has already been withdrawn.")
    now = {name: getattr(search, name) for name in SEARCH_FIELDS}
    files = [
        _file_row(file_id, search_id, is_withdrawn=True, why=reason)
        for file_id, placed in _files(session, review_id).items()
        if placed == (search_id, False)
    ]
    row = _search_row(search_id, now, is_withdrawn=True, why=reason)
    return _write(session, review_id, act=Act.WITHDRAW_SEARCH, by=by, about=("search", search_id),
                  searches=[row], files=files)  # fmt: skip


def withdraw_file(session: Session, *, review_id: UUID, file_id: UUID, why: str, by: Actor) -> int:
    """Take one file of a search out of the review; return the event's number.  Flushes.

    Raises Invalid without a reason, Conflicting if it has already been withdrawn.
    """
    search_id, is_withdrawn = _file(session, review_id, file_id, by=by)
    reason = _reason(why)
    if is_withdrawn:
        raise Conflicting("This file has already been withdrawn.")
    row = _file_row(file_id, search_id, is_withdrawn=True, why=reason)
    about = ("import_file", file_id)
    return _write(session, review_id, act=Act.WITHDRAW_SEARCH, by=by, about=about, files=[row])


def move_file(
    session: Session, *, review_id: UUID, file_id: UUID, search_id: UUID, why: str, by: Actor
) -> int:
    """Say that a file came from another search; return the event's number.  Flushes.

    Raises Conflicting if it is there already, or if either is withdrawn.
    """
    current, is_withdrawn = _file(session, review_id, file_id, by=by)
    target = _search(session, review_id, search_id, by=by)
    if is_withdrawn or target.is_withdrawn:
        raise Conflicting("You cannot move a withdrawn file, or move a file to a withdrawn search.")
    if current == search_id:
        raise Conflicting("The file belongs to this search already.")
    row = _file_row(file_id, search_id, is_withdrawn=False, why=why)
    return _write(session, review_id, act=Act.MOVE_FILE, by=by, about=("import_file", file_id),
                  files=[row], detail={"old": current, "new": search_id})  # fmt: skip


def undo_correction(session: Session, *, review_id: UUID, event_number: int, by: Actor) -> int:
    """Undo a correction, or an undoing; return the new event's number.  Flushes.

    What the event changed is again what it was before.  Raises NotFound if the event corrected
    nothing, Conflicting if something of it has been changed again since.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    searches = rows_by_event(session, SearchCorrection, review_id).get(event_number, [])
    files = rows_by_event(session, FileCorrection, review_id).get(event_number, [])
    if not searches and not files:
        raise NotFound("There is no correction to undo here.")
    newest_search = newest_events(session, SearchCorrection, review_id)
    newest_file = newest_events(session, FileCorrection, review_id)
    if any(newest_search[row.search_id] != event_number for row in searches) or any(
        newest_file[row.import_file_id] != event_number for row in files
    ):
        raise Conflicting(
            "This search or file has been changed again since. Undo the later change first."
        )
    why = f"Undoes event {event_number}."
    placed = [_file_before(session, row, why=why) for row in files]
    restored = {row.search_id for row in searches}
    for row in placed:
        search = session.get_one(Search, row["search_id"], populate_existing=True)
        if not row["is_withdrawn"] and search.is_withdrawn and search.id not in restored:
            raise Conflicting(
                f"The file belongs to {search.source}, which has been withdrawn. Undo that first."
            )
    return _write(
        session,
        review_id,
        act=Act.UNDO_CORRECTION,
        by=by,
        about=("search", searches[0].search_id) if searches
        else ("import_file", files[0].import_file_id),
        searches=[_search_before(session, row, why=why) for row in searches],
        files=placed,
        detail={"undoes": event_number},
    )  # fmt: skip


def _search(session: Session, review_id: UUID, search_id: UUID, *, by: Actor) -> Search:
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    search = session.get(Search, search_id, populate_existing=True)
    if search is None or search.review_id != review_id:
        raise NotFound("There is no such search in this review.")
    return search


def _file(session: Session, review_id: UUID, file_id: UUID, *, by: Actor) -> tuple[UUID, bool]:
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    placed = _files(session, review_id).get(file_id)
    if placed is None:
        raise NotFound("There is no such file in this review.")
    return placed


def _files(session: Session, review_id: UUID) -> dict[UUID, tuple[UUID, bool]]:
    """Return each file's search, and whether it is withdrawn."""
    placed = {
        file_id: (search_id, False)
        for file_id, search_id in session.execute(
            select(ImportFile.id, ImportFile.search_id)
            .where(ImportFile.review_id == review_id)
            .order_by(ImportFile.event_number)
        )
    }
    for rows in rows_by_event(session, FileCorrection, review_id).values():
        placed |= {row.import_file_id: (row.search_id, row.is_withdrawn) for row in rows}
    return placed


def _reason(why: str) -> str:
    if not why.strip():
        raise Invalid("Give a reason for the withdrawal.")
    return why.strip()


def _search_row(
    search_id: UUID, fields: Mapping[str, Any], *, is_withdrawn: bool, why: str
) -> dict[str, Any]:
    return {
        "id": uuid4(), "search_id": search_id, "is_withdrawn": is_withdrawn, "why": why.strip(),
        **fields,
    }  # fmt: skip


def _file_row(file_id: UUID, search_id: UUID, *, is_withdrawn: bool, why: str) -> dict[str, Any]:
    return {
        "id": uuid4(), "import_file_id": file_id, "search_id": search_id,
        "is_withdrawn": is_withdrawn, "why": why.strip(),
    }  # fmt: skip


def _search_before(session: Session, row: SearchCorrection, *, why: str) -> dict[str, Any]:
    before = _correction_before(session, row, SearchCorrection.search_id == row.search_id)
    earlier = before or session.get_one(StoredSearch, row.search_id)
    fields = {name: getattr(earlier, name) for name in SEARCH_FIELDS}
    is_withdrawn = before is not None and before.is_withdrawn
    return _search_row(row.search_id, fields, is_withdrawn=is_withdrawn, why=why)


def _file_before(session: Session, row: FileCorrection, *, why: str) -> dict[str, Any]:
    before = _correction_before(session, row, FileCorrection.import_file_id == row.import_file_id)
    earlier = before or session.get_one(ImportFile, row.import_file_id)
    is_withdrawn = before is not None and before.is_withdrawn
    return _file_row(row.import_file_id, earlier.search_id, is_withdrawn=is_withdrawn, why=why)


def _correction_before(
    session: Session, row: Correction, is_of_same: ColumnElement[bool]
) -> Correction | None:
    """Return the correction of the same search or file before this one, if there is one."""
    table = type(row)
    earlier = select(table).where(is_of_same, table.event_number < row.event_number)
    return session.scalar(earlier.order_by(table.event_number.desc()).limit(1))


def _write(
    session: Session,
    review_id: UUID,
    *,
    act: Act,
    by: Actor,
    about: tuple[str, UUID],
    searches: Sequence[dict[str, Any]] = (),
    files: Sequence[dict[str, Any]] = (),
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Write the rows of a correction, and the clusters that follow from it; return its event."""
    if any("\0" in str(value) for row in [*searches, *files] for value in row.values()):
        raise Invalid("The text has a character that cannot be stored. Remove it and try again.")
    writer = ActWriter(session, review_id=review_id, act=act, by=by)
    was = _files(session, review_id)
    writer.insert(SearchCorrection, searches)
    writer.insert(FileCorrection, files)
    switched = [
        row["import_file_id"] for row in files
        if was[row["import_file_id"]][1] != row["is_withdrawn"]
    ]  # fmt: skip
    if switched:
        records = session.scalars(select(Record.id).where(Record.import_file_id.in_(switched)))
        changed = regrouped(session, review_id, records.all())
        writer.insert(ClusterMembership, membership_rows(changed))
    return writer.finish(subject=about, detail=detail)
