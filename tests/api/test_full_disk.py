"""A full disk: nothing is confirmed that is not saved, people read why, and it works again after.

SQLite's largest number of pages fills a database at will.  A small file system in memory, where we
may mount one, is full in earnest: for the database, its log, uploads and what is made.
"""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from api.web.errors import FULL_STATUS
from review.jobs import JobKind, enqueue
from review.people.tokens import TokenScope, issue_token
from review.storage import migration
from review.storage.database import Database
from review.tables import Decision, FullText, Job
from tests.api.conftest import Browser, browse, make_app, work_off
from tests.api.v1.api_routes import PDF
from tests.api.v1.conftest import Program
from tests.factories import Cast, include_fully, make_records, make_review

WORDS = "Not saved: the disk is full"
NOTE = "A long note. " * 700  # of several pages
MB = 2**20


@pytest.fixture
def kind() -> str:
    """Return the kind of database whose disk we can fill."""
    return "sqlite"


@contextmanager
def full(database: Database) -> Iterator[None]:
    """Let the database grow no further while the block runs."""
    with database.writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no fewer than there are
    try:
        yield
    finally:
        with database.writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 4294967294")


def decide(browser: Browser, people: Cast, record: Any) -> Any:
    form = {"record": str(record), "verdict": "include", "note": NOTE}
    return browser.post(f"/reviews/{people.slug}/screening/title_abstract/decisions", form)


def n_decisions(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Decision)) or 0


def test_a_decision_is_not_confirmed_and_people_and_the_log_read_why(
    app: FastAPI, database: Database, people: Cast, sign_in: Callable[..., Browser],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with database.writing() as session:
        records = make_records(session, people.review_id, 40)
    reviewer, anyone = sign_in(people.reviewer_a), sign_in()
    assert anyone.get("/readyz").json()["disk"] == "free"

    with full(database):
        answers = [decide(reviewer, people, record) for record in records]
        decide(reviewer, people, records[-1])
        ready = anyone.get("/readyz")
        page = reviewer.get(f"/reviews/{people.slug}/screening/title_abstract")
    saved = [answer for answer in answers if answer.status_code == 303]
    refused = [answer for answer in answers if answer.status_code != 303]

    assert {answer.status_code for answer in refused} == {FULL_STATUS}
    assert all(WORDS in answer.text for answer in refused)
    assert "What you typed is still there" in refused[0].text
    assert len(saved) <= n_decisions(database) <= len(saved) + 1
    assert (ready.status_code, ready.json()["disk"]) == (503, "full")
    assert page.status_code == 200
    assert "the disk is full; free some space (" in caplog.text
    assert decide(reviewer, people, records[-1]).status_code in (200, 303, 409)
    assert decide(reviewer, people, records[-2]).status_code in (200, 303, 409)
    assert anyone.get("/readyz").json() == {"ready": True, "worker": "starting", "disk": "free"}


def test_programs_get_a_problem_that_names_the_disk(
    app: FastAPI, database: Database, people: Cast
) -> None:
    with database.writing() as session:
        records = make_records(session, people.review_id, 40)
        token = issue_token(session, account_id=people.reviewer_a.account_id, name="test",
                            scopes=tuple(TokenScope))  # fmt: skip
    program = Program(browse(app, database, None).client, token)
    place = f"/reviews/{people.slug}/screening/title_abstract/decisions"

    with full(database):
        answers = [
            program.post(place, {"record": str(record), "verdict": "include", "note": NOTE})
            for record in records
        ]

    problem = answers[-1].json()
    assert (problem["status"], problem["type"]) == (FULL_STATUS, "urn:siftmap:problem:disk-full")
    assert "nothing was saved" in problem["detail"]
    assert n_decisions(database) == sum(answer.status_code < 300 for answer in answers)


def test_a_job_says_why_it_failed(app: FastAPI, database: Database, people: Cast) -> None:
    with database.writing() as session:
        make_records(session, people.review_id, [{"abstract": "long " * 2000}] * 20)
        asked = {"kind": "records", "format": "csv"}
        job_id = enqueue(session, review_id=people.review_id, kind=JobKind.EXPORT, arguments=asked,
                         by=people.lead).id  # fmt: skip

    with small_disk(app.state.settings.made_dir, kilobytes=40):
        work_off(app)

    with database.reading() as session:
        assert "disk is full" in (session.get_one(Job, job_id).error or "")


@contextmanager
def small_disk(folder: Path, *, kilobytes: int) -> Iterator[None]:
    """Mount a file system in memory, of a few kilobytes, while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write a file that takes all the room there is in a folder."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (MB, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


def test_a_disk_that_is_full_in_earnest_loses_nothing_and_comes_back(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", kilobytes=24_000):
        url = f"sqlite:///{tmp_path}/data/siftmap.sqlite"
        migration.upgrade(url)
        database = Database(url)
        app = make_app(database, tmp_path / "data")
        with database.writing() as session:
            people = make_review(session)
            records = make_records(session, people.review_id, 60)
            include_fully(session, people, records[0])
        lead = browse(app, database, people.lead)
        reviewers = [browse(app, database, who) for who in people.reviewers]
        upload = {"file": ("a.pdf", PDF + os.urandom(MB), "application/pdf")}
        place = f"/reviews/{people.slug}/reports/{records[0]}/full-text"

        filler = fill(tmp_path / "data")
        before = n_decisions(database)
        answers = [decide(reviewers[0], people, record) for record in records[1:]]
        uploaded = lead.post(place, files=upload)
        ready, page = lead.get("/readyz"), lead.get(f"/reviews/{people.slug}")
        n_saved = n_decisions(database) - before
        filler.unlink()
        after = [decide(reviewers[1], people, record) for record in records[1:]]
        uploaded_after = lead.post(place, files=upload)
        ready_after = lead.get("/readyz").json()
        with database.reading() as session:
            n_files = session.scalar(select(func.count()).select_from(FullText))
        kept = [path for path in app.state.settings.files_dir.rglob("*") if path.is_file()]
        database.dispose()

    refused = [answer for answer in answers if answer.status_code != 303]
    assert len(refused) > 20
    assert {answer.status_code for answer in refused} == {FULL_STATUS}
    assert n_saved == len(answers) - len(refused)
    assert (uploaded.status_code, WORDS in uploaded.text) == (FULL_STATUS, True)
    assert (ready.status_code, ready.json()["disk"], page.status_code) == (503, "full", 200)
    assert {answer.status_code for answer in after} == {303}
    assert uploaded_after.status_code == 303, uploaded_after.text
    assert ready_after["ready"] is True
    assert (n_files, len(kept)) == (1, 1)


def test_an_upload_that_does_not_fit_into_the_temporary_folder_is_refused_in_words(
    app: FastAPI, database: Database, people: Cast, sign_in: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(_file: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with database.writing() as session:
        [record] = make_records(session, people.review_id)
        include_fully(session, people, record)
        token = issue_token(session, account_id=people.lead.account_id, name="test",
                            scopes=tuple(TokenScope))  # fmt: skip
    monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", fail)
    files = {"file": ("a.pdf", PDF + os.urandom(2 * MB), "application/pdf")}
    program = Program(browse(app, database, None).client, token)

    page = sign_in(people.lead).post(f"/reviews/{people.slug}/reports/{record}/full-text",
                                     files=files)  # fmt: skip
    problem = program.ask("POST", f"/reviews/{people.slug}/reports/{record}/full-text", files=files)

    assert (page.status_code, WORDS in page.text) == (FULL_STATUS, True)
    assert (problem.status_code, problem.json()["type"]) == (
        FULL_STATUS, "urn:siftmap:problem:disk-full"
    )  # fmt: skip
