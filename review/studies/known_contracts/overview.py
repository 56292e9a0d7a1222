"""Where the matching stands: what is matched, what is not on the list, what nobody has studied."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.states.flow import FlowState, flow_states
from review.studies.contracts import contracts_by_label, linked_contracts
from review.studies.known_contracts.lists import known_projects
from review.studies.known_contracts.matches import (
    ContractMatch,
    ContractQuestion,
    match_questions,
    matches_of,
)
from review.studies.known_contracts.projects import KnownProject
from review.tables import Contract


@dataclass(frozen=True)
class MatchedContract:
    """A contract of the review and what it was matched to."""

    contract: Contract
    match: ContractMatch
    project: KnownProject | None  # None where it is not on the list, or no longer public


@dataclass(frozen=True)
class KnownOverview:
    """The contracts of a review beside the list of known ones."""

    matched: Sequence[MatchedContract]  # the newest first
    not_listed: Sequence[MatchedContract]
    questions: Sequence[ContractQuestion]  # the likeliest first
    unlike: Sequence[Contract]  # those without a match that resemble nothing on the list
    unstudied: Sequence[KnownProject]  # on the list, and no included study reports on them
    n_contracts: int
    n_listed: int

    @property
    def n_automatic(self) -> int:
        """How many contracts were matched without a question."""
        return sum(one.match.is_automatic for one in self.matched)

    @property
    def gone(self) -> list[MatchedContract]:
        """The contracts whose project is no longer public."""
        return [one for one in self.matched if one.project is None]


def known_overview(session: Session, *, review_id: UUID, by: Actor) -> KnownOverview:
    """Return where the matching stands; raise NotAllowed for those who may not manage it."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    projects = {one.key: one for one in known_projects(session, review_id=review_id)}
    contracts = {one.id: one for one in contracts_by_label(session, review_id=review_id)}
    matches = sorted(
        matches_of(session, review_id=review_id).items(),
        key=lambda pair: (-pair[1].event_number, contracts[pair[0]].label),
    )
    lines = [
        MatchedContract(contracts[contract], match, projects.get(match.key))
        for contract, match in matches
        if not match.is_open
    ]
    questions = match_questions(session, review_id=review_id)
    matched = {one.contract.id for one in lines}
    asked = {one.contract.id for one in questions}
    studied = _studied(session, review_id)
    with_study = {one.match.key for one in lines if one.contract.id in studied}
    return KnownOverview(
        matched=[one for one in lines if one.match.is_listed],
        not_listed=[one for one in lines if not one.match.is_listed],
        questions=questions,
        unlike=[one for one in contracts.values() if one.id not in matched | asked],
        unstudied=[one for one in projects.values() if one.key not in with_study],
        n_contracts=len(contracts),
        n_listed=len(projects),
    )


def _studied(session: Session, review_id: UUID) -> set[UUID]:
    """Return the contracts that a study with an included report reports on, as a map counts."""
    states = flow_states(session, review_id=review_id)
    included = session.scalars(
        select(states.c.study_id).where(states.c.flow_state == FlowState.INCLUDED.value).distinct()
    )
    linked = linked_contracts(session, review_id)
    return {contract for study in included for contract in linked.get(study, ())}
