"""Reviews, people and records for tests, made through the acts that make them in earnest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from review.decisions.adjudication import adjudicate
from review.decisions.consensus import propose
from review.decisions.decisions import decide
from review.decisions.situation import live_decisions, situation_of
from review.events import OPERATOR, Actor, digest_of, lock_review, record_act, row_line
from review.people.accounts import add_account
from review.people.passwords import hash_password
from review.reports.retrieval import retrieve
from review.reviews import add_member, amend_protocol, create_review
from review.searches.searches import add_search
from review.tables import Decision, ImportFile, Record, StoredRecord
from review.tables.base import utc_now
from review.vocabulary import Act, RetrievalState, Role, SearchKind, Stage, Verdict

PROTOCOL = """
title: Outcomes contracts and employment
question: Do social impact bonds improve employment among young people?
languages: [en, es]
criteria:
  - key: population
    label: Population
    include: Young people out of work.
stages:
  title_abstract: {{decisions_needed: {needed}, maybe_advances: {maybe},
    consensus_allowed: {consensus}, closes_after_decisions: {closes_after}}}
  full_text: {{decisions_needed: {needed}, reasons_must_agree: {reasons},
    closes_after_decisions: {closes_after}}}
exclusion_reasons:
  - {{key: date, label: Published outside the dates, teaches_model: false}}
  - {{key: population, label: Wrong population}}
  - {{key: intervention, label: No outcomes contract}}
codebook:
  - {{key: design, label: Study design, level: study, type: one_of, values: [
      {{key: trial, label: Trial}}, {{key: case, label: Case study}}]}}
  - {{key: contract_type, label: Contract type, level: contract, type: one_of,
      known_from: contract_type, values: [
      {{key: sib, label: Social impact bond}}, {{key: pbr, label: Payment by results}}]}}
  - {{key: area, label: Outcome area, level: contract, type: one_of, double_coded: true,
      known_from: policy_sector, values: [
      {{key: work, label: Employment}}, {{key: home, label: Homelessness}}]}}
  - {{key: secondary, label: Secondary areas, level: contract, type: many_of, values: [
      {{key: work, label: Employment}}, {{key: home, label: Homelessness}}]}}
  - {{key: country, label: Country, level: contract, type: country, known_from: country}}
  - {{key: costs, label: Costs, level: study_contract, type: one_of, group: themes, values: [
      {{key: present, label: Present}}, {{key: absent, label: Absent}}]}}
  - {{key: equity, label: Equity, level: study_contract, type: one_of, group: themes, values: [
      {{key: present, label: Present}}, {{key: absent, label: Absent}}]}}
frameworks:
  - {{key: area_by_type, label: Outcome area by contract type,
      rows: {{item: area, also: secondary}}, columns: {{item: contract_type}},
      segments: design, filters: [country]}}
  - {{key: area_by_theme, label: Outcome area by theme, rows: {{item: area}},
      columns: {{group: themes, value: present}}}}
  - {{key: country_by_type, label: Country by contract type, rows: {{item: country}},
      columns: {{item: contract_type}}}}
"""


@dataclass(frozen=True)
class Cast:
    """A review and its people."""

    review_id: UUID
    slug: str
    lead: Actor
    reviewer_a: Actor
    reviewer_b: Actor
    adjudicator: Actor
    advisor: Actor
    outsider: Actor
    emails: dict[str, str]

    @property
    def reviewers(self) -> tuple[Actor, Actor]:
        """Return the two reviewers."""
        return self.reviewer_a, self.reviewer_b


def protocol_text(
    *,
    needed: int = 2,
    maybe: bool = True,
    reasons: bool = False,
    closes_after: int = 0,
    consensus: bool = False,  # at title and abstract
) -> str:
    """Return a small protocol with the rules asked for; without any, decisions close at once."""
    return PROTOCOL.format(
        needed=needed,
        maybe=str(maybe).lower(),
        reasons=str(reasons).lower(),
        closes_after=closes_after,
        consensus=str(consensus).lower(),
    )


def make_account(session: Session, name: str, password: str | None = None) -> tuple[Actor, str]:
    """Return a new person and their e-mail address."""
    email = f"{name}-{uuid4().hex[:8]}@example.org"
    password_hash = None if password is None else hash_password(password)
    account = add_account(session, email=email, name=name.title(), password_hash=password_hash)
    return Actor.person(account.id), email


def make_review(
    session: Session, *, password: str | None = None, text: str | None = None, **rules: Any
) -> Cast:
    """Return a new review with one person in each role, and one in none."""
    names = ("lead", "reviewer_a", "reviewer_b", "adjudicator", "advisor", "outsider")
    people = {name: make_account(session, name, password) for name in names}
    slug = f"review-{uuid4().hex[:8]}"
    review = create_review(
        session, slug=slug, title=None, protocol_text=text or protocol_text(**rules), by=OPERATOR
    )
    roles = (Role.LEAD, Role.REVIEWER, Role.REVIEWER, Role.ADJUDICATOR, Role.ADVISOR)
    for name, role in zip(names, roles, strict=False):
        add_member(session, review_id=review.id, email=people[name][1], role=role, by=OPERATOR)
    return Cast(
        review.id,
        slug,
        **{name: actor for name, (actor, _) in people.items()},
        emails={name: email for name, (_, email) in people.items()},
    )


def make_records(
    session: Session,
    review_id: UUID,
    records: int | Sequence[dict[str, Any]] = 1,
    *,
    kind: SearchKind = SearchKind.DATABASE,
    source: str = "Scopus",
) -> list[UUID]:
    """Import records as one file of one search, and return their ids in import order."""
    given = [{} for _ in range(records)] if isinstance(records, int) else records
    search = add_search(session, review_id=review_id, source=source, kind=kind, by=OPERATOR)
    lock_review(session, review_id)
    file_id = uuid4()
    last = session.scalar(select(func.max(Record.number)).where(Record.review_id == review_id))
    rows = [
        _record(number, file_id) | {"review_id": review_id} | fields
        for number, fields in enumerate(given, start=(last or 0) + 1)
    ]
    if rows:
        session.execute(insert(StoredRecord), rows)
    n = len(rows)
    file = ImportFile(
        id=file_id, search_id=search.id, name="search.ris", sha256=uuid4().hex * 2, n_bytes=1,
        format="ris", encoding="utf-8", n_found=n, n_accepted=n, n_rejected=0, warnings=[],
        read_at=utc_now(), blocks_digest=digest_of(row_line("record", row) for row in rows),
    )  # fmt: skip
    record_act(session, review_id=review_id, act=Act.IMPORT_FILE, by=OPERATOR, rows=[file])
    return [row["id"] for row in rows]


def _record(number: int, file_id: UUID) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("journal", "volume", "issue", "pages", "doi", "pmid", "isbn", "issn", "url", "type",
         "language", "accession", "translated_title", "journal_abbreviation", "other_abstracts")
    )  # fmt: skip
    return empty | {
        "id": uuid4(), "number": number, "import_file_id": file_id,
        "block": number, "line": number, "title": f"An outcomes contract, number {number}",
        "abstract": f"What the contract numbered {number} came to.", "authors": ["Doe, Jane"],
        "year": 2000 + number % 20, "keywords": [], "extra": {}, "raw": "TY  - JOUR",
    }  # fmt: skip


def decide_both(
    session: Session,
    cast: Cast,
    record_id: UUID,
    verdict: Verdict,
    *,
    stage: Stage = Stage.TITLE_ABSTRACT,
    reason: str | None = None,
) -> None:
    """Let both reviewers decide alike."""
    for reviewer in cast.reviewers:
        decide(
            session, review_id=cast.review_id, record_id=record_id, stage=stage,
            verdict=verdict, exclusion_reason=reason, by=reviewer,
        )  # fmt: skip


def disagree(
    session: Session,
    cast: Cast,
    record_id: UUID,
    *,
    stage: Stage = Stage.TITLE_ABSTRACT,
    people: Sequence[Actor] = (),
    reason: str | None = None,
) -> list[Decision]:
    """Let one reviewer include a record and another exclude it; return both decisions."""
    scope: dict[str, Any] = {"review_id": cast.review_id, "record_id": record_id, "stage": stage}
    first, second = people or cast.reviewers
    return [
        decide(session, verdict=Verdict.INCLUDE, by=first, **scope),
        decide(session, verdict=Verdict.EXCLUDE, exclusion_reason=reason, by=second, **scope),
    ]


def make_conflicts(session: Session, cast: Cast) -> dict[str, UUID]:
    """Allow consensus and return names of a conflict and more: a proposal, a resolution."""
    amend_protocol(
        session, review_id=cast.review_id, protocol_text=protocol_text(consensus=True),
        why="Reviewers talk.", by=cast.lead,
    )  # fmt: skip
    talked, proposed, resolved = make_records(session, cast.review_id, 3)
    at: dict[str, Any] = {"review_id": cast.review_id, "stage": Stage.TITLE_ABSTRACT}
    for record in (talked, proposed):
        disagree(session, cast, record)
    cited = disagree(session, cast, resolved)
    proposal = propose(
        session, record_id=proposed, verdict=Verdict.INCLUDE, by=cast.reviewer_b, **at
    )
    adjudication = adjudicate(
        session, record_id=resolved, verdict=Verdict.INCLUDE, by=cast.adjudicator,
        settles=[decision.id for decision in cited], **at,
    )  # fmt: skip
    return {"talked": talked, "proposal_id": proposal.id, "adjudication_id": adjudication.id}


def include_fully(session: Session, cast: Cast, record_id: UUID) -> None:
    """Take a record all the way to an included report."""
    decide_both(session, cast, record_id, Verdict.INCLUDE)
    retrieve(
        session, review_id=cast.review_id, record_id=record_id,
        state=RetrievalState.RETRIEVED, by=cast.lead,
    )  # fmt: skip
    decide_both(session, cast, record_id, Verdict.INCLUDE, stage=Stage.FULL_TEXT)


def live_decisions_on(
    session: Session, cast: Cast, record_id: UUID, stage: Stage = Stage.TITLE_ABSTRACT
) -> list[Decision]:
    """Return the live decisions of a record's cluster in its current round, oldest first."""
    situation = situation_of(
        session, review_id=cast.review_id, record_id=record_id, stage=stage, by=cast.lead
    )
    return live_decisions(session, situation)
