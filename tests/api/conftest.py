"""The application on a fresh database, and browsers that are signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from api.security import form_token
from api.settings import Settings
from review.accounts import start_session
from review.database import Database
from review.events import Actor
from tests.factories import Cast, make_review

KEY = "a-key-for-tests"


@dataclass
class Browser:
    """A signed-in (or anonymous) person's browser."""

    client: TestClient
    token: str

    def get(self, path: str, **more: Any) -> Response:
        return self.client.get(path, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Response:
        """Send a form of one of our own pages."""
        signed = {"form_token": form_token(KEY.encode(), self.token)} | (data or {})
        return self.client.post(path, data=signed, **more)


def make_app(database: Database, folder: Path) -> FastAPI:
    """The application, with a thread in the place of the child process."""
    settings = Settings(data_dir=folder, database_url=database.url, secret_key=KEY)
    app = create_app(settings, database)
    app.state.child = Here()
    return app


class Here:
    """Does a child process's work in this process, where its errors and coverage show."""

    def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)


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
def people(database: Database) -> Cast:
    """A committed review with its people."""
    with database.writing() as session:
        return make_review(session)


@pytest.fixture
def app(database: Database, tmp_path: Path) -> FastAPI:
    return make_app(database, tmp_path)


@pytest.fixture
def sign_in(app: FastAPI, database: Database):
    """A function that gives somebody's browser."""
    return lambda who=None: browse(app, database, who)
