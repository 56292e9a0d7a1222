"""Measure how long people wait for records and pages while thirty reviewers work at once.

    python tests/benchmarks/load.py [--database both] [--minutes 15] [--reviewers 30]
        [--per-minute 4] [--records 5000] [--screened 0] [--spread] [--burst] [--row LD1]

Makes a review with ranked records and a coded map, serves it in a separate process, and lets the
reviewers decide at their own pace over HTTP, while a lead opens the overview once and the map twice
a second, and asks for a new ranking every two minutes.  Every record needs two decisions;
``--screened`` records have them at the start.  All reviewers follow one ranking, so most of the
thirty are refused records that two others have decided on meanwhile.  With ``--spread``, each pair
decides on its own records instead, which is the same load without refusals.  ``--burst`` is twenty
decisions per second for a minute.  Prints the waiting times with their targets, then checks that
every acknowledged decision is in the database, and runs `siftmap verify`.  PostgreSQL is started
here, on the disk, with its default settings; people, server and database share the machine.
"""

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import OPERATOR
from review.reviews import add_member
from review.storage import migration
from review.storage.database import Database
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Decision, Job, Record
from review.vocabulary import Role, Stage, Verdict
from screening.queue.next_records import next_records
from tests.databases import KINDS
from tests.factories import Cast, decide_both, include_fully, make_account, make_review
from tests.faults.serving import PASSWORD, SCREENING, Browser, Form, Server, deciding, order
from tests.soak.results import keep

N_CODED = 60  # studies on the map that the lead looks at
FIRST_RANKING, NEXT_RANKING = 10, 120  # seconds
VERDICTS = (Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.EXCLUDE, Verdict.EXCLUDE, Verdict.MAYBE)
RECORD = """TY  - JOUR
TI  - {title}
AU  - Doe, Jane
PY  - 2020
AB  - {abstract}
ER  -

"""
PROSE = (
    "outcomes contract social impact bond investor provider commissioner payment results evidence "
    "employment homelessness health education young people trial evaluation cohort interview cost "
    "policy programme service public sector wages skills training region government review quality"
)
ROW_MINUTES = {"LD1": 15, "LD2": 1}  # goals of docs/reliability.md; shorter runs meet none
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
DECISION, AHEAD, PAGE = "decision saved", "next records", "screening page"
OVERVIEW, MAP = "overview", "map"
ACTS_BETWEEN = 3  # as in api/static/stock.js, where more people screen than a record needs


@dataclass(frozen=True)
class Team:
    """A review's people, the addresses of its reviewers, and its unscreened records."""

    cast: Cast
    emails: Sequence[str]
    records: Sequence[UUID]


@dataclass(frozen=True)
class Plan:
    """How much load, for how long, and the targets for waits in milliseconds."""

    minutes: float
    reviewers: int
    per_minute: float
    records: int
    screened: int
    is_spread: bool
    targets: dict[tuple[str, str], float]  # by what people wait for, and percentile
    row: str | None = None  # of docs/reliability.md, which keeps the figures


@dataclass
class Measurements:
    """How long people waited and how requests ended; threads may only append."""

    waits: dict[str, list[float]] = field(default_factory=dict)
    refused: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    acknowledged: list[UUID] = field(default_factory=list)
    rankings: list[UUID] = field(default_factory=list)

    def timed(self, what: str, send: Callable[[], httpx2.Response]) -> httpx2.Response | None:
        """Return an answer with status 200 and note its time; count any other as an error."""
        began = time.perf_counter()
        try:
            answer = send()
        except httpx2.TransportError as error:
            self.errors.append(f"{what}: {type(error).__name__}")
            return None
        took = time.perf_counter() - began
        if answer.status_code == 200:
            self.waits.setdefault(what, []).append(took)
            return answer
        if answer.status_code == 409:
            self.refused.append(took)
        else:
            self.errors.append(f"{what}: {answer.status_code}")
        return None


class Person(Thread):
    """A person who takes a step at intervals until the time has ended."""

    def __init__(
        self, browser: Browser, measurements: Measurements, *, every: float, ended: Event
    ) -> None:
        super().__init__(daemon=True)
        self.browser, self.measurements = browser, measurements
        self.every, self.ended = every, ended
        self.chance = random.Random()  # noqa: S311 - only the pace depends on it

    def run(self) -> None:
        """Take steps at the given pace, varied by half; when late, take the next step at once."""
        due = time.monotonic() + self.chance.uniform(0, self.every)
        while not self.ended.wait(max(0.0, due - time.monotonic())):
            self.step()
            due += self.every * self.chance.uniform(0.5, 1.5)

    def step(self) -> None:
        """Take one step."""
        raise NotImplementedError


class Reviewer(Person):
    """Decides on the record on the page, as the page's script does: the next ones are there."""

    form: Form | None = None
    own_records: Iterator[UUID] | None = None  # used instead of the ranking
    ahead: list[str] = []  # noqa: RUF012 - replaced, never changed
    n_decided = 0

    def step(self) -> None:
        """Decide on the record on the page, or open the page if there is none."""
        if self.form is None:
            answer = self.measurements.timed(PAGE, lambda: self.browser.get(SCREENING))
            self.form = deciding(answer.text) if answer else None
            self._look_ahead()
            return
        sent = self.form | {"verdict": self.chance.choice(VERDICTS).value, "seconds": "12"}
        if self.own_records is not None:
            sent |= {"record": str(next(self.own_records)), "key": str(uuid4()), "supersedes": ""}
        answer = self.measurements.timed(
            DECISION,
            lambda: self.browser.post(f"{SCREENING}/decisions", sent, is_fragment=True),
        )
        if answer:
            self.measurements.acknowledged.append(UUID(sent["key"]))
        self._show_next()

    def _show_next(self) -> None:
        """Show the next record, and ask what comes after it as often as the page does."""
        if not self.ahead:
            self.form = None
            return
        record, *self.ahead = self.ahead
        self.form = (self.form or {}) | {"record": record, "key": str(uuid4()), "supersedes": ""}
        self.n_decided += 1
        if self.n_decided % ACTS_BETWEEN == 0:
            self._look_ahead()

    def _look_ahead(self) -> None:
        shown = self.form["record"] if self.form else ""
        query = urlencode([("have", record) for record in self.ahead] + [("shown", shown)])
        page = f"{SCREENING}/ahead?{query}"
        answer = self.measurements.timed(AHEAD, lambda: self.browser.get(page, is_fragment=True))
        if answer:
            self.ahead = [record for record in order(answer.text) if record != shown]


class Lead(Person):
    """Opens the overview, and the map twice."""

    def step(self) -> None:
        """Open both pages."""
        self.measurements.timed(OVERVIEW, self.browser.get)
        self.measurements.timed(MAP, lambda: self.browser.get("map"))
        self.measurements.timed(MAP, lambda: self.browser.get("map"))


class Ranker(Person):
    """Asks for new rankings."""

    def run(self) -> None:
        """Ask soon after the start, then every two minutes."""
        pause = FIRST_RANKING
        while not self.ended.wait(pause):
            try:
                self.measurements.rankings.append(self.browser.ask_for_ranking())
            except (httpx2.TransportError, AssertionError) as error:
                self.measurements.errors.append(f"asking for a ranking: {type(error).__name__}")
            pause = NEXT_RANKING


def main() -> None:
    """Put load on a server for each kind of database and print the waiting times."""
    arguments = _arguments()
    plan = _plan(arguments)
    for kind in KINDS if arguments.database == "both" else [arguments.database]:
        with tempfile.TemporaryDirectory() as folder, database_on_disk(kind, Path(folder)) as url:
            _measure(kind, url, Path(folder), plan)


def _measure(kind: str, url: str, folder: Path, plan: Plan) -> None:
    print(
        f"== {kind}: {plan.reviewers} reviewers{' in pairs' if plan.is_spread else ''}, "
        f"{plan.per_minute:g} decisions per minute each, {plan.minutes:g} minutes; "
        f"{plan.records} records, {plan.screened} of them screened",
        flush=True,
    )
    migration.upgrade(url)
    server, measurements = Server(url, folder / "data"), Measurements()
    team = make_team(server, url, folder, plan)
    try:
        ready = server.start()
        memory = _memory(server)
        began, busy, served = time.monotonic(), _busy(), cpu_used(server.pid)
        seconds = _let_them_work(server, team, plan, measurements)
        passed = time.monotonic() - began
        _report(measurements, plan, seconds)
        print(f"ready after {ready:.1f} s; at the start {memory}; at the end {_memory(server)}")
        print(
            f"processors: {(_busy() - busy) / passed:.2f} of {os.cpu_count()} busy on average, "
            f"the web process took {(cpu_used(server.pid) - served) / passed:.2f}"
        )
        n_lost = _look_up(url, measurements)
        if plan.row:
            _keep(plan.row, kind, plan, measurements, n_lost=n_lost)
    finally:
        server.stop()
    start = time.perf_counter()
    print(f"verify: {server.run('verify').strip()} ({time.perf_counter() - start:.1f} s)")
    print(f"unhandled exceptions in the log: {len(server.tracebacks())}", flush=True)
    for line, n in Counter(server.tracebacks()).items():
        print(f"  {n} x {line}")


def make_team(server: Server, url: str, folder: Path, plan: Plan) -> Team:
    """Return a review's people and ranked records; some are screened, others are coded."""
    database = Database(url)
    with database.writing() as session:
        cast = make_review(session, password=PASSWORD)
        emails = [add_reviewer(session, cast) for _ in range(plan.reviewers)]
    file = folder / "search.ris"
    file.write_text("".join(record_texts(plan.records)))
    server.run("import", cast.slug, str(file))
    with database.writing() as session:
        in_review = Record.review_id == cast.review_id
        ids = session.scalars(select(Record.id).where(in_review).order_by(Record.number)).all()
        _code_some(session, cast, ids[-N_CODED:])
    server.run("rank", cast.slug)
    done = _screen_some(database, cast, plan.screened) if plan.screened else set()
    database.dispose()
    return Team(cast, emails, [record_id for record_id in ids[:-N_CODED] if record_id not in done])


def _screen_some(database: Database, cast: Cast, n: int) -> set[UUID]:
    """Let two reviewers exclude the records at the top of the ranking; return these."""
    with database.writing() as session:
        top = next_records(
            session,
            review_id=cast.review_id,
            stage=Stage.TITLE_ABSTRACT,
            by=cast.reviewer_a,
            limit=n,
        )
        done = {record.id for record in top}
        for record_id in done:
            decide_both(session, cast, record_id, Verdict.EXCLUDE)
    return done


def add_reviewer(session: Session, cast: Cast) -> str:
    _, email = make_account(session, "reviewer", PASSWORD)
    add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=OPERATOR)
    return email


def record_texts(n: int) -> Iterator[str]:
    """Yield RIS records with abstracts as long as real ones, about two hundred words."""
    chance = random.Random(n)  # noqa: S311 - invented texts, the same each time
    words = PROSE.split()
    for number in range(n):
        title = f"{' '.join(chance.choices(words, k=12))} {number}"
        abstract = ". ".join(" ".join(chance.choices(words, k=18)) for _ in range(11))
        yield RECORD.format(title=title, abstract=abstract)


def _code_some(session: Session, cast: Cast, records: Sequence[UUID]) -> None:
    """Take records through all steps to the map."""
    chance = random.Random(len(records))  # noqa: S311 - invented codes, the same each time
    review_id, by = cast.review_id, cast.lead
    for number, record_id in enumerate(records):
        include_fully(session, cast, record_id)
        details = {"review_id": review_id, "label": f"No. {number}", "by": by}
        study = add_study(session, reports=[record_id], **details)
        contract = add_contract(session, **details)
        link_contract(
            session, review_id=review_id, study_id=study.id, contract_id=contract.id, by=by
        )
        codes = {
            "area": chance.choice(("work", "home")), "contract_type": chance.choice(("sib", "pbr"))
        }  # fmt: skip
        for reviewer in cast.reviewers:
            for item, value in codes.items():
                code(
                    session, review_id=review_id, contract_id=contract.id, item=item, value=value,
                    quote=f"A contract about {value}.", by=reviewer,
                )  # fmt: skip


def _let_them_work(server: Server, team: Team, plan: Plan, measurements: Measurements) -> float:
    """Let everybody work, and return the seconds it took."""
    ended = Event()
    with ExitStack() as closing:

        def signed_in(email: str) -> Browser:
            browser = Browser(server, team.cast.slug)
            closing.callback(browser.close)
            browser.sign_in(email)
            return browser

        lead, pace = team.cast.emails["lead"], 60 / plan.per_minute
        reviewers = [
            Reviewer(signed_in(email), measurements, every=pace, ended=ended)
            for email in team.emails
        ]
        if plan.is_spread:
            assign_pairs(reviewers, team.records)
        people = [
            *reviewers,
            Lead(signed_in(lead), measurements, every=1, ended=ended),
            Ranker(signed_in(lead), measurements, every=NEXT_RANKING, ended=ended),
        ]
        began = time.monotonic()
        for person in people:
            person.start()
        ended.wait(60 * plan.minutes)
        ended.set()
        for person in people:
            person.join(timeout=60)
        return time.monotonic() - began


def assign_pairs(reviewers: Sequence[Reviewer], records: Sequence[UUID]) -> None:
    """Give each pair of reviewers its own records."""
    n_pairs = (len(reviewers) + 1) // 2
    for index, reviewer in enumerate(reviewers):
        reviewer.own_records = iter(records[index // 2 :: n_pairs])


def _report(measurements: Measurements, plan: Plan, seconds: float) -> None:
    for what in (DECISION, AHEAD, PAGE, OVERVIEW, MAP):
        waits = sorted(measurements.waits.get(what, []))
        if not waits:
            print(f"{what:<28} none")
            continue
        print(f"{what:<28} n {len(waits):>6}", end="")
        for name, share in PERCENTILES.items():
            took = _percentile(waits, share)
            target = plan.targets.get((what, name))
            print(f"  {name} {took:>5.0f} ms{_against(took, target)}", end="")
        print()
    n = len(measurements.acknowledged)
    print(f"decisions made {n}, {n / seconds:.1f} per second for {seconds:.0f} s")
    print(f"refused with 409, because the record was already decided: {len(measurements.refused)}")
    print(
        f"errors {dict(Counter(measurements.errors)) or 0}{_against(len(measurements.errors), 0)}"
    )


def _against(value: float, target: float | None) -> str:
    if target is None:
        return ""
    return f" (target {target:g}: {'met' if value <= target else 'NOT MET'})"


def _keep(row: str, kind: str, plan: Plan, measurements: Measurements, *, n_lost: int) -> None:
    """Keep the figures of a goal of docs/reliability.md and whether all its targets were met."""
    took = {
        (what, name): _percentile(sorted(measurements.waits.get(what, [])), share)
        for what in (DECISION, AHEAD)
        for name, share in PERCENTILES.items()
    }
    is_whole = plan.minutes >= ROW_MINUTES[row] and plan.reviewers >= 30
    is_fast = all(took[key] <= target for key, target in plan.targets.items())
    n, n_errors = len(measurements.waits.get(DECISION, [])), len(measurements.errors)
    waits = ", ".join(f"{name} {took[DECISION, name]:.0f} ms" for name in ("p50", "p95", "p99"))
    keep(
        row=row,
        database=kind,
        met=is_whole and is_fast and not (n_lost or n_errors),
        figure=f"{plan.reviewers} reviewers, {plan.minutes:g} min, {n} decisions: {waits}; "
        f"next records p95 {took[AHEAD, 'p95']:.0f} ms; {n_errors} errors, {n_lost} lost",
        command=f"make soak ROWS={row}",
    )


def _percentile(waits: Sequence[float], share: float) -> float:
    """Return a percentile of sorted seconds, in milliseconds; of none, one that misses a goal."""
    return 1000 * waits[min(len(waits) - 1, int(len(waits) * share))] if waits else float("inf")


def _look_up(url: str, measurements: Measurements) -> int:
    """Return how many acknowledged decisions are missing; print that and how rankings ended."""
    database = Database(url)
    with database.reading() as session:
        saved = set(session.scalars(select(Decision.idempotency_key)))
        states = Counter(session.get_one(Job, job).state.value for job in measurements.rankings)
    database.dispose()
    lost = [key for key in measurements.acknowledged if key not in saved]
    print(f"acknowledged but lost {len(lost)}{_against(len(lost), 0)}; rankings {dict(states)}")
    return len(lost)


def _memory(server: Server) -> str:
    """Return the resident memory of the server and its worker, in words."""
    worker = " + ".join(f"{resident(pid):.0f} MB" for pid in server.workers())
    return f"server {resident(server.pid):.0f} MB, worker {worker or 'none'}"


def _busy() -> float:
    """Return the seconds that all processors have been busy, for any process."""
    user, nice, system = (int(word) for word in Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def cpu_used(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def database_on_disk(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database on the disk."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'siftmap.sqlite'}"
    elif url := os.environ.get("TEST_POSTGRES_URL"):
        yield url
    else:
        with _postgres() as url:
            yield url


@contextmanager
def _postgres() -> Iterator[str]:
    """Yield the URL of a PostgreSQL with its default settings, which are safer than the tests'."""
    config = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True)
    programs = Path(config.stdout.strip())
    folder = Path(tempfile.mkdtemp(prefix="siftmap-load-"))
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses root
    if user:
        shutil.chown(folder, user)
    run = {"check": True, "user": user, "cwd": folder, "stdout": subprocess.DEVNULL}
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], **run
    )
    control = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    options = f"-k {folder} -c listen_addresses=''"
    subprocess.run([*control, "-o", options, "start"], **run)
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "fast", "stop"], **run)
        shutil.rmtree(folder, ignore_errors=True)


def _plan(arguments: argparse.Namespace) -> Plan:
    if arguments.burst:
        pace, minutes, targets = 20 * 60 / arguments.reviewers, 1.0, {(DECISION, "p95"): 300.0}
    else:
        pace, minutes, targets = (
            arguments.per_minute,
            arguments.minutes,
            {(DECISION, "p95"): 150.0, (DECISION, "p99"): 400.0, (AHEAD, "p95"): 200.0},
        )
    return Plan(
        minutes,
        arguments.reviewers,
        pace,
        arguments.records,
        arguments.screened,
        arguments.spread,
        targets,
        arguments.row,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--reviewers", type=int, default=30)
    parser.add_argument("--per-minute", type=float, default=4, help="decisions of each reviewer")
    parser.add_argument("--records", type=int, default=5000, help="in the review")
    parser.add_argument(
        "--screened", type=int, default=0, help="records that already have two decisions"
    )
    parser.add_argument("--spread", action="store_true", help="each pair has its own records")
    parser.add_argument("--burst", action="store_true", help="20 decisions per second for 60 s")
    parser.add_argument("--row", help="keep the figures as this goal's, for docs/reliability.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
