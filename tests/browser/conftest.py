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

from tests.databases import Templates

WORK = 120_000
"""Milliseconds that work in the background may take: the worker is nice to whoever else works."""

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-quic",
]  # fmt: skip


@dataclass(frozen=True)
class Server:
    """Where the server listens, and the environment that its command line works in."""

    url: str
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run `siftmap …` beside the server and return what it prints."""
        command = [str(Path(sys.executable).with_name("siftmap")), *arguments]
        done = subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    with serving({"SIFTMAP_DATABASE_URL": database_url}, tmp_path / "data") as made:
        yield made


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demonstration in it, to copy; made once for all test processes."""
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
    demonstration: Path, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Path], dict[str, str]]:
    """A function that puts a copy of the demonstration into a folder and gives its settings.

    The one on PostgreSQL is made when it is first asked for.
    """
    made: dict[str, tuple[str, Path]] = {}

    def copied(kind: str, folder: Path) -> dict[str, str]:
        if kind == "sqlite":
            shutil.copytree(demonstration, folder)
            return {}
        if kind not in made:
            source = tmp_path_factory.mktemp("demonstration") / "data"
            url = templates.fresh(kind)
            settings = {"SIFTMAP_DATA_DIR": str(source), "SIFTMAP_DATABASE_URL": url}
            Server("", os.environ | settings).run("demo")
            made[kind] = url, source
        url, source = made[kind]
        shutil.copytree(source, folder)
        return {"SIFTMAP_DATABASE_URL": templates.clone(url)}

    return copied


@pytest.fixture
def demo_server(
    demonstrations: Callable[[str, Path], dict[str, str]], kind: str, tmp_path: Path
) -> Iterator[Server]:
    """The demonstration, served on a database of this kind."""
    settings = demonstrations(kind, tmp_path / "data")
    with serving(settings, tmp_path / "data") as made:
        yield made


def fill_in_sign_in(page: Page, server: Server, email: str, password: str) -> None:
    """Sign in by mouse and keyboard, once the browser has given the first field its focus.

    It does so as it draws the page, maybe after loading; who types before that loses letters.
    """
    page.goto(f"{server.url}/login")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your reviews")).to_be_visible()


@contextmanager
def serving(settings: dict[str, str], folder: Path) -> Iterator[Server]:
    """Serve the data in a folder, in a process of its own, until the block ends."""
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
            made = Server(f"http://127.0.0.1:{port}", environment)
            wait_until_ready(made.url)
            yield made
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_until_ready(url: str) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{url}/readyz") as answer:  # noqa: S310 - our own server
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail("The server did not become ready within 30 seconds")


expect.set_options(timeout=15_000)  # a busy machine is slow, and no fault


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    binary = os.environ.get("BROWSER_BIN") or shutil.which("chromium")
    if binary is None:
        pytest.fail("No Chromium: `make test` installs it, or set BROWSER_BIN")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[True, False], ids=["with_javascript", "without_javascript"])
def javascript(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def page(chromium: Browser, javascript: bool) -> Iterator[Page]:
    """A page whose console stays silent: an error or a blocked resource fails the test."""
    context = chromium.new_context(java_script_enabled=javascript)
    shown = context.new_page()
    troubles: list[str] = []
    shown.on("console", lambda message: troubles.append(message.text))
    shown.on("pageerror", lambda error: troubles.append(str(error)))
    yield shown
    context.close()
    assert troubles == []
