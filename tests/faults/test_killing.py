"""Processes are killed while people work: acknowledged decisions stay, and jobs finish."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review import jobs
from review.events import OPERATOR
from review.reviews import add_member
from review.storage.database import Database
from review.tables import Decision, ImportFile, Job, Record, Search
from review.vocabulary import JobState, Role, Verdict
from tests.factories import Cast, make_account, make_review
from tests.faults.serving import (
    PASSWORD,
    PATIENCE,
    SCREENING,
    Browser,
    Form,
    Server,
    deciding,
    kill,
    wait_for,
)

N_RECORDS = 2000
VERDICTS = (Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.MAYBE)
VICTIMS = (("worker",), ("web",), ("web", "worker"))
RECORD = """TY  - JOUR
TI  - Import {file}, work {number}
AU  - Doe, Jane
PY  - 2020
AB  - Work {number} asks whether outcomes contracts pay, again and again.
ER  -

"""


@dataclass(frozen=True)
class SentDecision:
    """A decision as its reviewer sent it."""

    key: UUID
    record: UUID
    reviewer: UUID
    verdict: str


@dataclass
class Ledger:
    """The answers to each decision that a reviewer sent, and unexpected answers."""

    acknowledged: list[SentDecision] = field(default_factory=list)
    refused: list[SentDecision] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    n_unanswered: int = 0


class Reviewer(Thread):
    """Decides on one record after another; a decision without an answer is sent again."""

    def __init__(self, browser: Browser, account_id: UUID, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.browser, self.account_id, self.chance = browser, account_id, chance
        self.has_script = chance.random() < 0.5
        self.ledger = Ledger()
        self._stopped = Event()

    def run(self) -> None:
        """Work until stopped; every decision sent has been answered by then."""
        form: Form | None = None
        while not self._stopped.is_set():
            form = form or self._open()
            if form is None:
                self._stopped.wait(0.2)
                continue
            form = self._decide(form)
            self._stopped.wait(self.chance.uniform(0, 0.03))

    def stop(self) -> None:
        """Send no new decisions, and wait until the last one is answered."""
        self._stopped.set()
        self.join(timeout=2 * PATIENCE)
        assert not self.is_alive(), "a reviewer is still waiting for an answer"

    def _open(self) -> Form | None:
        answer = self._answer(lambda: self.browser.get(SCREENING))
        self._expect(answer, 200)
        return deciding(answer.text)

    def _decide(self, form: Form) -> Form | None:
        """Send a decision until it is answered; return the next record's form, or None."""
        filled = form | {"verdict": self.chance.choice(VERDICTS).value}
        sent = SentDecision(
            UUID(form["key"]), UUID(form["record"]), self.account_id, filled["verdict"]
        )
        answer = self._answer(
            lambda: self.browser.post(f"{SCREENING}/decisions", filled, is_fragment=self.has_script)
        )
        if answer.status_code == 409:
            self.ledger.refused.append(sent)
            return None
        if self._expect(answer, 200 if self.has_script else 303):
            self.ledger.acknowledged.append(sent)
        return deciding(answer.text)

    def _answer(self, send: Callable[[], httpx2.Response]) -> httpx2.Response:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return send()
            except httpx2.TransportError:
                self.ledger.n_unanswered += 1
                assert time.monotonic() < deadline, "the server never came back"
                time.sleep(0.05)

    def _expect(self, answer: httpx2.Response, status: int) -> bool:
        is_sign_in = answer.headers.get("location", "").startswith("/login")
        if answer.status_code == status and not is_sign_in:
            return True
        self.ledger.problems.append(f"{answer.status_code} instead of {status}: {answer.text}")
        return False


@dataclass
class Scene:
    """A served review with a lead, reviewers at work, and the imports so far."""

    server: Server
    url: str
    folder: Path
    cast: Cast
    lead: Browser
    reviewers: list[Reviewer]
    chance: random.Random
    imports: list[UUID] = field(default_factory=list)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Yield the database and close every connection to it.

        An open connection would keep SQLite's shared memory alive through the kill, and the next
        process would not have to recover.
        """
        database = Database(self.url)
        try:
            yield database
        finally:
            database.dispose()

    @contextmanager
    def read_session(self) -> Iterator[Session]:
        """Yield a session for reading."""
        with self.database() as database, database.reading() as session:
            yield session

    def state_of(self, job: UUID) -> JobState:
        """Return the state of a job."""
        with self.read_session() as session:
            return session.get_one(Job, job).state

    def wait_until_taken(self, job: UUID) -> None:
        """Wait until a worker has taken a job."""
        with self.database() as database:

            def is_taken() -> bool:
                with database.reading() as session:
                    return session.get_one(Job, job).state is not JobState.WAITING

            wait_for(is_taken, "a worker takes the job")

    def ask_for_import(self) -> UUID:
        """Ask for the import of a file of new records; return its job once a worker has it."""
        file = self.folder / f"import-{len(self.imports)}.ris"
        rows = (RECORD.format(file=len(self.imports), number=n) for n in range(N_RECORDS))
        file.write_text("".join(rows))
        job = self.lead.ask_for_import(file, f"Source {len(self.imports)}")
        self.imports.append(job)
        self.wait_until_taken(job)
        return job

    def let_lease_run_out(self, job: UUID) -> None:
        """Release the lease of a job, as if half a minute had passed."""
        with self.database() as database, database.writing() as session:
            lease_id = session.get_one(Job, job).lease_id
            if lease_id is not None:
                jobs.release_jobs(session, lease_id)


@pytest.fixture
def scene(database_url: str, kind: str, tmp_path: Path) -> Iterator[Scene]:
    """Yield a served review with three reviewers, two of whom decide on each record."""
    cast, people = make_people(database_url)
    server = Server(database_url, tmp_path / "data")
    chance = random.Random(f"killing on {kind}")  # noqa: S311 - repeatable
    browsers: dict[str, Browser] = {}
    try:
        server.start()
        for email in (cast.emails["lead"], *people):
            browsers[email] = Browser(server, cast.slug)
            browsers[email].sign_in(email)
        reviewers = [
            Reviewer(browsers[email], account, random.Random(chance.random()))  # noqa: S311
            for email, account in people.items()
        ]
        lead = browsers[cast.emails["lead"]]
        yield Scene(server, database_url, tmp_path, cast, lead, reviewers, chance)
    finally:
        server.stop()
        for worker in server.workers():
            kill(worker)
        for browser in browsers.values():
            browser.close()


def make_people(database_url: str) -> tuple[Cast, dict[str, UUID]]:
    """Make a review without records; return its people and the reviewers' accounts by e-mail."""
    database = Database(database_url)
    with database.writing() as session:
        cast = make_review(session, password=PASSWORD)
        third, email = make_account(session, "third", PASSWORD)
        add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=OPERATOR)
    database.dispose()
    names = {"reviewer_a": cast.reviewer_a, "reviewer_b": cast.reviewer_b}
    accounts = {cast.emails[name]: actor.account_id for name, actor in names.items()}
    return cast, accounts | {email: third.account_id}


def test_acknowledged_decisions_survive_three_kills(scene: Scene) -> None:
    kills = scene.chance.sample(VICTIMS, len(VICTIMS))

    kill_while_people_work(scene, kills, waits_for_lease=False)

    assert_nothing_lost(scene)
    assert_imports_complete(scene)
    assert_healthy(scene)


@pytest.mark.soak
def test_acknowledged_decisions_survive_twenty_kills_while_leases_run_out(
    scene: Scene,
) -> None:
    kills = [VICTIMS[number % len(VICTIMS)] for number in range(20)]
    scene.chance.shuffle(kills)

    kill_while_people_work(scene, kills, waits_for_lease=True)

    assert_nothing_lost(scene)
    assert_imports_complete(scene)
    assert_healthy(scene)


def kill_while_people_work(
    scene: Scene, kills: Sequence[tuple[str, ...]], *, waits_for_lease: bool
) -> None:
    """Kill processes again and again while reviewers decide and an import is running."""
    wait_until_ended(scene, scene.ask_for_import())  # the records that the reviewers start with
    for reviewer in scene.reviewers:
        reviewer.start()
    for victims in kills:
        job = scene.ask_for_import()
        time.sleep(scene.chance.uniform(0.005, 0.35))  # reading the file takes about 0.4
        state = scene.state_of(job)
        times = kill_and_recover(scene, victims)
        if not waits_for_lease:
            scene.let_lease_run_out(job)
        took = wait_until_ended(scene, job)
        print(f"killed {' and '.join(victims)}, import {state}: {times}, import {took:.1f} s later")
    for reviewer in scene.reviewers:
        reviewer.stop()


def kill_and_recover(scene: Scene, victims: tuple[str, ...]) -> str:
    """Kill processes, restart the server if needed, and return the times in words."""
    server = scene.server
    (worker,) = wait_for_workers(server)
    for victim in scene.chance.sample(victims, len(victims)):
        server.kill() if victim == "web" else kill(worker)
    began = time.monotonic()
    if "web" in victims:
        wait_for(lambda: not server.workers(), "the worker ended with its server", patience=5)
        server.start()
    healthy = time.monotonic() - began
    wait_for(lambda: set(server.workers()) - {worker}, "another worker runs")
    return f"pages after {healthy:.1f} s, worker after {time.monotonic() - began:.1f} s"


def wait_until_ended(scene: Scene, job: UUID) -> float:
    """Return the seconds until a job ended; a lease takes thirty seconds to run out."""
    return wait_for(lambda: scene.state_of(job) not in jobs.OPEN_STATES, "the job ends")


def wait_for_workers(server: Server) -> list[int]:
    """Return the server's workers as soon as there is one."""
    wait_for(server.workers, "a worker runs")
    return server.workers()


def assert_nothing_lost(scene: Scene) -> None:
    """Assert that the database has each acknowledged decision once, and no others."""
    ledgers = [reviewer.ledger for reviewer in scene.reviewers]
    acknowledged = {sent.key: sent for ledger in ledgers for sent in ledger.acknowledged}
    refused = {sent.key for ledger in ledgers for sent in ledger.refused}
    with scene.read_session() as session:
        rows = session.execute(
            select(
                Decision.idempotency_key, Decision.record_id, Decision.reviewer_id, Decision.verdict
            ).where(Decision.review_id == scene.cast.review_id)
        ).all()
    saved = {row[0]: SentDecision(row[0], row[1], row[2], row[3].value) for row in rows}
    print(
        f"{len(acknowledged)} decisions acknowledged, {len(refused)} refused, "
        f"{sum(ledger.n_unanswered for ledger in ledgers)} requests unanswered"
    )

    assert [problem for ledger in ledgers for problem in ledger.problems] == []
    assert len(acknowledged) > 20
    assert acknowledged.keys() - saved.keys() == set(), "lost"
    assert [sent for key, sent in acknowledged.items() if saved[key] != sent] == [], "altered"
    counts = Counter((row.record_id, row.reviewer_id) for row in rows)
    assert [pair for pair, n in counts.items() if n > 1] == [], "saved twice"
    assert len(rows) == len(saved), "saved twice"
    assert saved.keys() - acknowledged.keys() == set(), "saved, but not acknowledged"


def assert_imports_complete(scene: Scene) -> None:
    """Assert that every import is done, with each of its records in the review exactly once."""
    n = len(scene.imports)
    with scene.read_session() as session:
        in_review = Record.review_id == scene.cast.review_id
        import_jobs = [session.get_one(Job, job) for job in scene.imports]
        titles = Counter(
            session.scalars(select(Record.title).where(in_review, Record.title.like("Import %")))
        )
        n_files = session.scalar(
            select(func.count()).select_from(ImportFile).where(ImportFile.name.like("import-%"))
        )
        n_searches = session.scalar(
            select(func.count()).select_from(Search).where(Search.source.like("Source %"))
        )
        results = [(job.state, job.error, job.result.get("files")) for job in import_jobs]

    for number, (state, error, files) in enumerate(results):
        assert (state, error) == (JobState.DONE, None)
        counts = {name: files[0][name] for name in ("name", "found", "accepted", "rejected")}
        assert counts == {
            "name": f"import-{number}.ris", "found": N_RECORDS, "accepted": N_RECORDS,
            "rejected": 0,
        }  # fmt: skip
    expected = {f"Import {file}, work {i}" for file in range(n) for i in range(N_RECORDS)}
    assert titles == Counter(expected)
    assert (n_files, n_searches) == (n, n)


def assert_healthy(scene: Scene) -> None:
    """Assert that the server stops with its worker, logged no failure, and its data verify."""
    scene.server.stop()

    wait_for(lambda: not scene.server.workers(), "the worker ended with its server", patience=5)
    assert scene.server.tracebacks() == []
    assert scene.server.run("verify").startswith("All is well.")
