"""Undo a move of reports: what it changed is again what it was before."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from review.errors import Conflicting, NotFound
from review.events import Actor
from review.permissions import Action, begin_act
from review.states.clusters import Scope, clusters_of, latest
from review.studies.moves.acts import record_move
from review.studies.moves.history import is_undoable
from review.studies.moves.moved_codes import cleared_row, copied_row
from review.tables import (
    ActRow,
    AgreedCode,
    Code,
    Event,
    StudyContract,
    StudyReport,
)
from review.vocabulary import Act


def undo_move(session: Session, *, review_id: UUID, event_number: int, by: Actor) -> UUID:
    """Move back what an act moved; return the study that has it again.  Flushes.

    Links and codes are again what they were before, but for those that somebody has changed since.
    Raises NotFound if the event moved nothing, and Conflicting if a report has been moved since.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    event = session.get(Event, (review_id, event_number)) if 0 < event_number < 2**31 else None
    if event is None or event.act is not Act.MOVE_REPORTS:
        raise NotFound("There is no such move to undo here.")
    if not is_undoable(session, event):
        raise Conflicting("A report of these studies has been moved since. Undo that first.")
    _check_still_apart(session, event)
    rows: list[ActRow] = []
    for table, keys, no_longer in _TABLES:
        newest = latest(Scope(review_id), table, *(getattr(table, key) for key in keys))
        of_event = select(table).join(newest, newest.c.id == table.id)
        for row in session.scalars(of_event.where(newest.c.event_number == event_number)):
            if isinstance(row, StudyContract) and _is_coded_since(session, row):
                continue
            before = _before(session, row, keys)
            rows.append(copied_row(before) if before else no_longer(row))
    source, target = UUID(event.detail["to"]), cast(UUID, event.subject_id)
    record_move(session, review_id, rows, source=source, target=target, by=by, undoes=event_number)
    return target


def _check_still_apart(session: Session, event: Event) -> None:
    """Raise Conflicting if a report was found to be a duplicate of another one of the study."""
    moved = set(
        session.scalars(
            select(StudyReport.record_id).where(
                StudyReport.review_id == event.review_id, StudyReport.event_number == event.number
            )
        )
    )
    clusters = clusters_of(session, review_id=event.review_id, record_ids=moved)
    copies = {record for cluster in clusters.values() for record in cluster} - moved
    links = latest(Scope(event.review_id), StudyReport, StudyReport.record_id)
    if session.scalar(select(exists().where(links.c.record_id.in_(copies), links.c.is_linked))):
        raise Conflicting(
            "A report is now known to be a duplicate of another one of this study. Split the two "
            "under Duplicates first."
        )


def _unlinked(row: ActRow) -> ActRow:
    return copied_row(row, is_linked=False)


_TABLES: Sequence[tuple[Any, Sequence[str], Callable[[ActRow], ActRow]]] = (
    (StudyReport, ("record_id",), _unlinked),
    (StudyContract, ("study_id", "contract_id"), _unlinked),
    (Code, ("study_id", "contract_id", "item", "coder_id"), cleared_row),
    (AgreedCode, ("study_id", "contract_id", "item"), cleared_row),
)
"""What a move writes: the table, the columns by which acts replace each other, and the undo row."""


def _is_coded_since(session: Session, link: StudyContract) -> bool:
    """Say whether somebody has coded what a study says of a contract since the two were linked."""
    return link.is_linked and bool(
        session.scalar(
            select(
                exists().where(
                    Code.review_id == link.review_id,
                    Code.study_id == link.study_id,
                    Code.contract_id == link.contract_id,
                    Code.event_number > link.event_number,
                )
            )
        )
    )


def _before(session: Session, row: Any, keys: Iterable[str]) -> Any:
    """Return the act that ``row`` replaced; None where there was none."""
    table = type(row)
    return session.scalar(
        select(table)
        .where(
            table.review_id == row.review_id,
            table.event_number < row.event_number,
            *(getattr(table, key).is_not_distinct_from(getattr(row, key)) for key in keys),
        )
        .order_by(table.event_number.desc())
        .limit(1)
    )
