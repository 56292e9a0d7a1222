"""What a reviewer sees of each record that the queue hands out, and nothing that others did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.blinding import own_decision
from review.decisions.closing import own_open_decisions
from review.decisions.marked_words import own_words, records_with_own_words
from review.decisions.reopening import Reopened, reopened
from review.decisions.reopening_requests import OwnRequest, own_request
from review.errors import NotFound
from review.events import Actor
from review.permissions import Action, check
from review.reports.full_texts import full_text_of
from review.reviews import protocol_of
from review.searches.records import source_of
from review.tables import Decision, FullText, ModelRun, Rank, Record
from review.vocabulary import Stage
from screening.queue.labels import Label, own_labels
from screening.queue.open_calibrations import (
    CalibrationProgress,
    calibration_progress,
    open_calibrations,
)
from screening.ranking.explanation import explanation, n_ranked, ranks_of, subject_of
from screening.ranking.runs import current_run


@dataclass(frozen=True)
class CardRanking:
    """A record's position in the ranking in use, if there is one and the record is in it."""

    run: ModelRun | None
    rank: Rank | None = None
    why: Mapping[str, Any] | None = None
    n_ranked: int = 0


@dataclass(frozen=True)
class Card:
    """A record as its reviewer sees it: its text, their own words on it, and why it comes now."""

    record: Record
    source: str
    own: Decision | None  # the caller's live decision in the current round
    is_closed: bool  # whether they can no longer change it
    asked: OwnRequest | None  # to reopen the record
    note: str  # of their newest decision in this round, withdrawn or not
    marks: Sequence[str]
    ranking: CardRanking
    calibration: CalibrationProgress | None
    document: FullText | None
    reopened: Reopened | None
    labels: Sequence[Label]  # the caller's own


def cards(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    record_ids: Sequence[UUID],
    are_open: bool = False,
) -> list[Card]:
    """Return the cards of some records, in the given order.

    ``are_open`` says that they come from the caller's queue, so that none has a live decision of
    theirs.  Raises NotFound for a foreign record, NotAllowed for anybody who is not a reviewer.
    """
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    scope: dict[str, Any] = {"review_id": review_id, "stage": stage, "by": by}
    in_review = (Record.review_id == review_id, Record.id.in_(record_ids))
    records = {record.id: record for record in session.scalars(select(Record).where(*in_review))}
    if set(record_ids) - records.keys():
        raise NotFound("There is no such record in this review.")
    run = current_run(session, review_id=review_id, stage=stage)
    ranks = ranks_of(session, run=run, record_ids=record_ids) if run else {}
    n = n_ranked(session, run=run) if run else 0
    decided = records_with_own_words(session, record_ids=record_ids, stage=stage, by=by)
    open_now = [] if are_open else own_open_decisions(session, **scope)
    still_open = {decision.id for decision in open_now}
    has_calibrations = bool(open_calibrations(session, **scope).own)
    subject = subject_of(protocol_of(session, review_id))
    labels = own_labels(session, review_id=review_id, record_ids=record_ids, by=by)
    again = reopened(session, record_ids=record_ids, **scope)
    made = []
    for record_id in record_ids:
        record, rank, on = (
            records[record_id],
            ranks.get(record_id),
            scope | {"record_id": record_id},
        )
        own = None if are_open else own_decision(session, **on)
        is_closed = own is not None and own.id not in still_open
        asked = own_request(session, **on) if is_closed else None
        note, marks = own_words(session, **on) if record_id in decided else ("", [])
        calibration = calibration_progress(session, **on) if has_calibrations else None
        why = explanation(rank, subject) if rank else None
        ranking = CardRanking(run, rank, why, n) if rank else CardRanking(run)
        document = _document(session, **on)
        source = source_of(session, record)
        made.append(
            Card(
                record=record,
                source=source,
                own=own,
                is_closed=is_closed,
                asked=asked,
                note=note,
                marks=marks,
                ranking=ranking,
                calibration=calibration,
                document=document,
                reopened=again.get(record_id),
                labels=labels.get(record_id, []),
            )
        )
    return made


def _document(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> FullText | None:
    if stage is not Stage.FULL_TEXT:
        return None
    return full_text_of(session, review_id=review_id, record_id=record_id, by=by)
