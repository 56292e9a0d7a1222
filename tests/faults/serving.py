"""A real server process that can be killed and restarted, and people who use it over HTTP."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

PASSWORD = "three plain words"
SCREENING = "screening/title_abstract"
DECIDING = re.compile(r'<form id="decide".*?</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?>')
PATIENCE = 300.0  # seconds; a busy machine may need them

Form = dict[str, str]


class Server:
    """`siftmap serve` at one address, with one database and data folder, across restarts."""

    def __init__(self, database_url: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder.with_suffix(".log")
        self.environment = os.environ | {
            "SIFTMAP_DATABASE_URL": database_url,
            "SIFTMAP_DATA_DIR": str(folder.resolve()),
            "SIFTMAP_PORT": str(port),
        }
        self._mark = f"SIFTMAP_DATA_DIR={folder.resolve()}".encode()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return the process id of the web process."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, patience: float = PATIENCE) -> float:
        """Start the server; return the seconds until it was ready."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [_siftmap(), "serve"], env=self.environment, stdout=log, stderr=log
            )
        wait_for(self.is_ready, "the server is ready", patience=patience)
        return time.monotonic() - began

    def is_ready(self) -> bool:
        """Return whether the server answers and can use its database."""
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def workers(self) -> list[int]:
        """Return the process ids of this server's workers, even without their parent process."""
        return [
            int(entry.name) for entry in Path("/proc").iterdir() if _is_worker(entry, self._mark)
        ]

    def kill(self) -> None:
        """Kill the web process without a chance to clean up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=PATIENCE)

    def stop(self) -> None:
        """Stop the server, which stops its worker."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE)

    def run(self, *words: str) -> str:
        """Run `siftmap …` on the same data and return what it prints, even if it fails."""
        done = subprocess.run(
            [_siftmap(), *words], env=self.environment, check=False, capture_output=True, text=True
        )
        return done.stdout + done.stderr

    def tracebacks(self) -> list[str]:
        """Return the lines of the log that name an unhandled exception."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)]


class Browser:
    """A signed-in person's browser session, with the connection kept open."""

    def __init__(self, server: Server, slug: str) -> None:
        self.path = f"/reviews/{slug}"
        self.client = httpx2.Client(base_url=server.url, timeout=PATIENCE, follow_redirects=False)

    def sign_in(self, email: str) -> None:
        """Sign in with the form."""
        answer = self.client.post("/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text

    def get(self, page: str = "", *, is_fragment: bool = False) -> httpx2.Response:
        """Open a page of the review."""
        return self.client.get(f"{self.path}/{page}".rstrip("/"), headers=_headers(is_fragment))

    def post(
        self, page: str, form: dict[str, Any], *, is_fragment: bool = False, **more: Any
    ) -> httpx2.Response:
        """Send a form of the review."""
        return self.client.post(
            f"{self.path}/{page}", data=form, headers=_headers(is_fragment), **more
        )

    def ask_for_import(self, file: Path, source: str) -> UUID:
        """Add a search with its two forms; return the job that imports the file."""
        form = {"form_token": hidden(self.get("searches").text)["form_token"]}
        with file.open("rb") as upload:
            preview = self.post("searches/files", form, files={"files": (file.name, upload)})
        assert preview.status_code == 200, preview.text
        form |= {"file": hidden(preview.text)["file"], "source": source, "kind": "database"}
        return _job(self.post("searches", form))

    def ask_for_ranking(self) -> UUID:
        """Ask for a new ranking of titles and abstracts; return its job."""
        form = {"form_token": hidden(self.get("searches").text)["form_token"]}
        return _job(self.post(f"{SCREENING}/rank", form))

    def close(self) -> None:
        """Close the connection."""
        self.client.close()


def deciding(page: str) -> Form | None:
    """Return the fields of the decision form on a page, or None if there is nothing to decide."""
    match = DECIDING.search(page)
    form = hidden(match.group()) if match else {}
    return form if form.get("record") else None


def order(page: str) -> list[str]:
    """Return the ids of the next records, as the page's script gets them."""
    match = re.search(r'data-order="([^"]*)"', page)
    return match.group(1).split() if match else []


def hidden(page: str) -> Form:
    """Return the hidden fields of the forms on a page."""
    return {name: unescape(value) for name, value in HIDDEN.findall(page)}


def kill(pid: int) -> None:
    """Kill a process, which may have ended already."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_for(condition: Any, what: str, *, patience: float = PATIENCE) -> float:
    """Wait until ``condition()``; return the seconds, or fail after ``patience`` seconds."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < patience, f"Not after {patience:.0f} s: {what}"
        time.sleep(0.01)
    return time.monotonic() - began


def _job(answer: httpx2.Response) -> UUID:
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"].rpartition("/")[2].partition("?")[0])


def _headers(is_fragment: bool) -> dict[str, str]:
    return {"HX-Request": "true"} if is_fragment else {}


def _siftmap() -> str:
    return str(Path(sys.executable).with_name("siftmap"))


def _is_worker(entry: Path, mark: bytes) -> bool:
    if not entry.name.isdecimal():
        return False
    try:  # an ended process, reaped or not, has no command line
        words = (entry / "cmdline").read_bytes().split(b"\0")
        return b"api.work.worker" in words and mark in (entry / "environ").read_bytes().split(b"\0")
    except (OSError, PermissionError):
        return False
