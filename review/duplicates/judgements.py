"""Act on duplicates: write what the model and people say about pairs, and the new clusters.

A judgement is about a pair; the newest one on a pair counts, and the model never overrules a
person.  Clusters follow from the current judgements by one rule (review.duplicates.clustering).
Each change of a record's cluster is written by the act too, so that any past state can be read.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.schema import DuplicateRules, Merging
from review.duplicates.clustering import (
    JUDGEMENT_OF_BAND,
    KEEPS_APART,
    JudgementsByPair,
    Pair,
    changed_memberships,
    current_judgements,
    judgements_linked_to,
    membership_rows,
)
from review.duplicates.columns import record_frame, terms_of
from review.duplicates.matching import Band, PairKind, bands_accepting, cluster, find_pairs
from review.duplicates.questions import in_import_order, questions
from review.errors import Conflicting, Invalid
from review.events import MODEL, Actor, ActWriter, last_event, lock_review
from review.permissions import Action, begin_act, check, may, roles_of_actor
from review.reviews import protocol_of
from review.states.clusters import clusters_of
from review.storage.database import Database
from review.tables import ClusterMembership, DuplicateJudgement, Event
from review.vocabulary import Act, Judgement

ANSWERS = frozenset({Judgement.DUPLICATE, *KEEPS_APART})


@dataclass(frozen=True)
class Deduplication:
    """What a run of deduplication did."""

    event_number: int | None  # None if there was nothing new to compare
    n_compared: int
    n_duplicates: int  # records that became duplicates in this run
    n_questions: int  # possible duplicates that a person has to decide about, in all


def deduplicate(
    database: Database,
    *,
    review_id: UUID,
    by: Actor,
    everything: bool = False,
    on_progress: Callable[[float], None] | None = None,
) -> Deduplication:
    """Compare the records added or corrected since the last run with all others; merge, ask or not.

    With ``everything``, compare all records again under the rules of today: answers of people
    stay, and what the model judged or what was undone is judged again.

    Reading and comparing happen before the write; its own transaction then writes the judgements
    and the clusters that follow as one event.
    """
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        up_to = last_event(session, review_id)
        protocol = protocol_of(session, review_id)
        old, new, places = _records_since_last_run(session, review_id, everything=everything)
    if new.empty:
        with database.reading() as session:
            return Deduplication(None, 0, 0, len(questions(session, review_id=review_id)))
    pairs = find_pairs(
        new,
        against=None if old.empty else old,
        terms=terms_of(protocol),
        on_progress=on_progress,
    )
    pairs = _by_rules(pairs, protocol.duplicates)
    ids = [*old["id"], *new["id"]]
    with database.writing() as session:
        lock_review(session, review_id)
        current = current_judgements(session, review_id)
        number, changed = _write_judgements(
            session,
            review_id,
            act=Act.DEDUPLICATE,
            by=MODEL,
            current=current,
            new=_judged_again(
                session,
                review_id,
                pairs,
                ids=ids,
                places=places,
                again=set(new["id"]),
                current=current,
            ),
            detail={"compared": len(ids), "up_to": up_to, "asked_by": by.account_id}
            | ({"everything": True} if everything else {}),
        )
        n_duplicates = sum(record != root for record, root in changed)
    with database.reading() as session:  # others need not wait while these are counted
        n_questions = len(questions(session, review_id=review_id))
    return Deduplication(number, len(ids), n_duplicates, n_questions)


def _by_rules(pairs: pd.DataFrame, rules: DuplicateRules) -> pd.DataFrame:
    """Return the pairs that the protocol's rules keep, with the bands that the rules allow."""
    bands = pairs["band"]
    if rules.wrong_merges_accepted is not None:
        bands = bands_accepting(pairs, rules.wrong_merges_accepted)
    min_score = {Merging.CLEAR: 0, Merging.IDENTICAL: 1, Merging.NONE: math.inf}[rules.merge]
    is_asked = (bands == Band.MERGE) & (pairs["score"] < min_score)
    is_dropped = (bands == Band.ASK) & (pairs["score"] < rules.ask_from)
    return pairs.assign(band=bands.mask(is_asked, Band.ASK))[~is_dropped]


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
    number, _ = _write_judgements(
        session,
        review_id,
        act=Act.JUDGE_PAIR,
        by=by,
        current=current,
        new=[_judgement_row(pair, verdict)],
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
        _judgement_row(
            (left, right),
            Judgement.DUPLICATE,
            score=pair_score,
            evidence=current[left, right].evidence,
        )
        for left, right, pair_score in chosen
    ]
    number, _ = _write_judgements(
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
    number, _ = _write_judgements(
        session,
        review_id,
        act=Act.UNDO_DUPLICATES,
        by=by,
        current=current,
        new=[_previous_judgement_row(session, row) for row in undoable],
        detail={"undone": event_number},
    )
    return number


def _write_judgements(
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


def _judged_again(
    session: Session,
    review_id: UUID,
    pairs: pd.DataFrame,
    *,
    ids: Sequence[UUID],
    places: Mapping[UUID, int],
    again: Collection[UUID],
    current: JudgementsByPair,
) -> list[dict[str, Any]]:
    """Return the judgements that a comparison adds or changes; people's answers stay.

    Pairs with a record of ``again`` are judged again: what the model said of them before and would
    not find today is withdrawn.
    """
    by_people = set(
        session.scalars(
            select(Event.number).where(Event.review_id == review_id, Event.act == Act.JUDGE_PAIR)
        )
    )
    answered = {
        pair: row
        for pair, row in current.items()
        if row.event_number in by_people
        or (row.score is None and row.verdict is not Judgement.WITHDRAWN)
        or not (pair[0] in again or pair[1] in again)
    }
    rows = []
    found = set()
    for row in _new_judgements(pairs, ids, places, answered=answered):
        pair = (row["left_id"], row["right_id"])
        found.add(pair)
        before = current.get(pair)
        if before is None or (before.verdict, before.score) != (row["verdict"], row["score"]):
            rows.append(row)
    gone = [
        pair
        for pair, row in current.items()
        if pair not in found and pair not in answered and row.verdict is not Judgement.WITHDRAWN
    ]
    return [*rows, *(_judgement_row(pair, Judgement.WITHDRAWN) for pair in gone)]


def _records_since_last_run(
    session: Session, review_id: UUID, *, everything: bool
) -> tuple[pd.DataFrame, pd.DataFrame, Mapping[UUID, int]]:
    """Return the records that the last run compared, those that are new or corrected since, and
    the place of each in import order.

    With ``everything`` all are new.
    """
    last_run = session.scalar(
        select(Event.detail)
        .where(Event.review_id == review_id, Event.act == Act.DEDUPLICATE)
        .order_by(Event.number.desc())
        .limit(1)
    )
    # Up to the event that the last run read, not the one it wrote: others may lie in between.
    up_to = 0 if last_run is None or everything else int(last_run["up_to"])
    frame = record_frame(session, review_id)
    if frame.empty:
        return frame, frame, {}
    is_old = frame.pop("event_number") <= up_to
    places = {record_id: place for place, record_id in enumerate(frame["id"])}
    return frame[is_old].reset_index(drop=True), frame[~is_old].reset_index(drop=True), places


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


def _new_judgements(
    pairs: pd.DataFrame,
    ids: Sequence[UUID],
    places: Mapping[UUID, int],
    *,
    answered: JudgementsByPair,
) -> Iterator[dict[str, Any]]:
    """Yield the judgements on pairs without one, leaving out vetoes that have nothing to stop.

    A pair's records are in import order, which ``places`` has: a corrected record is compared like
    a new one, but was imported earlier.

    That two reports are of one study is kept: it is suggested when studies are added.
    """
    linked = _linked_groups(len(ids), pairs)
    for pair in pairs.to_dict("records"):
        is_idle = pair["band"] == Band.APART and linked[pair["left"]] != linked[pair["right"]]
        if is_idle and pair["kind"] != PairKind.SAME_STUDY:
            continue
        left, right = sorted((ids[pair["left"]], ids[pair["right"]]), key=places.__getitem__)
        if (left, right) in answered:
            continue
        evidence = {
            "agreed": pair["evidence"]["agreed"],
            "differed": pair["evidence"]["differed"],
            "kind": str(pair["kind"]),
            "tie": pair["tie"],
        }
        verdict = JUDGEMENT_OF_BAND[Band(pair["band"])]
        yield _judgement_row((left, right), verdict, score=pair["score"], evidence=evidence)


def _linked_groups(n: int, pairs: pd.DataFrame) -> Sequence[int]:
    """Return the group of each of n records: those that any chain of mergeable pairs links."""
    mergeable = pairs[pairs["band"] != Band.APART].assign(band=Band.MERGE)
    return [int(label) for label in cluster(n, mergeable)]


def _judgement_row(
    pair: Pair,
    verdict: Judgement,
    *,
    score: float | None = None,
    evidence: dict[str, Any] | None = None,
) -> dict[str, Any]:
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
        return _judgement_row(pair, Judgement.WITHDRAWN)
    return _judgement_row(pair, previous.verdict, score=previous.score, evidence=previous.evidence)
