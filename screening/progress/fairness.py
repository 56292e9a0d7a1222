"""Whether the order serves all kinds of records alike: by language, source, year, and abstract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.states.resolution import resolutions
from review.tables import Rank, Record, Search
from review.vocabulary import FINISHED, Resolution, Stage
from screening.ranking.record_groups import KINDS, chance, is_behind, kinds_of
from screening.ranking.runs import current_run


@dataclass(frozen=True)
class Group:
    """Records of one kind, and how well the order tells those of them that count.

    ``chance`` is the probability that an included record of the group stands before an excluded
    record of any kind, each scored without its own result (the area under the ROC curve); None
    where there are too few.  ``is_behind`` says that it is surely less than for the others.
    """

    name: str
    n: int
    n_resolved: int
    n_included: int
    early: float | None  # share of its open records that stand in the first half of the open ones
    chance: float | None
    is_behind: bool


def served(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
) -> Mapping[str, Sequence[Group]]:
    """Return the groups of records by language, source, decade and abstract; for the lead.

    Nothing is returned before a first ranking.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    run = current_run(session, review_id=review_id, stage=stage)
    if run is None:
        return {}
    table = resolutions(session, review_id=review_id, stage=stage)
    rows = session.execute(
        select(
            Record.language,
            Search.source,
            Record.year,
            Record.abstract.is_(None).label("is_bare"),
            Rank.position,
            Rank.held_out,
            table.c.resolution,
        )
        .join(Rank, Rank.record_id == Record.id)
        .join(Search, Search.id == Record.search_id)
        .join(table, table.c.cluster_id == Record.id)
        .where(Rank.model_run_id == run.id)
        .order_by(Rank.position)
    ).all()
    kinds = [kinds_of(row.language, row.source, row.year, is_bare=row.is_bare) for row in rows]
    material = _Material(
        resolution=np.array([row.resolution for row in rows], dtype=object),
        held_out=np.array([np.nan if row.held_out is None else row.held_out for row in rows]),
    )
    return {
        kind: _groups(np.array([names[place] for names in kinds], dtype=object), material)
        for place, kind in enumerate(KINDS)
    }


@dataclass(frozen=True)
class _Material:
    """The records of an order, first to last: results, and scores without them."""

    resolution: NDArray[np.object_]
    held_out: NDArray[np.float64]

    @property
    def is_open(self) -> NDArray[np.bool_]:
        return ~np.isin(self.resolution, [*FINISHED, Resolution.NOT_SCREENED])


def _groups(names: NDArray[np.object_], material: _Material) -> list[Group]:
    is_open = material.is_open
    is_early = np.zeros(len(names), dtype=bool)
    is_early[np.flatnonzero(is_open)[: (is_open.sum() + 1) // 2]] = True
    is_scored = ~np.isnan(material.held_out)
    included = is_scored & (material.resolution == Resolution.INCLUDE)
    excluded = material.held_out[is_scored & (material.resolution == Resolution.EXCLUDE)]
    groups = []
    for name in sorted(set(names)):
        mine = names == name
        own = chance(material.held_out[included & mine], excluded)
        others = chance(material.held_out[included & ~mine], excluded)
        n_open = int((mine & is_open).sum())
        groups.append(
            Group(
                name=str(name),
                n=int(mine.sum()),
                n_resolved=int((mine & np.isin(material.resolution, FINISHED)).sum()),
                n_included=int((mine & (material.resolution == Resolution.INCLUDE)).sum()),
                early=float((mine & is_early).sum() / n_open) if n_open else None,
                chance=own[0] if own else None,
                is_behind=is_behind(own, others),
            )
        )
    return sorted(groups, key=lambda group: (-group.n, group.name))
