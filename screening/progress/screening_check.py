"""Decided records that look like the other kind, for a second look by the lead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Row, select, true
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check, roles_of_actor
from review.states.clusters import Scope, members
from review.states.resolution import resolutions
from review.tables import Decision, ModelRun, Rank, Record
from review.vocabulary import FINISHED, Resolution, Role, Stage
from screening.ranking.runs import current_run

ODD = 0.25  # of the other kind that look less like it than the record does


@dataclass(frozen=True)
class Odd:
    """A resolved record whose text looks like those that came to the other result."""

    record_id: UUID
    number: int
    title: str
    resolution: Resolution
    more_alike: float  # share of the other kind that looks less like that kind than this record


def odd_ones(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int = 25
) -> tuple[ModelRun | None, dict[Resolution, list[Odd]] | None]:
    """Return the order in use, and for each result the records that look most like the other.

    None in place of these where they were not compared: before a ranking, and where nothing of one
    kind is resolved.  A lead who screens is not shown records that they decided on.

    Each record is compared by the score that it has where its own result was not learned: an
    excluded one is odd where it looks more relevant than a quarter of the included, an included one
    where it looks less so than a quarter of the excluded; the oddest come first.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    run = current_run(session, review_id=review_id, stage=stage)
    if run is None:
        return None, None
    rows = _scored(session, review_id, run, by)
    scores = {
        one: np.array([row.held_out for row in rows if row.resolution == one]) for one in FINISHED
    }
    if not all(len(values) for values in scores.values()):
        return run, None
    found: dict[Resolution, list[Odd]] = {one: [] for one in FINISHED}
    for row in rows:
        mine = Resolution(row.resolution)
        other = scores[Resolution.INCLUDE if mine is Resolution.EXCLUDE else Resolution.EXCLUDE]
        beyond = other < row.held_out if mine is Resolution.EXCLUDE else other > row.held_out
        share = float(beyond.mean())
        if share > ODD:
            found[mine].append(Odd(row.id, row.number, row.title, mine, share))
    for odd in found.values():
        odd.sort(key=lambda one: (-one.more_alike, one.number))
        del odd[limit:]
    return run, found


def _scored(session: Session, review_id: UUID, run: ModelRun, by: Actor) -> Sequence[Row[Any]]:
    """Return the resolved records with their held-out scores, those that ``by`` may see."""
    member = members(Scope(review_id))
    own = Record.id.in_(
        select(member.c.cluster_id)
        .join(Decision, Decision.record_id == member.c.record_id)
        .where(Decision.reviewer_id == by.account_id, Decision.stage == run.stage)
    )
    is_blind = Role.REVIEWER in roles_of_actor(session, review_id=review_id, by=by)
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
