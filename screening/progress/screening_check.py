"""Resolved records whose decision looks unusual for their text, for the lead to check."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Row, select, true
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check, screens
from review.states.clusters import Scope, members
from review.states.resolution import resolutions
from review.tables import Decision, ModelRun, Rank, Record
from review.vocabulary import FINISHED, Resolution, Stage
from screening.ranking.runs import current_run

UNUSUAL_ABOVE = 0.25  # share of the opposite records that look less like these than it does


@dataclass(frozen=True)
class UnusualDecision:
    """A resolved record whose text looks like those with the opposite decision."""

    record_id: UUID
    number: int
    title: str
    resolution: Resolution
    more_alike: float  # share of the opposite records that look less like these than this one


def unusual_decisions(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int = 25
) -> tuple[ModelRun | None, dict[Resolution, list[UnusualDecision]] | None]:
    """Return the run whose ranking is in use, and the records whose resolution looks unusual.

    These are at most ``limit`` included and as many excluded records, the most unusual first.
    There is None in their place before the first ranking, and while no record is included or none
    excluded.  A lead who screens does not see records that they decided on.

    Each record is compared by a score for which its own label was held out.  An excluded one is
    unusual if it looks more relevant than a quarter of the included ones, and an included one if it
    looks less relevant than a quarter of the excluded ones.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    run = current_run(session, review_id=review_id, stage=stage)
    if run is None:
        return None, None
    rows = _scored(session, review_id, run, by=by)
    scores = {
        resolution: np.array([row.held_out for row in rows if row.resolution == resolution])
        for resolution in FINISHED
    }
    if not all(len(values) for values in scores.values()):
        return run, None
    unusual: dict[Resolution, list[UnusualDecision]] = {resolution: [] for resolution in FINISHED}
    for row in rows:
        resolution = Resolution(row.resolution)
        is_excluded = resolution is Resolution.EXCLUDE
        opposite = scores[Resolution.INCLUDE if is_excluded else Resolution.EXCLUDE]
        is_beyond = opposite < row.held_out if is_excluded else opposite > row.held_out
        share = float(is_beyond.mean())
        if share > UNUSUAL_ABOVE:
            unusual[resolution].append(
                UnusualDecision(row.id, row.number, row.title, resolution, share)
            )
    for decisions in unusual.values():
        decisions.sort(key=lambda decision: (-decision.more_alike, decision.number))
        del decisions[limit:]
    return run, unusual


def _scored(session: Session, review_id: UUID, run: ModelRun, *, by: Actor) -> Sequence[Row[Any]]:
    """Return the resolved records that ``by`` may see, with their held-out scores."""
    member = members(Scope(review_id))
    own = Record.id.in_(
        select(member.c.cluster_id)
        .join(Decision, Decision.record_id == member.c.record_id)
        .where(Decision.reviewer_id == by.account_id, Decision.stage == run.stage)
    )
    is_blind = screens(session, review_id=review_id, by=by)
    table = resolutions(session, review_id=review_id, stage=run.stage)
    return session.execute(
        select(Record.id, Record.number, Record.title, Rank.held_out, table.c.resolution)
        .join(Rank, Rank.record_id == Record.id)
        .join(table, table.c.cluster_id == Record.id)
        .where(
            Rank.model_run_id == run.id,
            Rank.held_out.is_not(None),
            table.c.resolution.in_(FINISHED),
            ~own if is_blind else true(),
        )
        .order_by(Record.number)
    ).all()
