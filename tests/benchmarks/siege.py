"""Measure how long reviewers wait while strangers storm the sign-in page.

    python tests/benchmarks/siege.py [--database both] [--clients 200] [--seconds 40]

Serves a review in a separate process.  Reviewers decide at their own pace over HTTP, first with
nobody else there, then while many clients in a third process send wrong passwords for known and
unknown accounts, each the next as soon as it has an answer.  Prints the reviewers' 95th percentile
for both, their ratio, what the storm was answered, and the server's memory before, at its highest
and afterwards.  A decision without an answer counts as long as a browser waited for it.  Only
ratios can be compared between machines: clients, server and database share this one.  Then times
wrong passwords for a known account and for an unknown one, which must not be recognisable by it.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event
from uuid import UUID

from sqlalchemy import delete

from review.errors import NotAllowed
from review.people.sign_in import begin_attempt
from review.storage import migration
from review.storage.database import Database
from review.tables import LoginAttempt
from tests.benchmarks.load import (
    DECISION,
    Measurements,
    Plan,
    Reviewer,
    Team,
    assign_pairs,
    database_on_disk,
    make_team,
    resident,
)
from tests.databases import KINDS
from tests.faults.serving import PATIENCE, Browser, Server

GOAL = 3.0  # times as long as in calm, at most (RELIABILITY.md, LD3)
N_REVIEWERS, PER_MINUTE, N_RECORDS = 6, 40, 2000
WARM_UP, QUIET_AFTER = 10, 15  # seconds
N_TIMINGS = 200  # of wrong passwords, for a known account and for an unknown one
STORM = Path(__file__).with_name("storm.py")


def main() -> None:
    """Measure for each kind of database."""
    arguments = _arguments()
    for kind in KINDS if arguments.database == "both" else [arguments.database]:
        with tempfile.TemporaryDirectory() as folder, database_on_disk(kind, Path(folder)) as url:
            print(f"== {kind}: {arguments.clients} clients for {arguments.seconds} s", flush=True)
            _measure(url, Path(folder), arguments)


def _measure(url: str, folder: Path, arguments: argparse.Namespace) -> None:
    migration.upgrade(url)
    server = Server(url, folder / "data")
    team = make_team(server, url, folder, Plan(1, N_REVIEWERS, PER_MINUTE, N_RECORDS, 0, True, {}))
    try:
        server.start(patience=4 * PATIENCE)  # the machine may be busy
        with ExitStack() as closing:
            browsers = [_signed_in(server, team, email, closing) for email in team.emails]
            _decide(browsers, team.records[:300], WARM_UP)
            calm = _decide(browsers, team.records[300:1000], arguments.seconds)
            before = resident(server.pid)
            with _storming(server, team, arguments.clients) as storm:
                stormy = _decide(browsers, team.records[1000:], arguments.seconds)
                highest = resident(server.pid)
            time.sleep(QUIET_AFTER)
            _report(calm, stormy, storm)
            after = resident(server.pid)
            print(f"server {before:.0f} MB before, {highest:.0f} at the end of the storm, ", end="")
            print(f"{after:.0f} MB {QUIET_AFTER} s later ({after / before:.2f} times)")
            print(f"unhandled exceptions in the log: {len(server.tracebacks())}", flush=True)
    finally:
        server.stop()
    print(f"known accounts against unknown ones: AUC {_auc(url, team.emails[0]):.2f} ", end="")
    print("of the time that a wrong password takes (goal 0.45 to 0.55)", flush=True)


def _signed_in(server: Server, team: Team, email: str, closing: ExitStack) -> Browser:
    browser = Browser(server, team.cast.slug)
    closing.callback(browser.close)
    browser.sign_in(email)
    return browser


def _decide(browsers: Sequence[Browser], records: Sequence[UUID], seconds: float) -> Measurements:
    """Let the reviewers decide for some seconds, and return how long they waited."""
    measurements, ended = Measurements(), Event()
    reviewers = [
        Reviewer(browser, measurements, every=60 / PER_MINUTE, ended=ended) for browser in browsers
    ]
    assign_pairs(reviewers, records)
    for reviewer in reviewers:
        reviewer.start()
    ended.wait(seconds)
    ended.set()
    for reviewer in reviewers:
        reviewer.join(timeout=2 * PATIENCE)
    return measurements


def _report(calm: Measurements, stormy: Measurements, storm: Counter[str]) -> None:
    figures = {"calm": _p95(calm), "storm": _p95(stormy)}
    for name, measured in (("calm", calm), ("storm", stormy)):
        n = len(measured.waits.get(DECISION, []))
        print(f"{name:<6} decisions {n}, p95 {1000 * figures[name]:.0f} ms, ", end="")
        print(f"errors {dict(Counter(measured.errors)) or 0}")
    ratio = figures["storm"] / figures["calm"]
    print(f"ratio {ratio:.1f} (goal {GOAL:g}: {'met' if ratio <= GOAL else 'NOT MET'})")
    print(f"the storm was answered {dict(storm)}")  # 403 is a password that was checked


def _p95(measured: Measurements) -> float:
    waits = sorted([*measured.waits.get(DECISION, []), *[PATIENCE] * len(measured.errors)])
    return waits[int(len(waits) * 0.95)]


def _auc(url: str, known: str) -> float:
    """Return how often a wrong password takes longer for a known account than for an unknown one.

    Half of the time, if nothing can be learned from it (Mann and Whitney 1947,
    doi:10.1214/aoms/1177730491).
    """
    database, seconds = Database(url), {known: [], "nobody@example.org": []}
    for _ in range(N_TIMINGS):
        for email, taken in seconds.items():
            with database.writing() as session:
                session.execute(delete(LoginAttempt))
            began = time.perf_counter()
            with database.writing() as session:
                attempt = begin_attempt(session, email=email, client="192.0.2.1", known_as="")
            with suppress(NotAllowed):
                attempt.check("not the right words")
            taken.append(time.perf_counter() - began)
    database.dispose()
    of_known, of_unknown = seconds.values()
    return sum(one > other for one in of_known for other in of_unknown) / N_TIMINGS**2


@contextmanager
def _storming(server: Server, team: Team, n_clients: int) -> Iterator[Counter[str]]:
    """Storm from another process; its counts of answers are there when the block has ended."""
    answers: Counter[str] = Counter()
    command = [sys.executable, str(STORM), server.url, str(n_clients), *team.emails]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "storming\n"
        try:
            yield answers
        finally:
            process.send_signal(signal.SIGTERM)
            printed, _ = process.communicate(timeout=PATIENCE)
            answers.update(json.loads(printed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=40, help="calm, and again of the storm")
    return parser.parse_args()


if __name__ == "__main__":
    main()
