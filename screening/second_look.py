"""Decided records that look like the other kind, for a second look by the lead."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.resolution import resolutions
from review.tables import ModelRun, Rank, Record
from review.vocabulary import FINISHED, Resolution, Stage
from screening.ranking import current_run

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
) -> tuple[ModelRun | None, dict[Resolution, list[Odd]]]:
    """Return the order in use, and for each result the records that look most like the other.

    Each record is compared by the score that it has where its own result was not learned: an
    excluded one is odd where it looks more relevant than a quarter of the included, an included one
    where it looks less so than a quarter of the excluded; the oddest come first.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    found: dict[Resolution, list[Odd]] = {one: [] for one in FINISHED}
    run = current_run(session, review_id=review_id, stage=stage)
    if run is None:
        return None, found
    table = resolutions(session, review_id=review_id, stage=stage)
    rows = session.execute(
        select(Record.id, Record.number, Record.title, Rank.held_out, table.c.resolution)
        .join(Rank, Rank.record_id == Record.id)
        .join(table, table.c.cluster_id == Record.id)
        .where(
            Rank.model_run_id == run.id,
            Rank.held_out.is_not(None),
            table.c.resolution.in_(FINISHED),
        )
        .order_by(Rank.held_out.desc(), Record.number)
    ).all()
    scores = {
        one: np.array([row.held_out for row in rows if row.resolution == one]) for one in FINISHED
    }
    if not all(len(values) for values in scores.values()):
        return run, found
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
