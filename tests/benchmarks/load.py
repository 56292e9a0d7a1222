"""Thirty reviewers at work at once: how long everybody waits for the next record, and for pages.

    python tests/benchmarks/load.py [--database both] [--minutes 15] [--reviewers 30]
        [--per-minute 4] [--records 5000] [--screened 0] [--spread] [--burst]

Makes a review with ranked records and a coded map, serves it in a process of its own, and lets
the reviewers decide at their pace over HTTP while a lead looks at the overview and the map and
asks for a new order every two minutes.  Every record needs two decisions; ``--screened`` of them
have theirs at the beginning.  All reviewers follow one order, so that most of thirty are refused
records that two others decided on meanwhile; with ``--spread`` each pair decides on records of its
own instead, which asks the same of the server without refusals.  ``--burst`` is twenty decisions a
second for a minute.  Prints what people waited, beside the targets; then looks for every
acknowledged decision in the database, and runs `siftmap verify`.  PostgreSQL is started here, on
the disk, with its default settings; people, server and database share the machine.
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
from tests.faults.serving import PASSWORD, SCREENING, Browser, Form, Server, deciding

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
DECISION, PAGE, OVERVIEW, MAP = "decision saved, next shown", "screening page", "overview", "map"


@dataclass(frozen=True)
class Team:
    """A review's people, the addresses of its reviewers at work, and its unscreened records."""

    cast: Cast
    emails: Sequence[str]
    records: Sequence[UUID]


@dataclass(frozen=True)
class Plan:
    """How much load, for how long, and what is hoped for; waits in milliseconds."""

    minutes: float
    reviewers: int
    per_minute: float
    records: int
    screened: int
    is_spread: bool
    targets: dict[str, float]


@dataclass
class Seen:
    """What people waited for and how it ended; threads may only append."""

    waits: dict[str, list[float]] = field(default_factory=dict)
    refused: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    acknowledged: list[UUID] = field(default_factory=list)
    rankings: list[UUID] = field(default_factory=list)

    def timed(self, what: str, send: Callable[[], httpx2.Response]) -> httpx2.Response | None:
        """Return an answer with status 200 and keep how long it took; count any other."""
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
    """Somebody who takes a step now and then, until the time is over."""

    def __init__(self, browser: Browser, seen: Seen, *, every: float, over: Event) -> None:
        super().__init__(daemon=True)
        self.browser, self.seen, self.every, self.over = browser, seen, every, over
        self.chance = random.Random()  # noqa: S311 - only the pace depends on it

    def run(self) -> None:
        """Take steps at the pace, give or take a half; who is late takes the next at once."""
        due = time.monotonic() + self.chance.uniform(0, self.every)
        while not self.over.wait(max(0.0, due - time.monotonic())):
            self.step()
            due += self.every * self.chance.uniform(0.5, 1.5)

    def step(self) -> None:
        """Do one thing."""
        raise NotImplementedError


class Reviewer(Person):
    """Reads the record that is shown, decides, and is shown the next."""

    form: Form | None = None
    own: Iterator[UUID] | None = None  # where the order in use is not followed

    def step(self) -> None:
        """Decide on the record that is shown, or open the page where none is."""
        if self.form is None:
            answer = self.seen.timed(PAGE, lambda: self.browser.get(SCREENING))
            self.form = deciding(answer.text) if answer else None
            return
        sent = self.form | {"verdict": self.chance.choice(VERDICTS).value, "seconds": "12"}
        if self.own is not None:
            sent |= {"record": str(next(self.own)), "key": str(uuid4()), "supersedes": ""}
        answer = self.seen.timed(
            DECISION,
            lambda: self.browser.post(f"{SCREENING}/decisions", sent, is_fragment=True),
        )
        if answer:
            self.seen.acknowledged.append(UUID(sent["key"]))
        self.form = deciding(answer.text) if answer else None
        if answer is None:
            self.step()  # who is refused opens the page again to go on


class Lead(Person):
    """Looks at the overview and at the map."""

    def step(self) -> None:
        """Open both pages."""
        self.seen.timed(OVERVIEW, self.browser.get)
        self.seen.timed(MAP, lambda: self.browser.get("map"))


class Ranker(Person):
    """Asks for a new order."""

    def run(self) -> None:
        """Ask soon after the beginning, then every two minutes."""
        pause = FIRST_RANKING
        while not self.over.wait(pause):
            try:
                self.seen.rankings.append(self.browser.ask_for_ranking())
            except (httpx2.TransportError, AssertionError) as error:
                self.seen.errors.append(f"asking for a ranking: {type(error).__name__}")
            pause = NEXT_RANKING


def main() -> None:
    """Put load on a server for each kind of database and print what people waited."""
    arguments = _arguments()
    plan = _plan(arguments)
    for kind in KINDS if arguments.database == "both" else [arguments.database]:
        with tempfile.TemporaryDirectory() as folder, _database(kind, Path(folder)) as url:
            _measure(kind, url, Path(folder), plan)


def _measure(kind: str, url: str, folder: Path, plan: Plan) -> None:
    print(
        f"== {kind}: {plan.reviewers} reviewers{' in pairs' if plan.is_spread else ''}, "
        f"{plan.per_minute:g} decisions a minute each, {plan.minutes:g} minutes; "
        f"{plan.records} records, {plan.screened} of them screened",
        flush=True,
    )
    migration.upgrade(url)
    server, seen = Server(url, folder / "data"), Seen()
    team = _make_review(server, url, folder, plan)
    try:
        ready = server.start()
        memory = _memory(server)
        clock, busy, served = time.monotonic(), _busy(), _used(server.pid)
        seconds = _let_them_work(server, team, plan, seen)
        passed = time.monotonic() - clock
        _report(seen, plan, seconds)
        print(f"ready after {ready:.1f} s; at first {memory}; at last {_memory(server)}")
        print(
            f"processors: {(_busy() - busy) / passed:.2f} of {os.cpu_count()} at work on average, "
            f"the web process took {(_used(server.pid) - served) / passed:.2f}"
        )
        _look_up(url, seen)
    finally:
        server.stop()
    start = time.perf_counter()
    print(f"verify: {server.run('verify').strip()} ({time.perf_counter() - start:.1f} s)")
    print(f"unhandled exceptions in the log: {len(server.tracebacks())}", flush=True)
    for line, n in Counter(server.tracebacks()).items():
        print(f"  {n} x {line}")


def _make_review(server: Server, url: str, folder: Path, plan: Plan) -> Team:
    """Return a review's people and records: ranked, some of them screened, others coded."""
    database = Database(url)
    with database.writing() as session:
        cast = make_review(session, password=PASSWORD)
        emails = [_add_reviewer(session, cast) for _ in range(plan.reviewers)]
    file = folder / "search.ris"
    file.write_text("".join(_texts(plan.records)))
    server.run("import", cast.slug, str(file))
    with database.writing() as session:
        mine = Record.review_id == cast.review_id
        ids = session.scalars(select(Record.id).where(mine).order_by(Record.number)).all()
        _code_some(session, cast, ids[-N_CODED:])
    server.run("rank", cast.slug)
    done = _screen_some(database, cast, plan.screened) if plan.screened else set()
    database.dispose()
    return Team(cast, emails, [one for one in ids[:-N_CODED] if one not in done])


def _screen_some(database: Database, cast: Cast, n: int) -> set[UUID]:
    """Return the records at the top of the order, which two reviewers have now excluded."""
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


def _add_reviewer(session: Session, cast: Cast) -> str:
    _, email = make_account(session, "reviewer", PASSWORD)
    add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=OPERATOR)
    return email


def _texts(n: int) -> Iterator[str]:
    """Yield RIS records with abstracts as long as real ones, about two hundred words."""
    chance = random.Random(n)  # noqa: S311 - invented texts, the same each time
    words = PROSE.split()
    for number in range(n):
        title = f"{' '.join(chance.choices(words, k=12))} {number}"
        abstract = ". ".join(" ".join(chance.choices(words, k=18)) for _ in range(11))
        yield RECORD.format(title=title, abstract=abstract)


def _code_some(session: Session, cast: Cast, records: Sequence[UUID]) -> None:
    """Take records all the way to the map."""
    chance = random.Random(len(records))  # noqa: S311 - invented codes, the same each time
    review_id, by = cast.review_id, cast.lead
    for number, record_id in enumerate(records):
        include_fully(session, cast, record_id)
        place = {"review_id": review_id, "label": f"No. {number}", "by": by}
        study = add_study(session, reports=[record_id], **place)
        contract = add_contract(session, **place)
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


def _let_them_work(server: Server, team: Team, plan: Plan, seen: Seen) -> float:
    """Return the seconds that everybody worked."""
    over = Event()
    with ExitStack() as closing:

        def browser(email: str) -> Browser:
            made = Browser(server, team.cast.slug)
            closing.callback(made.close)
            made.sign_in(email)
            return made

        lead, pace = team.cast.emails["lead"], 60 / plan.per_minute
        reviewers = [Reviewer(browser(email), seen, every=pace, over=over) for email in team.emails]
        if plan.is_spread:
            _share_out(reviewers, team.records)
        people = [
            *reviewers,
            Lead(browser(lead), seen, every=1, over=over),
            Ranker(browser(lead), seen, every=NEXT_RANKING, over=over),
        ]
        began = time.monotonic()
        for person in people:
            person.start()
        over.wait(60 * plan.minutes)
        over.set()
        for person in people:
            person.join(timeout=60)
        return time.monotonic() - began


def _share_out(reviewers: Sequence[Reviewer], records: Sequence[UUID]) -> None:
    """Give each pair of reviewers records of its own."""
    n_pairs = (len(reviewers) + 1) // 2
    for place, reviewer in enumerate(reviewers):
        reviewer.own = iter(records[place // 2 :: n_pairs])


def _report(seen: Seen, plan: Plan, seconds: float) -> None:
    for what in (DECISION, PAGE, OVERVIEW, MAP):
        waits = sorted(seen.waits.get(what, []))
        if not waits:
            print(f"{what:<28} none")
            continue
        figures = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
        print(f"{what:<28} n {len(waits):>6}", end="")
        for name, share in figures.items():
            took = 1000 * waits[min(len(waits) - 1, int(len(waits) * share))]
            target = plan.targets.get(name) if what == DECISION else None
            print(f"  {name} {took:>5.0f} ms{_against(took, target)}", end="")
        print()
    n = len(seen.acknowledged)
    print(f"decisions made {n}, {n / seconds:.1f} a second for {seconds:.0f} s")
    print(f"refused with 409, the record had what it needed by then: {len(seen.refused)}")
    print(f"errors {dict(Counter(seen.errors)) or 0}{_against(len(seen.errors), 0)}")


def _against(found: float, target: float | None) -> str:
    if target is None:
        return ""
    return f" (target {target:g}: {'met' if found <= target else 'NOT MET'})"


def _look_up(url: str, seen: Seen) -> None:
    """Print how many acknowledged decisions are not there, and how the rankings ended."""
    database = Database(url)
    with database.reading() as session:
        there = set(session.scalars(select(Decision.idempotency_key)))
        states = Counter(session.get_one(Job, job).state.value for job in seen.rankings)
    database.dispose()
    lost = [key for key in seen.acknowledged if key not in there]
    print(f"acknowledged and lost {len(lost)}{_against(len(lost), 0)}; rankings {dict(states)}")


def _memory(server: Server) -> str:
    """Return the resident memory of the server and of its worker, in words."""
    worker = " + ".join(f"{_resident(one):.0f} MB" for one in server.workers())
    return f"server {_resident(server.pid):.0f} MB, worker {worker or 'none'}"


def _busy() -> float:
    """Return the seconds that all processors have been at work for anybody."""
    user, nice, system = (int(word) for word in Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def _used(pid: int) -> float:
    """Return the processor seconds that a process has taken."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database on the disk."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'siftmap.sqlite'}"
    elif given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
    else:
        with _postgres() as url:
            yield url


@contextmanager
def _postgres() -> Iterator[str]:
    """Yield the URL of a PostgreSQL that is as careful as out of the box, unlike the tests' own."""
    said = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True)
    programs = Path(said.stdout.strip())
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


def _plan(given: argparse.Namespace) -> Plan:
    if given.burst:
        pace, minutes, targets = 20 * 60 / given.reviewers, 1.0, {"p95": 300.0}
    else:
        pace, minutes, targets = given.per_minute, given.minutes, {"p95": 150.0, "p99": 400.0}
    return Plan(
        minutes, given.reviewers, pace, given.records, given.screened, given.spread, targets
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--reviewers", type=int, default=30)
    parser.add_argument("--per-minute", type=float, default=4, help="decisions of each reviewer")
    parser.add_argument("--records", type=int, default=5000, help="in the review")
    parser.add_argument("--screened", type=int, default=0, help="records that are done already")
    parser.add_argument("--spread", action="store_true", help="no two pairs on the same records")
    parser.add_argument("--burst", action="store_true", help="20 decisions a second for 60 s")
    return parser.parse_args()


if __name__ == "__main__":
    main()
