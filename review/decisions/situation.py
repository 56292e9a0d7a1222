"""What a decision is made on: a record's cluster, how far it is, and the reviewer's own part."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session, aliased

from protocols.schema import Protocol
from review.errors import Invalid
from review.events import Actor
from review.states.clusters import cluster_of
from review.states.resolution import StageState, stage_state
from review.tables import Decision
from review.vocabulary import Resolution, Stage, Verdict

_LATER = aliased(Decision)
IS_LIVE = and_(
    Decision.verdict != Verdict.WITHDRAWN, ~exists().where(_LATER.supersedes_id == Decision.id)
)
"""The condition that a decision was neither changed nor withdrawn."""


@dataclass(frozen=True)
class Situation:
    """One record at one stage, as it is when ``by`` acts on it."""

    review_id: UUID
    record_id: UUID
    stage: Stage
    by: Actor
    cluster: tuple[UUID, ...]  # the records of its cluster, the earliest first
    state: StageState

    @property
    def is_resolved_by_adjudicator(self) -> bool:
        """Whether an adjudication resolved the conflict of this round."""
        return self.state.is_adjudicated and self.state.resolution is not Resolution.CONFLICT


def situation_of(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> Situation:
    """Return the situation of a record now; raise NotFound for one of another review."""
    cluster = cluster_of(session, review_id=review_id, record_id=record_id)
    state = stage_state(session, review_id=review_id, stage=stage, cluster=cluster)
    return Situation(review_id, record_id, stage, by, cluster, state)


def live_decisions(session: Session, situation: Situation) -> list[Decision]:
    """Return the live decisions of the cluster's current round, oldest first.

    Reviewers must not see what they say: see `review.decisions.blinding`.
    """
    return list(
        session.scalars(
            select(Decision)
            .where(
                Decision.review_id == situation.review_id,
                Decision.record_id.in_(situation.cluster),
                Decision.stage == situation.stage,
                Decision.round == situation.state.round,
                IS_LIVE,
            )
            .order_by(Decision.event_number)
        )
    )


def latest_own_decision(session: Session, situation: Situation) -> Decision | None:
    """Return the actor's newest decision on the record in this round, withdrawn or not."""
    return session.scalar(
        select(Decision)
        .where(
            Decision.record_id == situation.record_id,
            Decision.stage == situation.stage,
            Decision.round == situation.state.round,
            Decision.reviewer_id == situation.by.account_id,
        )
        .order_by(Decision.event_number.desc())
        .limit(1)
    )


def decided_in_round(session: Session, situation: Situation) -> bool:
    """Say whether the actor decided on any record of the cluster in this round."""
    decided = select(Decision.id).where(
        Decision.record_id.in_(situation.cluster),
        Decision.stage == situation.stage,
        Decision.round == situation.state.round,
        Decision.reviewer_id == situation.by.account_id,
    )
    return session.scalar(select(decided.exists())) is True


def check_reason(protocol: Protocol, *, stage: Stage, verdict: Verdict, reason: str | None) -> None:
    """Raise Invalid unless the reason fits the verdict and the stage."""
    if reason is not None:
        if verdict is not Verdict.EXCLUDE:
            raise Invalid("Give a reason only when you exclude a record.")
        if reason not in {known.key for known in protocol.reasons(stage)}:
            raise Invalid(f"'{reason}' is not one of the protocol's exclusion reasons here.")
    elif stage is Stage.FULL_TEXT and verdict is Verdict.EXCLUDE:
        raise Invalid("Choose a reason. At full text every exclusion needs one.")
