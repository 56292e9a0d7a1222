"""Stopping title and abstract screening early, or resuming it, and the stop in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Invalid
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.clusters import Scope
from review.tables import Account, Event, Stop
from review.vocabulary import Act, Stage


def stop_screening(
    session: Session,
    *,
    review_id: UUID,
    rule: str,
    numbers: Mapping[str, Any],
    by: Actor,
    resume: bool = False,
    by_automation: bool = False,
) -> Stop:
    """Stop screening titles and abstracts early, or resume it; flushes.

    Records that nobody has decided on then count as *not screened*; with ``by_automation``, as
    marked as ineligible by automation tools (PRISMA 2020: Page et al. 2021, item 16a).  Records
    with one decision still await the second, and records imported later are unaffected.  Raises
    Invalid without a rule.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not rule.strip():
        raise Invalid("Give a reason for stopping or resuming screening.")
    stop = Stop(
        id=uuid4(),
        stage=Stage.TITLE_ABSTRACT,
        is_stopped=not resume,
        by_automation=True if by_automation and not resume else None,
        rule=rule.strip(),
        numbers=dict(numbers),
    )
    record_act(session, review_id=review_id, act=Act.STOP, by=by, rows=[stop])
    return stop


@dataclass(frozen=True)
class StopInForce:
    """A stop after which screening has not been resumed: its rule, who stopped and when."""

    rule: str
    numbers: Mapping[str, Any]
    by_automation: bool
    stopped_by: str
    at: datetime

    @property
    def sentence(self) -> str:
        """What readers of the results should know, with how many records may have been missed."""
        stopped = f"Screening stopped early, on {self.at.day} {self.at:%B %Y}"
        total, resolved = self._number("n_total"), self._number("n_resolved")
        if total and resolved is not None:
            stopped += f" after {resolved:,.0f} of {total:,.0f} records"
        bounds = [bound for bound in (self._bound_by_order, self._bound_by_sample) if bound]
        return " ".join(
            [f"{stopped}.", *(bounds or ["What may have been missed was not estimated."])]
        )

    @property
    def _bound_by_order(self) -> str | None:
        recall, confidence = self._number("recall_floor"), self._number("confidence")
        if recall is None or confidence is None:
            return None
        return (
            f"Judged by the order of screening, at least {int(100 * recall)} % of the relevant"
            f" records had been found ({100 * confidence:.4g} % confidence)."
        )

    @property
    def _bound_by_sample(self) -> str | None:
        """Return the other bound, in a sentence of its own: the two need not agree."""
        missed, sample = self._number("most_missed"), self._number("n_sample")
        found, confidence = self._number("n_included"), self._number("confidence")
        if missed is None or sample is None or confidence is None:
            return None
        share = (
            f", so at least {int(100 * found / (found + missed))} % had been found" if found else ""
        )
        return (
            f"Judged separately, by a random sample of {sample:,.0f} records, at most"
            f" {missed:,.0f} were left{share} ({100 * confidence:.4g} % confidence)."
        )

    def _number(self, name: str) -> float | None:
        """Return one of the numbers; None where a program sent something that is no number."""
        number = self.numbers.get(name)
        if not isinstance(number, int | float) or isinstance(number, bool):
            return None
        return number if abs(number) < 1e15 else None


def stop_in_force(
    session: Session, review_id: UUID, *, as_of: int | None = None
) -> StopInForce | None:
    """Return the stop of title and abstract screening; None while screening continues."""
    row = session.execute(
        select(Stop, Event.at, Event.actor_kind, Account.name)
        .join(Event, (Event.review_id == Stop.review_id) & (Event.number == Stop.event_number))
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(Scope(review_id, as_of).up_to(Stop), Stop.stage == Stage.TITLE_ABSTRACT)
        .order_by(Stop.event_number.desc())
        .limit(1)
    ).first()
    if row is None or not row.Stop.is_stopped:
        return None
    return StopInForce(
        rule=row.Stop.rule,
        numbers=row.Stop.numbers,
        by_automation=bool(row.Stop.by_automation),
        stopped_by=row.name or f"the {row.actor_kind}",
        at=row.at,
    )
