"""Measure what bodies, slow connections and endless files cost a server and its other users.

    python tests/benchmarks/siege_bodies.py [--megabytes 700] [--seconds 60] [--rows 900000]
        [--only bodies|slow|files] [--database sqlite|postgresql|both]

`bodies`: somebody who is not signed in, an outsider and a reviewer send large uploads; prints how
much was taken, how much of it lay on the disk, the memory, and when the answer came.  `slow`: 150
connections that send headers or bodies byte by byte, or nothing; prints how many are still open,
whether an honest slow upload gets through, and how long a reviewer waits meanwhile.  `files`: a
table with too many rows is sent; one of thirty thousand is imported while a ranking and an
export are asked for; and tables have a quote that is never closed.
"""

import argparse
import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import httpx2

from review.events import OPERATOR
from review.reviews import add_member
from review.storage import migration
from review.storage.database import Database
from review.tables import Job
from review.vocabulary import JobState, Role
from tests.benchmarks.load import database_on_disk
from tests.databases import KINDS
from tests.factories import Cast, make_account, make_records, make_review
from tests.faults.serving import PASSWORD, SCREENING, Browser, Server, hidden, wait_for

MEGABYTE = 2**20
BOUNDARY = "siege"
N_SLOW = 150
LONG = 30_000
PATIENCE = 900.0
HONEST = 8_000  # bytes a second of an honest slow upload


class Watch(Thread):
    """The most memory that a server used, and the most it kept in deleted temporary files."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.ended = pid, Event()
        self.memory = self.spooled = 0.0

    def run(self) -> None:
        """Look ten times a second."""
        while not self.ended.wait(0.1):
            self.memory = max(self.memory, resident(self.pid))
            self.spooled = max(self.spooled, spooled(self.pid))


@contextmanager
def watching(pid: int) -> Iterator[Watch]:
    watch = Watch(pid)
    watch.start()
    yield watch
    watch.ended.set()
    watch.join()


def resident(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


def spooled(pid: int) -> float:
    """Return the MB in files that a process has open and that have no name any more."""
    total = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if entry.readlink().name.endswith("(deleted)"):
                total += entry.stat().st_size
    return total / MEGABYTE


def main() -> None:
    """Lay siege to a server over each kind of database."""
    asked = _arguments()
    for kind in KINDS if asked.database == "both" else [asked.database]:
        with tempfile.TemporaryDirectory() as folder, database_on_disk(kind, Path(folder)) as url:
            print(f"== {kind}", flush=True)
            _besiege(url, Path(folder), asked)


def _besiege(url: str, folder: Path, asked: argparse.Namespace) -> None:
    migration.upgrade(url)
    database = Database(url)
    with database.writing() as session:
        cast = make_review(session, password=PASSWORD)
        make_records(session, cast.review_id, 200)
        _, both = make_account(session, "both", PASSWORD)
        for role in (Role.LEAD, Role.REVIEWER):
            add_member(session, review_id=cast.review_id, email=both, role=role, by=OPERATOR)
    server = Server(url, folder / "data")
    try:
        with suppress(AssertionError):  # a busy machine takes longer to start it
            server.start()
        wait_for(server.is_ready, "the server is ready", patience=PATIENCE)
        for name, part in PARTS.items():
            if asked.only in (None, name):
                part(server, cast, database, asked)
    finally:
        server.stop()
        database.dispose()
    print(f"unhandled exceptions in the log: {len(server.tracebacks())}", flush=True)


def _bodies(server: Server, cast: Cast, _database: Database, asked: argparse.Namespace) -> None:
    pages, api = (
        f"/reviews/{cast.slug}/searches/files",
        f"/api/v1/reviews/{cast.slug}/screening/title_abstract",
    )
    people = {"nobody": None, "outsider": cast.emails["outsider"], "reviewer": _reviewer(cast)}
    for who, email in people.items():
        cookie = _cookie(server, cast, email) if email else ""
        for path in (pages, f"{api}/decisions/files"):
            with watching(server.pid) as watch:
                before = resident(server.pid)
                sent, seconds, status = _upload(server, path, cookie, asked.megabytes)
            print(
                f"{who:9} {path[:15]:15} sent {sent:6.1f} MB, spooled {watch.spooled:6.1f} MB, "
                f"memory {before:.0f} -> {watch.memory:.0f} MB, {status} after {seconds:.1f} s, "
                f"left spooled {spooled(server.pid):.1f} MB",
                flush=True,
            )


def _upload(server: Server, path: str, cookie: str, megabytes: int) -> tuple[float, float, str]:
    """Send a file; return the MB that were taken, when the answer came, and its first line."""
    part = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="files"; filename="a"\r\n\r\n'
    head = _head(server, path, cookie, len(part) + megabytes * MEGABYTE)
    began, sent, block = time.monotonic(), 0, b"x" * MEGABYTE
    with _connected(server) as client:
        client.sendall(head + part.encode())
        client.setblocking(False)
        while sent < megabytes * MEGABYTE:
            with suppress(BlockingIOError):
                if answer := client.recv(100):
                    return sent / MEGABYTE, time.monotonic() - began, _first_line(answer)
            try:
                sent += client.send(block)
            except BlockingIOError:
                time.sleep(0.001)
            except OSError as error:
                return sent / MEGABYTE, time.monotonic() - began, type(error).__name__
        client.settimeout(60)
        answer = client.recv(100)
    return sent / MEGABYTE, time.monotonic() - began, _first_line(answer)


def _slow(server: Server, cast: Cast, _database: Database, asked: argparse.Namespace) -> None:
    lead = Browser(server, cast.slug)
    lead.sign_in(cast.emails["lead"])
    token = hidden(lead.get("searches").text)["form_token"]
    cookie = _cookies(lead)
    calm = _waits(server, cast, seconds=5)
    clients = [_slow_client(server, cast, cookie, number) for number in range(N_SLOW)]
    honest = Honest(server, cast, cookie, token, seconds=asked.seconds)
    honest.start()
    dripping = Thread(target=_drip, args=(clients, asked.seconds), daemon=True)
    dripping.start()
    with watching(server.pid) as watch:
        waits = _waits(server, cast, seconds=asked.seconds)
    dripping.join()
    honest.join()
    n_open = sum(map(_is_open, clients))
    for client in clients:
        client.close()
    print(
        f"slow connections: {n_open} of {N_SLOW} open after {asked.seconds} s; honest slow upload "
        f"({HONEST / 1000:g} kB/s, {honest.sent / 1000:.0f} kB): {honest.status}; "
        f"reviewer p95 {_p95(waits):.3f} s (calm {_p95(calm):.3f} s); memory {watch.memory:.0f} MB",
        flush=True,
    )


class Honest(Thread):
    """A lead whose line is slow."""

    def __init__(
        self, server: Server, cast: Cast, cookie: str, token: str, *, seconds: float
    ) -> None:
        super().__init__(daemon=True)
        self.server, self.cookie = server, cookie
        self.path = f"/reviews/{cast.slug}/searches/files"
        self.token, self.seconds = token, seconds
        self.sent, self.status = 0, "unanswered"

    def run(self) -> None:
        """Upload a search file at a slow, even pace."""
        record = b"TY  - JOUR\nTI  - A slow title\nER  - \n\n"
        file = record * int(HONEST * self.seconds / len(record))
        body = (
            f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="form_token"\r\n\r\n{self.token}'
            f'\r\n--{BOUNDARY}\r\ncontent-disposition: form-data; name="files"; filename="a.ris"'
            "\r\n\r\n"
        ).encode() + file + f"\r\n--{BOUNDARY}--\r\n".encode()  # fmt: skip
        with _connected(self.server) as client:
            client.sendall(_head(self.server, self.path, self.cookie, len(body)))
            try:
                for start in range(0, len(body), HONEST // 4):
                    client.sendall(body[start : start + HONEST // 4])
                    self.sent = start
                    time.sleep(0.25)
                client.settimeout(60)
                self.status = _first_line(client.recv(100))
            except OSError as error:
                self.status = type(error).__name__


def _slow_client(server: Server, cast: Cast, cookie: str, number: int) -> socket.socket:
    """Return a connection that has sent the beginning of a request, or nothing."""
    client = _connected(server)
    path = f"/reviews/{cast.slug}/searches/files"
    if number % 3 == 0:
        client.sendall(b"GET / HTTP/1.1\r\nhost: siege\r\nx-slow: ")
    elif number % 3 == 1:
        client.sendall(_head(server, path, cookie, 5_000_000) + f"--{BOUNDARY}\r\n".encode())
    return client


def _drip(clients: list[socket.socket], seconds: float) -> None:
    """Send a byte a second over each connection that sends anything."""
    ended = time.monotonic() + seconds
    while time.monotonic() < ended:
        for number, client in enumerate(clients):
            if number % 3 != 2:
                with suppress(OSError):
                    client.send(b"a")
        time.sleep(1)


def _is_open(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        while client.recv(65_536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _files(server: Server, cast: Cast, database: Database, asked: argparse.Namespace) -> None:
    lead = Browser(server, cast.slug)
    lead.client.timeout = PATIENCE
    lead.sign_in(cast.emails["lead"])
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        with _table(Path(folder), asked.rows).open("rb") as upload:
            form = {"form_token": hidden(lead.get("searches").text)["form_token"]}
            preview = lead.post("searches/files", form, files={"files": ("rows.csv", upload)})
        words = re.search(r"This file has more[^<\n]*", preview.text)
        print(f"{asked.rows:,} rows: {preview.status_code} after {time.monotonic() - began:.1f} s")
        print(words.group() if words else "no reason given")
        job = lead.ask_for_import(_table(Path(folder), LONG), "Scopus")
        form = {"form_token": hidden(lead.get("searches").text)["form_token"]}
        wait_for(
            lambda: _state(database, job) != JobState.WAITING, "the import began", patience=PATIENCE
        )
        began = time.monotonic()
        others = {
            "ranking": lead.ask_for_ranking(),
            "export": _job_of(lead.post("exports", form | {"kind": "records", "format": "csv"})),
        }
        with watching(server.workers()[0]) as watch:
            for name, other in others.items():
                wait_for(lambda other=other: _ended(database, other), name, patience=PATIENCE)
                import_state = _state(database, job)
                print(f"{name} ended {time.monotonic() - began:.1f} s later; import {import_state}")
            wait_for(lambda: _ended(database, job), "import", patience=PATIENCE)
        with database.reading() as session:
            ended = session.get_one(Job, job)
            print(f"import: {ended.state} after {(ended.ended_at - ended.began_at)}: {ended.error}")
        print(f"worker memory {watch.memory:.0f} MB", flush=True)
        _unclosed(Path(folder))


def _table(folder: Path, n: int) -> Path:
    table = folder / "rows.csv"
    with table.open("w") as file:
        file.write("Title,Authors,Year,Abstract\n")
        for number in range(n):
            file.write(f"On outcomes number {number},Doe J,2020,{'words of a text ' * 5}\n")
    return table


def _unclosed(folder: Path) -> None:
    """Measure a table of 13 MB whose first quote is never closed, in a process of its own."""
    for lines, text in (("one line", "word " * 2_600_000), ("many lines", "word,\n" * 2_200_000)):
        table = folder / "quote.csv"
        table.write_text(f'Title,Authors,Year\n"{text}')
        program = (
            "import sys, json, time, resource; from pathlib import Path;"
            "from review.searches.imports import stage_file;"
            "from review.storage.files import FileStore; from review.errors import Unreadable\n"
            "began = time.process_time(); said = ''\n"
            "try: done = stage_file(Path(sys.argv[1]), files=FileStore(Path(sys.argv[2])))\n"
            "except Unreadable as error: said = str(error)\n"
            "else: said = f'{done.n_accepted} accepted, {done.n_rejected} rejected'\n"
            "print(json.dumps([time.process_time() - began,"
            "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, said]))"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program, str(table), str(folder / "kept")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        seconds, memory, said = json.loads(ran.stdout)
        print(f"unclosed quote, {lines}: {seconds:.1f} s CPU, {memory:.0f} MB: {said}", flush=True)


def _state(database: Database, job: UUID) -> JobState:
    with database.reading() as session:
        return session.get_one(Job, job).state


def _has_begun(database: Database, job: UUID) -> bool:
    time.sleep(0.2)
    return _state(database, job) != JobState.WAITING


def _ended(database: Database, job: UUID) -> bool:
    time.sleep(0.2)
    return _state(database, job) not in (JobState.WAITING, JobState.RUNNING)


def _job_of(answer: httpx2.Response) -> UUID:
    return UUID(answer.headers["location"].rpartition("/")[2].partition("?")[0])


def _waits(server: Server, cast: Cast, *, seconds: float) -> list[float]:
    """Return how long a reviewer waits for the screening page, again and again."""
    browser, waits = Browser(server, cast.slug), []
    browser.sign_in(_reviewer(cast))
    ended = time.monotonic() + seconds
    while time.monotonic() < ended:
        began = time.monotonic()
        assert browser.get(SCREENING).status_code == 200
        waits.append(time.monotonic() - began)
        time.sleep(0.1)
    browser.close()
    return waits


def _p95(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=20)[-1]


def _reviewer(cast: Cast) -> str:
    return cast.emails["reviewer_a"]


def _cookie(server: Server, cast: Cast, email: str) -> str:
    browser = Browser(server, cast.slug)
    browser.sign_in(email)
    return _cookies(browser)


def _cookies(browser: Browser) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())


def _head(server: Server, path: str, cookie: str, length: int) -> bytes:
    host = server.url.partition("//")[2]
    lines = (
        f"POST {path} HTTP/1.1", f"host: {host}", f"origin: http://{host}", f"cookie: {cookie}",
        f"content-type: multipart/form-data; boundary={BOUNDARY}", f"content-length: {length}",
    )  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _connected(server: Server) -> socket.socket:
    host, _, port = server.url.partition("//")[2].partition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def _first_line(answer: bytes) -> str:
    return answer.partition(b"\r\n")[0].decode(errors="replace") or "closed"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=700)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rows", type=int, default=900_000)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--database", choices=[*KINDS, "both"], default="sqlite")
    return parser.parse_args()


PARTS: dict[str, Callable[[Server, Cast, Database, argparse.Namespace], None]] = {
    "bodies": _bodies,
    "slow": _slow,
    "files": _files,
}


if __name__ == "__main__":
    main()
