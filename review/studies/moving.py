"""Move reports from one study to another, with what was coded from them, and undo that.

All reports of a study moved to another one merge the two; some of them moved to a new study split
it.  Each is one act.  Nothing is overwritten: where somebody coded both studies differently, the
study that they stay with keeps its value, and the other value stays where it is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import exists, inspect, select
from sqlalchemy.orm import Session, aliased

from review.errors import Conflicting, Invalid, NotFound
from review.events import Actor, canonical, record_act
from review.permissions import Action, begin_act, check
from review.states.clusters import Scope, clusters_of, latest
from review.studies.agreement import CodeState, coded_values
from review.studies.contracts import contracts_of
from review.studies.current_codes import CLEARED, current_codes
from review.studies.studies import free_label, merged_studies, reports_of, study_of_review
from review.tables import (
    Account,
    ActRow,
    AgreedCode,
    Code,
    Contract,
    Event,
    Record,
    Study,
    StudyContract,
    StudyReport,
)
from review.vocabulary import Act

CodeTable = type[Code] | type[AgreedCode]
_OWN = frozenset({"id", "review_id", "event_number"})  # what each row has of its own
_EVIDENCE = frozenset({"details", "quote", "report_id", "page", "confidence", "note"})


@dataclass(frozen=True)
class Move:
    """What moves from a study to another one.

    ``shared`` contracts are reported on by both studies from then on.  Without ``copies_codes`` the
    other study takes over only what quotes one of the reports.
    """

    study_id: UUID
    reports: Collection[UUID]
    contracts: Collection[UUID] = ()
    shared: Collection[UUID] = ()
    copies_codes: bool = False


@dataclass(frozen=True)
class MoveLine:
    """An act that moved reports, or undid that."""

    number: int
    at: datetime
    actor: str
    source: Study
    target: Study
    reports: Sequence[Record]
    undoes: int | None
    is_undoable: bool  # none of the reports has been moved or unlinked since


@dataclass(frozen=True)
class LeftCode:
    """A coder's value of a study that was merged, where the other study has another one."""

    study: Study
    code: Code
    coder: str
    contract: Contract | None


def merge_study(
    session: Session, *, review_id: UUID, study_id: UUID, into_id: UUID, by: Actor
) -> int:
    """Move all reports of a study to another one; return the event's number.  Flushes.

    Raises Invalid for a study and itself, and Conflicting for one without reports.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    reports = [one.id for one in reports_of(session, review_id=review_id, study_id=study_id)]
    target = study_of_review(session, review_id=review_id, study_id=into_id)
    if not reports_of(session, review_id=review_id, study_id=into_id):
        raise Conflicting(f"{target.label} has no reports, so nothing can be merged into it.")
    if not reports:
        raise Conflicting("This study has no reports, so there is nothing to merge.")
    return _moved(session, review_id, move=Move(study_id, reports), target=target, by=by)


def move_reports(
    session: Session, *, review_id: UUID, move: Move, by: Actor,
    to: UUID | None = None, label: str = "",
) -> UUID:  # fmt: skip
    """Move reports to another study, or to a new one; return that study's id.  Flushes.

    With the last report of a study everything goes.  Raises Invalid where nothing moves and for a
    name that cannot be used, and Conflicting for what the study does not have.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    study_of_review(session, review_id=review_id, study_id=move.study_id)
    if to is not None:
        target = study_of_review(session, review_id=review_id, study_id=to)
    else:
        target = Study(
            id=uuid4(), label=free_label(session, Study, review_id=review_id, label=label)
        )
    _moved(session, review_id, move=move, target=target, by=by)
    return target.id


def undo_move(session: Session, *, review_id: UUID, event_number: int, by: Actor) -> UUID:
    """Move back what an act moved; return the study that has it again.  Flushes.

    Links and codes are again what they were before, but for those that somebody has changed since.
    Raises NotFound if the event moved nothing, and Conflicting if a report has been moved since.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    event = session.get(Event, (review_id, event_number)) if 0 < event_number < 2**31 else None
    if event is None or event.act is not Act.MOVE_REPORTS:
        raise NotFound("There is no such move to undo here.")
    if not _is_undoable(session, event):
        raise Conflicting("A report has been moved or unlinked since. Undo that first.")
    rows: list[ActRow] = []
    for table, keys, no_longer in _TABLES:
        newest = latest(Scope(review_id), table, *(getattr(table, key) for key in keys))
        of_event = select(table).join(newest, newest.c.id == table.id)
        for row in session.scalars(of_event.where(newest.c.event_number == event_number)):
            before = _before(session, row, keys)
            rows.append(_copy(before) if before else no_longer(row))
    source, target = UUID(event.detail["to"]), cast(UUID, event.subject_id)
    _record(session, review_id, rows, source=source, target=target, by=by, undoes=event_number)
    return target


def moves_of(session: Session, *, review_id: UUID, study_id: UUID, by: Actor) -> list[MoveLine]:
    """Return the acts that moved reports from or to a study, the newest first."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    study_of_review(session, review_id=review_id, study_id=study_id)
    ever = select(StudyReport.record_id).where(StudyReport.study_id == study_id)
    moved = select(StudyReport.event_number).where(
        StudyReport.review_id == review_id, StudyReport.record_id.in_(ever)
    )
    events = session.execute(
        select(Event, Account.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(
            Event.review_id == review_id,
            Event.act == Act.MOVE_REPORTS,
            Event.number.in_(moved),
        )
        .order_by(Event.number)
    )
    lines = []
    for event, name in events:
        target = UUID(event.detail["to"])
        if event.subject_id is None or study_id not in (event.subject_id, target):
            continue
        reports = session.scalars(
            select(Record)
            .join(StudyReport, StudyReport.record_id == Record.id)
            .where(StudyReport.review_id == review_id, StudyReport.event_number == event.number)
            .order_by(Record.number)
        )
        lines.append(
            MoveLine(
                number=event.number,
                at=event.at,
                actor=name or "The operator",
                source=session.get_one(Study, event.subject_id),
                target=session.get_one(Study, target),
                reports=list(reports),
                undoes=event.detail.get("undoes"),
                is_undoable=_is_undoable(session, event),
            )
        )
    return lines[::-1]


def left_codes(session: Session, *, review_id: UUID, study_id: UUID, by: Actor) -> list[LeftCode]:
    """Return the values that a merged study kept, because its coder said otherwise of the other.

    For the lead; what awaits a second coder is left out, because the lead may be that coder.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    study = study_of_review(session, review_id=review_id, study_id=study_id)
    into = merged_studies(session, review_id).get(study_id)
    if into is None:
        return []
    waiting = {
        (value.subject.contract_id, value.item)
        for value in coded_values(session, review_id=review_id)
        if value.subject.study_id == into and value.state is CodeState.AWAITING_SECOND
    }
    codes = current_codes(Scope(review_id), where=Code.study_id == study_id)
    rows = session.execute(
        select(Code, Account.name, Contract)
        .join(codes, codes.c.id == Code.id)
        .join(Account, Account.id == Code.coder_id)
        .outerjoin(Contract, Contract.id == Code.contract_id)
        .order_by(Contract.label, Code.item, Account.name)
    )
    return [
        LeftCode(study, code, name, contract)
        for code, name, contract in rows
        if code.coder_id == by.account_id or (code.contract_id, code.item) not in waiting
    ]


def _moved(session: Session, review_id: UUID, *, move: Move, target: Study, by: Actor) -> int:
    """Write the act that moves what ``move`` names; see `move_reports`."""
    if target.id == move.study_id:
        raise Invalid("Choose another study. These reports are in this one already.")
    linked = [one.id for one in reports_of(session, review_id=review_id, study_id=move.study_id)]
    if not move.reports:
        raise Invalid("Choose at least one report to move.")
    if set(move.reports) - set(linked):
        raise Conflicting("This report is not linked to that study. Reload to see where it is.")
    clusters = clusters_of(session, review_id=review_id, record_ids=linked)
    chosen = {one for report in move.reports for one in clusters[report]}  # copies go along
    going = [report for report in linked if report in chosen]
    contracts, there = (
        {one.id for one in contracts_of(session, review_id=review_id, study_id=study)}
        for study in (move.study_id, target.id)
    )
    is_whole = len(going) == len(linked)
    shared = set() if is_whole else set(move.shared)
    gone = contracts if is_whole else set(move.contracts) - shared
    if (gone | shared) - contracts:
        raise Conflicting("This study is not linked to that contract. Reload to see its contracts.")
    rows: list[ActRow] = [target] if inspect(target).transient else []
    rows += [
        StudyReport(id=uuid4(), study_id=target.id, record_id=report, is_linked=True)
        for report in going
    ]
    rows += [
        StudyContract(id=uuid4(), study_id=study, contract_id=contract, is_linked=is_linked)
        for study, of_study, is_linked in (
            (move.study_id, gone, False),
            (target.id, (gone | shared) - there, True),
        )
        for contract in sorted(of_study)
    ]
    for table in (Code, AgreedCode):
        for contract in (None, *sorted(gone | shared)):
            takes = None if is_whole or contract in gone else chosen
            codes = _CodeMove(session, review_id, table, move.study_id, target.id, contract, takes)
            rows += codes.rows(copies=move.copies_codes)
    return _record(session, review_id, rows, source=move.study_id, target=target.id, by=by)


@dataclass(frozen=True)
class _CodeMove:
    """The codes of a study, or of what it reports about a contract, on their way to another."""

    session: Session
    review_id: UUID
    table: CodeTable
    source: UUID
    target: UUID
    contract: UUID | None
    reports: Collection[UUID] | None  # codes that quote these go; None: all of them

    def rows(self, *, copies: bool) -> Iterator[ActRow]:
        """Yield what is written: codes of the other study, and that they are cleared here.

        An agreed value goes only where nobody has coded the item: it decided about other codes.
        """
        there = {self._key(row): row for row in self._current(self.table, self.target)}
        coded = {row.item for row in self._current(Code, self.target)}
        for row in self._current(self.table, self.source):
            is_moved = self.reports is None or row.report_id in self.reports
            if not (is_moved or copies):
                continue
            other = there.get(self._key(row))
            if other is None and self.table is AgreedCode and row.item in coded:
                continue
            if other is not None and canonical(other.value) != canonical(row.value):
                continue
            if other is None or (row.quote and not other.quote):
                yield _copy(row, study_id=self.target)
            if is_moved:
                yield _cleared(row)

    def _current(self, table: CodeTable, study: UUID) -> Sequence[Any]:
        codes = current_codes(
            Scope(self.review_id),
            table,
            where=(table.study_id == study) & table.contract_id.is_not_distinct_from(self.contract),
        )
        query = select(table).join(codes, codes.c.id == table.id).order_by(table.event_number)
        return self.session.scalars(query).all()

    def _key(self, row: Any) -> tuple[str, UUID | None]:
        return row.item, row.coder_id if self.table is Code else None


def _record(
    session: Session,
    review_id: UUID,
    rows: Sequence[ActRow],
    *,
    source: UUID,
    target: UUID,
    by: Actor,
    undoes: int | None = None,
) -> int:
    detail: dict[str, Any] = {"to": str(target)}
    if undoes is not None:
        detail["undoes"] = undoes
    return record_act(
        session,
        review_id=review_id,
        act=Act.MOVE_REPORTS,
        by=by,
        rows=rows,
        subject=("study", source),
        detail=detail,
    )


def _is_undoable(session: Session, event: Event) -> bool:
    """Say whether each report that an event moved is still where it moved it."""
    later = aliased(StudyReport)
    return not session.scalar(
        select(
            exists().where(
                StudyReport.review_id == event.review_id,
                StudyReport.event_number == event.number,
                later.review_id == event.review_id,
                later.record_id == StudyReport.record_id,
                later.event_number > event.number,
            )
        )
    )


def _unlinked(row: ActRow) -> ActRow:
    return _copy(row, is_linked=False)


def _cleared(row: ActRow) -> ActRow:
    """Return the row that says: there is no longer a value here."""
    has = {column.key for column in row.__table__.columns}  # type: ignore[attr-defined]
    return _copy(row, value=CLEARED, **dict.fromkeys(_EVIDENCE & has))


_TABLES: Sequence[tuple[Any, Sequence[str], Callable[[ActRow], ActRow]]] = (
    (StudyReport, ("record_id",), _unlinked),
    (StudyContract, ("study_id", "contract_id"), _unlinked),
    (Code, ("study_id", "contract_id", "item", "coder_id"), _cleared),
    (AgreedCode, ("study_id", "contract_id", "item"), _cleared),
)
"""What a move writes: the table, whose acts replace each other, and what none before comes to."""


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


def _copy(row: Any, **changes: Any) -> ActRow:
    columns = {column.key for column in row.__table__.columns} - _OWN
    made: ActRow = type(row)(id=uuid4(), **{key: getattr(row, key) for key in columns} | changes)
    return made
