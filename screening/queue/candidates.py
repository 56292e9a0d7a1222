"""Which records need a reviewer's decision: likely ones as a set, and a few of them exactly."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from review.decisions.situation import IS_LIVE
from review.events import Actor
from review.reviews import protocol_of
from review.states.clusters import (
    WRITTEN_ONCE,
    Scope,
    bind_params,
    clusters_of,
    is_root,
    latest,
    withdrawn_records,
)
from review.states.flow import AWAITING, flow_state_table
from review.states.resolution import Reasons, most_needed, reasons_of, resolution_tables
from review.states.stops import stopped_at
from review.tables import (
    ClusterMembership,
    Decision,
    Record,
    Removal,
    Reopening,
    Reservation,
    Retrieval,
)
from review.tables.base import utc_now
from review.vocabulary import RemovalKind, Stage
from screening.queue.open_calibrations import OpenCalibrations, records_in

RecordId = InstrumentedAttribute[UUID]  # a column with the ids of records
Conditions = Callable[[RecordId], list[ColumnElement[bool]]]
Deciders = defaultdict[tuple[UUID, int], set[UUID]]  # by record and round
Holders = defaultdict[UUID, set[UUID]]  # who has reserved a record


@dataclass(frozen=True)
class ReviewerQueue:
    """Whose queue it is: a reviewer at a stage of a review, with the open calibration sets."""

    review_id: UUID
    stage: Stage
    by: Actor
    calibrations: OpenCalibrations


@dataclass(frozen=True)
class OpenRecord:
    """A cluster that needs decisions: its records, its round, and how many decisions it needs."""

    cluster: tuple[UUID, ...]
    round: int
    decisions_needed: int


def candidate_conditions(session: Session, queue: ReviewerQueue) -> Conditions:
    """Return the conditions under which a record may need the caller's decision.

    Records that enough others have decided on are left out here, unless they were reopened or are
    in a calibration set of the caller's; so are records in calibration sets of others.  Checking
    these one by one would take longer the further screening has come.
    """
    review_id, stage = queue.review_id, queue.stage
    own_sets, other_sets = queue.calibrations.own, queue.calibrations.others
    # A record leaves a calibration set only by being merged with another one.
    merged = select(ClusterMembership.root_id).where(
        ClusterMembership.review_id == review_id,
        ClusterMembership.record_id != ClusterMembership.root_id,
    )
    live = and_(Decision.review_id == review_id, Decision.stage == stage, IS_LIVE)
    own = select(Decision.record_id).where(live, Decision.reviewer_id == queue.by.account_id)
    n_reviewers = func.count(Decision.reviewer_id.distinct())
    decided_by_enough = (
        select(Decision.record_id)
        .where(live)
        .group_by(Decision.record_id)
        .having(n_reviewers >= most_needed(session, review_id, stage))
    )
    not_set_aside = _not_set_aside(session, review_id, stage)
    withdrawn = withdrawn_records(session, review_id)

    def conditions(record_id: RecordId) -> list[ColumnElement[bool]]:
        reopened = _is_reopened(record_id, review_id, stage)
        needs_more = reopened
        if own_sets:
            needs_more = needs_more | record_id.in_(records_in(own_sets))
        is_candidate = [
            is_root(record_id, review_id),
            record_id.not_in(own) | reopened,
            record_id.not_in(decided_by_enough) | needs_more,
        ]
        if other_sets:
            is_candidate.append(record_id.not_in(records_in(other_sets)) | record_id.in_(merged))
        if withdrawn is not None:
            is_candidate.append(record_id.not_in(withdrawn))
        if not_set_aside is not None:
            is_candidate.append(not_set_aside(record_id) | reopened)
        if stage is Stage.FULL_TEXT:
            is_candidate.append(is_or_has_copy_in(record_id, review_id, _retrieved(review_id)))
        return is_candidate

    return conditions


def open_records(
    session: Session, queue: ReviewerQueue, roots: Collection[UUID]
) -> dict[UUID, OpenRecord]:
    """Return those of the clusters that still need the caller's decision, exactly.

    A cluster that enough others have decided on or reserved does not.
    """
    groups = clusters_of(session, review_id=queue.review_id, record_ids=roots)
    record_ids = {record_id for group in groups.values() for record_id in group}
    reasons = reasons_of(protocol_of(session, queue.review_id))
    own_sets = queue.calibrations.own
    in_own_sets = set(session.scalars(records_in(own_sets))) if own_sets else set()
    query = _open_query(queue.stage, reasons)
    records = {
        row.cluster_id: OpenRecord(groups[row.cluster_id], row.round, row.decisions_needed)
        for row in session.execute(query, bind_params(queue.review_id, record_ids))
        if row.calibration_target is None or row.cluster_id in in_own_sets
    }
    deciders, holders = _deciders_and_holders(session, queue.stage, records.values())
    return {
        root: record
        for root, record in records.items()
        if _needs_decision_of(queue.by, record, deciders=deciders, holders=holders)
    }


def is_still_open(session: Session, record: OpenRecord, *, stage: Stage, by: Actor) -> bool:
    """Say whether a record still needs the caller's decision, if its round is still the same.

    This is quicker than `open_records`.
    """
    deciders, holders = _deciders_and_holders(session, stage, [record])
    return _needs_decision_of(by, record, deciders=deciders, holders=holders)


def _needs_decision_of(
    by: Actor, record: OpenRecord, *, deciders: Deciders, holders: Holders
) -> bool:
    decided = set[UUID]().union(
        *(deciders[record_id, record.round] for record_id in record.cluster)
    )
    reserved = set[UUID]().union(*(holders[record_id] for record_id in record.cluster))
    others = (decided | reserved) - {by.account_id}
    return by.account_id not in decided and len(others) < record.decisions_needed


def _deciders_and_holders(
    session: Session, stage: Stage, records: Iterable[OpenRecord]
) -> tuple[Deciders, Holders]:
    """Return who has decided on each record in each round, and who has reserved it."""
    record_ids = {record_id for record in records for record_id in record.cluster}
    deciders, holders = Deciders(set), Holders(set)
    for record_id, number, reviewer_id in session.execute(
        select(Decision.record_id, Decision.round, Decision.reviewer_id).where(
            Decision.record_id.in_(record_ids), Decision.stage == stage, IS_LIVE
        )
    ):
        deciders[record_id, number].add(reviewer_id)
    for record_id, account_id in session.execute(
        select(Reservation.record_id, Reservation.account_id).where(
            Reservation.record_id.in_(record_ids),
            Reservation.stage == stage,
            Reservation.until > utc_now(),
        )
    ):
        holders[record_id].add(account_id)
    return deciders, holders


@lru_cache(maxsize=64)
def _open_query(stage: Stage, reasons: Reasons) -> Select[UUID, int, int, int]:
    """Return the query for the clusters of some records that need decisions, and how many."""
    resolved = resolution_tables(WRITTEN_ONCE, reasons)
    states = flow_state_table(WRITTEN_ONCE, reasons, resolved=resolved)
    table = resolved[stage]
    return (
        select(
            table.c.cluster_id, table.c.round, table.c.decisions_needed, table.c.calibration_target
        )
        .join(states, states.c.record_id == table.c.cluster_id)
        .where(
            table.c.n_reviewers < table.c.decisions_needed,
            table.c.is_adjudicated == 0,
            states.c.flow_state.in_([state.value for state in AWAITING[stage]]),
        )
    )


def _retrieved(review_id: UUID) -> Select[UUID]:
    return select(Retrieval.record_id).where(Retrieval.review_id == review_id)


def _not_set_aside(
    session: Session, review_id: UUID, stage: Stage
) -> Callable[[RecordId], ColumnElement[bool]] | None:
    """Return the condition that a record was neither removed nor left unscreened by a stop.

    A record that somebody has decided on, or on a copy of, was neither.  None if no record was.
    """
    stopped = session.scalar(select(stopped_at(Scope(review_id), stage)))
    some_removal = select(Removal.id).where(Removal.review_id == review_id).limit(1)
    if stopped is None and session.scalar(some_removal) is None:
        return None
    decided = select(Decision.record_id).where(
        Decision.review_id == review_id, Decision.stage == stage
    )
    removals = latest(Scope(review_id), Removal, Removal.record_id)
    removed = select(removals.c.record_id).where(removals.c.kind != RemovalKind.RESTORED)

    def condition(record_id: RecordId) -> ColumnElement[bool]:
        is_kept: ColumnElement[bool] = record_id.not_in(removed)
        if stopped is not None:
            imported_later = select(Record.id).where(
                Record.review_id == review_id, Record.event_number > stopped
            )
            is_kept = and_(is_kept, record_id.in_(imported_later))
        return is_kept | is_or_has_copy_in(record_id, review_id, decided)

    return condition


def _is_reopened(record_id: RecordId, review_id: UUID, stage: Stage) -> ColumnElement[bool]:
    """Return whether a record or one of its copies was reopened."""
    reopened = select(Reopening.record_id).where(
        Reopening.review_id == review_id, Reopening.stage == stage
    )
    return is_or_has_copy_in(record_id, review_id, reopened)


def is_or_has_copy_in(
    record_id: RecordId, review_id: UUID, record_ids: Select[UUID]
) -> ColumnElement[bool]:
    """Return whether a record or one of its copies is among the records of a query."""
    roots = select(ClusterMembership.root_id).where(
        ClusterMembership.review_id == review_id, ClusterMembership.record_id.in_(record_ids)
    )
    return record_id.in_(record_ids) | record_id.in_(roots)
