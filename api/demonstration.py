"""A small synthetic review to look round in: invented works, people and numbers, labelled so."""

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.settings import Settings
from api.work import SearchOnDemand, import_file
from protocols.loader import read_shipped
from review.accounts import add_account
from review.blinding import conflicts
from review.coding import code
from review.database import Database
from review.decisions import adjudicate, decide
from review.duplicates import deduplicate
from review.events import OPERATOR, Actor
from review.files import FileStore
from review.flow import Leaf, record_rows
from review.retrieval import retrieve
from review.reviews import add_member, create_review, protocol_of
from review.studies import add_contract, add_study, link_contract
from review.tables import Record, Review
from review.vocabulary import RetrievalState, Role, SearchKind, Stage, Verdict
from screening.ranking import rank_records

SLUG = "demo"
PASSWORD = "siftmap-demo"  # noqa: S105 - printed for everybody, on a server of one's own
LOGINS = {
    "lead": "lead@demo.example",
    "reviewer 1": "ana@demo.example",
    "reviewer 2": "ben@demo.example",
    "advisor": "advisor@demo.example",
}
N_WORKS = 140

TYPES = {
    "social_impact_bond": ("a social impact bond", "Social impact bonds"),
    "payment_by_results": ("payment by results", "Paying by results"),
    "results_based_financing": ("results-based financing", "Results-based financing"),
    "performance_based_contract": ("performance-based contracts", "Performance-based contracts"),
    "development_impact_bond": ("a development impact bond", "Development impact bonds"),
}
AREAS = {
    "employment_and_training": ("young people out of work", "job entry within a year"),
    "homelessness": ("people sleeping rough", "a tenancy kept for a year"),
    "health": ("mothers in rural clinics", "births attended by skilled staff"),
    "education": ("girls at primary school", "enrolment and reading scores"),
    "criminal_justice": ("people leaving prison", "reconviction within two years"),
    "child_and_family_welfare": ("families at the edge of care", "days out of care"),
}
PLACES = {
    "GB": "Northmoor",
    "US": "Lake County",
    "RW": "the Eastern hills",
    "IN": "Sundar district",
    "CO": "Valle Alto",
    "AU": "Eastbrook",
}
DESIGNS = (
    "a randomised trial",
    "a comparative case study",
    "a process evaluation",
    "an interrupted time series",
    "interviews with providers",
)
OFF_TOPIC = (
    "Bond strength of adhesives in humid climates",
    "Impact of sleep on memory in adolescents",
    "Contract law after the reform of the civil code",
    "Payment systems and mobile money adoption",
    "Pricing of municipal bonds in secondary markets",
    "Outcome measures after hip replacement",
)
FAMILIES = ("Alder", "Brook", "Castell", "Dunmore", "Eszter", "Fjord", "Greave", "Halvor", "Ito")


@dataclass(frozen=True)
class Work:
    """An invented work, as two sources would index it."""

    number: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    year: int
    contract_type: str | None
    area: str | None
    country: str | None

    @property
    def is_relevant(self) -> bool:
        """Whether the work is what the review looks for."""
        return self.contract_type is not None


Writer = Callable[[Sequence[Work]], str]


def make_demonstration(database: Database, settings: Settings) -> bool:
    """Make the demonstration review and its people; False where it is there already."""
    with database.reading() as session:
        if session.scalar(select(Review.id).where(Review.slug == SLUG)):
            return False
    chance = random.Random(20261122)  # noqa: S311 - the same demonstration every time
    works = [_work(number, chance) for number in range(1, N_WORKS + 1)]
    with database.writing() as session:
        review_id, people = _review(session)
    _import_searches(database, settings, review_id, works, chance)
    deduplicate(database, review_id=review_id, by=OPERATOR)
    with database.writing() as session:
        _screen(session, review_id, people, works, chance)
    with database.writing() as session:
        _read_full_texts(session, review_id, people, chance)
    with database.writing() as session:
        _code(session, review_id, people, works)
    rank_records(
        database,
        review_id=review_id,
        stage=Stage.TITLE_ABSTRACT,
        by=OPERATOR,
        cache=settings.feature_cache(review_id),
    )
    return True


def _work(number: int, chance: random.Random) -> Work:
    authors = tuple(
        f"{family}, {chance.choice('ABCDEFGH')}." for family in chance.sample(FAMILIES, 2)
    )
    year = chance.randint(2006, 2020)
    if chance.random() < 0.45:
        topic = chance.choice(OFF_TOPIC)
        title = f"{topic}: sample {number} of an invented literature"
        text = f"Synthetic record. {topic} is studied with data from site {number}. "
        return Work(number, title, text * 3, authors, year, None, None, None)
    kind, area, country = (chance.choice(sorted(one)) for one in (TYPES, AREAS, PLACES))
    contract, heading = TYPES[kind]
    people, outcome = AREAS[area]
    design = chance.choice(DESIGNS)
    title = f"{heading} for {people} in {PLACES[country]}: {design} ({number})"
    text = (
        f"Synthetic record. Background: the government of {PLACES[country]} used {contract} for "
        f"{people}. Methods: {design}, with {40 + 7 * number} participants. Results: payment "
        f"depended on {outcome}; providers changed how they worked, and costs of setting up were "
        f"higher than expected. Conclusions: {contract} may suit {people} where {outcome} can be "
        "verified."
    )
    return Work(number, title, text, authors, year, kind, area, country)


def _review(session: Session) -> tuple[UUID, dict[str, Actor]]:
    review = create_review(
        session,
        slug=SLUG,
        title="Demonstration (synthetic): social outcomes contracting",
        protocol_text=read_shipped("social-outcomes-contracting"),
        by=OPERATOR,
    )
    roles: dict[str, Sequence[Role]] = {
        "lead": (Role.LEAD, Role.ADJUDICATOR),
        "reviewer 1": (Role.REVIEWER,),
        "reviewer 2": (Role.REVIEWER,),
        "advisor": (Role.ADVISOR,),
    }
    people = {}
    for who, email in LOGINS.items():
        account = add_account(session, email=email, name=f"Demo {who}", password=PASSWORD)
        people[who] = Actor.person(account.id)
        for role in roles[who]:
            add_member(session, review_id=review.id, email=email, role=role, by=OPERATOR)
    return review.id, people


def _import_searches(
    database: Database,
    settings: Settings,
    review_id: UUID,
    works: Sequence[Work],
    chance: random.Random,
) -> None:
    half = len(works) // 2
    some = chance.sample(works, 15)
    sources: list[tuple[str, SearchKind, str, Writer, Sequence[Work]]] = [
        ("Pretend Index", SearchKind.DATABASE, "ris", _ris, works[: half + 20]),
        ("Imagined Abstracts", SearchKind.DATABASE, "nbib", _nbib, works[half - 10 :]),
        ("Made-up Library website", SearchKind.WEBSITE, "csv", _csv, some),
    ]
    for source, kind, ending, write, held in sources:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{source.lower().replace(' ', '-')}.{ending}"
            path.write_text(write(held), encoding="utf-8")
            import_file(
                database,
                FileStore(settings.files_dir),
                path,
                review_id=review_id,
                search_for=SearchOnDemand(
                    review_id,
                    OPERATOR,
                    {
                        "source": source,
                        "kind": kind,
                        "query": '"outcomes contract*" OR "impact bond*" (synthetic)',
                        "n_hits": len(held),
                    },
                ),
                by=OPERATOR,
            )


def _ris(works: Sequence[Work]) -> str:
    blocks = (
        [
            "TY  - JOUR",
            f"TI  - {work.title}",
            *(f"AU  - {author}" for author in work.authors),
            f"PY  - {work.year}",
            "JO  - Journal of Invented Policy",
            f"VL  - {work.number % 30 + 1}",
            f"SP  - {work.number * 3}",
            f"AB  - {work.abstract}",
            "ER  - ",
        ]
        for work in works
    )
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _nbib(works: Sequence[Work]) -> str:
    blocks = (
        [
            f"PMID- {90000000 + work.number}",
            f"TI  - {work.title}",
            *(f"FAU - {author}" for author in work.authors),
            f"DP  - {work.year}",
            "JT  - Journal of invented policy",
            f"VI  - {work.number % 30 + 1}",
            f"PG  - {work.number * 3}-{work.number * 3 + 9}",
            f"AB  - {work.abstract}",
        ]
        for work in works
    )
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _csv(works: Sequence[Work]) -> str:
    lines = ["Title,Authors,Year,Abstract"]
    lines += [
        f'"{work.title}","{"; ".join(work.authors)}",{work.year},"{work.abstract}"'
        for work in works
    ]
    return "\n".join(lines) + "\n"


def _screen(
    session: Session,
    review_id: UUID,
    people: dict[str, Actor],
    works: Sequence[Work],
    chance: random.Random,
) -> None:
    relevant = {work.title for work in works if work.is_relevant}
    rows = record_rows(session, review_id=review_id, where=[Leaf.UNSCREENED], limit=1000)
    for record, _, _ in rows[: int(len(rows) * 0.75)]:
        right = Verdict.INCLUDE if record.title in relevant else Verdict.EXCLUDE
        for reviewer in ("reviewer 1", "reviewer 2"):
            verdict = _sometimes_other(right, chance)
            decide(
                session,
                review_id=review_id,
                record_id=record.id,
                stage=Stage.TITLE_ABSTRACT,
                verdict=verdict,
                by=people[reviewer],
            )
    open_ones = conflicts(
        session, review_id=review_id, stage=Stage.TITLE_ABSTRACT, by=people["lead"]
    )
    for conflict in open_ones[: len(open_ones) // 2]:
        right = Verdict.INCLUDE if conflict.record.title in relevant else Verdict.EXCLUDE
        adjudicate(
            session,
            review_id=review_id,
            record_id=conflict.record.id,
            stage=Stage.TITLE_ABSTRACT,
            verdict=right,
            settles=[one.id for one in conflict.decisions],
            by=people["lead"],
        )


def _sometimes_other(right: Verdict, chance: random.Random) -> Verdict:
    if chance.random() > 0.05:
        return right
    return Verdict.EXCLUDE if right is Verdict.INCLUDE else Verdict.MAYBE


def _read_full_texts(
    session: Session, review_id: UUID, people: dict[str, Actor], chance: random.Random
) -> None:
    reasons = [one.key for one in protocol_of(session, review_id).reasons(Stage.FULL_TEXT)][:4]
    rows = record_rows(session, review_id=review_id, where=[Leaf.AWAITING_RETRIEVAL], limit=1000)
    for record, _, _ in rows[: int(len(rows) * 0.8)]:
        found = chance.random() > 0.08
        retrieve(
            session,
            review_id=review_id,
            record_id=record.id,
            state=RetrievalState.RETRIEVED if found else RetrievalState.NOT_RETRIEVED,
            why=None if found else "No library holds it (synthetic).",
            by=people["lead"],
        )
        is_in = chance.random() > 0.25
        reason = None if is_in else chance.choice(reasons)
        if not found or chance.random() < 0.1:
            continue
        for reviewer in ("reviewer 1", "reviewer 2"):
            decide(
                session,
                review_id=review_id,
                record_id=record.id,
                stage=Stage.FULL_TEXT,
                verdict=Verdict.INCLUDE if is_in else Verdict.EXCLUDE,
                exclusion_reason=reason,
                by=people[reviewer],
            )


def _code(
    session: Session, review_id: UUID, people: dict[str, Actor], works: Sequence[Work]
) -> None:
    by_title = {work.title: work for work in works}
    contracts: dict[str, UUID] = {}
    rows = record_rows(session, review_id=review_id, where=[Leaf.AWAITING_STUDY], limit=1000)
    for record, _, _ in rows[: len(rows) - 3]:
        work = by_title[record.title]
        if work.contract_type is None or work.area is None or work.country is None:
            continue
        label = f"{record.authors[0].split(',')[0]} {record.year} ({record.number})"
        study = add_study(
            session, review_id=review_id, label=label, reports=[record.id], by=people["lead"]
        )
        name = f"{PLACES[work.country]}: {work.contract_type}, {work.area}".replace("_", " ")
        if name not in contracts:  # several studies may report on one contract
            made = add_contract(session, review_id=review_id, label=name, by=people["lead"])
            contracts[name] = made.id
        contract_id = contracts[name]
        link_contract(
            session,
            review_id=review_id,
            study_id=study.id,
            contract_id=contract_id,
            by=people["lead"],
        )
        _code_contract(session, review_id, people, record, work, study.id, contract_id)


def _code_contract(
    session: Session,
    review_id: UUID,
    people: dict[str, Actor],
    record: Record,
    work: Work,
    study_id: UUID,
    contract_id: UUID,
) -> None:
    quote = (record.abstract or "").split("Results: ")[-1].split(".")[0]
    values = {
        "contract_type": work.contract_type,
        "outcome_area": work.area,
        "country": work.country,
    }
    for coder in ("reviewer 1", "reviewer 2"):
        for item, value in values.items():
            code(
                session,
                review_id=review_id,
                contract_id=contract_id,
                item=item,
                value=value,
                quote=quote,
                report_id=record.id,
                page="3",
                by=people[coder],
            )
        code(
            session,
            review_id=review_id,
            study_id=study_id,
            contract_id=contract_id,
            item="costs",
            value="present" if work.number % 3 else "absent",
            quote=quote,
            report_id=record.id,
            page="5",
            by=people[coder],
        )
