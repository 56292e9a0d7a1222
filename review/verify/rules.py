"""What the acts of a review add up to: sums, clusters, decisions, authors and adjudications."""

from collections.abc import Iterator
from itertools import groupby
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from review.duplicates.clustering import expected_clusters
from review.prisma.counts import count_flow, identities
from review.states.clusters import Scope, members
from review.states.flow import FlowState, flow_states
from review.tables import (
    AdjudicatedDecision,
    Adjudication,
    Decision,
    Event,
    ImportedDecision,
    ImportFile,
    Record,
    RoundRule,
    StageRule,
)
from review.vocabulary import Act, Stage


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
    """S8, P3: every cluster is a star onto its earliest record, and follows from judgements.

    Records that are withdrawn come after all others.
    """
    member = members(Scope(review_id))
    rows = session.execute(
        select(member.c.record_id, member.c.cluster_id, member.c.number).order_by(
            member.c.is_withdrawn, member.c.number
        )
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
    in_flow = select(func.count(), func.count(member.c.cluster_id.distinct())).where(
        ~member.c.is_withdrawn
    )
    n_records, n_clusters = session.execute(in_flow).one()
    if n_duplicates != n_records - n_clusters:
        yield f"{n_duplicates} duplicates, but {n_records} records in {n_clusters} clusters"


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


def _versions_of_rounds(
    session: Session, review_id: UUID
) -> dict[tuple[UUID, Stage, int], set[int]]:
    """Return the versions of the protocol whose rules each record's round has gone by."""
    began = session.execute(
        select(
            Decision.record_id,
            Decision.stage,
            Decision.round,
            func.min(Decision.protocol_version),
        )
        .where(Decision.review_id == review_id)
        .group_by(Decision.record_id, Decision.stage, Decision.round)
    )
    found = {(record_id, stage, number): {version} for record_id, stage, number, version in began}
    for rule in session.scalars(select(RoundRule).where(RoundRule.review_id == review_id)):
        found.setdefault((rule.record_id, rule.stage, rule.round), set()).add(rule.protocol_version)
    return found


def adjudications(session: Session, review_id: UUID) -> Iterator[str]:
    """S5: an adjudicator resolves decisions of others, unless the protocol allows consensus.

    The rules of the round count: those it began under, or those that were applied to it later.
    """
    consensus = {
        (version, stage): allowed
        for version, stage, allowed in session.execute(
            select(StageRule.version, StageRule.stage, StageRule.consensus_allowed).where(
                StageRule.review_id == review_id
            )
        )
    }
    rules_of = _versions_of_rounds(session, review_id)
    rows = session.execute(
        select(
            Adjudication.id,
            Adjudication.adjudicator_id,
            Adjudication.stage,
            Adjudication.round,
            Decision.record_id,
            Decision.reviewer_id,
            Decision.stage.label("decided_at"),
        )
        .join(AdjudicatedDecision, AdjudicatedDecision.adjudication_id == Adjudication.id)
        .join(Decision, Decision.id == AdjudicatedDecision.decision_id)
        .where(Adjudication.review_id == review_id)
        .order_by(Adjudication.event_number)
    )
    for adjudication, group in groupby(rows, key=lambda row: row.id):
        cited = list(group)
        rounds = {(row.record_id, row.stage, row.round) for row in cited}
        versions = {version for key in rounds for version in rules_of.get(key, ())}
        decided = any(row.reviewer_id == row.adjudicator_id for row in cited)
        is_allowed = any(consensus[version, cited[0].stage] for version in versions)
        if (decided and not is_allowed) or any(row.decided_at != row.stage for row in cited):
            yield f"adjudication {adjudication} resolves a decision that it must not resolve"
