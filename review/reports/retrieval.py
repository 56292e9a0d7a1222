"""Removal before screening, and retrieval of full texts after title and abstract screening."""

from collections.abc import Collection
from datetime import date
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Conflicting, Invalid
from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.states.closing import check_closed
from review.states.clusters import cluster_of, clusters_of
from review.states.resolution import stage_state
from review.tables import Decision, Record, Removal, Retrieval
from review.vocabulary import Act, RemovalKind, Resolution, RetrievalState, Stage

RecordAct = TypeVar("RecordAct", Removal, Retrieval)
NOT_INCLUDED = (
    "Full texts are sought only for records included on title and abstract. Include this record "
    "first."
)


def remove(
    session: Session, *, review_id: UUID, record_id: UUID, kind: RemovalKind, why: str, by: Actor
) -> Removal:
    """Take a record out before screening, or put it back; flushes.

    Raises Conflicting for a removal once somebody has decided on the record, and Invalid without
    a reason.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    decided = select(Decision.id).where(
        Decision.review_id == review_id, Decision.record_id.in_(cluster)
    )
    if kind is not RemovalKind.RESTORED and session.scalar(decided.limit(1)):
        raise Conflicting(
            "Someone has already decided on this record, so it cannot be removed before "
            "screening. Exclude it instead."
        )
    if not why.strip():
        raise Invalid("Give a reason for removing this record or putting it back.")
    latest = _latest_by_record(session, Removal, review_id, record_ids=cluster)
    removed_ids = [act.record_id for act in latest if act.kind is not RemovalKind.RESTORED]
    target_ids = removed_ids if kind is RemovalKind.RESTORED and removed_ids else [record_id]
    removals = [
        Removal(id=uuid4(), record_id=target_id, kind=kind, why=why.strip())
        for target_id in target_ids
    ]
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
    remind_on: date | None = None,
) -> Retrieval:
    """Record how far the retrieval of a report's full text has got; flushes.

    ``remind_on`` is the day on which those who were asked are to be reminded.  Raises Conflicting
    if the record was not included on title and abstract, or if reviewers have decided on the full
    text that would now be missing; Invalid for *not retrieved* without a reason.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    check_closed(session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster)
    screened = stage_state(
        session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, cluster=cluster
    )
    if screened.resolution is not Resolution.INCLUDE:
        raise Conflicting(NOT_INCLUDED)
    if state is RetrievalState.NOT_RETRIEVED and not (why or "").strip():
        raise Invalid(
            "Give a reason why the full text was not retrieved. Readers of the review will ask for "
            "the list of these reports."
        )
    full_text_state = stage_state(
        session, review_id=review_id, stage=Stage.FULL_TEXT, cluster=cluster
    )
    if state is not RetrievalState.RETRIEVED and full_text_state.n_reviewers:
        raise Conflicting("Reviewers have decided on this full text. Reopen the record first.")
    # Duplicates with retrievals of their own get this one too, so that no older one counts.
    latest = _latest_by_record(session, Retrieval, review_id, record_ids=cluster)
    retrievals = [
        Retrieval(
            id=uuid4(),
            record_id=target_id,
            state=state,
            asked_of=asked_of or None,
            why=why or None,
            remind_on=remind_on if state is RetrievalState.REQUESTED else None,
        )
        for target_id in dict.fromkeys([cluster[0], *(act.record_id for act in latest)])
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
    """Say whether the full text of any of the cluster's records was retrieved."""
    latest = _latest_by_record(session, Retrieval, review_id, record_ids=cluster)
    return any(act.state is RetrievalState.RETRIEVED for act in latest)


def latest_retrievals(
    session: Session, *, review_id: UUID, record_ids: Collection[UUID]
) -> dict[UUID, Retrieval]:
    """Return the newest retrieval act on each of the records, or on a copy of it, if any."""
    clusters = clusters_of(session, review_id=review_id, record_ids=record_ids)
    everyone = {member for cluster in clusters.values() for member in cluster}
    latest = _latest_by_record(session, Retrieval, review_id, record_ids=everyone)
    by_record = {act.record_id: act for act in latest}
    found = {}
    for record_id, cluster in clusters.items():
        acts = [by_record[member] for member in cluster if member in by_record]
        if acts:
            found[record_id] = max(acts, key=lambda act: act.event_number)
    return found


def is_removed(session: Session, *, review_id: UUID, cluster: Collection[UUID]) -> bool:
    """Say whether any of the cluster's records was taken out before screening."""
    latest = _latest_by_record(session, Removal, review_id, record_ids=cluster)
    return any(act.kind is not RemovalKind.RESTORED for act in latest)


def is_withdrawn(session: Session, cluster: Collection[UUID]) -> bool:
    """Say whether the files of all of the cluster's records are withdrawn."""
    remaining = select(Record.id).where(Record.id.in_(cluster), ~Record.is_withdrawn).limit(1)
    return session.scalar(remaining) is None


def _latest_by_record(
    session: Session, table: type[RecordAct], review_id: UUID, *, record_ids: Collection[UUID]
) -> Collection[RecordAct]:
    """Return the newest act on each of the records that has one."""
    acts = session.scalars(
        select(table)
        .where(table.review_id == review_id, table.record_id.in_(record_ids))
        .order_by(table.event_number)
    )
    return {act.record_id: act for act in acts}.values()
