"""Which contracts of a review are on its list of known ones: by rule, or as a person says."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.schema import CodebookItem, KnownFrom, Protocol
from review.errors import Invalid, NotFound
from review.events import MODEL, Actor, record_act
from review.permissions import Action, begin_act
from review.reviews import protocol_of
from review.states.clusters import Scope, latest
from review.studies.agreement import CodeState, coded_values
from review.studies.contracts import contract_of_review, contracts_by_label
from review.studies.known_contracts.lists import known_project, known_projects
from review.studies.known_contracts.matching import (
    ContractFacts,
    ListIndex,
    ListMatch,
    sure_match,
)
from review.studies.known_contracts.projects import KnownProject
from review.tables import Contract, Event, ExternalId
from review.vocabulary import Act, ActorKind

SCHEME = "indigo"
NOT_LISTED, OPEN = "none", "open"
"""What a match says where a contract is not on the list, and where it is to be asked about."""


@dataclass(frozen=True)
class ContractMatch:
    """What is known about a contract and the list."""

    key: str  # of a project; or `NOT_LISTED`, or `OPEN`
    is_automatic: bool
    event_number: int

    @property
    def is_listed(self) -> bool:
        """Whether the contract is on the list."""
        return self.key not in (NOT_LISTED, OPEN)

    @property
    def is_open(self) -> bool:
        """Whether somebody took a match back, so that a person is asked."""
        return self.key == OPEN


@dataclass(frozen=True)
class ContractQuestion:
    """A contract that may be one of several projects."""

    contract: Contract
    facts: ContractFacts
    matches: Sequence[ListMatch]


def matches_of(
    session: Session, *, review_id: UUID, as_of: int | None = None
) -> dict[UUID, ContractMatch]:
    """Return the newest match of each contract that has one, up to event ``as_of``."""
    rows = latest(
        Scope(review_id, as_of),
        ExternalId,
        ExternalId.contract_id,
        where=(ExternalId.scheme == SCHEME) & ExternalId.contract_id.is_not(None),
    )
    found = session.execute(
        select(rows.c.contract_id, rows.c.value, rows.c.event_number, Event.actor_kind).join(
            Event, (Event.review_id == review_id) & (Event.number == rows.c.event_number)
        )
    )
    return {
        row.contract_id: ContractMatch(
            row.value, row.actor_kind == ActorKind.MODEL, row.event_number
        )
        for row in found
    }


def match_contract(
    session: Session, *, review_id: UUID, contract_id: UUID, key: str, by: Actor
) -> None:
    """Say which project a contract is, or `NOT_LISTED`; `OPEN` takes that back.  Flushes.

    Raises NotFound for a number that is not on the list.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    contract_of_review(session, review_id=review_id, contract_id=contract_id)
    if key not in (NOT_LISTED, OPEN):
        key = _listed_key(session, review_id, key)
    _record(session, review_id, {contract_id: key}, by=by)


def match_automatically(session: Session, *, review_id: UUID, by: Actor) -> int:
    """Match each contract that needs no question and has no match; return how many.  Flushes.

    A contract that a person opened again stays open, and two contracts are never matched to one
    project without a question.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    known = _Known(session, review_id)
    open_ones = [one for one in known.contracts if one.id not in known.matches]
    sure = {
        contract.id: match.project.key
        for contract in open_ones
        if (match := sure_match(known.index.matches(known.facts[contract.id])))
    }
    # A number that coders wrote down says more than a name.
    sure |= {one.id: known.numbers[one.id] for one in open_ones if one.id in known.numbers}
    taken = Counter([*sure.values(), *(match.key for match in known.matches.values())])
    new = {contract: key for contract, key in sure.items() if taken[key] == 1}
    if new:
        _record(session, review_id, new, by=MODEL)
    return len(new)


def match_questions(session: Session, *, review_id: UUID) -> list[ContractQuestion]:
    """Return the contracts that may be on the list and await a person, the likeliest first."""
    known = _Known(session, review_id)
    found = []
    for contract in known.contracts:
        match = known.matches.get(contract.id)
        if match is not None and not match.is_open:
            continue
        facts = known.facts[contract.id]
        if likely := known.index.matches(facts):
            found.append(ContractQuestion(contract, facts, likely))
    return sorted(found, key=lambda one: (-one.matches[0].score, one.contract.label))


def project_of(session: Session, *, review_id: UUID, contract_id: UUID) -> KnownProject | None:
    """Return the project that a contract was matched to; None where there is none."""
    match = matches_of(session, review_id=review_id).get(contract_id)
    if match is None or not match.is_listed:
        return None
    return known_project(session, review_id=review_id, key=match.key)


class _Known:
    """What matching needs of a review, read once."""

    def __init__(self, session: Session, review_id: UUID) -> None:
        projects = known_projects(session, review_id=review_id)
        self.contracts = contracts_by_label(session, review_id=review_id)
        self.matches = matches_of(session, review_id=review_id)
        self.index = ListIndex(projects)
        coded = _coded_facts(session, review_id)
        self.facts = {one.id: _facts(one, coded.get(one.id, {})) for one in self.contracts}
        listed = {project.key.casefold(): project.key for project in projects}
        self.numbers = {
            contract: listed[number.casefold()]
            for contract, facts in coded.items()
            if (number := facts.get(KnownFrom.NUMBER, "").strip()) and number.casefold() in listed
        }


def items_known_from(protocol: Protocol) -> dict[KnownFrom, CodebookItem]:
    """Return the items that a list of known contracts says something about."""
    return {item.known_from: item for item in protocol.codebook if item.known_from}


def _coded_facts(session: Session, review_id: UUID) -> Mapping[UUID, dict[KnownFrom, str]]:
    """Return the coded values that help to recognise each contract, as text."""
    wanted = (
        KnownFrom.NAME,
        KnownFrom.NUMBER,
        KnownFrom.COUNTRY,
        KnownFrom.START,
        KnownFrom.PAYERS,
    )
    items = items_known_from(protocol_of(session, review_id))
    by_item = {items[fact].key: fact for fact in wanted if fact in items}
    found: dict[UUID, dict[KnownFrom, str]] = defaultdict(dict)
    for one in coded_values(session, review_id=review_id, items=by_item):
        is_told = one.state in (CodeState.AGREED, CodeState.CODED) and isinstance(one.value, str)
        if is_told and one.subject.contract_id:
            found[one.subject.contract_id][by_item[one.item]] = one.value
    return found


def _facts(contract: Contract, coded: Mapping[KnownFrom, str]) -> ContractFacts:
    start, country = coded.get(KnownFrom.START, ""), coded.get(KnownFrom.COUNTRY)
    payers = coded.get(KnownFrom.PAYERS, "").split(";")
    return ContractFacts(
        names=list(dict.fromkeys([contract.label, coded.get(KnownFrom.NAME, contract.label)])),
        countries=[country] if country else [],
        year=int(start[:4]) if start[:4].isdecimal() else None,
        payers=[payer.strip() for payer in payers if payer.strip()],
    )


def _listed_key(session: Session, review_id: UUID, key: str) -> str:
    wanted = key.strip()
    if not wanted:
        raise Invalid("Choose a contract of the list, or give its number.")
    project = known_project(session, review_id=review_id, key=wanted)
    if project is None:
        raise NotFound(f"There is no {wanted[:60]} on the list.")
    return project.key


def _record(session: Session, review_id: UUID, keys: Mapping[UUID, str], *, by: Actor) -> None:
    rows = [
        ExternalId(id=uuid4(), study_id=None, contract_id=contract, scheme=SCHEME, value=key)
        for contract, key in keys.items()
    ]
    subject = ("contract", next(iter(keys))) if len(keys) == 1 else None
    record_act(
        session, review_id=review_id, act=Act.MATCH_CONTRACT, by=by, rows=rows, subject=subject
    )
