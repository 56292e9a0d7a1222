"""Whether the order serves all kinds of records alike: by language, source, year, and abstract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.reading.languages import language_tag
from review.resolution import resolutions
from review.tables import Rank, Record, Search
from review.vocabulary import FINISHED, Resolution, Stage
from screening.ranking import current_run

LEAST = 5  # included records of a group, and as many of the others, below which nothing is said
Z = 1.96


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
    kinds = {
        "language": [language_tag(row.language) for row in rows],
        "source": [row.source for row in rows],
        "decade": [f"{row.year // 10 * 10}s" if row.year else "" for row in rows],
        "abstract": ["without an abstract" if row.is_bare else "with one" for row in rows],
    }
    material = _Material(
        resolution=np.array([row.resolution for row in rows], dtype=object),
        held_out=np.array([np.nan if row.held_out is None else row.held_out for row in rows]),
    )
    return {kind: _groups(np.array(names, dtype=object), material) for kind, names in kinds.items()}


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
        own = _chance(material.held_out[included & mine], excluded)
        others = _chance(material.held_out[included & ~mine], excluded)
        n_open = int((mine & is_open).sum())
        groups.append(
            Group(
                name=str(name),
                n=int(mine.sum()),
                n_resolved=int((mine & np.isin(material.resolution, FINISHED)).sum()),
                n_included=int((mine & (material.resolution == Resolution.INCLUDE)).sum()),
                early=float((mine & is_early).sum() / n_open) if n_open else None,
                chance=own[0] if own else None,
                is_behind=bool(
                    own and others and others[0] - own[0] > Z * sqrt(own[1] ** 2 + others[1] ** 2)
                ),
            )
        )
    return sorted(groups, key=lambda group: (-group.n, group.name))


def _chance(
    included: NDArray[np.float64], excluded: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Return the area under the ROC curve and its standard error.

    The error is that of Hanley & McNeil 1982 (doi:10.1148/radiology.143.1.7063747).
    """
    n, m = len(included), len(excluded)
    if n < LEAST or m < LEAST:
        return None
    ranks = rankdata(np.concatenate([included, excluded]))[:n]
    area = float((ranks.sum() - n * (n + 1) / 2) / (n * m))
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)
    return area, sqrt(max(spread, 0) / (n * m))
