"""Pairs of records for people to look at: doubtful ones, likely ones, and what was last said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapidfuzz import fuzz, process, utils
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.duplicates.clustering import held_judgements
from review.duplicates.columns import fields_of
from review.duplicates.matching import explain
from review.errors import NotFound
from review.searches.records import matches, record_of_review
from review.states.clusters import Scope, cluster_ids, members
from review.tables import Account, ClusterMembership, DuplicateJudgement, Event, Record
from review.vocabulary import Act, Judgement

ACTS = (Act.DEDUPLICATE, Act.JUDGE_PAIR, Act.UNDO_DUPLICATES)
ALIKE = 50  # titles less alike than this are not offered as likely duplicates


@dataclass(frozen=True)
class Question:
    """A doubtful pair for a person to settle; the left record was imported earlier."""

    left: Record
    right: Record
    score: float
    agreed: Sequence[str]
    differed: Sequence[str]
    suggestion: str


def questions(session: Session, *, review_id: UUID) -> list[tuple[UUID, UUID, float]]:
    """Return the doubtful pairs that await a person as (left, right, score), best score first.

    One pair speaks for its two clusters, and clusters that a person or a rule keeps apart are not
    asked about again.
    """
    home = cluster_ids(session, Scope(review_id))
    held = held_judgements(session, review_id)
    apart = {
        frozenset((home[left], home[right]))
        for (left, right), row in held.items()
        if row.verdict in (Judgement.DISTINCT, Judgement.SAME_STUDY)
    }
    # A likely duplicate that a rule or an answer kept from being joined is a question too.
    open_verdicts = (Judgement.POSSIBLE, Judgement.DUPLICATE)
    doubtful = sorted(
        (row for row in held.values() if row.verdict in open_verdicts),
        key=lambda row: (-(row.score or 0), row.evidence.get("tie", "")),
    )
    asked: dict[frozenset[UUID], tuple[UUID, UUID, float]] = {}
    for row in doubtful:
        between = frozenset((home[row.left_id], home[row.right_id]))
        if len(between) == 2 and between not in apart and between not in asked:
            asked[between] = (row.left_id, row.right_id, row.score or 0)
    return list(asked.values())


def question(session: Session, *, review_id: UUID, left_id: UUID, right_id: UUID) -> Question:
    """Return two records side by side with what agrees and what differs."""
    left_id, right_id = by_number(session, review_id, (left_id, right_id))
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
        suggestion=str(row.evidence.get("kind", "")) if row else "",
    )


def likely_duplicates(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    text: str = "",
    limit: int = 8,
    at_least: float = ALIKE,
    as_of: int | None = None,
) -> list[Record]:
    """Return records of other clusters whose titles are most alike, the most alike first.

    ``at_least`` is the least likeness of the titles, from 0 to 100 (rapidfuzz, token sort).
    Clusters are those after event ``as_of``.  Where ``text`` is given, those whose title or DOI
    contains it instead.  One record a cluster.
    """
    record = record_of_review(session, review_id=review_id, record_id=record_id)
    member = members(Scope(review_id, as_of))
    own = select(member.c.cluster_id).where(member.c.record_id == record_id).scalar_subquery()
    others = (
        select(Record.id, Record.title)
        .join(member, member.c.record_id == Record.id)
        .where(
            Record.id == member.c.cluster_id,
            member.c.cluster_id != own,
            matches(text) if text.strip() else Record.title != "",
        )
    )
    titles = dict(session.execute(others).all())
    alike = process.extract(
        record.title,
        titles,
        scorer=fuzz.token_sort_ratio,
        processor=utils.default_process,
        score_cutoff=0 if text.strip() else at_least,
        limit=limit,
    )
    ids = [found for _, _, found in alike]
    rows = {one.id: one for one in session.scalars(select(Record).where(Record.id.in_(ids)))}
    return [rows[found] for found in ids]


@dataclass(frozen=True)
class DuplicateAct:
    """One act on duplicates, as it can be taken back: what was said, and what it joined."""

    number: int
    at: datetime
    actor_id: UUID | None
    who: str
    act: Act
    verdict: str | None
    above: float | None  # where all pairs that scored so high were joined at once
    n_joined: int
    title: str | None  # of one of the pair, where a person answered


def latest_acts(session: Session, *, review_id: UUID, limit: int = 5) -> list[DuplicateAct]:
    """Return the newest acts on duplicates, with how many records each made a duplicate."""
    joined = (
        select(ClusterMembership.event_number, func.count().label("n"))
        .where(
            ClusterMembership.review_id == review_id,
            ClusterMembership.root_id != ClusterMembership.record_id,
        )
        .group_by(ClusterMembership.event_number)
        .subquery()
    )
    rows = session.execute(
        select(Event, Account.name, joined.c.n, Record.title)
        .outerjoin(Account, Account.id == Event.actor_id)
        .outerjoin(joined, joined.c.event_number == Event.number)
        .outerjoin(Record, Record.id == Event.subject_id)
        .where(Event.review_id == review_id, Event.act.in_(ACTS))
        .order_by(Event.number.desc())
        .limit(limit)
    )
    return [
        DuplicateAct(
            number=event.number,
            at=event.at,
            actor_id=event.actor_id,
            who=name or "siftmap",
            act=event.act,
            verdict=event.detail.get("verdict"),
            above=event.detail.get("above"),
            n_joined=n or 0,
            title=title,
        )
        for event, name, n, title in rows
    ]


def by_number(session: Session, review_id: UUID, pair: tuple[UUID, UUID]) -> tuple[UUID, UUID]:
    """Return two records of the review, the earlier one first; raise NotFound."""
    ordered = session.scalars(
        select(Record.id)
        .where(Record.review_id == review_id, Record.id.in_(pair))
        .order_by(Record.number)
    ).all()
    if len(ordered) != 2:
        raise NotFound("There is no such record in this review.")
    return ordered[0], ordered[1]
