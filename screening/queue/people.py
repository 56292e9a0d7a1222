"""How much each person has screened, how fast, and how much is left: for planning, not ranking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.decisions.blinding import NOT_IMPORTED
from review.decisions.situation import IS_LIVE
from review.events import Actor
from review.permissions import Action, check
from review.states.flow import OPEN, FlowState, flow_states
from review.states.resolution import resolutions
from review.tables import Account, Decision
from review.tables.base import utc_now
from review.vocabulary import Stage
from screening.queue.assignments import assigned_reviewers

DAYS = 14  # that are drawn
PACE_DAYS = 7  # that the time left is estimated from


@dataclass(frozen=True)
class PersonProgress:
    """What one person has decided at a stage; imported and withdrawn decisions do not count."""

    name: str
    is_reviewer: bool  # still
    n: int
    by_day: Sequence[tuple[date, int]]  # the last days in UTC, the oldest first
    seconds: float | None  # the median of the last days that a page measured
    last_at: datetime | None

    @property
    def n_week(self) -> int:
        """How many of the decisions were made in the last seven days."""
        return sum(n for _, n in self.by_day[-PACE_DAYS:])

    @property
    def busiest(self) -> int:
        """The most decisions on one of the days; 1 if there are none."""
        return max([1, *(n for _, n in self.by_day)])


@dataclass(frozen=True)
class StageProgress:
    """A stage as a whole, and each person in it."""

    people: Sequence[PersonProgress]
    n_unscreened: int
    n_awaiting_second: int
    n_decisions_left: int  # so many more are needed
    days_left: float | None  # at the pace of the last week; None without decisions


def stage_progress(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> StageProgress:
    """Return how far a stage is, by person; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    people = _people(session, review_id, stage)
    unscreened, awaiting = (
        (FlowState.UNSCREENED, FlowState.AWAITING_SECOND)
        if stage is Stage.TITLE_ABSTRACT
        else (FlowState.FULL_TEXT_UNSCREENED, FlowState.FULL_TEXT_AWAITING_SECOND)
    )
    table = resolutions(session, review_id=review_id, stage=stage)
    states = flow_states(session, review_id=review_id)
    rows = session.execute(
        select(
            states.c.flow_state,
            func.count(),
            func.sum(table.c.decisions_needed - table.c.n_reviewers),
        )
        .join(table, table.c.cluster_id == states.c.record_id)
        .where(states.c.flow_state.in_([state.value for state in OPEN[stage]]))
        .group_by(states.c.flow_state)
    )
    n = {state: (n_records, int(n_left)) for state, n_records, n_left in rows}
    n_left = sum(left for _, left in n.values())
    pace = sum(person.n_week for person in people) / PACE_DAYS
    return StageProgress(
        people,
        n_unscreened=n.get(unscreened, (0, 0))[0],
        n_awaiting_second=n.get(awaiting, (0, 0))[0],
        n_decisions_left=n_left,
        days_left=n_left / pace if pace else None,
    )


def _people(session: Session, review_id: UUID, stage: Stage) -> list[PersonProgress]:
    """Return everybody who is a reviewer or has decided, by name."""
    counted = (
        Decision.review_id == review_id,
        Decision.stage == stage,
        IS_LIVE,
        NOT_IMPORTED,
    )
    totals = {
        account_id: (n, last_at)
        for account_id, n, last_at in session.execute(
            select(Decision.reviewer_id, func.count(), func.max(Decision.decided_at))
            .where(*counted)
            .group_by(Decision.reviewer_id)
        )
    }
    today = utc_now().date()
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    recent: dict[UUID, dict[date, int]] = {}
    seconds: dict[UUID, list[float]] = {}
    since = utc_now() - timedelta(days=DAYS)
    for account_id, at, took in session.execute(
        select(Decision.reviewer_id, Decision.decided_at, Decision.seconds).where(
            *counted, Decision.decided_at > since
        )
    ):
        of_day = recent.setdefault(account_id, {})
        of_day[at.date()] = of_day.get(at.date(), 0) + 1
        if took is not None:
            seconds.setdefault(account_id, []).append(took)
    reviewers = {reviewer.account_id for reviewer in assigned_reviewers(session, review_id)}
    names = session.execute(
        select(Account.id, Account.name)
        .where(Account.id.in_(reviewers | totals.keys()))
        .order_by(Account.name, Account.id)
    )
    return [
        PersonProgress(
            name=name,
            is_reviewer=id_ in reviewers,
            n=totals.get(id_, (0, None))[0],
            by_day=[(day, recent.get(id_, {}).get(day, 0)) for day in days],
            seconds=median(seconds[id_]) if id_ in seconds else None,
            last_at=totals.get(id_, (0, None))[1],
        )
        for id_, name in names
    ]
