"""Pairs of records for people to look at: possible duplicates, similar records, recent acts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapidfuzz import fuzz, process, utils
from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from review.duplicates.clustering import KEEPS_APART, Pair, current_judgements
from review.duplicates.columns import fields_of
from review.duplicates.matching import explain
from review.errors import NotFound
from review.searches.records import matches, record_of_review
from review.states.clusters import Scope, cluster_ids, members, withdrawn_records
from review.storage.database import pairs
from review.tables import Account, ClusterMembership, DuplicateJudgement, Event, Record
from review.vocabulary import Act, Judgement

ACTS = (Act.DEDUPLICATE, Act.JUDGE_PAIR, Act.UNDO_DUPLICATES)
MIN_TITLE_LIKENESS = 50  # 0-100; records with less similar titles are not suggested


@dataclass(frozen=True)
class Question:
    """A possible duplicate that a person decides about; the left record was imported earlier."""

    left: Record
    right: Record
    score: float
    agreed: Sequence[str]
    differed: Sequence[str]


def questions(session: Session, *, review_id: UUID) -> list[tuple[UUID, UUID, float]]:
    """Return the possible duplicates without an answer as (left, right, score), best score first.

    For two clusters only the best pair is asked about, and none if a person or a veto keeps the
    clusters apart.
    """
    cluster_of = cluster_ids(session, Scope(review_id))
    judgements = current_judgements(session, review_id)
    kept_apart = {
        frozenset((cluster_of[left], cluster_of[right]))
        for (left, right), row in judgements.items()
        if row.verdict in KEEPS_APART
    }
    # A duplicate that a veto or an answer kept from being merged is a question too.
    open_verdicts = (Judgement.POSSIBLE, Judgement.DUPLICATE)
    out = withdrawn_records(session, review_id)
    withdrawn = set() if out is None else set(session.scalars(out))
    possible = sorted(
        (
            row
            for row in judgements.values()
            if row.verdict in open_verdicts and not withdrawn & {row.left_id, row.right_id}
        ),
        key=lambda row: (-(row.score or 0), row.evidence.get("tie", "")),
    )
    asked: dict[frozenset[UUID], tuple[UUID, UUID, float]] = {}
    for row in possible:
        clusters = frozenset((cluster_of[row.left_id], cluster_of[row.right_id]))
        if len(clusters) == 2 and clusters not in kept_apart and clusters not in asked:
            asked[clusters] = (row.left_id, row.right_id, row.score or 0)
    return list(asked.values())


def question(session: Session, *, review_id: UUID, left_id: UUID, right_id: UUID) -> Question:
    """Return two records side by side, with what agrees and what differs; raise NotFound."""
    left_id, right_id = in_import_order(session, review_id, (left_id, right_id))
    left, right = session.get_one(Record, left_id), session.get_one(Record, right_id)
    evidence = explain(fields_of(left), fields_of(right))
    row = session.scalar(
        select(DuplicateJudgement)
        .where(
            DuplicateJudgement.review_id == review_id,
            DuplicateJudgement.left_id == left_id,
            DuplicateJudgement.right_id == right_id,
        )
        .order_by(DuplicateJudgement.event_number.desc())
        .limit(1)
    )
    return Question(
        left=left,
        right=right,
        score=(row.score if row else None) or 0,
        agreed=evidence["agreed"],
        differed=evidence["differed"],
    )


def likely_duplicates(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    text: str = "",
    limit: int = 8,
    min_likeness: float = MIN_TITLE_LIKENESS,
    as_of: int | None = None,
) -> list[Record]:
    """Return records of other clusters with the most similar titles, the most similar first.

    Each cluster is represented by its earliest record.  ``min_likeness`` is the least likeness of
    the titles, from 0 to 100 (rapidfuzz, token sort).  With ``text``, records are those whose
    title or DOI contains it, however similar.  Clusters are those after event ``as_of``.
    """
    record = record_of_review(session, review_id=review_id, record_id=record_id)
    member = members(Scope(review_id, as_of))
    own = select(member.c.cluster_id).where(member.c.record_id == record_id).scalar_subquery()
    candidates = (
        select(Record.id, Record.title)
        .join(member, member.c.record_id == Record.id)
        .where(
            Record.id == member.c.cluster_id,
            ~member.c.is_withdrawn,
            member.c.cluster_id != own,
            matches(text) if text.strip() else Record.title != "",
        )
    )
    titles = dict(pairs(session.execute(candidates)))
    similar = process.extract(
        record.title,
        titles,
        scorer=fuzz.token_sort_ratio,
        processor=utils.default_process,
        score_cutoff=0 if text.strip() else min_likeness,
        limit=limit,
    )
    ids = [similar_id for _, _, similar_id in similar]
    records = {row.id: row for row in session.scalars(select(Record).where(Record.id.in_(ids)))}
    return [records[similar_id] for similar_id in ids]


@dataclass(frozen=True)
class DuplicateAct:
    """One act on duplicates that can be undone: what was answered, and what it merged."""

    number: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    act: Act
    verdict: str | None
    min_score: float | None  # if all pairs that score at least this were merged at once
    n_merged: int  # records
    title: str | None  # of one record of the pair, if a person answered


def latest_acts(
    session: Session, *, review_id: UUID, before: int | None = None, limit: int
) -> list[DuplicateAct]:
    """Return the newest acts on duplicates before an event (None: of all), the newest first."""
    merged = (
        select(ClusterMembership.event_number, func.count().label("n"))
        .where(
            ClusterMembership.review_id == review_id,
            ClusterMembership.root_id != ClusterMembership.record_id,
        )
        .group_by(ClusterMembership.event_number)
        .subquery()
    )
    rows = session.execute(
        select(Event, Account.name, merged.c.n, Record.title)
        .outerjoin(Account, Account.id == Event.actor_id)
        .outerjoin(merged, merged.c.event_number == Event.number)
        .outerjoin(Record, Record.id == Event.subject_id)
        .where(
            Event.review_id == review_id,
            Event.act.in_(ACTS),
            true() if before is None else Event.number < before,
        )
        .order_by(Event.number.desc())
        .limit(limit)
    )
    return [
        DuplicateAct(
            number=event.number,
            at=event.at,
            actor_id=event.actor_id,
            actor_name=name or "siftmap",
            act=event.act,
            verdict=event.detail.get("verdict"),
            min_score=event.detail.get("above"),
            n_merged=n_merged or 0,
            title=title,
        )
        for event, name, n_merged, title in rows
    ]


def in_import_order(session: Session, review_id: UUID, pair: Pair) -> Pair:
    """Return two records of the review, the earlier one first; raise NotFound."""
    ordered = session.scalars(
        select(Record.id)
        .where(Record.review_id == review_id, Record.id.in_(pair))
        .order_by(Record.number)
    ).all()
    if len(ordered) != 2:
        raise NotFound("There is no such record in this review.")
    return ordered[0], ordered[1]
