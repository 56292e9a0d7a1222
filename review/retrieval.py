"""Removal before screening, and the search for full texts of what came through it."""

from collections.abc import Collection
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.clusters import cluster_of
from review.errors import Conflicting, Invalid
from review.events import Actor, lock_review, record_act
from review.permissions import Action, check
from review.resolution import standing
from review.tables import Removal, Retrieval
from review.vocabulary import Act, RemovalKind, Resolution, RetrievalState, Stage


def remove(
    session: Session, *, review_id: UUID, record_id: UUID, kind: RemovalKind, why: str, by: Actor
) -> Removal:
    """Take a record out before screening, or put it back; flushes.

    Raises Conflicting once somebody has decided on the record.
    """
    lock_review(session, review_id)
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    now = standing(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster)
    if now.n_reviewers:
        raise Conflicting(
            "Somebody has decided on this record, so it cannot be removed unscreened."
        )
    if not why.strip():
        raise Invalid("A removal says why; write a sentence.")
    removal = Removal(id=uuid4(), record_id=record_id, kind=kind, why=why.strip())
    record_act(
        session,
        review_id=review_id,
        act=Act.REMOVE_RECORD,
        by=by,
        rows=[removal],
        subject=("record", record_id),
    )
    return removal


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
    lock_review(session, review_id)
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    screened = standing(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster)
    if screened.resolution is not Resolution.INCLUDE:
        raise Conflicting("Only reports of records included on title and abstract are sought.")
    if state is RetrievalState.NOT_RETRIEVED and not (why or "").strip():
        raise Invalid(
            "Not retrieved: say why, for the list that readers of the review will ask for."
        )
    read = standing(session, review_id=review_id, stage=Stage.FULL_TEXT, cluster=cluster)
    if state is not RetrievalState.RETRIEVED and read.n_reviewers:
        raise Conflicting("Reviewers have decided on this full text; reopen it first.")
    retrieval = Retrieval(
        id=uuid4(), record_id=cluster[0], state=state, asked_of=asked_of or None, why=why or None
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.RETRIEVE,
        by=by,
        rows=[retrieval],
        subject=("record", record_id),
    )
    return retrieval


def is_retrieved(session: Session, *, review_id: UUID, cluster: Collection[UUID]) -> bool:
    """Say whether the cluster's full text is at hand."""
    state = session.scalar(
        select(Retrieval.state)
        .where(Retrieval.review_id == review_id, Retrieval.record_id.in_(cluster))
        .order_by(Retrieval.event_number.desc())
        .limit(1)
    )
    return state is RetrievalState.RETRIEVED


def removal_of(
    session: Session, *, review_id: UUID, cluster: Collection[UUID]
) -> RemovalKind | None:
    """Return why the cluster is out before screening; None where it is not."""
    kind = session.scalar(
        select(Removal.kind)
        .where(Removal.review_id == review_id, Removal.record_id.in_(cluster))
        .order_by(Removal.event_number.desc())
        .limit(1)
    )
    return None if kind is RemovalKind.RESTORED else kind
