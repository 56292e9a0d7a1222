"""Fixtures: every test that asks for a database runs on SQLite and on PostgreSQL."""

import gc
import json
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from review.storage.database import Database
from tests.databases import (
    KINDS,
    Templates,
    folder_in_memory,
    postgres_server,
    share_compiled_queries,
)
from tests.factories import Cast, make_review

FOLDER = Path(__file__).parent
os.environ["SIFTMAP_ALLOW_UNSAFE_DATABASE"] = "true"  # our PostgreSQL is quicker without fsync
LONG = ("browser", "faults")  # folders of tests that drive a browser or kill servers
NO_PARAMETERS = SimpleNamespace(params={})

share_compiled_queries()

settings.register_profile(
    "ci", max_examples=25, derandomize=True, deadline=None, database=None, print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
settings.register_profile(
    "soak", max_examples=2000, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile(os.environ.get("SIFTMAP_TEST_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick", action="store_true", help="SQLite alone, without the browser and killed servers"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, under --quick, what is slow or needs PostgreSQL, a browser, a killed server.

    Files with few but long tests come first, so that no process waits for another at the end.
    """
    if config.getoption("quick"):
        left_out = [item for item in items if _is_slow(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    items.sort(key=lambda item: item.path.relative_to(FOLDER).parts[0] not in LONG)


def _is_slow(item: pytest.Item) -> bool:
    if item.path.relative_to(FOLDER).parts[0] in LONG:
        return True
    if item.get_closest_marker("both_databases") or item.get_closest_marker("slow"):
        return True
    return "postgresql" in getattr(item, "callspec", NO_PARAMETERS).params.values()


def pytest_collection_finish() -> None:
    """Spare the garbage collector all that is loaded by now; it is a good part of a heap."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def is_quick(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("quick"))


@pytest.fixture(scope="session")
def templates(is_quick: bool) -> Iterator[Templates]:
    server = nullcontext() if is_quick else postgres_server()
    with folder_in_memory("siftmap-sqlite-") as folder, server as url:
        yield Templates(folder, url)


@pytest.fixture(autouse=True)
def _no_database_outlives_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    if "templates" not in request.fixturenames:
        yield
        return
    with request.getfixturevalue("templates").dropping():
        yield


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
def shared_databases(templates: Templates, is_quick: bool) -> Iterator[dict[str, Database]]:
    kinds = KINDS[:1] if is_quick else KINDS
    made = {kind: Database(templates.fresh(kind)) for kind in kinds}
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
def closes_after() -> int:
    """After how many further decisions one closes; a test may say otherwise."""
    return 0


@pytest.fixture
def cast(session: Session, closes_after: int) -> Cast:
    """A review with its people: lead, two reviewers, adjudicator, advisor; and an outsider."""
    return make_review(session, closes_after=closes_after)


@pytest.fixture
def record_row(record_property: Callable[[str, object], None]) -> Callable[[str, bool, str], None]:
    """Return a function that keeps the figure of a goal of docs/reliability.md, and if it is met.

    `tests/soak/run.py` reads it; in other runs it is lost.
    """
    return lambda row, met, figure: record_property(row, json.dumps({"met": met, "figure": figure}))


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
