"""A record's rank in a ranking, and what explains it."""

import re
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocols.schema import Protocol
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


def explanation(rank: Rank, subject: Collection[str]) -> dict[str, Any]:
    """Return what explains a record's rank.

    Words of the review's ``subject`` are left out of what lowered it: the model sets records of one
    subject apart, and a reader would take such a word for a mistake.

    Keys: raised, lowered and asked (lists of terms), is_random and is_of_kind (whether the record
    was picked at random, from all records or from a group that the ranking serves less well).
    Lists may be empty for rankings by an older release.
    """
    stored: dict[str, Any] = rank.why or {}
    lowered = [term for term in stored.get("lowered", []) if not _words(term) <= {*subject}]
    return {
        **{key: stored.get(key, []) for key in ("raised", "asked")},
        "lowered": lowered,
        **{key: bool(stored.get(key)) for key in ("is_random", "is_of_kind")},
    }


def subject_of(protocol: Protocol) -> frozenset[str]:
    """Return a review's subject: the words of its question and of terms that speak for a record."""
    terms = [term for words in protocol.highlights for term in words.include]
    return _words(" ".join([protocol.title, protocol.question, *terms]))


def _words(text: str) -> frozenset[str]:
    """Return the words of a text without their plural s."""
    return frozenset(word.removesuffix("s") for word in re.findall(r"\w+", text.casefold()))
