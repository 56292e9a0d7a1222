"""A real server process on a real database, and a real Chromium."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.databases import KINDS, Templates, copy_rows

FOLDER = Path(__file__).parent
WORK = 120_000
"""Milliseconds that background work may take; the worker has a low priority."""

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-quic",
]  # fmt: skip

# What these files try lies between the browser and the server: each of their tests runs on one
# kind of database, in turn, and in the soak on both.
IN_TURN = (
    "test_beginning", "test_coding", "test_conflicts", "test_ledger", "test_outbox", "test_people",
    "test_reading", "test_screening_tools", "test_searching", "test_to_agreed_codes", "test_why",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave every second pair of a test and a kind of database to the soak."""
    n_seen: dict[str, int] = {}
    for item in items:
        chosen = getattr(item, "callspec", None)
        kind = (
            next((one for one in chosen.params.values() if one in KINDS), None) if chosen else None
        )
        if kind is None or item.path.parent != FOLDER or item.path.stem not in IN_TURN:
            continue
        without = item.nodeid.replace(kind, "", 1)
        number = n_seen.setdefault(without, len(n_seen))
        if kind != KINDS[number % len(KINDS)]:
            item.add_marker(pytest.mark.soak)


@dataclass(frozen=True)
class Server:
    """The address of the server, and the environment for its command line."""

    url: str
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run `siftmap …` on the data of the server and return what it prints."""
        command = [str(Path(sys.executable).with_name("siftmap")), *arguments]
        done = subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """Yield a server with an empty database."""
    with serving({"SIFTMAP_DATABASE_URL": database_url}, tmp_path / "data") as running:
        yield running


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with the demonstration, to copy; made once for all test processes."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # which the processes share
    data, done = folder / "demonstration", folder / "demonstration.done"
    with (folder / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            Server("", os.environ | {"SIFTMAP_DATA_DIR": str(data)}).run("demo")
            done.touch()
    return data


@pytest.fixture(scope="session")
def demonstrations(
    demonstration: Path, templates: Templates
) -> Callable[[str, Path], dict[str, str]]:
    """Return a function that copies the demonstration into a folder and returns its settings."""
    originals: dict[str, str] = {}

    def copied(kind: str, folder: Path) -> dict[str, str]:
        if kind == "sqlite":
            shutil.copytree(demonstration, folder)
            return {}
        if kind not in originals:
            originals[kind] = templates.fresh(kind, keep=True)
            copy_rows(f"sqlite:///{demonstration / 'siftmap.sqlite'}", originals[kind])
        shutil.copytree(demonstration, folder)
        return {"SIFTMAP_DATABASE_URL": templates.clone(originals[kind])}

    return copied


@pytest.fixture
def demo_server(
    demonstrations: Callable[[str, Path], dict[str, str]], kind: str, tmp_path: Path
) -> Iterator[Server]:
    """Yield a server with the demonstration on this kind of database."""
    settings = demonstrations(kind, tmp_path / "data")
    with serving(settings, tmp_path / "data") as running:
        yield running


def fill_in_sign_in(page: Page, server: Server, email: str, password: str) -> None:
    """Sign in with mouse and keyboard, once the first field has the focus.

    The browser sets the focus when it draws the page, perhaps after loading it; letters typed
    before that are lost.
    """
    page.goto(f"{server.url}/login")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your reviews")).to_be_visible()


@contextmanager
def serving(settings: dict[str, str], folder: Path) -> Iterator[Server]:
    """Serve the data in a folder, in a separate process, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | settings
    environment |= {"SIFTMAP_DATA_DIR": str(folder), "SIFTMAP_PORT": str(port)}
    environment |= {"SIFTMAP_RANK_AFTER": "1000000", "SIFTMAP_RANK_SECONDS": "1000000"}
    with folder.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("siftmap")), "serve"],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            server = Server(f"http://127.0.0.1:{port}", environment)
            wait_until_ready(server.url)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_until_ready(url: str) -> None:
    """Wait until the server answers; fail after five minutes, which a busy machine may need."""
    for _ in range(1500):
        try:
            with urllib.request.urlopen(f"{url}/readyz") as answer:  # noqa: S310 - our own server
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail("The server did not become ready within five minutes")


expect.set_options(timeout=15_000)  # a busy machine may be slow


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Yield a running Chromium."""
    binary = os.environ.get("BROWSER_BIN") or shutil.which("chromium")
    if binary is None:
        pytest.fail("No Chromium: `make test` installs it, or set BROWSER_BIN")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _no_page_outlives_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close what a test left open: such pages go on asking their servers, one more each test."""
    browser = request.getfixturevalue("chromium") if "chromium" in request.fixturenames else None
    yield
    for context in browser.contexts if browser else ():
        context.close()


@pytest.fixture(params=[True, False], ids=["with_javascript", "without_javascript"])
def javascript(request: pytest.FixtureRequest) -> bool:
    """Return whether pages may run JavaScript."""
    return request.param


@pytest.fixture
def page(chromium: Browser, javascript: bool) -> Iterator[Page]:
    """Yield a page; an error or a blocked resource in its console fails the test."""
    context = chromium.new_context(java_script_enabled=javascript)
    new_page = context.new_page()
    problems: list[str] = []
    new_page.on("console", lambda message: problems.append(message.text))
    new_page.on("pageerror", lambda error: problems.append(str(error)))
    yield new_page
    context.close()
    assert problems == []
