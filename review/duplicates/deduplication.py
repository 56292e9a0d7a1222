"""Compare the records of a review, and write what the model says of each pair that looks alike."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.schema import DuplicateRules, Merging
from review.duplicates.clustering import (
    JUDGEMENT_OF_BAND,
    JudgementsByPair,
    current_judgements,
)
from review.duplicates.columns import record_frame, terms_of
from review.duplicates.judgements import judgement_row, write_judgements
from review.duplicates.matching import Band, PairKind, bands_accepting, cluster, find_pairs
from review.duplicates.questions import questions
from review.events import MODEL, Actor, last_event, lock_review
from review.permissions import Action, check
from review.reviews import protocol_of
from review.storage.database import Database
from review.tables import Event
from review.vocabulary import Act, Judgement


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
    """Compare records that are new or corrected since the last run with all others.

    Those that are clearly alike are merged, and people are asked about those that may be.

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
        number, changed = write_judgements(
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
    return [*rows, *(judgement_row(pair, Judgement.WITHDRAWN) for pair in gone)]


def _records_since_last_run(
    session: Session, review_id: UUID, *, everything: bool
) -> tuple[pd.DataFrame, pd.DataFrame, Mapping[UUID, int]]:
    """Return the records that the last run compared, and those that are new or corrected since.

    With ``everything`` all are new.  The third value has the place of each id in import order.
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
        yield judgement_row((left, right), verdict, score=pair["score"], evidence=evidence)


def _linked_groups(n: int, pairs: pd.DataFrame) -> Sequence[int]:
    """Return the group of each of n records: those that any chain of mergeable pairs links."""
    mergeable = pairs[pairs["band"] != Band.APART].assign(band=Band.MERGE)
    return [int(label) for label in cluster(n, mergeable)]
