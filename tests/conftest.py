"""Fixtures: every test that asks for a database runs on SQLite and on PostgreSQL."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from review.storage.database import Database
from tests.databases import KINDS, Templates, postgres_server
from tests.factories import Cast, make_review

settings.register_profile(
    "ci", max_examples=25, derandomize=True, deadline=None, database=None, print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile(
    "soak", max_examples=2000, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile(os.environ.get("SIFTMAP_TEST_PROFILE", "ci"))


def pytest_collection_finish() -> None:
    """Spare the garbage collector all that is loaded by now; it is a good part of a heap."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    with postgres_server() as server:
        yield Templates(tmp_path_factory.mktemp("databases"), server)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def database_url(templates: Templates, kind: str) -> str:
    """A fresh database, for tests that commit."""
    return templates.fresh(kind)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def shared_databases(templates: Templates) -> Iterator[dict[str, Database]]:
    made = {kind: Database(templates.fresh(kind)) for kind in KINDS}
    yield made
    for one in made.values():
        one.dispose()


@pytest.fixture
def session(shared_databases: dict[str, Database], kind: str) -> Iterator[Session]:
    """A session whose work is rolled back when the test ends."""
    with shared_databases[kind].writer.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


@pytest.fixture
def cast(session: Session) -> Cast:
    """A review with its people: lead, two reviewers, adjudicator, advisor; and an outsider."""
    return make_review(session)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
