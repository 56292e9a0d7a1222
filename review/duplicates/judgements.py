"""Duplicate acts: what the model and people say of pairs, and the clusters that follow.

A judgement is about a pair; the newest one on a pair holds, and a person's is never overruled by
the model.  Clusters follow from the judgements that hold, by one rule (review.matching.cluster),
and each record's new place is written as an act of its own, so that any past state can be read.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from protocols.schema import DuplicateRules, Joining
from review.duplicates.clustering import BY_BAND, held_around, held_judgements, moves, placements
from review.duplicates.columns import record_frame
from review.duplicates.matching import Band, cluster, find_pairs
from review.duplicates.questions import by_number, questions
from review.errors import Conflicting, Invalid
from review.events import MODEL, Actor, ActWriter, last_event, lock_review
from review.permissions import Action, begin_act, check, may, roles_of_actor
from review.reviews import protocol_of
from review.states.clusters import clusters_of
from review.storage.database import Database
from review.tables import ClusterMembership, DuplicateJudgement, Event
from review.vocabulary import Act, Judgement

Pair = tuple[UUID, UUID]
ANSWERS = frozenset({Judgement.DUPLICATE, Judgement.DISTINCT, Judgement.SAME_STUDY})


@dataclass(frozen=True)
class Deduplication:
    """What a run of deduplication did."""

    event_number: int | None  # None where there was nothing new to compare
    n_compared: int
    n_duplicates: int  # records that became duplicates in this run
    n_questions: int  # doubtful pairs that await a person, in all


def deduplicate(
    database: Database,
    *,
    review_id: UUID,
    by: Actor,
    on_progress: Callable[[float], None] | None = None,
) -> Deduplication:
    """Compare the records that came since the last run with all others; join, ask or leave them.

    Reading and comparing happen outside the write; its own transaction then writes the judgements
    and the places that follow as one event.
    """
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        up_to = last_event(session, review_id)
        plan = protocol_of(session, review_id).duplicates
        old, new = _records_since_last_run(session, review_id)
    if new.empty:
        with database.reading() as session:
            return Deduplication(None, 0, 0, len(questions(session, review_id=review_id)))
    pairs = find_pairs(new, against=None if old.empty else old, on_progress=on_progress)
    pairs = _as_planned(pairs, plan)
    ids = [*old["id"], *new["id"]]
    with database.writing() as session:
        lock_review(session, review_id)
        held = held_judgements(session, review_id)
        found = list(_worth_keeping(pairs, ids, held))
        moved = moves(session, review_id, held, found)
        writer = ActWriter(session, review_id=review_id, act=Act.DEDUPLICATE, by=MODEL)
        writer.insert(DuplicateJudgement, found)
        writer.insert(ClusterMembership, placements(moved))
        number = writer.finish(
            detail={"compared": len(ids), "up_to": up_to, "asked_by": by.account_id}
        )
        n_moved = sum(record != root for record, root in moved)
        n_questions = len(questions(session, review_id=review_id))
    return Deduplication(number, len(ids), n_moved, n_questions)


def _as_planned(pairs: pd.DataFrame, plan: DuplicateRules) -> pd.DataFrame:
    """Return the pairs with the bands that the protocol leaves them."""
    bands = pairs["band"]
    allowed = {Joining.CLEAR: 0, Joining.IDENTICAL: 1, Joining.NONE: math.inf}[plan.join]
    is_asked = (bands == Band.JOIN) & (pairs["score"] < allowed)
    is_left = (bands == Band.ASK) & (pairs["score"] < plan.ask_from)
    return pairs.assign(band=bands.mask(is_asked, Band.ASK))[~is_left]


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
    """Record a person's answer about two records and what follows; return the event's number.

    Nothing is deleted or moved but the records' places; decisions stay where they were cast.
    ``sampled`` is the one of the two that a sample drew (review.duplicate_sample).
    Reviewers say that two records are one report; what a lead keeps apart stays apart for them.
    Raises Conflicting where the answer contradicts one that a person gave before.  Flushes.
    """
    lock_review(session, review_id)
    is_mark = verdict is Judgement.DUPLICATE
    check(
        session,
        review_id=review_id,
        by=by,
        action=Action.MARK_DUPLICATES if is_mark else Action.MANAGE,
    )
    if verdict not in ANSWERS:
        raise Invalid("Say duplicate, distinct, or same study.")
    if left_id == right_id:
        raise Invalid("A record is not its own duplicate.")
    if sampled not in (None, left_id, right_id):
        raise Invalid("A sample drew one of the two records, or neither.")
    left_id, right_id = by_number(session, review_id, (left_id, right_id))
    held = held_around(session, review_id, (left_id, right_id))
    if not may(roles_of_actor(session, review_id=review_id, by=by), Action.MANAGE) and (
        _keeps_apart(session, review_id, held, (left_id, right_id))
    ):
        raise Conflicting("The lead has looked at these two and keeps them apart; ask the lead.")
    said = [_judgement(left_id, right_id, verdict)]
    moved = moves(session, review_id, held, said)
    writer = ActWriter(session, review_id=review_id, act=Act.JUDGE_PAIR, by=by)
    writer.insert(DuplicateJudgement, said)
    writer.insert(ClusterMembership, placements(moved))
    detail = {"verdict": verdict.value} | ({"sampled": str(sampled)} if sampled else {})
    return writer.finish(subject=("record", right_id), detail=detail)


def join_above(session: Session, *, review_id: UUID, score: float, by: Actor) -> int:
    """Join every doubtful pair whose score is at least ``score``; return the event's number.

    They are joined as the model's own are, the best first, and none against a rule or an answer
    that keeps two records apart; one act, taken back as one.  Raises Conflicting where no pair
    scores so high.  Flushes.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    pairs = [pair for pair in questions(session, review_id=review_id) if pair[2] >= score]
    if not pairs:
        raise Conflicting("No doubtful pair scores as high as that any more; nothing was joined.")
    held = held_judgements(session, review_id)
    said = [
        _judgement(left, right, Judgement.DUPLICATE, known, held[left, right].evidence)
        for left, right, known in pairs
    ]
    moved = moves(session, review_id, held, said)
    writer = ActWriter(session, review_id=review_id, act=Act.JUDGE_PAIR, by=by)
    writer.insert(DuplicateJudgement, said)
    writer.insert(ClusterMembership, placements(moved))
    return writer.finish(detail={"verdict": Judgement.DUPLICATE, "above": score, "n": len(said)})


def undo(session: Session, *, review_id: UUID, event_number: int, by: Actor) -> int:
    """Take back every judgement of one event that still holds; return the new event's number.

    Each pair falls back to what was said of it before.  Reviewers take back what they said
    themselves.  Raises Conflicting where nothing of the event holds any more.  Flushes.
    """
    lock_review(session, review_id)
    is_own = by.account_id is not None and by.account_id == _actor_of(
        session, review_id, event_number, Act.JUDGE_PAIR
    )
    check(
        session,
        review_id=review_id,
        by=by,
        action=Action.MARK_DUPLICATES if is_own else Action.MANAGE,
    )
    said = _judgements(session, review_id, DuplicateJudgement.event_number == event_number)
    touched = {one for row in said for one in (row.left_id, row.right_id)}
    held = held_around(session, review_id, touched)
    stage_state = [row for row in said if held[row.left_id, row.right_id].id == row.id]
    if not stage_state:
        raise Conflicting("Nothing of that act holds any more, so there is nothing to undo.")
    before = [_said_before(session, row, event_number) for row in stage_state]
    moved = moves(session, review_id, held, before)
    writer = ActWriter(session, review_id=review_id, act=Act.UNDO_DUPLICATES, by=by)
    writer.insert(DuplicateJudgement, before)
    writer.insert(ClusterMembership, placements(moved))
    return writer.finish(detail={"undone": event_number})


def _records_since_last_run(session: Session, review_id: UUID) -> tuple[pd.DataFrame, pd.DataFrame]:
    last = session.scalar(
        select(Event.detail)
        .where(Event.review_id == review_id, Event.act == Act.DEDUPLICATE)
        .order_by(Event.number.desc())
        .limit(1)
    )
    # Up to the event that the last run read, not the one it wrote: others may have come between.
    seen = 0 if last is None else int(last["up_to"])
    frame = record_frame(session, review_id)
    if frame.empty:
        return frame, frame
    is_old = frame.pop("event_number") <= seen
    return frame[is_old].reset_index(drop=True), frame[~is_old].reset_index(drop=True)


def _keeps_apart(
    session: Session, review_id: UUID, held: Mapping[Pair, DuplicateJudgement], pair: Pair
) -> bool:
    """Say whether a person keeps the clusters of two records apart; the model's rules do not."""
    home = clusters_of(session, review_id=review_id, record_ids=pair)
    sides = [set(home[record]) for record in pair]
    return any(
        row.score is None
        and row.verdict in (Judgement.DISTINCT, Judgement.SAME_STUDY)
        and any(
            row.left_id in side and row.right_id in other for side, other in (sides, sides[::-1])
        )
        for row in held.values()
    )


def _actor_of(session: Session, review_id: UUID, number: int, act: Act) -> UUID | None:
    return session.scalar(
        select(Event.actor_id).where(
            Event.review_id == review_id, Event.number == number, Event.act == act
        )
    )


def _judgements(
    session: Session, review_id: UUID, where: ColumnElement[bool]
) -> Sequence[DuplicateJudgement]:
    return session.scalars(
        select(DuplicateJudgement).where(DuplicateJudgement.review_id == review_id, where)
    ).all()


def _worth_keeping(
    pairs: pd.DataFrame,
    ids: Sequence[UUID],
    held: dict[tuple[UUID, UUID], DuplicateJudgement],
) -> Iterator[dict[str, Any]]:
    """Yield the judgements that are new, leaving out rules that could keep nothing apart."""
    near = _near(len(ids), pairs)
    for pair in pairs.to_dict("records"):
        if pair["band"] == Band.APART and near[pair["left"]] != near[pair["right"]]:
            continue
        left, right = ids[pair["left"]], ids[pair["right"]]
        if (left, right) in held:
            continue
        evidence = {
            "agreed": pair["evidence"]["agreed"],
            "differed": pair["evidence"]["differed"],
            "kind": str(pair["kind"]),
            "tie": pair["tie"],
        }
        yield _judgement(left, right, BY_BAND[Band(pair["band"])], pair["score"], evidence)


def _near(n: int, pairs: pd.DataFrame) -> Sequence[int]:
    """Return which records are linked by any chain of pairs that may be joined."""
    linkable = pairs[pairs["band"] != Band.APART]
    every = linkable.assign(band=Band.JOIN)
    return [int(label) for label in cluster(n, every)]


def _judgement(
    left_id: UUID,
    right_id: UUID,
    verdict: Judgement,
    score: float | None = None,
    evidence: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "left_id": left_id,
        "right_id": right_id,
        "verdict": verdict,
        "score": None if score is None else float(score),
        "evidence": evidence or {},
    }


def _said_before(session: Session, row: DuplicateJudgement, event_number: int) -> dict[str, Any]:
    before = session.scalar(
        select(DuplicateJudgement)
        .where(
            DuplicateJudgement.review_id == row.review_id,
            DuplicateJudgement.left_id == row.left_id,
            DuplicateJudgement.right_id == row.right_id,
            DuplicateJudgement.event_number < event_number,
        )
        .order_by(DuplicateJudgement.event_number.desc())
        .limit(1)
    )
    if before is None:
        return _judgement(row.left_id, row.right_id, Judgement.WITHDRAWN)
    return _judgement(row.left_id, row.right_id, before.verdict, before.score, before.evidence)
