"""Calibration sets: the same records for every reviewer, to see whether all screen alike.

While a set is open, its records come first in every reviewer's queue, in the same order, and each
needs every reviewer's decision.  So a kappa over them compares all reviewers, and no conflict shows
before all have decided.  Ending a set leaves the decisions as they are.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.decisions.situation import IS_LIVE
from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check, screens
from review.reviews import protocol_of
from review.states.calibration import is_open_calibration
from review.states.clusters import Scope, cluster_ids, clusters_of
from review.states.flow import FlowState, flow_states
from review.states.resolution import resolutions
from review.storage.database import pairs
from review.tables import (
    Account,
    CalibrationEnd,
    CalibrationRecord,
    CalibrationSet,
    Decision,
    Membership,
)
from review.vocabulary import FINISHED, Act, Role, Stage
from screening.progress.agreement import Agreement, agreement
from screening.progress.history import verdict_pairs
from screening.queue.assignments import assigned_reviewers
from screening.ranking.random_sample import random_order

MAX_RECORDS = 500
MIN_RECORDS_IF_LEAD_SCREENS = 10  # the agreement on a single record would show others' decisions
UNSCREENED = {
    Stage.TITLE_ABSTRACT: FlowState.UNSCREENED,
    Stage.FULL_TEXT: FlowState.FULL_TEXT_UNSCREENED,
}


@dataclass(frozen=True)
class CalibrationSummary:
    """A calibration set as its lead sees it."""

    calibration: CalibrationSet
    is_open: bool
    n_records: int
    n_complete: int | None  # decided on by all, or resolved; None if the lead may not know it yet
    agreement: Agreement  # of every two who decided on the same record
    gone: Sequence[str]  # names of former reviewers whom an open set still needs


def begin(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    label: str,
    by: Actor,
    n: int | None = None,
    numbers: Sequence[int] = (),
) -> CalibrationSet:
    """Start a calibration set of records that nobody has decided on; flushes.

    Its records are either the ``n`` next ones in the review's random order, so that they count
    towards the random sample too, or those with these ``numbers``, in that order.  Raises Invalid
    if there are fewer than two reviewers or a record cannot be used, and NotAllowed if a lead who
    screens chooses the records.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    name = " ".join(label.split())
    if not name or len(name) > 255:
        raise Invalid("Give the calibration set a name of at most 255 characters.")
    if screens(session, review_id=review_id, by=by):
        # Whether a record can be used, or how a few were resolved, would show others' decisions.
        if n is None:
            raise NotAllowed(
                "Because you also screen, you cannot choose the records. Pick them at random."
            )
        if n < MIN_RECORDS_IF_LEAD_SCREENS:
            raise Invalid(
                "Because you also screen, a calibration set needs at least"
                f" {MIN_RECORDS_IF_LEAD_SCREENS} records."
            )
    reviewers = _reviewer_ids(session, review_id)
    if len(reviewers) < 2:
        raise Invalid("A calibration set needs at least two reviewers. Invite more people first.")
    unscreened = _unscreened_records(session, review_id, stage)
    chosen = list(numbers) if n is None else random_order(unscreened)[:n]
    _check_chosen(chosen, unscreened, n)
    calibration = CalibrationSet(
        id=uuid4(),
        stage=stage,
        label=name,
        is_random=n is not None,
        reviewers=sorted(map(str, reviewers)),
        decisions_needed=len(reviewers),
    )
    records = [
        CalibrationRecord(
            id=uuid4(),
            calibration_set_id=calibration.id,
            record_id=unscreened[number],
            position=position,
        )
        for position, number in enumerate(chosen, start=1)
    ]
    record_act(
        session,
        review_id=review_id,
        act=Act.CALIBRATE,
        by=by,
        rows=[calibration, *records],
        subject=("calibration", calibration.id),
    )
    return calibration


def end(session: Session, *, review_id: UUID, calibration_set_id: UUID, by: Actor) -> None:
    """End a calibration set, so that its records need no more decisions than others; flushes.

    Raises NotFound for a set of another review, Conflicting for one that has ended.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    calibration = session.get(CalibrationSet, calibration_set_id)
    if calibration is None or calibration.review_id != review_id:
        raise NotFound("There is no such calibration set in this review.")
    ended = select(CalibrationEnd.id).where(CalibrationEnd.calibration_set_id == calibration_set_id)
    if session.scalar(ended) is not None:
        raise Conflicting("This calibration set has already ended.")
    record_act(
        session,
        review_id=review_id,
        act=Act.END_CALIBRATION,
        by=by,
        rows=[CalibrationEnd(id=uuid4(), calibration_set_id=calibration_set_id)],
        subject=("calibration", calibration_set_id),
    )


def summaries(session: Session, *, review_id: UUID, by: Actor) -> list[CalibrationSummary]:
    """Return the review's calibration sets with their agreement, the newest first; for the lead.

    A lead who screens sees the figures of sets that have ended, for resolved records only.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    calibrations = session.scalars(
        select(CalibrationSet)
        .where(CalibrationSet.review_id == review_id)
        .order_by(CalibrationSet.event_number.desc())
    ).all()
    return [_summary(session, calibration, by) for calibration in calibrations]


def can_conflicts_be_resolved(session: Session, *, review_id: UUID, by: Actor) -> bool:
    """Say whether anybody could resolve conflicts in a set in which all reviewers decide.

    That takes an adjudicator who does not screen, unless the protocol allows consensus.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    stages = protocol_of(session, review_id).stages
    if stages.title_abstract.consensus_allowed and stages.full_text.consensus_allowed:
        return True
    adjudicators = select(Membership.account_id).where(
        Membership.review_id == review_id, Membership.role == Role.ADJUDICATOR
    )
    return bool(set(session.scalars(adjudicators)) - _reviewer_ids(session, review_id))


def _unscreened_records(session: Session, review_id: UUID, stage: Stage) -> dict[int, UUID]:
    """Return the records without a decision that are in no open calibration set, by number."""
    states = flow_states(session, review_id=review_id)
    open_sets = select(CalibrationSet.id).where(is_open_calibration(Scope(review_id), stage))
    rows = session.execute(
        select(states.c.number, states.c.record_id).where(
            states.c.flow_state == UNSCREENED[stage].value,
            states.c.record_id.not_in(
                select(CalibrationRecord.record_id).where(
                    CalibrationRecord.calibration_set_id.in_(open_sets)
                )
            ),
        )
    )
    return dict(pairs(rows))


def _check_chosen(chosen: Sequence[int], unscreened: Collection[int], n: int | None) -> None:
    if not chosen or not 0 < (n or len(chosen)) <= MAX_RECORDS:
        raise Invalid(f"Choose 1 to {MAX_RECORDS} records that nobody has decided on yet.")
    if repeated := [number for number, times in Counter(chosen).items() if times > 1]:
        raise Invalid(
            f"These records are listed more than once: {_listed(repeated)}. List each record once."
        )
    if unusable := [number for number in chosen if number not in unscreened]:
        raise Invalid(
            f"These records cannot be used: {_listed(unusable)}. Someone has decided on them, or "
            "they are duplicates, removed, in an open calibration set, or not in this review. "
            "Choose other records."
        )


def _listed(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""
    return ", ".join(str(number) for number in numbers[:10]) + more


def _reviewer_ids(session: Session, review_id: UUID) -> set[UUID]:
    return {reviewer.account_id for reviewer in assigned_reviewers(session, review_id)}


def _summary(session: Session, calibration: CalibrationSet, by: Actor) -> CalibrationSummary:
    """Return the summary of a calibration set; of one that has ended, as it was at its end."""
    review_id, stage = calibration.review_id, calibration.stage
    ended = session.scalar(
        select(CalibrationEnd.event_number).where(
            CalibrationEnd.calibration_set_id == calibration.id
        )
    )
    record_ids = session.scalars(
        select(CalibrationRecord.record_id).where(
            CalibrationRecord.calibration_set_id == calibration.id
        )
    ).all()
    clusters = clusters_of(session, review_id=review_id, record_ids=record_ids)
    with_copies = {record_id for cluster in clusters.values() for record_id in cluster}
    cluster_of = cluster_ids(session, Scope(review_id, ended, with_copies))
    roots = {cluster_of[record_id] for record_id in record_ids}
    if ended is None and screens(session, review_id=review_id, by=by):
        # A record's resolution, so soon after one's own decision, would show the others'.
        n_complete, verdicts = None, {}
    else:
        resolved = resolutions(
            session, review_id=review_id, stage=stage, as_of=ended, only=with_copies
        )
        complete = select(func.count()).where(
            resolved.c.cluster_id.in_(roots),
            resolved.c.resolution.in_(FINISHED)
            | (resolved.c.n_reviewers >= resolved.c.decisions_needed),
        )
        n_complete = session.scalar(complete) or 0
        verdicts = verdict_pairs(
            session, review_id=review_id, stage=stage, by=by, only=with_copies, as_of=ended
        )
    is_open = ended is None
    return CalibrationSummary(
        calibration=calibration,
        is_open=is_open,
        n_records=len(roots),
        n_complete=n_complete,
        agreement=agreement([pair for of_two in verdicts.values() for pair in of_two]),
        gone=_former_reviewers(session, calibration, with_copies, n_records=len(roots))
        if is_open
        else [],
    )


def _former_reviewers(
    session: Session, calibration: CalibrationSet, with_copies: Collection[UUID], *, n_records: int
) -> Sequence[str]:
    """Return the names of former reviewers who have not decided on all records of an open set."""
    former = {UUID(id_) for id_ in calibration.reviewers}
    former -= _reviewer_ids(session, calibration.review_id)
    are_done = (
        select(Decision.reviewer_id)
        .where(Decision.record_id.in_(with_copies), Decision.stage == calibration.stage, IS_LIVE)
        .group_by(Decision.reviewer_id)
        .having(func.count(Decision.record_id.distinct()) >= n_records)
    )
    return session.scalars(
        select(Account.name)
        .where(Account.id.in_(former), Account.id.not_in(are_done))
        .order_by(Account.name)
    ).all()
