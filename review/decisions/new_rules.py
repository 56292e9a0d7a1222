"""New rules for records that have begun: how many there are, and applying the rules to them.

A round keeps the rules it began under.  Where a new version of the protocol asks for more or fewer
decisions, the lead may apply it to the rounds with a single decision.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from review.errors import Conflicting, Invalid
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check, screens
from review.reviews import protocol_state
from review.states.clusters import Scope, members
from review.states.flow import OPEN, FlowState, flow_states
from review.states.resolution import resolutions
from review.states.rounds import current_rounds, round_decisions
from review.tables import Decision, Membership, RoundRule, StageRule
from review.vocabulary import Act, Role, Stage

# The flow states of a record that one decision has resolved, if nothing has followed from it.
RESOLVED_BY_ONE = {
    Stage.TITLE_ABSTRACT: (FlowState.EXCLUDED, FlowState.AWAITING_RETRIEVAL),
    Stage.FULL_TEXT: (FlowState.FULL_TEXT_EXCLUDED, FlowState.AWAITING_STUDY),
}


@dataclass(frozen=True)
class Begun:
    """Records at a stage, by how many decisions they have and the rules that they go by."""

    n_new: int  # without a decision, so that they go by the newest rules
    n_waiting: int  # with one of the two decisions that their rules ask for
    n_resolved: int  # resolved by a single decision, and nothing has followed from it


def begun(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> Begun:
    """Return how many records a change of the rules touches; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    states = flow_states(session, review_id=review_id)
    unscreened, waiting = (
        (FlowState.UNSCREENED, FlowState.AWAITING_SECOND)
        if stage is Stage.TITLE_ABSTRACT
        else (FlowState.FULL_TEXT_UNSCREENED, FlowState.FULL_TEXT_AWAITING_SECOND)
    )
    rounds = _with_one_decision(session, review_id, stage).subquery()
    n = func.count()
    n_new = select(n).select_from(states).where(states.c.flow_state == unscreened.value)
    by_state = select(
        func.sum(case((rounds.c.flow_state == waiting.value, 1), else_=0)),
        func.sum(case((rounds.c.flow_state != waiting.value, 1), else_=0)),
    )
    n_waiting, n_resolved = session.execute(by_state).one()
    return Begun(session.scalar(n_new) or 0, n_waiting or 0, n_resolved or 0)


def n_under_earlier_rules(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor
) -> int | None:
    """Return how many records `apply_rules` would change; for the lead.

    None to a lead who screens, where there may be some: the number would tell them how many
    records others have decided on.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not screens(session, review_id=review_id, by=by):
        return len(_to_change(session, review_id, stage))
    needed = session.scalars(
        select(StageRule.decisions_needed)
        .where(StageRule.review_id == review_id, StageRule.stage == stage)
        .distinct()
    ).all()
    return None if len(needed) > 1 else 0


def apply_rules(
    session: Session, *, review_id: UUID, stage: Stage, why: str, by: Actor
) -> int | None:
    """Apply the newest rules to the rounds that have a single decision; flushes.

    A record whose new rules ask for one decision is then resolved; one whose new rules ask for two
    waits for the second, if nothing has followed from the first.  Returns how many records that
    are; None to a lead who screens.  Raises Invalid without a reason, Conflicting where there is
    none, unless the caller screens: they must not learn of it.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not why.strip():
        raise Invalid("Give a reason for applying the new rules to these records.")
    is_blind = screens(session, review_id=review_id, by=by)
    version = protocol_state(session, review_id).number
    rows = [
        RoundRule(
            id=uuid4(),
            record_id=record_id,
            stage=stage,
            round=number,
            protocol_version=version,
            why=why.strip(),
        )
        for record_id, number in _to_change(session, review_id, stage)
    ]
    if not rows and not is_blind:
        raise Conflicting(
            "There are no records to apply the new rules to. Only records with a single decision "
            "can change."
        )
    record_act(session, review_id=review_id, act=Act.APPLY_RULES, by=by, rows=rows)
    return None if is_blind else len(rows)


def _to_change(session: Session, review_id: UUID, stage: Stage) -> list[tuple[UUID, int]]:
    """Return the record and the round of each single decision that the new rules would change.

    The person who makes a second decision must not know the first: where one will be needed, what
    one decision has resolved stays as it is while a reviewer has another role too.
    """
    needed = protocol_state(session, review_id).protocol.rules(stage).decisions_needed
    rounds = _with_one_decision(session, review_id, stage).subquery()
    query = select(rounds.c.cluster_id).where(rounds.c.decisions_needed != needed)
    if needed > 1 and _may_a_reviewer_know(session, review_id):
        query = query.where(rounds.c.decisions_needed >= needed)
    clusters = session.scalars(query).all()
    if not clusters:
        return []
    scope = Scope(review_id)
    made = round_decisions(scope, stage, current_rounds(scope, stage, members(scope)))
    rows = session.execute(
        select(Decision.record_id, Decision.round)
        .join(made, made.c.id == Decision.id)
        .where(made.c.is_live, made.c.cluster_id.in_(clusters))
    )
    return sorted({(record_id, number) for record_id, number in rows})


def _may_a_reviewer_know(session: Session, review_id: UUID) -> bool:
    """Say whether any reviewer has another role, and with it sees how records were resolved."""
    other = aliased(Membership)
    both = exists().where(
        Membership.review_id == review_id,
        Membership.role == Role.REVIEWER,
        other.review_id == review_id,
        other.account_id == Membership.account_id,
        other.role != Role.REVIEWER,
    )
    return session.scalar(select(both)) is True


def _with_one_decision(session: Session, review_id: UUID, stage: Stage) -> Select[Any]:
    """Return a query for the rounds with one reviewer's decision from which nothing has followed.

    Records in an open calibration set are left out: everybody decides on them.
    """
    member = members(Scope(review_id))
    table = resolutions(session, review_id=review_id, stage=stage, member=member)
    states = flow_states(session, review_id=review_id)
    waits = and_(
        table.c.decisions_needed > 1,
        states.c.flow_state.in_([state.value for state in OPEN[stage]]),
    )
    is_resolved = and_(
        table.c.decisions_needed == 1,
        states.c.flow_state.in_([state.value for state in RESOLVED_BY_ONE[stage]]),
    )
    return (
        select(table.c.cluster_id, table.c.round, table.c.decisions_needed, states.c.flow_state)
        .join(states, states.c.record_id == table.c.cluster_id)
        .where(
            table.c.n_reviewers == 1,
            table.c.is_adjudicated == 0,
            table.c.calibration_target.is_(None),
            or_(waits, is_resolved),
        )
    )
