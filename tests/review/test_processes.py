"""Several processes write to one database: nobody is told to wait in vain, and nothing is lost.

Threads of one process queue in its pool; only processes fight for the lock of the database itself.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

from hypothesis import settings
from sqlalchemy import select

from review.events import OPERATOR
from review.reviews import add_member
from review.tables import Decision, Event
from review.verify import verify
from review.vocabulary import Role
from tests.factories import make_account, make_records, make_review

PROGRAM = Path(__file__).with_name("writing_process.py")
N_PROCESSES = 4
N_WRITES = min(300, settings.default.max_examples)  # each


def start(url: str, review_id: UUID, reviewer: UUID, records: list[UUID]) -> subprocess.Popen[str]:
    task = {"url": url, "review": str(review_id), "reviewer": str(reviewer),
            "records": [str(record) for record in records]}  # fmt: skip
    return subprocess.Popen(
        [sys.executable, PROGRAM, json.dumps(task)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_four_processes_write_at_once_and_lose_nothing(database, kind, record_row):
    with database.writing() as session:
        cast = make_review(session)
        reviewers = [make_account(session, f"reviewer_{n}") for n in range(N_PROCESSES)]
        for _, email in reviewers:
            add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER,
                       by=OPERATOR)  # fmt: skip
        records = make_records(session, cast.review_id, N_PROCESSES // 2 * N_WRITES)
        before = session.scalars(select(Event.number)).all()
    halves = [records[:N_WRITES], records[N_WRITES:]]  # two decide on each record
    processes = [
        start(database.url, cast.review_id, actor.account_id, halves[number % 2])
        for number, (actor, _) in enumerate(reviewers)
    ]

    for process in processes:
        assert process.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for process in processes:  # all at once: they are past their imports
        process.stdin.write("go\n")
        process.stdin.flush()
    reports = [json.loads(process.communicate(timeout=600)[0]) for process in processes]
    took = time.perf_counter() - began

    errors = [error for report in reports for error in report["errors"]]
    acknowledged = [decision for report in reports for decision in report["saved"]]
    with database.reading() as session:
        saved = [str(decision) for decision in session.scalars(select(Decision.id))]
        numbers = session.scalars(select(Event.number).order_by(Event.number)).all()
        faults = [fault.what for fault in verify(session)]
    n = N_PROCESSES * N_WRITES
    record_row("CO8", n >= 1200, f"{n} writes of {N_PROCESSES} processes in {took:.1f} s: "
               f"{len(errors)} errors, {len(set(acknowledged) - set(saved))} lost")  # fmt: skip
    assert errors == []
    assert len(acknowledged) == n
    assert sorted(saved) == sorted(acknowledged)
    assert numbers == list(range(1, len(before) + n + 1))
    assert faults == []
