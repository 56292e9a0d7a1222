"""A long import makes no ranking, drawing or export wait behind it."""

import threading
import time
from contextlib import contextmanager

import pytest

from api.settings import Settings
from api.work import tasks
from api.work.worker import Worker
from review import jobs
from review.jobs import LANES, RANKING_LANE, RECORDS_LANE, JobKind
from review.storage.files import FileStore
from review.tables import Job
from review.vocabulary import JobState
from tests.factories import make_records

RANKING = {"stage": "title_abstract"}
EXPORT = {"kind": "records", "format": "csv"}
PATIENCE = 120.0  # seconds after which a test fails that waits in vain


@pytest.fixture
def settings(database, tmp_path):
    return Settings(data_dir=tmp_path, database_url=database.url)


@pytest.fixture
def ask(database, people):
    """A function that asks for a job as the lead and returns its id."""

    def asked(job_kind, arguments):
        with database.writing() as session:
            return jobs.enqueue(
                session,
                review_id=people.review_id,
                kind=job_kind,
                arguments=arguments,
                by=people.lead,
            ).id

    return asked


@pytest.fixture
def import_id(ask, settings, tmp_path):
    """A job that imports a file."""
    path = tmp_path / "given.ris"
    path.write_text("TY  - JOUR\nTI  - A title\nER  - \n")
    sha256 = FileStore(settings.files_dir).keep(path)
    fields = {"source": "Scopus", "kind": "database", "run_on": None}
    return ask(JobKind.IMPORT, {"files": [{"sha256": sha256, "name": "a.ris"}], "fields": fields})


@contextmanager
def at_work(worker):
    """A worker that runs in a thread, and is stopped at the end."""
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(timeout=PATIENCE)
    assert not thread.is_alive()


def state_of(database, job_id):
    with database.reading() as session:
        return session.get_one(Job, job_id).state


def wait_for(database, job_id, state):
    until = time.monotonic() + PATIENCE
    while state_of(database, job_id) is not state:
        assert time.monotonic() < until, f"the job is not {state}"
        time.sleep(0.05)


def test_every_kind_of_job_is_in_one_lane():
    assert sorted(kind for lane in LANES for kind in lane) == sorted(JobKind)


def test_other_jobs_end_while_an_import_is_still_reading(
    database, people, settings, ask, import_id, monkeypatch
):
    with database.writing() as session:
        make_records(session, people.review_id, 4)
    may_end, really_import = threading.Event(), tasks.import_file

    def import_slowly(*given, **more):
        may_end.wait(PATIENCE)
        return really_import(*given, **more)

    monkeypatch.setattr(tasks, "import_file", import_slowly)

    with at_work(Worker(database, settings)):
        wait_for(database, import_id, JobState.RUNNING)
        others = [
            ask(JobKind.RANK, RANKING),
            ask(JobKind.EXPORT, {"kind": "records", "format": "csv"}),
        ]
        duplicates = ask(JobKind.DEDUPLICATE, {})
        for job_id in others:
            wait_for(database, job_id, JobState.DONE)
        meanwhile = [state_of(database, job_id) for job_id in (import_id, duplicates)]
        may_end.set()
        for job_id in (import_id, duplicates):
            wait_for(database, job_id, JobState.DONE)

    assert meanwhile == [JobState.RUNNING, JobState.WAITING]


def test_jobs_of_one_lane_wait_for_each_other(database, ask, import_id):
    ask(JobKind.DEDUPLICATE, {})
    ask(JobKind.RANK, RANKING)
    ask(JobKind.SIMULATE, RANKING | {"seed": 1})

    def claim(lane):
        with database.writing() as session:
            held = jobs.claim(session, people_id, lane)
            return held and held.kind

    people_id = import_id  # any id will do for a worker
    claimed = [claim(lane) for lane in (RECORDS_LANE, RECORDS_LANE, RANKING_LANE, RANKING_LANE)]

    assert claimed == [JobKind.IMPORT, None, JobKind.RANK, None]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_worker_with_a_broken_lane_ends_and_says_why(database, settings, monkeypatch):
    worker = Worker(database, settings)

    def broken(lane):
        if lane is RANKING_LANE:
            raise RuntimeError("broken")
        return False

    monkeypatch.setattr(worker, "do_next", broken)

    with pytest.raises(RuntimeError, match="broken"):
        worker.run()
