"""Which records want somebody's decision: likely ones as a set, and of a few of them exactly."""

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
from review.states.clusters import WRITTEN_ONCE, Scope, bind_params, clusters_of, is_root, latest
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
from screening.queue.calibration import Rounds, records_of

Wanted = Callable[[InstrumentedAttribute[UUID]], list[ColumnElement[bool]]]
Deciders = defaultdict[tuple[UUID, int], set[UUID]]  # by record and round
Readers = defaultdict[UUID, set[UUID]]


def wanted_by(session: Session, review_id: UUID, stage: Stage, by: Actor, rounds: Rounds) -> Wanted:
    """Return the conditions under which a record may want the caller's decision.

    Those that enough others have decided on are left out here as a set, unless they were reopened
    or are of a calibration round of the caller's, and so are those of others' rounds: passing over
    them one by one would take the longer the further screening has come.
    """
    own_rounds, others_rounds = rounds
    # A record leaves a round only by being joined with another one.
    joined = select(ClusterMembership.root_id).where(
        ClusterMembership.review_id == review_id,
        ClusterMembership.record_id != ClusterMembership.root_id,
    )
    stands = and_(Decision.review_id == review_id, Decision.stage == stage, IS_LIVE)
    own = select(Decision.record_id).where(stands, Decision.reviewer_id == by.account_id)
    n_reviewers = func.count(Decision.reviewer_id.distinct())
    enough = (
        select(Decision.record_id)
        .where(stands)
        .group_by(Decision.record_id)
        .having(n_reviewers >= most_needed(session, review_id, stage))
    )
    not_set_aside = _not_set_aside(session, review_id, stage)

    def conditions(record_id: InstrumentedAttribute[UUID]) -> list[ColumnElement[bool]]:
        reopened = _reopened(record_id, review_id, stage)
        again = reopened
        if own_rounds:
            again = again | record_id.in_(records_of(own_rounds))
        wanted = [
            is_root(record_id, review_id),
            record_id.not_in(own) | reopened,
            record_id.not_in(enough) | again,
        ]
        if others_rounds:
            wanted.append(record_id.not_in(records_of(others_rounds)) | record_id.in_(joined))
        if not_set_aside is not None:
            wanted.append(not_set_aside(record_id) | reopened)
        if stage is Stage.FULL_TEXT:
            wanted.append(_of(record_id, review_id, _retrieved(review_id)))
        return wanted

    return conditions


def _retrieved(review_id: UUID) -> Select[UUID]:
    return select(Retrieval.record_id).where(Retrieval.review_id == review_id)


def _not_set_aside(
    session: Session, review_id: UUID, stage: Stage
) -> Callable[[InstrumentedAttribute[UUID]], ColumnElement[bool]] | None:
    """Whether a record was neither removed before screening nor left unscreened by a stop.

    What somebody has decided on, or on a copy of, is neither.  None where no record was.
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

    def condition(record_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
        is_kept: ColumnElement[bool] = record_id.not_in(removed)
        if stopped is not None:
            late = select(Record.id).where(
                Record.review_id == review_id, Record.event_number > stopped
            )
            is_kept = and_(is_kept, record_id.in_(late))
        return is_kept | _of(record_id, review_id, decided)

    return condition


def _reopened(
    record_id: InstrumentedAttribute[UUID], review_id: UUID, stage: Stage
) -> ColumnElement[bool]:
    """Whether a new round was begun for a record or for one of its copies."""
    reopened = select(Reopening.record_id).where(
        Reopening.review_id == review_id, Reopening.stage == stage
    )
    return _of(record_id, review_id, reopened)


def _of(
    record_id: InstrumentedAttribute[UUID], review_id: UUID, among_these: Select[UUID]
) -> ColumnElement[bool]:
    """Whether a record is one of these, or one of these is its copy."""
    with_copies = select(ClusterMembership.root_id).where(
        ClusterMembership.review_id == review_id, ClusterMembership.record_id.in_(among_these)
    )
    return record_id.in_(among_these) | record_id.in_(with_copies)


@dataclass(frozen=True)
class Opening:
    """A cluster that wants decisions: its records, its round, and of how many people."""

    cluster: tuple[UUID, ...]
    round: int
    needed: int


def openings(
    session: Session,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    roots: Collection[UUID],
    own_rounds: Collection[UUID],
) -> dict[UUID, Opening]:
    """Return which clusters still want the caller's decision, exactly.

    None does that as many others as it takes have decided on, or have on their screens.
    """
    groups = clusters_of(session, review_id=review_id, record_ids=roots)
    everyone = {record for group in groups.values() for record in group}
    reasons = reasons_of(protocol_of(session, review_id))
    own = set(session.scalars(records_of(own_rounds))) if own_rounds else set()
    found = {
        row.cluster_id: Opening(groups[row.cluster_id], row.round, row.decisions_needed)
        for row in session.execute(_open_query(stage, reasons), bind_params(review_id, everyone))
        if row.calibration_target is None or row.cluster_id in own
    }
    decided, reading = _busy(session, stage, found.values())
    return {root: one for root, one in found.items() if _has_room(one, decided, reading, by)}


def has_room(session: Session, stage: Stage, by: Actor, one: Opening) -> bool:
    """Say whether an opening is still one for the caller; quicker, as long as its round lasts."""
    return _has_room(one, *_busy(session, stage, [one]), by)


def _has_room(one: Opening, decided: Deciders, reading: Readers, by: Actor) -> bool:
    deciders = set[UUID]().union(*(decided[record, one.round] for record in one.cluster))
    readers = set[UUID]().union(*(reading[record] for record in one.cluster))
    others = (deciders | readers) - {by.account_id}
    return by.account_id not in deciders and len(others) < one.needed


def _busy(
    session: Session, stage: Stage, these_ones: Iterable[Opening]
) -> tuple[Deciders, Readers]:
    """Return who has decided on each record in each round, and who has it on their screen."""
    everyone = {record for one in these_ones for record in one.cluster}
    decided, reading = Deciders(set), Readers(set)
    for record_id, number, reviewer in session.execute(
        select(Decision.record_id, Decision.round, Decision.reviewer_id).where(
            Decision.record_id.in_(everyone), Decision.stage == stage, IS_LIVE
        )
    ):
        decided[record_id, number].add(reviewer)
    for record_id, reader in session.execute(
        select(Reservation.record_id, Reservation.account_id).where(
            Reservation.record_id.in_(everyone),
            Reservation.stage == stage,
            Reservation.until > utc_now(),
        )
    ):
        reading[record_id].add(reader)
    return decided, reading


@lru_cache(maxsize=64)
def _open_query(stage: Stage, reasons: Reasons) -> Select[UUID, int, int, int]:
    """Return which of the clusters of some records want a decision, and of how many people."""
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
