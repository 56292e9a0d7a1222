"""Measure the server's processor time for each decision, with the page's script and without it.

    python tests/benchmarks/decision_cost.py [--database both] [--decisions 200] [--records 2000]
        [--reviewers 2]

Serves a ranked review in a separate process and decides over HTTP as fast as it answers: as the
page's script does, which has the next records ready and asks for more after some decisions; and as
a browser without a script does, which loads a page after each.  Prints the processor milliseconds
of the web process for each decision, and what ten million additions take here, for comparison.
With more reviewers than the two that a record needs, records are reserved as well.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

from load import add_reviewer, cpu_used, database_on_disk, record_texts

from review.storage import migration
from review.storage.database import Database
from tests.databases import KINDS
from tests.factories import make_review
from tests.faults.serving import PASSWORD, SCREENING, Browser, Form, Server, deciding, order

N_NEEDED, N_WARM = 2, 20
FULL, EVERY, EVERY_RESERVED = 40, 15, 3  # as in api/static/stock.js


class Script:
    """A reviewer whose page has the next records ready."""

    def __init__(self, browser: Browser, *, every: int) -> None:
        self.browser, self.every = browser, every
        form = deciding(browser.get(SCREENING).text)
        assert form is not None
        self.form: Form = form
        self.ahead: list[str] = []
        self.n = 0

    def decide(self) -> None:
        """Decide on the record that is shown."""
        if self.n % self.every == 0:
            have = [("have", record) for record in self.ahead]
            query = urlencode([*have, ("shown", self.form["record"]), ("limit", FULL)])
            page = self.browser.get(f"{SCREENING}/ahead?{query}", is_fragment=True)
            self.ahead = [id_ for id_ in order(page.text) if id_ != self.form["record"]]
        _send(self.browser, self.form, is_fragment=True)
        self.n += 1
        self.form = self.form | {"record": self.ahead.pop(0), "key": str(uuid4())}


class NoScript:
    """A reviewer whose browser loads a page after each decision."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def decide(self) -> None:
        """Open the page, and decide on its record."""
        form = deciding(self.browser.get(SCREENING).text)
        assert form is not None
        _send(self.browser, form, is_fragment=False)


def _send(browser: Browser, form: Form, *, is_fragment: bool) -> None:
    sent = form | {"verdict": "exclude", "seconds": "3"}
    answer = browser.post(f"{SCREENING}/decisions", sent, is_fragment=is_fragment)
    assert answer.status_code == (200 if is_fragment else 303), answer.text


def main() -> None:
    """Measure on each kind of database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--decisions", type=int, default=200)
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--reviewers", type=int, default=N_NEEDED)
    arguments = parser.parse_args()
    began = time.process_time()
    total = 0
    for number in range(10_000_000):
        total += number
    print(f"ten million additions: {time.process_time() - began:.2f} s")
    for kind in KINDS if arguments.database == "both" else [arguments.database]:
        with tempfile.TemporaryDirectory() as folder, database_on_disk(kind, Path(folder)) as url:
            _measure(kind, url, Path(folder), arguments)


def _measure(kind: str, url: str, folder: Path, arguments: argparse.Namespace) -> None:
    migration.upgrade(url)
    server, database = Server(url, folder / "data"), Database(url)
    with database.writing() as session:
        cast = make_review(session, password=PASSWORD)
        for _ in range(arguments.reviewers - N_NEEDED):
            add_reviewer(session, cast)
    database.dispose()
    (folder / "search.ris").write_text("".join(record_texts(arguments.records)))
    server.run("import", cast.slug, str(folder / "search.ris"))
    server.run("rank", cast.slug)
    try:
        server.start()
        every = EVERY if arguments.reviewers <= N_NEEDED else EVERY_RESERVED
        browser = Browser(server, cast.slug)
        browser.sign_in(cast.emails["reviewer_a"])
        for name, decide in (
            ("with the script", Script(browser, every=every).decide),
            ("without a script", NoScript(browser).decide),
        ):
            spent = _spent(server, decide, arguments.decisions)
            print(f"{kind}, {arguments.reviewers} reviewers, {name}: {spent:.1f} ms a decision")
    finally:
        server.stop()


def _spent(server: Server, decide: Callable[[], None], n: int) -> float:
    """Return the processor milliseconds that the web process took for each of ``n`` decisions."""
    for _ in range(N_WARM):
        decide()
    before = cpu_used(server.pid)
    for _ in range(n):
        decide()
    return 1000 * (cpu_used(server.pid) - before) / n


if __name__ == "__main__":
    main()
