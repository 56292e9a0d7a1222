"""What is written of codes that move from one study to another."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import canonical
from review.states.clusters import Scope
from review.studies.current_codes import CLEARED, current_codes
from review.tables import (
    ActRow,
    AgreedCode,
    Code,
)

_OWN = frozenset({"id", "review_id", "event_number"})  # what each row has of its own
_EVIDENCE = frozenset({"details", "quote", "report_id", "page", "confidence", "note"})


@dataclass(frozen=True)
class CodeMove:
    """The codes of a study, or of what it reports about a contract, on their way to another."""

    session: Session
    review_id: UUID
    source: UUID
    target: UUID
    contract: UUID | None
    takes_all: bool  # whether all codes go
    reports: Collection[UUID]  # that move; otherwise only codes that quote them go
    copies: bool  # whether the others are copied

    def rows(self) -> Iterator[ActRow]:
        """Yield what is written: codes of the other study, and that they are cleared here."""
        there = {(row.item, row.coder_id): row for row in self._current(Code, self.target)}
        coded_there = {item for item, _ in there}
        staying = set[str]()
        for row in self._current(Code, self.source):
            is_moved = self.takes_all or row.report_id in self.reports
            if not is_moved:
                staying.add(row.item)
            if is_moved or self.copies:
                yield from self._written(row, there.get((row.item, row.coder_id)), is_moved)
        agreed_there = {row.item for row in self._current(AgreedCode, self.target)}
        for row in self._current(AgreedCode, self.source):
            # It decided about the codes here: it goes with them all, and to nobody else's.
            is_moved = self.takes_all or row.item not in staying
            if row.item not in coded_there | agreed_there and (is_moved or self.copies):
                yield from self._written(row, None, is_moved)

    def _written(self, row: Any, other: Any, is_moved: bool) -> Iterator[ActRow]:
        """Yield the row at the other study, where ``other`` is its coder's own, if there is one."""
        evidence = self._evidence(row)
        if other is None:
            yield copied_row(row, study_id=self.target, **evidence)
        else:
            joined = _joined(other, evidence)
            if canonical(other.value) != canonical(row.value) or joined is None:
                return  # both stay as they are
            if joined:
                yield copied_row(other, **joined)
        if is_moved:
            yield cleared_row(row)

    def _evidence(self, row: Any) -> dict[str, Any]:
        """Return what a code goes with: no report that stays with its study."""
        found = {key: getattr(row, key) for key in _EVIDENCE if hasattr(row, key)}
        if row.report_id not in self.reports:
            found |= {"report_id": None, "page": None}
        return found

    def _current(self, table: type[Code] | type[AgreedCode], study: UUID) -> Sequence[Any]:
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


def cleared_row(row: ActRow) -> ActRow:
    """Return the row that says: there is no longer a value here."""
    has = {column.key for column in row.__table__.columns}  # type: ignore[attr-defined]
    return copied_row(row, value=CLEARED, **dict.fromkeys(_EVIDENCE & has))


def copied_row(row: Any, **changes: Any) -> ActRow:
    """Return a new row that says the same, but for the changes."""
    columns = {column.key for column in row.__table__.columns} - _OWN
    made: ActRow = type(row)(id=uuid4(), **{key: getattr(row, key) for key in columns} | changes)
    return made
