"""A decision is on the disk before its answer is sent: watched from outside, with strace."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

import pytest

from review.storage.database import Database
from review.vocabulary import Verdict
from tests.factories import make_records, make_review
from tests.faults.serving import PASSWORD, SCREENING, Browser, Server, deciding, wait_for

N_DECISIONS = 100
CALLS = "read,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync"
LINE = re.compile(r"(?P<thread>\d+)\s+(?P<call>.*)")
SYNC = re.compile(r"f(?:data)?sync\(\d+<[^>]*siftmap\.sqlite-wal>")


@contextmanager
def watched(server: Server, log: Path):
    """Write the calls of the web process that read, write and sync into a log."""
    command = ["strace", "-f", "-y", "-qq", "-s", "80", "-e", f"trace={CALLS}", "-o", str(log)]
    strace = subprocess.Popen([*command, "-p", str(server.pid)])
    try:
        wait_for(lambda: log.exists() and server.is_ready() and log.stat().st_size, "strace runs")
        yield
    finally:
        strace.terminate()
        strace.wait(timeout=30)


def synced(lines: Iterable[str]) -> list[bool]:
    """Return, for each decision that was answered, whether the log was on the disk by then."""
    found: list[bool] = []
    is_asked = is_synced = False
    under_way: set[str] = set()  # threads whose sync has not returned
    for line in lines:
        thread, call = LINE.match(line).groups()
        if '"POST /reviews/' in call and "/decisions" in call:
            is_asked, is_synced = True, False
        elif SYNC.search(call) and "unfinished" in call:
            under_way.add(thread)
        elif SYNC.search(call) or ("sync resumed" in call and thread in under_way):
            under_way.discard(thread)
            is_synced = is_synced or call.rstrip().endswith("= 0")
        elif is_asked and re.search(r'"HTTP/1\\?.1 [23]\d\d', call):
            found.append(is_synced)
            is_asked = False
    return found


ASKED = '7 recvfrom(9<s>, "POST /reviews/r/screening/title_abstract/decisions HTTP/1.1'
ANSWERED = '7 sendto(9<s>, "HTTP/1.1 200 OK'
WAL = "8 fdatasync(5</d/siftmap.sqlite-wal>"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([ASKED, WAL + ") = 0", ANSWERED], [True]),
        ([ASKED, WAL + " <unfinished ...>", "8 <... fdatasync resumed>) = 0", ANSWERED], [True]),
        ([ASKED, WAL + " <unfinished ...>", ANSWERED], [False]),
        ([ASKED, WAL + ") = -1 EIO", ANSWERED], [False]),
        ([ASKED, ANSWERED, WAL + ") = 0"], [False]),
        ([WAL + ") = 0", ASKED, ANSWERED], [False]),
        ([ASKED, "8 fdatasync(5</d/other>) = 0", ANSWERED], [False]),
    ],
)
def test_the_reading_of_the_calls_is_awake(lines, expected):
    assert synced(lines) == expected


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_every_decision_is_on_the_disk_before_its_answer(tmp_path, templates, record_row):
    url = f"sqlite:///{tmp_path / 'siftmap.sqlite'}"
    shutil.copy(templates.fresh("sqlite").removeprefix("sqlite:///"), tmp_path / "siftmap.sqlite")
    database = Database(url)
    with database.writing() as session:
        cast = make_review(session, password=PASSWORD)
        make_records(session, cast.review_id, N_DECISIONS)
    database.dispose()
    server, log = Server(url, tmp_path / "data"), tmp_path / "calls"
    try:
        server.start()
        browser = Browser(server, cast.slug)
        browser.sign_in(cast.emails["reviewer_a"])
        form = deciding(browser.get(SCREENING).text)
        with watched(server, log):
            for _ in range(N_DECISIONS):
                sent = form | {"verdict": Verdict.INCLUDE.value}
                answer = browser.post(f"{SCREENING}/decisions", sent, is_fragment=True)
                assert answer.status_code == 200, answer.text
                form = deciding(browser.get(SCREENING).text)
        browser.close()
    finally:
        server.stop()

    answers = synced(log.read_text(errors="replace").splitlines())
    n = sum(answers)
    record_row("DU3", n == N_DECISIONS, f"{n} of {len(answers)} decisions were on the disk first")
    assert answers == [True] * N_DECISIONS
