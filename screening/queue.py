"""Each reviewer's own next records, in the one order that is in use."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from review.clusters import THE_RECORDS, THE_REVIEW, cluster_of, clusters_of, is_root, latest, these
from review.decisions import STANDS
from review.events import Actor, lock_review
from review.flow import leaf_table
from review.permissions import Action, check
from review.resolution import (
    Reasons,
    called_people,
    most_needed,
    open_calibrations,
    reasons_of,
    resolution_tables,
    stopped,
)
from review.reviews import protocol_of
from review.tables import (
    Calibration,
    CalibrationRecord,
    Decision,
    Lease,
    Placement,
    Rank,
    Record,
    Removal,
    Reopening,
    Retrieval,
    Skip,
)
from review.tables.base import utc_now
from review.vocabulary import RemovalKind, Stage
from screening.calibration import called_up
from screening.ranking import WAITING, current_run
from screening.sharing import parts_for

Wanted = Callable[[InstrumentedAttribute[UUID]], list[ColumnElement[bool]]]
LOOK_AHEAD = 10  # candidates checked at a time; most of them prove to be open


def next_records(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int = 1
) -> list[Record]:
    """Return the caller's next records to decide on, most relevant first.

    Records that no ranking has seen come after the ranked ones, in import order, and those that
    the caller skipped after all others, the longest ago first.  Whether others have decided may
    take a record out of the queue once it has all it needs; what they decided never moves anything.
    """
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    found: list[Record] = []
    for query in _in_order(session, review_id, stage, by):
        for record_id in _candidates(session, review_id, stage, by, query):
            found.append(session.get_one(Record, record_id))
            if len(found) == limit:
                return found
    return found


def skip(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    stage: Stage,
    by: Actor,
    is_undone: bool = False,
) -> None:
    """Put a record off, to come back after the caller's other records, or no more.  Flushes."""
    lock_review(session, review_id)
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    mine = (Skip.account_id == by.account_id, Skip.stage == stage, Skip.record_id == cluster[0])
    session.execute(delete(Skip).where(*mine))
    if not is_undone:
        session.add(
            Skip(review_id=review_id, account_id=by.account_id, record_id=cluster[0], stage=stage)
        )
    session.flush()


def n_left(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Return about how many records are left for the caller; quick, and not exact.

    Counted are unique records of the caller's own share that neither they nor enough others have
    decided on.
    """
    called = _called_up(session, review_id, stage)
    wanted = _wanted(session, review_id, stage, by, called)
    query = select(func.count(Record.id)).where(Record.review_id == review_id, *wanted(Record.id))
    parts = parts_for(session, review_id=review_id, stage=stage, account_id=by.account_id)
    if parts:
        own = parts[0]
        query = query.where(own if called is None else own | Record.id.in_(called))
    return session.scalar(query) or 0


def _candidates(
    session: Session, review_id: UUID, stage: Stage, by: Actor, query: Select[UUID]
) -> Iterator[UUID]:
    offset = 0
    while candidates := session.scalars(query.offset(offset).limit(LOOK_AHEAD)).all():
        is_open = still_open(session, review_id, stage, by, candidates)
        yield from (one for one in candidates if one in is_open)
        offset += LOOK_AHEAD


def _in_order(session: Session, review_id: UUID, stage: Stage, by: Actor) -> Iterator[Select[UUID]]:
    """Yield queries for likely candidates.

    First those of the caller's open calibration rounds, then the ranked ones and the others, last
    those put off.
    """
    called = _called_up(session, review_id, stage)
    wanted = _wanted(session, review_id, stage, by, called)
    skips = (Skip.account_id == by.account_id, Skip.stage == stage)
    not_now = [select(Skip.record_id).where(*skips)]
    every = (
        select(Record.id)
        .where(Record.review_id == review_id, *wanted(Record.id))
        .order_by(Record.number)
    )
    in_round, is_mine = None, False
    if called is not None:
        in_round = (
            every.join(CalibrationRecord, CalibrationRecord.record_id == Record.id)
            .join(Calibration, Calibration.id == CalibrationRecord.calibration_id)
            .where(open_calibrations(review_id, stage), Record.id.not_in(not_now[0]))
            .order_by(None)
            .order_by(Calibration.event_number, CalibrationRecord.place)
        )
        everybody = called_people(session, review_id, stage).values()
        is_mine = any(by.account_id in people for people in everybody)
        not_now.append(called)
    if in_round is not None and is_mine:
        yield in_round
    unranked, ranked = every.where(*(Record.id.not_in(some) for some in not_now)), None
    run = current_run(session, review_id=review_id, stage=stage)
    if run is not None:
        ranks = Rank.model_run_id == run.id
        unranked = unranked.where(Record.id.not_in(select(Rank.record_id).where(ranks)))
        ranked = (
            select(Rank.record_id)
            .where(ranks, *wanted(Rank.record_id))
            .where(*(Rank.record_id.not_in(some) for some in not_now))
            .order_by(Rank.position)
        )
    parts = parts_for(session, review_id=review_id, stage=stage, account_id=by.account_id)
    for part in parts or [true()]:
        if ranked is not None:
            # In a subquery of its own, so that databases go down the ranks and stop early.
            of_rank = select(part).where(Record.id == Rank.record_id).correlate(Rank)
            yield ranked.where(of_rank.scalar_subquery()) if parts else ranked
        yield unranked.where(part)
    if in_round is not None and not is_mine:  # of these, what was decided on before the round
        yield in_round
    put_off = and_(Skip.record_id == Record.id, *skips)
    yield every.join(Skip, put_off).order_by(None).order_by(Skip.at, Record.number)


def _called_up(session: Session, review_id: UUID, stage: Stage) -> Select[UUID] | None:
    """Return the records of open calibration rounds; None where no round is open."""
    called = called_up(review_id, stage)
    return None if session.scalar(called.limit(1)) is None else called


def _wanted(
    session: Session, review_id: UUID, stage: Stage, by: Actor, called: Select[UUID] | None
) -> Wanted:
    """Return the conditions under which a record may want the caller's decision.

    Those that enough others have decided on are left out here as a set, unless they were reopened
    or ``called`` up for everybody: passing over them one by one would take the longer the further
    screening has come.
    """
    stands = and_(Decision.review_id == review_id, Decision.stage == stage, STANDS)
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
        again = reopened if called is None else reopened | _of(record_id, review_id, called)
        wanted = [
            is_root(record_id, review_id),
            record_id.not_in(own) | reopened,
            record_id.not_in(enough) | again,
        ]
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
    stopped_at = session.scalar(select(stopped(review_id, stage)))
    some_removal = select(Removal.id).where(Removal.review_id == review_id).limit(1)
    if stopped_at is None and session.scalar(some_removal) is None:
        return None
    decided = select(Decision.record_id).where(
        Decision.review_id == review_id, Decision.stage == stage
    )
    removals = latest(Removal, Removal.record_id, review_id=review_id, as_of=None)
    removed = select(removals.c.record_id).where(removals.c.kind != RemovalKind.RESTORED)

    def condition(record_id: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
        is_kept: ColumnElement[bool] = record_id.not_in(removed)
        if stopped_at is not None:
            late = select(Record.id).where(
                Record.review_id == review_id, Record.event_number > stopped_at
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
    with_copies = select(Placement.root_id).where(
        Placement.review_id == review_id, Placement.record_id.in_(among_these)
    )
    return record_id.in_(among_these) | record_id.in_(with_copies)


def still_open(
    session: Session, review_id: UUID, stage: Stage, by: Actor, roots: Collection[UUID]
) -> set[UUID]:
    """Return which clusters still want the caller's decision, exactly.

    None does that as many others as it takes have decided on, or have on their screens.
    """
    groups = clusters_of(session, review_id=review_id, record_ids=roots)
    everyone = {record for group in groups.values() for record in group}
    decided = defaultdict[tuple[UUID, int], set[UUID]](set)
    for record_id, number, reviewer in session.execute(
        select(Decision.record_id, Decision.round, Decision.reviewer_id).where(
            Decision.record_id.in_(everyone), Decision.stage == stage, STANDS
        )
    ):
        decided[record_id, number].add(reviewer)
    reading = defaultdict[UUID, set[UUID]](set)
    for record_id, reader in session.execute(
        select(Lease.record_id, Lease.account_id).where(
            Lease.record_id.in_(everyone), Lease.stage == stage, Lease.until > utc_now()
        )
    ):
        reading[record_id].add(reader)
    reasons = reasons_of(protocol_of(session, review_id))
    found, called = set(), called_people(session, review_id, stage)
    for row in session.execute(_open_query(stage, reasons), these(review_id, everyone)):
        group = groups[row.cluster_id]
        deciders = set[UUID]().union(*(decided[one, row.round] for one in group))
        busy = deciders.union(*(reading[one] for one in group)) - {by.account_id}
        is_mine = row.called is None or by.account_id in called.get(row.cluster_id, ())
        if is_mine and by.account_id not in deciders and len(busy) < row.decisions_needed:
            found.add(row.cluster_id)
    return found


@lru_cache(maxsize=64)
def _open_query(stage: Stage, reasons: Reasons) -> Select[UUID, int, int, int]:
    """Return which of the clusters of some records want a decision, and of how many people."""
    resolved = resolution_tables(THE_REVIEW, reasons, only=THE_RECORDS)
    leaf = leaf_table(THE_REVIEW, reasons, only=THE_RECORDS, resolved=resolved)
    table = resolved[stage]
    return (
        select(table.c.cluster_id, table.c.round, table.c.decisions_needed, table.c.called)
        .join(leaf, leaf.c.record_id == table.c.cluster_id)
        .where(
            table.c.n_reviewers < table.c.decisions_needed,
            table.c.is_adjudicated == 0,
            leaf.c.leaf.in_([one.value for one in WAITING[stage]]),
        )
    )
