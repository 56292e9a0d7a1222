"""Recomputing everything that must be true: hash chain, digests, sums, clusters and authors."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, exists, func, select
from sqlalchemy.orm import Session, aliased

from review.duplicates.clustering import expected_clusters
from review.events import GENESIS, digest_of, event_hash, row_line
from review.prisma.counts import count_flow, identities
from review.searches.saving import BLOCK_TABLES
from review.states.clusters import Scope, members
from review.states.flow import FlowState, flow_states
from review.storage.files import FileStore, sha256_of
from review.tables import (
    AdjudicatedDecision,
    Adjudication,
    Decision,
    Event,
    ImportedDecision,
    ImportFile,
    Record,
    Review,
    StageRule,
    StoredRecord,
    act_tables,
)
from review.vocabulary import Act


@dataclass(frozen=True)
class Fault:
    """Something in a review that is wrong, with the example that shows it."""

    review: str
    what: str


Check = Callable[[Session, UUID], Iterator[str]]


def verify(session: Session, *, files: FileStore | None = None) -> Iterator[Fault]:
    """Yield every fault in the database, review by review; nothing where all is well.

    With ``files``, the original search files are checked too.
    """
    for review in session.scalars(select(Review).order_by(Review.slug)):
        for check in CHECKS:
            try:
                for fault in check(session, review.id):
                    yield Fault(review.slug, fault)
            except LookupError as error:  # a stored word that no enumeration has
                yield Fault(review.slug, f"a stored word is unknown: {error}")
        if files is not None:
            for fault in _original_faults(session, review.id, files):
                yield Fault(review.slug, fault)


def chain(session: Session, review_id: UUID) -> Iterator[str]:
    """S7: numbers have no gap and start at one, and every hash follows from the event before."""
    previous, expected = GENESIS, 1
    # The act as plain text: an unknown word is a fault to report, and must not raise here.
    columns = [
        cast(column, String).label("act") if column.name == "act" else column
        for column in Event.__table__.columns
    ]
    events = session.execute(
        select(*columns).where(Event.review_id == review_id).order_by(Event.number)
    )
    for event in events.mappings().all():
        if event["number"] != expected:
            yield f"event {expected} is missing; the next one is {event['number']}"
            return
        if event["previous_hash"] != previous or event["hash"] != event_hash(dict(event)):
            yield f"event {event['number']} does not follow from the events before it"
            return
        previous, expected = event["hash"], expected + 1


def digests(session: Session, review_id: UUID) -> Iterator[str]:
    """IN1: the rows that each event wrote are unchanged, and none is missing or new."""
    lines: dict[int, list[str]] = {}
    for number, line in _act_rows(session, review_id):
        lines.setdefault(number, []).append(line)
    events = session.execute(
        select(Event.number, Event.n_rows, Event.digest)
        .where(Event.review_id == review_id)
        .order_by(Event.number)
    )
    for number, n_rows, digest in events:
        present = lines.pop(number, [])
        if len(present) != n_rows:
            yield f"event {number} wrote {n_rows} rows; {len(present)} are there"
        elif digest_of(present) != digest:
            yield f"a row that event {number} wrote has been changed"
    if lines:
        yield f"rows belong to event {min(lines)}, which is not in the log"


def blocks(session: Session, review_id: UUID) -> Iterator[str]:
    """IN1: the records and rejected blocks of every file are as they were imported."""
    lines: dict[UUID, list[str]] = defaultdict(list)
    for table in BLOCK_TABLES:
        query = select(table.__table__).where(table.review_id == review_id)
        for row in session.execute(query.execution_options(yield_per=2000)).mappings():
            lines[row["import_file_id"]].append(row_line(table.__tablename__, dict(row)))
    files = session.execute(
        select(ImportFile.id, ImportFile.name, ImportFile.event_number, ImportFile.blocks_digest)
        .where(ImportFile.review_id == review_id, ImportFile.blocks_digest.is_not(None))
        .order_by(ImportFile.event_number)
    )
    for file_id, name, number, digest in files:
        if digest_of(lines[file_id]) != digest:
            yield f"a block of {name}, which event {number} imported, was changed"


def accounting(session: Session, review_id: UUID) -> Iterator[str]:
    """P1: every block of every file is a record or a rejected block."""
    rows = session.execute(
        select(ImportFile.name, ImportFile.n_accepted, func.count(Record.id))
        .outerjoin(Record, Record.import_file_id == ImportFile.id)
        .where(ImportFile.review_id == review_id)
        .group_by(ImportFile.id, ImportFile.name, ImportFile.n_accepted)
    )
    for name, accepted, present in rows:
        if accepted != present:
            yield f"{name}: {accepted} records were accepted, {present} are there"


def stars(session: Session, review_id: UUID) -> Iterator[str]:
    """S8, P3: every cluster is a star onto its earliest record, and follows from judgements."""
    member = members(Scope(review_id))
    rows = session.execute(
        select(member.c.record_id, member.c.cluster_id, member.c.number).order_by(member.c.number)
    ).all()
    cluster_id = {row.record_id: row.cluster_id for row in rows}
    earliest: dict[UUID, UUID] = {}
    for row in rows:
        earliest.setdefault(row.cluster_id, row.record_id)
    for row in rows:
        if cluster_id[row.cluster_id] != row.cluster_id:
            yield f"record {row.number} is a duplicate of a duplicate"
        elif earliest[row.cluster_id] != row.cluster_id:
            yield f"record {row.number} is a duplicate of a later record"
    expected = expected_clusters(session, review_id)
    for row in rows:
        if expected[row.record_id] != row.cluster_id:
            yield f"record {row.number} is not in the cluster that the judgements put it in"


def sums(session: Session, review_id: UUID) -> Iterator[str]:
    """P2 to P12 by counts, P16 by ids: each record is in exactly one flow state, stages nest."""
    flow = count_flow(session, review_id=review_id)
    for identity in identities(flow):
        if not identity.adds_up:
            yield f"{identity.sentence}: {identity.left} ≠ {identity.right}"
    states = flow_states(session, review_id=review_id)
    rows = session.execute(select(states.c.record_id, states.c.flow_state)).all()
    ids = set(session.scalars(select(Record.id).where(Record.review_id == review_id)))
    if len(rows) != len(ids) or {row.record_id for row in rows} != ids:
        yield f"{len(ids)} records, but {len(rows)} flow states"
    n_duplicates = sum(row.flow_state == FlowState.DUPLICATE for row in rows)
    member = members(Scope(review_id))
    n_clusters = session.scalar(select(func.count(member.c.cluster_id.distinct()))) or 0
    if n_duplicates != len(ids) - n_clusters:
        yield f"{n_duplicates} duplicates, but {len(ids)} records in {n_clusters} clusters"


def decisions(session: Session, review_id: UUID) -> Iterator[str]:
    """S2: one live decision for each reviewer, record, stage and round; chains stay in a round."""
    later = aliased(Decision)
    keys = (Decision.record_id, Decision.stage, Decision.round, Decision.reviewer_id)
    rows = session.execute(
        select(*keys)
        .where(
            Decision.review_id == review_id,
            ~exists().where(later.supersedes_id == Decision.id),
        )
        .group_by(*keys)
        .having(func.count() > 1)
    )
    for row in rows:
        yield f"record {row.record_id} has two live decisions of one reviewer at {row.stage}"
    strays = session.scalars(
        select(Decision.id)
        .join(later, later.supersedes_id == Decision.id)
        .where(
            Decision.review_id == review_id,
            (later.record_id != Decision.record_id)
            | (later.stage != Decision.stage)
            | (later.round != Decision.round)
            | (later.reviewer_id != Decision.reviewer_id),
        )
    )
    for stray in strays:
        yield f"decision {stray} is superseded by one of another reviewer, record, stage or round"


def authors(session: Session, review_id: UUID) -> Iterator[str]:
    """S6: reviewers decide for themselves, and imported decisions have their named author."""
    rows = session.execute(
        select(Decision.id, Decision.reviewer_id, Event.act, Event.actor_id, ImportedDecision.id)
        .join(
            Event,
            (Event.review_id == Decision.review_id) & (Event.number == Decision.event_number),
        )
        .outerjoin(ImportedDecision, ImportedDecision.decision_id == Decision.id)
        .where(Decision.review_id == review_id)
    )
    for decision, reviewer, act, actor, imported in rows:
        if act is Act.DECIDE and (reviewer != actor or imported):
            yield f"decision {decision} was not made by the reviewer that it counts for"
        if act is Act.IMPORT_DECISIONS and not imported:
            yield f"decision {decision} was imported and does not say who made it"


def adjudications(session: Session, review_id: UUID) -> Iterator[str]:
    """S5: an adjudicator resolves decisions of others, unless the protocol allows consensus.

    The rules of the round count: those of the lowest protocol version among its decisions.
    """
    consensus = {
        (version, stage): allowed
        for version, stage, allowed in session.execute(
            select(StageRule.version, StageRule.stage, StageRule.consensus_allowed).where(
                StageRule.review_id == review_id
            )
        )
    }
    rows = session.execute(
        select(
            Adjudication.id,
            Adjudication.adjudicator_id,
            Adjudication.stage,
            Decision.reviewer_id,
            Decision.stage.label("decided_at"),
            Decision.protocol_version,
        )
        .join(AdjudicatedDecision, AdjudicatedDecision.adjudication_id == Adjudication.id)
        .join(Decision, Decision.id == AdjudicatedDecision.decision_id)
        .where(Adjudication.review_id == review_id)
        .order_by(Adjudication.event_number)
    )
    for adjudication, group in groupby(rows, key=lambda row: row.id):
        cited = list(group)
        version = min(row.protocol_version for row in cited)
        decided = any(row.reviewer_id == row.adjudicator_id for row in cited)
        if (decided and not consensus[version, cited[0].stage]) or any(
            row.decided_at != row.stage for row in cited
        ):
            yield f"adjudication {adjudication} resolves a decision that it must not resolve"


CHECKS: tuple[Check, ...] = (
    chain,
    digests,
    blocks,
    accounting,
    stars,
    sums,
    decisions,
    authors,
    adjudications,
)


def _act_rows(session: Session, review_id: UUID) -> Iterator[tuple[int, str]]:
    tables = [
        (table.name, select(table).where(table.c.review_id == review_id)) for table in act_tables()
    ]
    for name, query in [*tables, *_blocks_within_events(review_id)]:
        for row in session.execute(query.execution_options(yield_per=2000)).mappings():
            yield row["event_number"], row_line(name, dict(row))


def _blocks_within_events(review_id: UUID) -> Iterator[tuple[str, Select[Any]]]:
    """Yield queries for the blocks of files of older releases, which wrote them as acts."""
    for table in BLOCK_TABLES:
        columns = [*table.__table__.columns, ImportFile.event_number]
        if table is StoredRecord:
            columns.append(ImportFile.search_id)
        yield (
            table.__tablename__,
            select(*columns)
            .join(ImportFile, ImportFile.id == table.import_file_id)
            .where(table.review_id == review_id, ImportFile.blocks_digest.is_(None)),
        )


def _original_faults(session: Session, review_id: UUID, files: FileStore) -> Iterator[str]:
    rows = session.scalars(select(ImportFile).where(ImportFile.review_id == review_id))
    for file in rows:
        path = files.path(file.sha256)
        if not path.exists():
            yield f"the original of {file.name} is not in the file store"
        elif sha256_of(path) != file.sha256:
            yield f"the original of {file.name} has been changed"
