"""One review for all the tests that only read it, and terminals for the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.decisions import decide
from review.events import Actor
from review.people.accounts import find_account
from review.reports.retrieval import retrieve
from review.reviews import find_review
from review.storage.database import Database
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Record
from review.vocabulary import RetrievalState, Stage, Verdict
from tests.api.cli.shell import CommandResult, Shell, ris
from tests.databases import Templates
from tests.factories import protocol_text


@dataclass(frozen=True)
class PreparedReview:
    """A review with records and decisions, and the results of the commands that made it."""

    shell: Shell
    results: dict[str, CommandResult]


@pytest.fixture(scope="session")
def prepare(
    templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], PreparedReview]:
    reviews: dict[str, PreparedReview | None] = {}

    def prepared(kind: str) -> PreparedReview:
        if kind not in reviews:
            reviews[kind] = None
            url = templates.fresh(kind, keep=True) if kind == "postgresql" else ""
            reviews[kind] = prepare_review(Shell(tmp_path_factory.mktemp(f"cli-{kind}"), url))
        if (review := reviews[kind]) is None:
            pytest.fail("The review could not be prepared; the first failure says why.")
        return review

    return prepared


@pytest.fixture
def prepared(prepare: Callable[[str], PreparedReview], kind: str) -> PreparedReview:
    return prepare(kind)


@pytest.fixture
def shell(prepared: PreparedReview) -> Shell:
    """The terminal in which the review was made; tests leave the review as it is."""
    return prepared.shell


@pytest.fixture
def new_review(shell: Shell, request: pytest.FixtureRequest) -> str:
    """The name of another, empty review, for a test to fill."""
    slug = f"new-{abs(hash(request.node.name)) % 10**9}"
    assert shell.run("review", "create", slug, "--protocol", "blank").status == 0
    return slug


@pytest.fixture
def spoilable(shell: Shell, templates: Templates) -> Shell:
    """The same with a database of its own, for a test to spoil."""
    return replace(shell, url=templates.clone(shell.database_url))


@pytest.fixture
def empty_shell(tmp_path: Path) -> Iterator[Shell]:
    """A terminal where there is no review, and none is made."""
    yield Shell(tmp_path)
    assert not (tmp_path / "data").exists()


def prepare_review(shell: Shell) -> PreparedReview:
    shell.write("protocol.yaml", protocol_text())
    shell.write("scopus.ris", ris(range(1, 9)))
    shell.write("pubmed.ris", ris(range(7, 13)))
    results = {"migrate": shell.start("migrate")}
    results["create"] = shell.run("review", "create", "contracts", "--protocol", "protocol.yaml")
    for name, roles in {"ana": ("lead", "reviewer"), "ben": ("reviewer",)}.items():
        role_options = [word for role in roles for word in ("--role", role)]
        results[name] = shell.run(
            "user", "add", f"{name}@example.org", "--name", name, "--password", "a-long-password",
            "--review", "contracts", *role_options,
        )  # fmt: skip
    results["import"] = shell.start(
        "import", "contracts", "scopus.ris", "--source", "Scopus", "--run-on", "2026-01-31",
        "--hits", "8", "--json",
    )  # fmt: skip
    results["import 2"] = shell.run("import", "contracts", "pubmed.ris", "--source", "PubMed")
    results["dedupe"] = shell.run("dedupe", "contracts", "--json")
    screen_and_code(shell.database_url)
    results["rank"] = shell.run("rank", "contracts", "--stage", "title_abstract", "--json")
    assert {name: result.status for name, result in results.items()} == dict.fromkeys(results, 0), (
        results
    )
    return PreparedReview(shell, results)


def screen_and_code(url: str) -> None:
    """Include records 1 and 2 all the way and code the study of the first; exclude 3 to 5."""
    database = Database(url)
    with database.writing() as session:
        review = find_review(session, "contracts").id
        both = [
            Actor.person(find_account(session, f"{name}@example.org").id) for name in ("ana", "ben")
        ]
        records = session.scalars(
            select(Record.id).where(Record.review_id == review).order_by(Record.number).limit(5)
        ).all()
        both_decide(
            session, review, both,
            records=records[:2], stage=Stage.TITLE_ABSTRACT, verdict=Verdict.INCLUDE,
        )  # fmt: skip
        both_decide(
            session, review, both,
            records=records[2:], stage=Stage.TITLE_ABSTRACT, verdict=Verdict.EXCLUDE,
        )  # fmt: skip
        for record in records[:2]:
            retrieve(
                session, review_id=review, record_id=record,
                state=RetrievalState.RETRIEVED, by=both[0],
            )  # fmt: skip
        both_decide(
            session, review, both,
            records=records[:2], stage=Stage.FULL_TEXT, verdict=Verdict.INCLUDE,
        )  # fmt: skip
        study = add_study(
            session, review_id=review, label="Doe 2002", reports=records[:1], by=both[0]
        )
        contract = add_contract(session, review_id=review, label="Town 1", by=both[0])
        link_contract(
            session, review_id=review, study_id=study.id, contract_id=contract.id, by=both[0]
        )
        for coder in both:
            for item, value in {"area": "work", "contract_type": "sib"}.items():
                code(
                    session, review_id=review, contract_id=contract.id, item=item, value=value,
                    by=coder,
                )  # fmt: skip
    database.dispose()


def both_decide(
    session: Session, review_id: UUID, both: list[Actor], *, records: Sequence[UUID], stage: Stage,
    verdict: Verdict,
) -> None:  # fmt: skip
    for record in records:
        for reviewer in both:
            decide(
                session, review_id=review_id, record_id=record, stage=stage, verdict=verdict,
                by=reviewer,
            )  # fmt: skip
