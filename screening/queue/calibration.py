"""Calibration rounds: the same records for every reviewer, to see whether all read alike.

While a round is open its records come first in everybody's queue, in one order, and each needs
everybody's decision; so a kappa over them compares all reviewers, and no conflict shows before all
have decided.  A round that is ended leaves the decisions as they are.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from review.decisions.situation import IS_LIVE
from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check, roles_of_actor
from review.reviews import protocol_of
from review.states.calibration import is_open_calibration
from review.states.clusters import Scope, cluster_ids, clusters_of
from review.states.flow import FlowState, flow_states
from review.states.resolution import resolutions
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
from screening.queue.assignments import readers
from screening.ranking.random_sample import random_order

MOST = 500  # records of a round
LEAST = 10  # that a lead who screens may begin: the agreement on one would tell what others said
Rounds = tuple[Sequence[UUID], Sequence[UUID]]
UNREAD = {
    Stage.TITLE_ABSTRACT: FlowState.UNSCREENED,
    Stage.FULL_TEXT: FlowState.FULL_TEXT_UNSCREENED,
}


@dataclass(frozen=True)
class Round:
    """A calibration as its lead sees it."""

    calibration: CalibrationSet
    is_open: bool
    n_records: int
    n_complete: int | None  # decided on by everybody, or settled; None where it may not be told
    agreement: Agreement  # of every two who decided on the same record
    gone: Sequence[str]  # who began an open round and is a reviewer no more: it waits for them


@dataclass(frozen=True)
class Turn:
    """The open round that a reviewer's record belongs to, and how far they are in it."""

    label: str
    n_records: int
    n_own: int


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
    """Call up records that nobody has decided on for every reviewer; flushes.

    Either the ``n`` next ones in the review's random order, so that they count towards its random
    sample too, or those of these ``numbers``, in that order.  Raises Invalid where there are fewer
    than two reviewers, or a record is not waiting unread; NotAllowed where a lead who screens
    names records.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    name = " ".join(label.split())
    if not name or len(name) > 255:
        raise Invalid("Give the round a name of at most 255 characters.")
    if _screens(session, review_id, by):
        # Whether a record may be named, or what a few came to, would tell what others did.
        if n is None:
            raise NotAllowed("Since you screen yourself, have the records picked at random.")
        if n < LEAST:
            raise Invalid(f"Since you screen yourself, a round has {LEAST} records at least.")
    people = _reviewers(session, review_id)
    if len(people) < 2:
        raise Invalid("A round compares reviewers, and there are fewer than two.")
    unread = _unread(session, review_id, stage)
    chosen = list(numbers) if n is None else random_order(unread)[:n]
    _check_chosen(chosen, unread, n)
    made = CalibrationSet(
        id=uuid4(),
        stage=stage,
        label=name,
        is_random=n is not None,
        reviewers=sorted(map(str, people)),
        decisions_needed=len(people),
    )
    records = [
        CalibrationRecord(
            id=uuid4(), calibration_set_id=made.id, record_id=unread[number], position=position
        )
        for position, number in enumerate(chosen, start=1)
    ]
    record_act(
        session,
        review_id=review_id,
        act=Act.CALIBRATE,
        by=by,
        rows=[made, *records],
        subject=("calibration", made.id),
    )
    return made


def end(session: Session, *, review_id: UUID, calibration_set_id: UUID, by: Actor) -> None:
    """End a round: its records need no more decisions than others; flushes.

    Raises NotFound for a round of another review, Conflicting for one that has ended.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    one = session.get(CalibrationSet, calibration_set_id)
    if one is None or one.review_id != review_id:
        raise NotFound("There is no such round in this review.")
    ended = select(CalibrationEnd.id).where(CalibrationEnd.calibration_set_id == calibration_set_id)
    if session.scalar(ended) is not None:
        raise Conflicting("This round has ended already.")
    record_act(
        session,
        review_id=review_id,
        act=Act.END_CALIBRATION,
        by=by,
        rows=[CalibrationEnd(id=uuid4(), calibration_set_id=calibration_set_id)],
        subject=("calibration", calibration_set_id),
    )


def rounds(session: Session, *, review_id: UUID, by: Actor) -> list[Round]:
    """Return the review's calibrations with what they came to, the newest first; for the lead.

    A lead who screens is told of rounds that have ended, and of records that are settled, alone.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    made = session.scalars(
        select(CalibrationSet)
        .where(CalibrationSet.review_id == review_id)
        .order_by(CalibrationSet.event_number.desc())
    ).all()
    return [_round(session, one, by) for one in made]


def turn_of(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> Turn | None:
    """Return the open round that a record belongs to, with the caller's own progress in it."""
    found = session.scalar(
        select(CalibrationSet)
        .join(CalibrationRecord, CalibrationRecord.calibration_set_id == CalibrationSet.id)
        .where(
            CalibrationRecord.record_id == record_id, is_open_calibration(Scope(review_id), stage)
        )
        .order_by(CalibrationSet.event_number)
        .limit(1)
    )
    if found is None or str(by.account_id) not in found.reviewers:
        return None
    own = select(Decision.record_id).where(
        Decision.reviewer_id == by.account_id, Decision.stage == stage, IS_LIVE
    )
    records = select(func.count()).where(CalibrationRecord.calibration_set_id == found.id)
    return Turn(
        label=found.label,
        n_records=session.scalar(records) or 0,
        n_own=session.scalar(records.where(CalibrationRecord.record_id.in_(own))) or 0,
    )


def open_rounds(session: Session, review_id: UUID, stage: Stage, by: Actor) -> Rounds:
    """Return the open rounds of a stage: those that the caller has part in, and the others."""
    rows = session.execute(
        select(CalibrationSet.id, CalibrationSet.reviewers).where(
            is_open_calibration(Scope(review_id), stage)
        )
    ).all()
    own = [id_ for id_, people in rows if str(by.account_id) in people]
    return own, [id_ for id_, _ in rows if id_ not in own]


def records_of(round_ids: Collection[UUID]) -> Select[UUID]:
    """Return the query for the records of some rounds."""
    return select(CalibrationRecord.record_id).where(
        CalibrationRecord.calibration_set_id.in_(round_ids)
    )


def _unread(session: Session, review_id: UUID, stage: Stage) -> dict[int, UUID]:
    states = flow_states(session, review_id=review_id)
    called = select(CalibrationSet.id).where(is_open_calibration(Scope(review_id), stage))
    rows = session.execute(
        select(states.c.number, states.c.record_id).where(
            states.c.flow_state == UNREAD[stage].value,
            states.c.record_id.not_in(
                select(CalibrationRecord.record_id).where(
                    CalibrationRecord.calibration_set_id.in_(called)
                )
            ),
        )
    )
    return {number: record_id for number, record_id in rows}  # noqa: C416 - a row is not a pair to mypy


def _check_chosen(chosen: Sequence[int], unread: Collection[int], n: int | None) -> None:
    if not chosen or not 0 < (n or len(chosen)) <= MOST:
        raise Invalid(f"A round has 1 to {MOST} records that nobody has decided on yet.")
    if twice := [number for number, times in Counter(chosen).items() if times > 1]:
        raise Invalid(f"These records are named twice: {_listed(twice)}.")
    if away := [number for number in chosen if number not in unread]:
        raise Invalid(
            f"These records are not waiting unread: {_listed(away)}. Somebody has decided on them, "
            "or they are duplicates, removed, in an open round, or not in this review."
        )


def _listed(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""
    return ", ".join(str(number) for number in numbers[:10]) + more


def _reviewers(session: Session, review_id: UUID) -> set[UUID]:
    return {one.account_id for one in readers(session, review_id)}


def _screens(session: Session, review_id: UUID, by: Actor) -> bool:
    return Role.REVIEWER in roles_of_actor(session, review_id=review_id, by=by)


def _round(session: Session, one: CalibrationSet, by: Actor) -> Round:
    """Return what a round has come to; an ended one as it was at its end."""
    ended = session.scalar(
        select(CalibrationEnd.event_number).where(CalibrationEnd.calibration_set_id == one.id)
    )
    given = session.scalars(
        select(CalibrationRecord.record_id).where(CalibrationRecord.calibration_set_id == one.id)
    ).all()
    clusters = clusters_of(session, review_id=one.review_id, record_ids=given)
    whole = {record for cluster in clusters.values() for record in cluster}
    home = cluster_ids(session, Scope(one.review_id, ended, whole))
    roots = {home[record] for record in given}
    if ended is None and _screens(session, one.review_id, by):
        # What a record came to, so soon after one's own decision, would tell the others'.
        n_complete, pairs = None, {}
    else:
        table = resolutions(
            session, review_id=one.review_id, stage=one.stage, as_of=ended, only=whole
        )
        complete = select(func.count()).where(
            table.c.cluster_id.in_(roots),
            table.c.resolution.in_(FINISHED) | (table.c.n_reviewers >= table.c.decisions_needed),
        )
        n_complete = session.scalar(complete) or 0
        pairs = verdict_pairs(
            session, review_id=one.review_id, stage=one.stage, by=by, only=whole, as_of=ended
        )
    return Round(
        calibration=one,
        is_open=ended is None,
        n_records=len(roots),
        n_complete=n_complete,
        agreement=agreement([said for two in pairs.values() for said in two]),
        gone=_gone(session, one, whole, len(roots)) if ended is None else [],
    )


def _gone(
    session: Session, one: CalibrationSet, whole: Collection[UUID], n_records: int
) -> Sequence[str]:
    """Return who screens no more, of those that an open round still waits for, by name."""
    left = {UUID(who) for who in one.reviewers} - _reviewers(session, one.review_id)
    done = (
        select(Decision.reviewer_id)
        .where(Decision.record_id.in_(whole), Decision.stage == one.stage, IS_LIVE)
        .group_by(Decision.reviewer_id)
        .having(func.count(Decision.record_id.distinct()) >= n_records)
    )
    return session.scalars(
        select(Account.name)
        .where(Account.id.in_(left), Account.id.not_in(done))
        .order_by(Account.name)
    ).all()


def can_be_settled(session: Session, *, review_id: UUID, by: Actor) -> bool:
    """Say whether somebody could settle the conflicts of a round, in which all reviewers decide.

    That takes an adjudicator who does not screen, unless the protocol allows consensus.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rules = protocol_of(session, review_id).stages
    if rules.title_abstract.consensus_allowed and rules.full_text.consensus_allowed:
        return True
    judges = select(Membership.account_id).where(
        Membership.review_id == review_id, Membership.role == Role.ADJUDICATOR
    )
    return bool(set(session.scalars(judges)) - _reviewers(session, review_id))
