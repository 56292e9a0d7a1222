"""Work in the background: done once, cancelled when asked, taken over when a worker dies."""

import time
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from api.settings import Settings
from api.work.tasks import Task, do
from api.work.worker import FAILED, Supervisor, Worker
from review import jobs
from review.errors import Conflicting, NotFound
from review.events import OPERATOR
from review.jobs import MAX_ATTEMPTS, JobKind, LostLease
from review.reviews import add_member, remove_member
from review.storage.database import Database
from review.storage.files import FileStore
from review.tables import Event, Job, Record, Search
from review.tables.base import utc_now
from review.vocabulary import Act, JobState, Role, Verdict
from tests.api.conftest import browse, make_app, work_off
from tests.factories import decide_both, make_records, make_review

RIS = "TY  - JOUR\nTI  - {}\nER  - \n"


@pytest.fixture
def settings(database, tmp_path):
    return Settings(data_dir=tmp_path, database_url=database.url)


@pytest.fixture
def ask(database, people):
    """A function that asks for a job as the lead and returns its id."""

    def asked(kind, **arguments):
        with database.writing() as session:
            return jobs.enqueue(session, review_id=people.review_id, kind=kind, arguments=arguments,
                            by=people.lead).id  # fmt: skip

    return asked


@pytest.fixture
def import_of(ask, settings, tmp_path):
    """A function that asks for the import of files with these titles."""

    def asked(*titles):
        given = []
        for title in titles:
            path = tmp_path / "given.ris"
            path.write_text(RIS.format(title) if title else "no search file at all")
            sha256 = FileStore(settings.files_dir).keep(path)
            given.append({"sha256": sha256, "name": f"{title or 'bad'}.ris"})
        fields = {"source": "Scopus", "kind": "database", "run_on": "2026-11-22"}
        return ask(JobKind.IMPORT, files=given, fields=fields)

    return asked


def job_of(database, job_id):
    with database.reading() as session:
        return session.get_one(Job, job_id)


def claimed(database):
    with database.writing() as session:
        return jobs.claim(session, uuid4())


def count(database, table):
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def forget(database):
    """Let every lease run out, as if its worker had not been heard of for long."""
    with database.writing() as session:
        session.execute(
            update(Job)
            .where(Job.leased_until.is_not(None))
            .values(leased_until=utc_now() - timedelta(seconds=1))
        )


def test_files_are_read_into_one_search_and_the_bad_one_is_named(
    app, database, people, sign_in, import_of
):
    job_id = import_of("One", "", "Two")

    work_off(app)

    job = job_of(database, job_id)
    assert (job.state, job.done) == (JobState.DONE, 1.0)
    assert [file.get("accepted") for file in job.result["files"]] == [1, None, 1]
    assert (count(database, Search), count(database, Record)) == (1, 2)
    shown = sign_in(people.lead).get(f"/reviews/{people.slug}/jobs/{job_id}?go=yes")
    assert shown.status_code == 200
    assert "bad.ris" in shown.text


def test_the_page_of_a_job_goes_on_to_its_result(app, people, sign_in):
    lead = sign_in(people.lead)

    asked = lead.post(f"/reviews/{people.slug}/dedupe")
    waiting = lead.get(asked.headers["location"])
    work_off(app)
    done = lead.get(asked.headers["location"])
    by_script = lead.get(asked.headers["location"], headers={"hx-request": "true"})

    assert "Waiting to start" in waiting.text
    assert done.headers["location"] == f"/reviews/{people.slug}/duplicates"
    assert by_script.headers["hx-redirect"] == f"/reviews/{people.slug}/duplicates"


def test_the_same_work_asked_for_twice_is_one_job(database, people, ask):
    first = ask(JobKind.RANK, stage="title_abstract")

    assert ask(JobKind.RANK, stage="title_abstract") == first
    assert ask(JobKind.RANK, stage="full_text") != first


def test_a_worker_that_was_given_up_can_write_nothing_more(database, settings, import_of):
    import_of("One")
    slow = claimed(database)
    forget(database)
    quick = claimed(database)

    with pytest.raises(LostLease):
        do(Task(slow, database, settings))
    do(Task(quick, database, settings))

    assert slow.id == quick.id
    assert count(database, Record) == 1


def test_what_a_dead_worker_read_is_not_read_again(app, database, settings, import_of):
    import_of("One", "Two", "Three")
    held = claimed(database)

    class Killed(BaseException):
        pass

    class Dying(Task):
        def tell(self, done, step):
            if done > 0.5:
                raise Killed(step)

    with pytest.raises(Killed):
        do(Dying(held, database, settings))
    read_before = count(database, Record)
    forget(database)
    work_off(app)

    assert read_before == 1
    assert (count(database, Search), count(database, Record)) == (1, 3)
    assert job_of(database, held.id).state is JobState.DONE


def test_a_cancelled_job_leaves_nothing_half_done(app, database, people, settings, import_of):
    job_id = import_of("One")
    held = claimed(database)
    with database.writing() as session:
        jobs.cancel(session, review_id=people.review_id, job_id=job_id, by=people.lead)

    with pytest.raises(LostLease):
        do(Task(held, database, settings))
    work_off(app)

    assert count(database, Record) == 0
    assert job_of(database, job_id).state is JobState.CANCELLED
    with database.writing() as session, pytest.raises(Conflicting, match="already ended"):
        jobs.cancel(session, review_id=people.review_id, job_id=job_id, by=people.lead)


def test_a_job_that_kills_its_workers_is_given_up(database, ask):
    job_id = ask(JobKind.DEDUPLICATE)

    for _ in range(MAX_ATTEMPTS):
        assert claimed(database).id == job_id
        forget(database)

    assert claimed(database) is None
    job = job_of(database, job_id)
    assert job.state is JobState.FAILED
    assert "three times" in job.error


def test_an_unforeseen_error_fails_the_job_and_says_no_more_than_that(
    app, database, ask, monkeypatch, caplog
):
    def boom(_task):
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("api.work.worker.do", boom)
    job_id = ask(JobKind.DEDUPLICATE)

    work_off(app)

    assert job_of(database, job_id).error == FAILED
    assert "the secret inside" in caplog.text


def test_jobs_of_one_review_are_done_one_at_a_time(database, people, ask):
    with database.writing() as session:
        other = make_review(session)
        jobs.enqueue(session, review_id=other.review_id, kind=JobKind.DEDUPLICATE, arguments={},
                 by=other.lead)  # fmt: skip
    ask(JobKind.DEDUPLICATE)
    ask(JobKind.RANK, stage="title_abstract")

    held = [claimed(database) for _ in range(3)]

    assert {one.review_id for one in held[:2]} == {people.review_id, other.review_id}
    assert held[2] is None


def test_a_reviewer_sees_no_job_of_the_lead(database, people, ask):
    job_id = ask(JobKind.DEDUPLICATE)

    with database.reading() as session, pytest.raises(NotFound):
        jobs.find_job(session, review_id=uuid4(), job_id=job_id, by=people.lead)
    with database.reading() as session, pytest.raises(Exception, match="needs the role lead"):
        jobs.find_job(session, review_id=people.review_id, job_id=job_id, by=people.reviewer_a)


@pytest.mark.parametrize("rows", ["records", "decisions", "codes", "events"])
def test_every_kind_of_rows_is_exported_and_saved(app, database, people, sign_in, rows):
    with database.writing() as session:
        make_records(session, people.review_id, [{"title": '=HYPERLINK("x")'}, {}])
    lead = sign_in(people.lead)

    for written in ("csv", "jsonl"):
        asked = lead.post(f"/reviews/{people.slug}/exports", {"kind": rows, "format": written})
        work_off(app)
        saved = lead.get(asked.headers["location"].replace("?go=yes", "/file"))

        assert saved.status_code == 200
        assert f"{rows}.{written}" in saved.headers["content-disposition"]
        if rows == "records":
            unsafe = saved.text.count(',"=HYPERLINK')
            assert unsafe == 0
            assert "HYPERLINK" in saved.text


def test_a_worker_that_stops_lets_go_of_its_job(database, settings, ask):
    ask(JobKind.DEDUPLICATE)
    worker = Worker(database, settings)
    with database.writing() as session:
        held = jobs.claim(session, worker.id)
        jobs.release_jobs(session, worker.id)

    assert claimed(database).id == held.id


def test_ranking_in_the_background_is_one_act(app, database, people, ask):
    with database.writing() as session:
        make_records(session, people.review_id, 4)

    ask(JobKind.RANK, stage="title_abstract")
    work_off(app)

    with database.reading() as session:
        ranked = session.scalars(select(Event.act).where(Event.act == Act.RANK)).all()
    assert len(ranked) == 1


def test_a_file_is_no_longer_for_whoever_lost_the_role_or_screens_by_now(
    app, database, people, sign_in
):
    lead = sign_in(people.lead)
    asked = lead.post(f"/reviews/{people.slug}/exports", {"kind": "decisions", "format": "csv"})
    work_off(app)
    file = asked.headers["location"].replace("?go=yes", "/file")

    before = lead.get(file).status_code
    email = people.emails["lead"]
    with database.writing() as session:
        add_member(session, review_id=people.review_id, email=email, role=Role.REVIEWER,
                   by=OPERATOR)  # fmt: skip
    as_reviewer = lead.get(file).status_code
    with database.writing() as session:
        add_member(session, review_id=people.review_id, email=people.emails["advisor"],
                   role=Role.LEAD, by=OPERATOR)  # fmt: skip
        remove_member(session, review_id=people.review_id, email=email, role=Role.LEAD,
                      by=OPERATOR)  # fmt: skip

    assert (before, as_reviewer, lead.get(file).status_code) == (200, 403, 403)


def test_the_supervisor_goes_on_when_the_database_was_away(database, settings, monkeypatch):
    started = []

    class Ended:
        stdin = None

        def wait(self):
            return 1

        def terminate(self):
            pass

        def poll(self):
            return 1

    supervisor = Supervisor(database, settings)

    def start(worker):
        started.append(worker)
        if len(started) == 3:
            supervisor._stopped.set()
        elif len(started) == 1:
            raise OperationalError("SELECT 1", {}, Exception("away"))
        return Ended()

    monkeypatch.setattr(supervisor, "_start", start)
    supervisor.start()
    supervisor._thread.join(timeout=20)

    assert len(started) == 3


def test_a_job_writes_nothing_on_any_way_once_it_is_cancelled(ask, database, settings):
    job_id = ask(JobKind.DEDUPLICATE)
    with database.writing() as session:
        held = jobs.claim(session, uuid4())
    task = Task(held, database, settings)
    with task.database.writing_if_free() as session:
        assert session.get_one(Job, job_id).state is JobState.RUNNING
    with database.writing() as session:
        session.execute(update(Job).values(state=JobState.CANCELLED, lease_id=None,
                                           leased_until=None))  # fmt: skip

    with pytest.raises(LostLease), task.database.writing():
        pytest.fail("a session was given to write with")
    with pytest.raises(LostLease), task.database.writing_if_free():
        pytest.fail("a session was given to write with")
    task.database.dispose()


def test_the_worker_runs_no_module_of_the_folder_where_the_server_was_started(
    ask, database, settings, tmp_path, monkeypatch
):
    proof = tmp_path / "it-ran"
    started_in = tmp_path / "somewhere"
    started_in.mkdir()
    (started_in / "api.py").write_text(f"open({str(proof)!r}, 'w')")
    monkeypatch.chdir(started_in)
    job_id = ask(JobKind.DEDUPLICATE)
    supervisor = Supervisor(database, settings)

    supervisor.start()
    try:
        until = time.monotonic() + 120
        while state_of(database, job_id) is not JobState.DONE and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        supervisor.stop()

    assert state_of(database, job_id) is JobState.DONE
    assert not proof.exists()


def state_of(database: Database, job_id: UUID) -> JobState:
    with database.reading() as session:
        return session.get_one(Job, job_id).state


def test_on_an_old_sqlite_drawings_and_first_read_full_texts_work_too(
    tmp_path, templates, monkeypatch
):
    """Its rollback journal lets nobody write while somebody reads, not even in one request."""
    monkeypatch.setattr("review.storage.database.journal_mode", lambda _driver: "DELETE")
    database = Database(templates.fresh("sqlite"))
    with database.writing() as session:
        people = make_review(session)
        make_records(session, people.review_id, 3)
    app = make_app(database, tmp_path)
    lead = browse(app, database, people.lead)

    for path in ("map.svg", "prisma.png"):
        assert lead.get(f"/reviews/{people.slug}/{path}").status_code == 200
    assert lead.post(f"/reviews/{people.slug}/dedupe").status_code == 303
    work_off(app)
    database.dispose()


def test_an_idle_worker_keeps_an_order_up_and_leaves_waiting_jobs_their_turn(
    app, database, people, settings, ask
):
    with database.writing() as session:
        records = make_records(session, people.review_id, 4)
    ask(JobKind.RANK, stage="title_abstract")
    work_off(app)
    worker = Worker(database, settings.model_copy(update={"rank_after": 2}))

    def n_rankings():
        worker.rank_what_is_due()
        with database.reading() as session:
            return session.scalar(select(func.count()).where(Event.act == Act.RANK))

    assert n_rankings() == 1  # nothing was decided
    with database.writing() as session:
        decide_both(session, people, records[0], Verdict.INCLUDE)
    ask(JobKind.SIMULATE, stage="title_abstract", seed=1)
    assert n_rankings() == 1  # a job waits
    work_off(app)
    assert n_rankings() == 2
    assert n_rankings() == 2


def test_an_order_that_cannot_be_learned_is_let_be_for_a_while(
    app, database, people, settings, ask, monkeypatch
):
    with database.writing() as session:
        records = make_records(session, people.review_id, 4)
    ask(JobKind.RANK, stage="title_abstract")
    work_off(app)
    with database.writing() as session:
        decide_both(session, people, records[0], Verdict.INCLUDE)
    tries = []

    def broken(*_given, **more):
        tries.append(more["review_id"])
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("api.work.worker.refresh_if_stale", broken)
    worker = Worker(database, settings.model_copy(update={"rank_after": 1}))
    worker.rank_what_is_due()
    worker.rank_what_is_due()

    assert tries == [people.review_id]
