"""Records that nobody is left to decide on, because reviewers are missing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.states.clusters import Scope, members
from review.states.flow import OPEN, flow_states
from review.states.resolution import most_needed, resolutions
from review.states.rounds import current_rounds, round_decisions
from review.states.viewers import viewer_of
from review.vocabulary import Stage
from screening.queue.assignments import assigned_reviewers


@dataclass(frozen=True)
class Uncovered:
    """Records at a stage that the reviewers cannot give all the decisions that they need."""

    n_new: int  # without a decision
    n_begun: int  # with one, and nobody else who could give the other

    def __bool__(self) -> bool:
        return bool(self.n_new or self.n_begun)


def uncovered(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    without: Collection[UUID] = (),
) -> Uncovered:
    """Return how many records have too few reviewers, or would have without some; for the lead.

    Anyone who has decided on a record counts, still a reviewer or not; so does every current
    reviewer.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    reviewers = _reviewers(session, review_id) - {*without}
    if len(reviewers) >= most_needed(session, review_id, stage):
        return Uncovered(0, 0)
    needed, deciders = _needed(session, review_id, stage), _deciders(session, review_id, stage)
    return _count(needed, deciders, reviewers)


def uncovered_without_each(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor
) -> dict[UUID, Uncovered]:
    """Return what `uncovered` would say if one reviewer left, for each of them; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    reviewers = _reviewers(session, review_id)
    if len(reviewers) > most_needed(session, review_id, stage):
        return dict.fromkeys(reviewers, Uncovered(0, 0))
    needed, deciders = _needed(session, review_id, stage), _deciders(session, review_id, stage)
    return {one: _count(needed, deciders, reviewers - {one}) for one in reviewers}


def _reviewers(session: Session, review_id: UUID) -> set[UUID]:
    return {one.account_id for one in assigned_reviewers(session, review_id)}


def _count(
    needed: Mapping[UUID, int], deciders: Mapping[UUID, set[UUID]], reviewers: set[UUID]
) -> Uncovered:
    n_new = n_begun = 0
    for cluster_id, n_needed in needed.items():
        decided = deciders.get(cluster_id, set())
        if len(decided | reviewers) < n_needed:
            n_begun += bool(decided)
            n_new += not decided
    return Uncovered(n_new, n_begun)


def _needed(session: Session, review_id: UUID, stage: Stage) -> dict[UUID, int]:
    """Return, for each record that still lacks decisions, how many it needs."""
    table = resolutions(session, review_id=review_id, stage=stage)
    states = flow_states(session, review_id=review_id)
    rows = session.execute(
        select(table.c.cluster_id, table.c.decisions_needed)
        .join(states, states.c.record_id == table.c.cluster_id)
        .where(states.c.flow_state.in_([state.value for state in OPEN[stage]]))
    )
    return {cluster_id: needed for cluster_id, needed in rows}  # noqa: C416 - for mypy


def _deciders(session: Session, review_id: UUID, stage: Stage) -> dict[UUID, set[UUID]]:
    scope = Scope(review_id, viewer=viewer_of(session, review_id))
    decisions = round_decisions(scope, stage, current_rounds(scope, stage, members(scope)))
    found: dict[UUID, set[UUID]] = {}
    for cluster_id, reviewer_id in session.execute(
        select(decisions.c.cluster_id, decisions.c.reviewer_id).where(decisions.c.is_live)
    ):
        found.setdefault(cluster_id, set()).add(reviewer_id)
    return found
