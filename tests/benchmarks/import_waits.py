"""Measure how long a decision waits while search files are imported.

    python tests/benchmarks/import_waits.py [--database both] [--records 30000 100000]

Two reviewers decide in turn, twenty times a second, first in calm and then while another process
imports a file into the same review.  Prints the waits of both times with the target: no decision
waits longer than a second.  PostgreSQL is started here, on the disk, with its default settings;
people, import and database share the machine.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from review.decisions.decisions import decide
from review.events import lock_review
from review.storage import migration
from review.storage.database import Database
from review.tables import Record
from review.vocabulary import Stage, Verdict
from tests.benchmarks.load import database_on_disk, record_texts
from tests.databases import KINDS
from tests.factories import Cast, make_records, make_review

N_SCREENED = 5000  # records that the reviewers decide on meanwhile
PAUSE = 0.05  # seconds between two decisions
CALM = 15.0  # seconds
TARGET = 1.0  # seconds


class Screening:
    """Two reviewers who decide on one record after another."""

    longest_lock = 0.0  # seconds

    def __init__(self, database: Database, cast: Cast) -> None:
        self.database = database
        self.cast = cast
        with database.writing() as session:
            make_records(session, cast.review_id, N_SCREENED)
        with database.reading() as session:
            ids = session.scalars(select(Record.id).order_by(Record.number)).all()
        self.pairs = iter([(record_id, by) for record_id in ids for by in cast.reviewers])

    def waits_while(self, is_going_on: Callable[[], bool]) -> list[float]:
        """Return the seconds that each decision took while something was going on, sorted.

        Notes the longest wait for the review's lock alone: a busy machine delays the rest too.
        """
        waits = []
        self.longest_lock = 0.0
        while is_going_on():
            record_id, by = next(self.pairs)
            began = time.perf_counter()
            with self.database.writing() as session:
                lock_review(session, self.cast.review_id)
                self.longest_lock = max(self.longest_lock, time.perf_counter() - began)
                decide(
                    session, review_id=self.cast.review_id, record_id=record_id,
                    stage=Stage.TITLE_ABSTRACT, verdict=Verdict.EXCLUDE, by=by,
                )  # fmt: skip
            waits.append(time.perf_counter() - began)
            time.sleep(PAUSE)
        return sorted(waits)


def main() -> None:
    """Measure for each kind of database and each size of file."""
    arguments = _arguments()
    for kind in KINDS if arguments.database == "both" else [arguments.database]:
        for n in arguments.records:
            with (
                tempfile.TemporaryDirectory() as folder,
                database_on_disk(kind, Path(folder)) as url,
            ):
                _measure(kind, url, Path(folder), n)


def _measure(kind: str, url: str, folder: Path, n: int) -> None:
    migration.upgrade(url)
    database = Database(url)
    with database.writing() as session:
        cast = make_review(session)
    screening = Screening(database, cast)
    file = folder / "search.ris"
    file.write_text("".join(record_texts(n)))
    calm_until = time.monotonic() + CALM
    calm = screening.waits_while(lambda: time.monotonic() < calm_until)
    began = time.monotonic()
    command = [Path(sys.executable).with_name("siftmap"), "import", cast.slug, str(file)]
    environment = {
        **os.environ, "SIFTMAP_DATABASE_URL": url, "SIFTMAP_DATA_DIR": str(folder / "data")
    }  # fmt: skip
    importing = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    waits = screening.waits_while(lambda: importing.poll() is None)
    seconds = time.monotonic() - began
    print(f"== {kind}: {n:,} records in {seconds:.0f} s, status {importing.returncode}")
    print(f"calm    {_figures(calm)}")
    verdict = "met" if waits[-1] <= TARGET else "NOT MET"
    print(f"import  {_figures(waits)}; target at most {TARGET:g} s: {verdict}")
    print(f"the longest wait is {waits[-1] / calm[-1]:.1f} times that in calm")
    print(f"the longest wait for the lock alone is {screening.longest_lock:.3f} s", flush=True)
    database.dispose()


def _figures(waits: list[float]) -> str:
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "longest": 1.0}
    figures = (
        f"{name} {waits[min(len(waits) - 1, int(len(waits) * share))]:.3f} s"
        for name, share in shares.items()
    )
    return f"{len(waits):>5} decisions: {', '.join(figures)}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--database", choices=[*KINDS, "both"], default="both")
    parser.add_argument("--records", type=int, nargs="+", default=[30_000, 100_000])
    return parser.parse_args()


if __name__ == "__main__":
    main()
