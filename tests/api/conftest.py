"""The application on a fresh database, and browsers that are signed in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.settings import Settings
from api.web.security import form_token
from api.work.worker import Worker
from review.events import Actor
from review.people.accounts import start_session
from review.storage.database import Database
from tests.factories import Cast, make_review

KEY = "a-key-for-tests"


@dataclass
class Browser:
    """A signed-in (or anonymous) person's browser."""

    client: TestClient
    token: str

    def get(self, path: str, **more: Any) -> Response:
        return self.client.get(path, **more)

    def follow(self, answer: Response) -> Response:
        """Open the page that an answer leads to, as a browser does."""
        assert answer.status_code == 303, answer.text
        return self.client.get(answer.headers["location"])

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Response:
        """Send a form of one of our own pages."""
        signed = {"form_token": form_token(KEY.encode(), self.token)} | (data or {})
        return self.client.post(path, data=signed, **more)


def make_app(database: Database, folder: Path) -> FastAPI:
    """The application, whose readers do the worker's work themselves while they wait."""
    settings = Settings(data_dir=folder, database_url=database.url, secret_key=KEY)
    app = create_app(settings, database)
    app.state.pause = lambda: work_off(app)
    return app


def work_off(app: FastAPI) -> None:
    """Do all the jobs that wait, in this process, where errors and coverage show."""
    worker = Worker(app.state.database, app.state.settings)
    while worker.do_next():
        pass


def browse(app: FastAPI, database: Database, who: Actor | None) -> Browser:
    """A browser of ``who``, or of nobody."""
    client = TestClient(app, follow_redirects=False, raise_server_exceptions=True)
    if who is None or who.account_id is None:
        return Browser(client, "")
    with database.writing() as session:
        token = start_session(session, who.account_id)
    client.cookies.set("siftmap", token)
    return Browser(client, token)


@pytest.fixture
def people(database: Database, closes_after: int) -> Cast:
    """A committed review with its people."""
    with database.writing() as session:
        return make_review(session, closes_after=closes_after)


@pytest.fixture
def app(database: Database, tmp_path: Path) -> FastAPI:
    return make_app(database, tmp_path)


@pytest.fixture
def sign_in(app: FastAPI, database: Database):
    """A function that gives somebody's browser."""
    return lambda who=None: browse(app, database, who)
