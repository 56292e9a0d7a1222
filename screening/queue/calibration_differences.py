"""The records of a calibration set that its reviewers did not judge alike, to talk about."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.discussion import discussion, n_comments
from review.errors import NotFound
from review.events import Actor
from review.people.accounts import names_of
from review.permissions import Action, check, screens
from review.searches.records import records_by_id
from review.states.clusters import clusters_of
from review.tables import CalibrationEnd, CalibrationRecord, CalibrationSet, Record
from review.vocabulary import Verdict
from screening.progress.history import RoundDecision, complete_decisions


@dataclass(frozen=True)
class OwnJudgement:
    """What one reviewer of a calibration set decided on a record."""

    name: str
    verdict: Verdict
    exclusion_reason: str | None


@dataclass(frozen=True)
class CalibrationDifference:
    """A record that the reviewers of a calibration set did not judge alike."""

    record: Record
    judgements: Sequence[OwnJudgement]
    is_of_verdict: bool  # otherwise of reason alone
    n_comments: int
    can_discuss: bool  # now; not as long as a decision on it can be changed


def calibration_set_of(
    session: Session, *, review_id: UUID, calibration_set_id: UUID, by: Actor
) -> CalibrationSet:
    """Return a calibration set of the review; for the lead.  Raises NotFound for any other."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    found = session.get(CalibrationSet, calibration_set_id)
    if found is None or found.review_id != review_id:
        raise NotFound("There is no such calibration set in this review.")
    return found


def differences(
    session: Session, *, review_id: UUID, calibration_set_id: UUID, by: Actor
) -> list[CalibrationDifference] | None:
    """Return the records on which reviewers differ once all have decided, verdicts first.

    *Maybe* counts as include.  In a set that has ended, decisions count as they were then.  For the
    lead; None to a lead who screens while the set is open, and numbers in place of names later.
    """
    calibration = calibration_set_of(
        session, review_id=review_id, calibration_set_id=calibration_set_id, by=by
    )
    ended = session.scalar(
        select(CalibrationEnd.event_number).where(
            CalibrationEnd.calibration_set_id == calibration_set_id
        )
    )
    if ended is None and screens(session, review_id=review_id, by=by):
        return None
    record_ids = session.scalars(
        select(CalibrationRecord.record_id)
        .where(CalibrationRecord.calibration_set_id == calibration_set_id)
        .order_by(CalibrationRecord.position)
    ).all()
    clusters = clusters_of(session, review_id=review_id, record_ids=record_ids)
    complete = complete_decisions(
        session,
        review_id=review_id,
        stage=calibration.stage,
        by=by,
        only={record_id for cluster in clusters.values() for record_id in cluster},
        as_of=ended,
    )
    differing = {
        id_: made for id_, made in complete.items() if _n_verdicts(made) > 1 or _n_reasons(made) > 1
    }
    records = records_by_id(session, record_ids=differing)
    people = {one.reviewer_id for made in differing.values() for one in made}
    names = names_of(session, people)
    if screens(session, review_id=review_id, by=by):
        names = {id_: f"Reviewer {n}" for n, id_ in enumerate(sorted(people), start=1)}
    comments = n_comments(session, review_id=review_id, by=by)
    found = [
        CalibrationDifference(
            record=records[id_],
            judgements=[
                OwnJudgement(names[one.reviewer_id], one.verdict, one.exclusion_reason)
                for one in made
            ],
            is_of_verdict=_n_verdicts(made) > 1,
            n_comments=comments.get((id_, calibration.stage), 0),
            can_discuss=discussion(
                session, review_id=review_id, record_id=id_, stage=calibration.stage, by=by
            )
            is not None,
        )
        for id_, made in differing.items()
    ]
    return sorted(found, key=lambda one: (not one.is_of_verdict, one.record.number))


def _n_verdicts(decisions: Sequence[RoundDecision]) -> int:
    return len({decision.verdict is Verdict.EXCLUDE for decision in decisions})


def _n_reasons(decisions: Sequence[RoundDecision]) -> int:
    """Return how many different reasons were given, none among them."""
    return len({decision.exclusion_reason for decision in decisions})
