"""Removal before screening, and the search for full texts of what came through it."""

from collections.abc import Collection
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Conflicting, Invalid
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.clusters import cluster_of
from review.states.resolution import stage_state
from review.tables import Decision, Removal, Retrieval
from review.vocabulary import Act, RemovalKind, Resolution, RetrievalState, Stage

Word = TypeVar("Word", Removal, Retrieval)


def remove(
    session: Session, *, review_id: UUID, record_id: UUID, kind: RemovalKind, why: str, by: Actor
) -> Removal:
    """Take a record out before screening, or put it back; flushes.

    Raises Conflicting once somebody has decided on the record.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    decided = select(Decision.id).where(
        Decision.review_id == review_id, Decision.record_id.in_(cluster)
    )
    if kind is not RemovalKind.RESTORED and session.scalar(decided.limit(1)):
        raise Conflicting(
            "Somebody has decided on this record, so it cannot be removed unscreened."
        )
    if not why.strip():
        raise Invalid("A removal says why; write a sentence.")
    spoken = _newest_words(session, Removal, review_id, cluster)
    out = [word.record_id for word in spoken if word.kind is not RemovalKind.RESTORED]
    about = out if kind is RemovalKind.RESTORED and out else [record_id]
    removals = [Removal(id=uuid4(), record_id=one, kind=kind, why=why.strip()) for one in about]
    record_act(
        session,
        review_id=review_id,
        act=Act.REMOVE_RECORD,
        by=by,
        rows=removals,
        subject=("record", record_id),
    )
    return removals[0]


def retrieve(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    state: RetrievalState,
    by: Actor,
    asked_of: str | None = None,
    why: str | None = None,
) -> Retrieval:
    """Record how the search for a report's full text stands; flushes.

    Raises Conflicting where the record was not included on title and abstract, or where reviewers
    have decided on the full text that would now be missing.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    screened = stage_state(
        session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster
    )
    if screened.resolution is not Resolution.INCLUDE:
        raise Conflicting("Only reports of records included on title and abstract are sought.")
    if state is RetrievalState.NOT_RETRIEVED and not (why or "").strip():
        raise Invalid(
            "Not retrieved: say why, for the list that readers of the review will ask for."
        )
    read = stage_state(session, review_id=review_id, stage=Stage.FULL_TEXT, cluster=cluster)
    if state is not RetrievalState.RETRIEVED and read.n_reviewers:
        raise Conflicting("Reviewers have decided on this full text; reopen it first.")
    # A copy that has a word of its own is spoken for too, so that no older word outlives this one.
    spoken = [word.record_id for word in _newest_words(session, Retrieval, review_id, cluster)]
    retrievals = [
        Retrieval(
            id=uuid4(), record_id=one, state=state, asked_of=asked_of or None, why=why or None
        )
        for one in dict.fromkeys([cluster[0], *spoken])
    ]
    record_act(
        session,
        review_id=review_id,
        act=Act.RETRIEVE,
        by=by,
        rows=retrievals,
        subject=("record", record_id),
    )
    return retrievals[0]


def is_retrieved(session: Session, *, review_id: UUID, cluster: Collection[UUID]) -> bool:
    """Say whether the full text of any of the cluster's records is at hand."""
    words = _newest_words(session, Retrieval, review_id, cluster)
    return any(word.state is RetrievalState.RETRIEVED for word in words)


def latest_words(
    session: Session, *, review_id: UUID, record_ids: Collection[UUID]
) -> dict[UUID, Retrieval]:
    """Return the newest retrieval act on each of the records that has one."""
    words = _newest_words(session, Retrieval, review_id, record_ids)
    return {word.record_id: word for word in words}


def is_removed(session: Session, *, review_id: UUID, cluster: Collection[UUID]) -> bool:
    """Say whether any of the cluster's records was taken out before screening."""
    words = _newest_words(session, Removal, review_id, cluster)
    return any(word.kind is not RemovalKind.RESTORED for word in words)


def _newest_words(
    session: Session, table: type[Word], review_id: UUID, cluster: Collection[UUID]
) -> Collection[Word]:
    """Return the newest act on each of the cluster's records."""
    acts = session.scalars(
        select(table)
        .where(table.review_id == review_id, table.record_id.in_(cluster))
        .order_by(table.event_number)
    )
    return {act.record_id: act for act in acts}.values()
