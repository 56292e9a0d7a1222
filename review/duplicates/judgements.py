"""Act on duplicates: write what people say about pairs, undo acts, and write the new clusters.

A judgement is about a pair; the newest one on a pair counts, and the model never overrules a
person.  Clusters follow from the current judgements by one rule (review.duplicates.clustering).
Each change of a record's cluster is written by the act too, so that any past state can be read.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.duplicates.clustering import (
    KEEPS_APART,
    JudgementsByPair,
    Pair,
    changed_memberships,
    current_judgements,
    judgements_linked_to,
    membership_rows,
)
from review.duplicates.questions import in_import_order, questions
from review.errors import Conflicting, Invalid
from review.events import Actor, ActWriter, lock_review
from review.permissions import Action, begin_act, check, may, roles_of_actor
from review.states.clusters import clusters_of
from review.tables import ClusterMembership, DuplicateJudgement, Event
from review.vocabulary import Act, Judgement

ANSWERS = frozenset({Judgement.DUPLICATE, *KEEPS_APART})


def judge(
    session: Session,
    *,
    review_id: UUID,
    left_id: UUID,
    right_id: UUID,
    verdict: Judgement,
    by: Actor,
    sampled: UUID | None = None,
) -> int:
    """Record a person's answer about two records; return the event's number.  Flushes.

    Only the clusters of records change; decisions stay on the records they were made on.
    ``sampled`` is the one of the two that a sample drew (review.duplicates.sample).
    Reviewers may say that two records are duplicates; they cannot merge what a lead keeps apart.
    Raises Conflicting if the answer contradicts an earlier answer of a person.
    """
    lock_review(session, review_id)
    is_duplicate = verdict is Judgement.DUPLICATE
    check(
        session,
        review_id=review_id,
        by=by,
        action=Action.MARK_DUPLICATES if is_duplicate else Action.MANAGE,
    )
    if verdict not in ANSWERS:
        raise Invalid("Choose one of the answers: duplicate, distinct or same study.")
    if left_id == right_id:
        raise Invalid("A record cannot be a duplicate of itself. Choose another record.")
    if sampled not in (None, left_id, right_id):
        raise Invalid("The sampled record must be one of the two records.")
    pair = in_import_order(session, review_id, (left_id, right_id))
    current = judgements_linked_to(session, review_id, pair)
    if not may(roles_of_actor(session, review_id=review_id, by=by), Action.MANAGE) and (
        _is_kept_apart(session, review_id, pair, current=current)
    ):
        raise Conflicting(
            "The lead decided that these records are not duplicates. Ask the lead to change that."
        )
    number, _ = write_judgements(
        session,
        review_id,
        act=Act.JUDGE_PAIR,
        by=by,
        current=current,
        new=[judgement_row(pair, verdict)],
        subject=("record", pair[1]),
        detail={"verdict": verdict.value} | ({"sampled": str(sampled)} if sampled else {}),
    )
    return number


def merge_above(session: Session, *, review_id: UUID, score: float, by: Actor) -> int:
    """Merge every possible duplicate that scores at least ``score``; return the event's number.

    They are merged like those of the model, the best first, and none against a veto or an answer
    that keeps two records apart.  It is one act and is undone as one.  Raises Conflicting if no
    pair scores that high.  Flushes.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    chosen = [pair for pair in questions(session, review_id=review_id) if pair[2] >= score]
    if not chosen:
        raise Conflicting(
            "No possible duplicate scores that high any more. Nothing was merged; choose a lower "
            "score."
        )
    current = current_judgements(session, review_id)
    new = [
        judgement_row(
            (left, right),
            Judgement.DUPLICATE,
            score=pair_score,
            evidence=current[left, right].evidence,
        )
        for left, right, pair_score in chosen
    ]
    number, _ = write_judgements(
        session,
        review_id,
        act=Act.JUDGE_PAIR,
        by=by,
        current=current,
        new=new,
        detail={"verdict": Judgement.DUPLICATE, "above": score, "n": len(new)},
    )
    return number


def undo(session: Session, *, review_id: UUID, event_number: int, by: Actor) -> int:
    """Undo the judgements of one event that are still current; return the new event's number.

    For each pair, the judgement before it counts again.  Reviewers may undo their own answers.
    Raises Conflicting if no judgement of the event is current any more.  Flushes.
    """
    lock_review(session, review_id)
    is_own = by.account_id is not None and by.account_id == _actor_of_judgement(
        session, review_id, event_number
    )
    check(
        session,
        review_id=review_id,
        by=by,
        action=Action.MARK_DUPLICATES if is_own else Action.MANAGE,
    )
    judgements = session.scalars(
        select(DuplicateJudgement).where(
            DuplicateJudgement.review_id == review_id,
            DuplicateJudgement.event_number == event_number,
        )
    ).all()
    records = {record for row in judgements for record in (row.left_id, row.right_id)}
    current = judgements_linked_to(session, review_id, records)
    undoable = [row for row in judgements if current[row.left_id, row.right_id].id == row.id]
    if not undoable:
        raise Conflicting("Later answers have replaced all of these, so there is nothing to undo.")
    number, _ = write_judgements(
        session,
        review_id,
        act=Act.UNDO_DUPLICATES,
        by=by,
        current=current,
        new=[_previous_judgement_row(session, row) for row in undoable],
        detail={"undone": event_number},
    )
    return number


def write_judgements(
    session: Session,
    review_id: UUID,
    *,
    act: Act,
    by: Actor,
    current: JudgementsByPair,
    new: Sequence[dict[str, Any]],
    detail: Mapping[str, Any],
    subject: tuple[str, UUID] | None = None,
) -> tuple[int, list[Pair]]:
    """Write an act's judgements and the clusters that follow from them and from ``current``.

    Returns the event's number, and (record, root) for each record whose cluster changed.
    """
    changed = changed_memberships(session, review_id, current, new=new)
    writer = ActWriter(session, review_id=review_id, act=act, by=by)
    writer.insert(DuplicateJudgement, new)
    writer.insert(ClusterMembership, membership_rows(changed))
    return writer.finish(subject=subject, detail=detail), changed


def _is_kept_apart(
    session: Session, review_id: UUID, pair: Pair, *, current: JudgementsByPair
) -> bool:
    """Say whether a person, not only the model, keeps the clusters of two records apart."""
    clusters = clusters_of(session, review_id=review_id, record_ids=pair)
    first, second = (set(clusters[record]) for record in pair)
    return any(
        row.score is None
        and row.verdict in KEEPS_APART
        and (
            (row.left_id in first and row.right_id in second)
            or (row.left_id in second and row.right_id in first)
        )
        for row in current.values()
    )


def _actor_of_judgement(session: Session, review_id: UUID, number: int) -> UUID | None:
    return session.scalar(
        select(Event.actor_id).where(
            Event.review_id == review_id, Event.number == number, Event.act == Act.JUDGE_PAIR
        )
    )


def judgement_row(
    pair: Pair,
    verdict: Judgement,
    *,
    score: float | None = None,
    evidence: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a new row for a judgement on a pair in import order; a person's has no score."""
    return {
        "id": uuid4(),
        "left_id": pair[0],
        "right_id": pair[1],
        "verdict": verdict,
        "score": None if score is None else float(score),
        "evidence": evidence or {},
    }


def _previous_judgement_row(session: Session, undone: DuplicateJudgement) -> dict[str, Any]:
    """Return a row that repeats the judgement before ``undone``; withdrawn if there is none."""
    pair = (undone.left_id, undone.right_id)
    previous = session.scalar(
        select(DuplicateJudgement)
        .where(
            DuplicateJudgement.review_id == undone.review_id,
            DuplicateJudgement.left_id == undone.left_id,
            DuplicateJudgement.right_id == undone.right_id,
            DuplicateJudgement.event_number < undone.event_number,
        )
        .order_by(DuplicateJudgement.event_number.desc())
        .limit(1)
    )
    if previous is None:
        return judgement_row(pair, Judgement.WITHDRAWN)
    return judgement_row(pair, previous.verdict, score=previous.score, evidence=previous.evidence)
