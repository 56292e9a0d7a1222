"""The newest stop of a stage, as conditions for the queries on resolutions and flow states."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, select

from review.states.clusters import Scope
from review.tables import Stop
from review.vocabulary import Stage


def stopped_at(scope: Scope, stage: Stage) -> ColumnElement[int]:
    """Return the event at which screening of the stage was stopped; NULL while it continues."""
    return _of_newest_stop(case((Stop.is_stopped, Stop.event_number), else_=None), scope, stage)


def left_to_automation(scope: Scope, stage: Stage) -> ColumnElement[bool]:
    """Return whether records that the newest stop left count as marked ineligible by automation."""
    return _of_newest_stop(Stop.by_automation, scope, stage)


def _of_newest_stop(column: Any, scope: Scope, stage: Stage) -> ColumnElement[Any]:
    newest: Select[Any] = (
        select(column)
        .where(scope.up_to(Stop), Stop.stage == stage)
        .order_by(Stop.event_number.desc())
        .limit(1)
    )
    return newest.scalar_subquery()
