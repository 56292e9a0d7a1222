"""How well the ranking works for groups of records: by language, source, decade and abstract."""

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
from screening.ranking.record_groups import GROUPINGS, groups_of, is_behind, roc_area
from screening.ranking.runs import current_run


@dataclass(frozen=True)
class GroupFairness:
    """A group of records, and how well the ranking finds the relevant ones among them.

    ``roc_area`` is the chance that an included record of the group ranks above an excluded record
    of any group, each scored without its own label (the area under the ROC curve); None if there
    are too few.  ``is_behind`` says that it is clearly smaller than for all other records.
    """

    name: str
    n: int
    n_resolved: int
    n_included: int
    early: float | None  # share of its open records in the first half of all open ones
    roc_area: float | None
    is_behind: bool


def ranking_fairness(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor
) -> Mapping[str, Sequence[GroupFairness]]:
    """Return the groups by language, source, decade and abstract, the largest first; for the lead.

    The mapping is empty before the first ranking.
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
    groups = [
        groups_of(
            language=row.language,
            source=row.source,
            year=row.year,
            has_abstract=not row.is_bare,
        )
        for row in rows
    ]
    ranked = _RankedRecords(
        resolution=np.array([row.resolution for row in rows], dtype=object),
        held_out=np.array([np.nan if row.held_out is None else row.held_out for row in rows]),
    )
    return {
        grouping: _fairness(np.array(names, dtype=object), ranked)
        for grouping, names in zip(GROUPINGS, _columns(groups), strict=True)
    }


@dataclass(frozen=True)
class _RankedRecords:
    """The records of a ranking, first to last, each with its resolution and held-out score."""

    resolution: NDArray[np.object_]
    held_out: NDArray[np.float64]

    @property
    def is_open(self) -> NDArray[np.bool_]:
        return ~np.isin(self.resolution, [*FINISHED, Resolution.NOT_SCREENED])


def _columns(groups: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the groups of all records by grouping; there may be no records."""
    return [[names[column] for names in groups] for column in range(len(GROUPINGS))]


def _fairness(names: NDArray[np.object_], ranked: _RankedRecords) -> list[GroupFairness]:
    is_open = ranked.is_open
    is_early = np.zeros(len(names), dtype=bool)
    is_early[np.flatnonzero(is_open)[: (is_open.sum() + 1) // 2]] = True
    is_scored = ~np.isnan(ranked.held_out)
    included = is_scored & (ranked.resolution == Resolution.INCLUDE)
    excluded = ranked.held_out[is_scored & (ranked.resolution == Resolution.EXCLUDE)]
    groups = []
    for name in sorted(set(names)):
        in_group = names == name
        own = roc_area(ranked.held_out[included & in_group], excluded)
        others = roc_area(ranked.held_out[included & ~in_group], excluded)
        n_open = int((in_group & is_open).sum())
        groups.append(
            GroupFairness(
                name=str(name),
                n=int(in_group.sum()),
                n_resolved=int((in_group & np.isin(ranked.resolution, FINISHED)).sum()),
                n_included=int((in_group & (ranked.resolution == Resolution.INCLUDE)).sum()),
                early=float((in_group & is_early).sum() / n_open) if n_open else None,
                roc_area=own.area if own else None,
                is_behind=is_behind(own, others),
            )
        )
    return sorted(groups, key=lambda group: (-group.n, group.name))
