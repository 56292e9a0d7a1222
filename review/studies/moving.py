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
from review.reviews import protocol_of
from review.states.clusters import Scope, clusters_of, latest
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import items_coded_by
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
            rows.append(_copy(before) if before else no_longer(row))
    source, target = UUID(event.detail["to"]), cast(UUID, event.subject_id)
    _record(session, review_id, rows, source=source, target=target, by=by, undoes=event_number)
    return target


def moves_of(session: Session, *, review_id: UUID, study_id: UUID, by: Actor) -> list[MoveLine]:
    """Return the acts that moved reports from or to a study, the newest first."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    study_of_review(session, review_id=review_id, study_id=study_id)
    moves = _moves(session, review_id, [study_id])
    people = {event.actor_id for event in moves}
    names = dict(
        session.execute(select(Account.id, Account.name).where(Account.id.in_(people))).all()
    )
    lines = []
    for event in moves:
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
                actor=names.get(cast(UUID, event.actor_id), "The operator"),
                source=session.get_one(Study, event.subject_id),
                target=session.get_one(Study, UUID(event.detail["to"])),
                reports=list(reports),
                undoes=event.detail.get("undoes"),
                is_undoable=_is_undoable(session, event),
            )
        )
    return lines[::-1]


def left_codes(session: Session, *, review_id: UUID, study_id: UUID, by: Actor) -> list[LeftCode]:
    """Return the values that a merged study kept, because its coder said otherwise of the other.

    For the lead, who may be a second coder: what two people code is shown once both have, or the
    lead has.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    study = study_of_review(session, review_id=review_id, study_id=study_id)
    into = merged_studies(session, review_id).get(study_id)
    if into is None:
        return []
    codebook = protocol_of(session, review_id).codebook
    double_coded = {item.key for item in codebook if item.double_coded}
    told = {
        (value.subject.contract_id, value.item)
        for value in coded_values(session, review_id=review_id)
        if value.subject.study_id == into and value.state is not CodeState.AWAITING_SECOND
    }
    told |= {
        (subject.contract_id, item)
        for subject, item in items_coded_by(session, review_id=review_id, by=by)
        if subject.study_id == into
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
        if code.coder_id == by.account_id
        or code.item not in double_coded
        or (code.contract_id, code.item) in told
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
    codes = [
        row
        for contract in (None, *sorted(gone | shared))
        for row in _CodeMove(
            session, review_id, move.study_id, target.id, contract,
            is_whole=is_whole or contract in gone, reports=chosen, copies=move.copies_codes,
        ).rows()
    ]  # fmt: skip
    rows += sorted(codes, key=lambda row: isinstance(row, AgreedCode))
    return _record(session, review_id, rows, source=move.study_id, target=target.id, by=by)


@dataclass(frozen=True)
class _CodeMove:
    """The codes of a study, or of what it reports about a contract, on their way to another."""

    session: Session
    review_id: UUID
    source: UUID
    target: UUID
    contract: UUID | None
    is_whole: bool  # whether everything goes
    reports: Collection[UUID]  # that move; otherwise only codes that quote them go
    copies: bool  # whether the others are copied

    def rows(self) -> Iterator[ActRow]:
        """Yield what is written: codes of the other study, and that they are cleared here."""
        there = {(row.item, row.coder_id): row for row in self._current(Code, self.target)}
        coded_there = {item for item, _ in there}
        staying = set[str]()
        for row in self._current(Code, self.source):
            is_moved = self.is_whole or row.report_id in self.reports
            if not is_moved:
                staying.add(row.item)
            if is_moved or self.copies:
                yield from self._written(row, there.get((row.item, row.coder_id)), is_moved)
        agreed_there = {row.item for row in self._current(AgreedCode, self.target)}
        for row in self._current(AgreedCode, self.source):
            # It decided about the codes here: it goes with them all, and to nobody else's.
            is_moved = self.is_whole or row.item not in staying
            if row.item not in coded_there | agreed_there and (is_moved or self.copies):
                yield from self._written(row, None, is_moved)

    def _written(self, row: Any, other: Any, is_moved: bool) -> Iterator[ActRow]:
        """Yield the row at the other study, where ``other`` is its coder's own, if there is one."""
        evidence = self._evidence(row)
        if other is None:
            yield _copy(row, study_id=self.target, **evidence)
        else:
            joined = _joined(other, evidence)
            if canonical(other.value) != canonical(row.value) or joined is None:
                return  # both stay as they are
            if joined:
                yield _copy(other, **joined)
        if is_moved:
            yield _cleared(row)

    def _evidence(self, row: Any) -> dict[str, Any]:
        """Return what a code goes with: no report that stays with its study."""
        found = {key: getattr(row, key) for key in _EVIDENCE if hasattr(row, key)}
        if not self.is_whole and row.report_id not in self.reports:
            found |= {"report_id": None, "page": None}
        return found

    def _current(self, table: CodeTable, study: UUID) -> Sequence[Any]:
        codes = current_codes(
            Scope(self.review_id),
            table,
            where=(table.study_id == study) & table.contract_id.is_not_distinct_from(self.contract),
        )
        query = select(table).join(codes, codes.c.id == table.id).order_by(table.event_number)
        return self.session.scalars(query).all()


def _joined(other: Any, evidence: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a code lacks of the evidence for the same value; None where both have their own.

    A quote comes with its page and report.
    """
    lacks = {
        key: evidence[key]
        for key in ("details", "quote", "confidence", "note")
        if evidence.get(key) and getattr(other, key) != evidence[key]
    }
    if any(getattr(other, key) for key in lacks):
        return None
    if "quote" in lacks:
        lacks |= {key: evidence[key] for key in ("report_id", "page")}
    return lacks


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
    """Say whether an event's reports are where it moved them, and nothing was moved on top of it.

    A later move from or to either study has used what this one brought; it is undone first.
    """
    studies = {event.subject_id, UUID(event.detail["to"])}
    later: dict[int, Event] = {}
    for move in _moves(session, event.review_id, studies):
        if move.number > event.number and later.pop(move.detail.get("undoes", 0), None) is None:
            later[move.number] = move
    if later:
        return False
    newer = aliased(StudyReport)
    return not session.scalar(
        select(
            exists().where(
                StudyReport.review_id == event.review_id,
                StudyReport.event_number == event.number,
                newer.review_id == event.review_id,
                newer.record_id == StudyReport.record_id,
                newer.event_number > event.number,
            )
        )
    )


def _moves(session: Session, review_id: UUID, studies: Collection[UUID | None]) -> list[Event]:
    """Return the acts that moved reports from or to any of the studies, in order."""
    ever = select(StudyReport.record_id).where(StudyReport.study_id.in_(studies))
    moved = select(StudyReport.event_number).where(
        StudyReport.review_id == review_id, StudyReport.record_id.in_(ever)
    )
    events = session.scalars(
        select(Event)
        .where(
            Event.review_id == review_id,
            Event.act == Act.MOVE_REPORTS,
            Event.number.in_(moved),
        )
        .order_by(Event.number)
    )
    return [one for one in events if {one.subject_id, UUID(one.detail["to"])} & set(studies)]


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


def _copy(row: Any, **changes: Any) -> ActRow:
    columns = {column.key for column in row.__table__.columns} - _OWN
    made: ActRow = type(row)(id=uuid4(), **{key: getattr(row, key) for key in columns} | changes)
    return made
