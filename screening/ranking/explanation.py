"""A record's rank in a ranking, and what explains it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.tables import ModelRun, Rank


def ranks_of(session: Session, *, run: ModelRun, record_ids: Collection[UUID]) -> dict[UUID, Rank]:
    """Return the ranks of some records in the ranking of a run, those of ranked ones only."""
    ranks = session.scalars(
        select(Rank).where(Rank.model_run_id == run.id, Rank.record_id.in_(record_ids))
    )
    return {rank.record_id: rank for rank in ranks}


def n_ranked(session: Session, *, run: ModelRun) -> int:
    """Return the number of records in the ranking of a run."""
    return session.scalar(select(func.max(Rank.position)).where(Rank.model_run_id == run.id)) or 0


def explanation(rank: Rank) -> dict[str, Any]:
    """Return what explains a record's rank.

    Keys: raised, lowered and asked (lists of terms), is_random and is_of_kind (whether the record
    was picked at random, from all records or from a group that the ranking serves less well).
    Lists may be empty for rankings by an older release.
    """
    stored: dict[str, Any] = rank.why or {}
    return {
        **{key: stored.get(key, []) for key in ("raised", "lowered", "asked")},
        **{key: bool(stored.get(key)) for key in ("is_random", "is_of_kind")},
    }
