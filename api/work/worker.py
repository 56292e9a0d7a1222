"""The worker that does the jobs, and the supervisor that keeps one beside the server."""

import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError  # noqa: A004

from api.files.fonts import use_fonts
from api.settings import Settings
from api.work.tasks import Task, do
from protocols.problems import ProtocolErrors
from review import jobs
from review.errors import ReviewError
from review.jobs import (
    ALL_KINDS,
    LANES,
    LEASE_DURATION,
    RANKING_LANE,
    ClaimedJob,
    Lane,
    LostLease,
)
from review.storage.database import Database
from review.storage.disk import is_disk_full
from review.vocabulary import Stage
from screening.ranking.runs import is_due, refresh_if_stale

log = logging.getLogger("siftmap.worker")
KEPT = timedelta(days=30)
AWAY = 2.0  # seconds until a database that did not answer is asked again
IDLE = 0.25  # seconds between two looks into the queue
LOOK = 10.0  # seconds between two looks for orders that have fallen behind
TIDY = 600.0  # seconds between two rounds of clearing away and looking at how tables grew
DATABASE_AWAY = (OperationalError, InterfaceError, TimeoutError)
DISK_FULL = "The server's disk is full. Free some space, then start this job again."
FAILED = "This job failed, and nothing more was saved. The server's log says why."


class Worker:
    """Does the jobs of each lane, one after another, until it is stopped."""

    def __init__(self, database: Database, settings: Settings, *, id: UUID | None = None) -> None:  # noqa: A002
        self.database = database
        self.settings = settings
        self.id = id or uuid4()
        self._held: dict[UUID, ClaimedJob] = {}
        self._stopped = threading.Event()
        self._broken: Exception | None = None
        self._tidied: float | None = None
        self._looked = 0.0
        self._failed: dict[tuple[UUID, Stage], float] = {}

    def run(self) -> None:
        """Work until ``stop`` is called; a job that is under way then goes to the next worker."""
        use_fonts(self.settings.font_dir)
        threading.Thread(target=self._renew_now_and_then, daemon=True).start()
        lanes = [threading.Thread(target=self._work, args=[lane], daemon=True) for lane in LANES]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        self.let_go()
        if self._broken is not None:
            raise self._broken

    def _work(self, lane: Lane) -> None:
        """Do the jobs of one lane; if that fails, the others end too, and a new worker begins."""
        try:
            while not self._stopped.is_set():
                if not self._did_next(lane):
                    if lane is RANKING_LANE:
                        self._tidy_now_and_then()
                        self._rank_now_and_then()
                    self._stopped.wait(IDLE)
        except Exception as error:
            self._broken = error
        finally:
            self.stop()

    def _did_next(self, lane: Lane) -> bool:
        """Do the next job; where the database is away, wait for it to come back."""
        try:
            return self.do_next(lane)
        except DATABASE_AWAY:
            log.exception("the database did not answer; trying again")
            self._stopped.wait(AWAY)
            return False

    def let_go(self) -> None:
        """Give what this worker holds to the next one."""
        with self.database.writing() as session:
            jobs.release_jobs(session, self.id, is_blameless=True)

    def stop(self) -> None:
        """End after the jobs that are under way."""
        self._stopped.set()

    def do_next(self, lane: Lane = ALL_KINDS) -> bool:
        """Do the next job of a lane; False where none waits."""
        with self.database.reading() as session:
            if not jobs.is_any_waiting(session, lane):
                return False
        with self.database.writing() as session:
            held = jobs.claim(session, self.id, lane)
        if held is None:
            return False
        self._held[held.id] = held
        try:
            self._do(held)
        except LostLease:
            log.info("job %s was cancelled or given away", held.id)
        finally:
            del self._held[held.id]
        return True

    def _tidy_now_and_then(self) -> None:
        if self._tidied is not None and time.monotonic() - self._tidied < TIDY:
            return
        self._tidied = time.monotonic()
        self._clear_away()
        with suppress(*DATABASE_AWAY):  # the next round comes
            self.database.analyse()

    def _rank_now_and_then(self) -> None:
        """Refresh the rankings in use that have fallen behind, one after another."""
        if time.monotonic() - self._looked < LOOK:
            return
        self._looked = time.monotonic()
        with suppress(*DATABASE_AWAY):  # the next look comes soon
            self.rank_what_is_due()

    def rank_what_is_due(self) -> None:
        """Refresh every ranking that is due by the settings; waiting jobs go first."""
        after = timedelta(seconds=self.settings.rank_seconds)
        with self.database.reading() as session:
            due = is_due(session, after_acts=self.settings.rank_after, after=after)
        for review_id, stage in due:
            with self.database.reading() as session:
                if jobs.is_any_waiting(session, RANKING_LANE):
                    return
            cache = self.settings.feature_cache(review_id)
            try:
                if time.monotonic() > self._failed.get((review_id, stage), 0):
                    refresh_if_stale(self.database, review_id=review_id, stage=stage, cache=cache)
            except Exception:  # the ranking in use stays, and other reviews have their turn
                log.exception("the ranking of review %s could not be refreshed", review_id)
                self._failed[review_id, stage] = time.monotonic() + self.settings.rank_seconds

    def _clear_away(self) -> None:
        """Delete what was drawn or exported long ago; it is made again when somebody asks."""
        old = time.time() - KEPT.total_seconds()
        made = self.settings.made_dir
        for path in (*made.glob("*"), *made.glob("published/view-*")):
            with suppress(OSError):  # somebody else was quicker, or it is a folder
                if path.stat().st_mtime < old:
                    path.unlink()

    def _do(self, held: ClaimedJob) -> None:
        try:
            result = do(Task(held, self.database, self.settings))
        except LostLease:
            raise
        except (ReviewError, ProtocolErrors) as error:
            self._fail(held, str(error))
        except Exception as error:  # whatever it was, the next job is not to suffer for it
            log.exception("job %s (%s) failed", held.id, held.kind)
            self._fail(held, DISK_FULL if is_disk_full(error) else FAILED)
        else:
            with self.database.writing() as session:
                jobs.finish(session, held, result)

    def _fail(self, held: ClaimedJob, reason: str) -> None:
        with self.database.writing() as session:
            jobs.fail(session, held, reason)

    def _renew_now_and_then(self) -> None:
        while not self._stopped.wait(LEASE_DURATION.total_seconds() / 4):
            for held in list(self._held.values()):
                self._renew(held)

    def _renew(self, held: ClaimedJob) -> None:
        try:
            with self.database.writing() as session:
                jobs.renew_lease(session, held)
        except LostLease:
            log.info("job %s was lost while it was being done", held.id)
        except Exception:  # the next renewal may succeed; the job's own writes find out
            log.exception("job %s could not be renewed", held.id)


class Supervisor:
    """Keeps one worker process beside the server, and starts another where it dies."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep_one, daemon=True)

    def start(self) -> None:
        """Start the worker, and watch it from a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker; what it was doing goes to the next one."""
        self._stopped.set()
        if self.process is not None:
            self.process.terminate()
            if self.process.stdin is not None:
                self.process.stdin.close()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def is_alive(self) -> bool:
        """Say whether the worker's process runs."""
        return self.process is not None and self.process.poll() is None

    def _keep_one(self) -> None:
        pause = 0.2
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                self._keep(uuid4())
            except Exception:  # whatever it was, the next worker is to be started all the same
                log.exception("the worker could not be kept")
            pause = 0.2 if time.monotonic() - began > 30 else min(pause * 2, 10)
            self._stopped.wait(pause)

    def _keep(self, worker: UUID) -> None:
        """Start a worker, wait for its end, and let go of what it held."""
        self.process = self._start(worker)
        if self._stopped.is_set():
            self.process.terminate()
        status = self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        if not self._stopped.is_set():
            log.error("the worker ended with status %s; another one is started", status)
        with self.database.writing() as session:
            jobs.release_jobs(session, worker, is_blameless=self._stopped.is_set())

    def _start(self, worker: UUID) -> subprocess.Popen[bytes]:
        # The worker's standard input is a pipe that nothing is written to: it ends when we do,
        # however that comes about, and the worker with it.
        return subprocess.Popen(  # noqa: S603 - our own command
            # -P: the folder we were started in is not to be searched for modules.
            [sys.executable, "-P", "-m", "api.work.worker", str(worker)],
            stdin=subprocess.PIPE,
            env={**os.environ, **self.settings.environment()},
        )


def _end_with_parent(worker: Worker) -> None:
    sys.stdin.buffer.read()
    # The job's own transaction may hold what this needs: then its lease has to run out.
    letting_go = threading.Thread(target=worker.let_go, daemon=True)
    letting_go.start()
    letting_go.join(timeout=2)
    os._exit(0)


def main() -> None:
    """Run the worker that a supervisor started."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    os.umask(0o077)
    os.nice(10)  # people who wait for a page come first
    settings = Settings()
    worker = Worker(Database(settings.url), settings, id=UUID(sys.argv[1]))
    threading.Thread(target=_end_with_parent, args=[worker], daemon=True).start()
    worker.run()


if __name__ == "__main__":
    main()
