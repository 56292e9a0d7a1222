"""Every connection, of the server, the worker and the commands, puts a commit on the disk."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from review.jobs import JobKind, enqueue
from review.storage.database import Database
from tests.api.cli.shell import Shell, ris
from tests.api.conftest import browse, make_app, work_off
from tests.factories import make_records, make_review

ROOT = Path(__file__).parents[2]
# How each database says that a commit is on the disk before it is acknowledged.
DURABLE = {
    "sqlite": {"PRAGMA synchronous": 2, "PRAGMA foreign_keys": 1},
    "postgresql": {"SHOW synchronous_commit": "on"},
}


@pytest.fixture
def settings_of_connections(kind: str) -> Iterator[dict[str, dict[str, set[object]]]]:
    """Settings of every connection that is used, by how it begins a transaction."""
    seen: dict[str, dict[str, set[object]]] = defaultdict(lambda: defaultdict(set))

    def look(connection) -> None:
        if connection.dialect.name != kind:
            return
        cursor = connection.connection.cursor()
        for question in DURABLE[kind]:
            cursor.execute(question)
            seen[f"{connection.engine.url!r}"][question].add(cursor.fetchone()[0])
        cursor.close()

    event.listen(Engine, "engine_connect", look)
    yield seen
    event.remove(Engine, "engine_connect", look)


def check(seen: dict[str, dict[str, set[object]]], kind: str) -> None:
    assert seen
    for url, settings in seen.items():
        assert settings == {name: {value} for name, value in DURABLE[kind].items()}, url


def test_the_server_and_the_worker_write_to_the_disk(
    settings_of_connections, database: Database, kind: str, tmp_path: Path
) -> None:
    with database.writing() as session:
        cast = make_review(session)
        [record] = make_records(session, cast.review_id)
        enqueue(session, review_id=cast.review_id, kind=JobKind.DEDUPLICATE, arguments={},
                by=cast.lead)  # fmt: skip
    app = make_app(database, tmp_path)
    browser = browse(app, database, cast.reviewer_a)

    browser.get(f"/reviews/{cast.slug}/screening/title_abstract")
    saved = browser.post(
        f"/reviews/{cast.slug}/screening/title_abstract/decisions",
        {"record": str(record), "verdict": "include"},
    )
    for begin in (database.reading, database.writing, database.writing_if_free):
        with begin() as session:
            session.execute(text("SELECT 1"))  # a session without a query takes no connection
    work_off(app)
    database.analyse()

    assert saved.status_code == 303
    check(settings_of_connections, kind)


def test_the_commands_write_to_the_disk(
    settings_of_connections, database_url: str, kind: str, tmp_path: Path
) -> None:
    shell = Shell(tmp_path, database_url)
    file = shell.write("a.ris", ris(range(3)))

    results = [
        shell.run("migrate"),
        shell.run("review", "create", "own", "--protocol", "blank"),
        shell.run("import", "own", file),
        shell.run("dedupe", "own"),
        shell.run("rank", "own"),
        shell.run("verify"),
    ]

    assert [result.err for result in results if result.status] == []
    check(settings_of_connections, kind)


def test_nothing_but_the_storage_opens_a_database() -> None:
    opens = re.compile(r"\bcreate_engine\(|\bsqlite3\b|\bsqlite_driver\(|psycopg\.connect")
    weaker = re.compile(r"synchronous(?!_commit)[\s=]+(?!FULL)\w|synchronous_commit", re.IGNORECASE)
    sources = [
        path
        for package in ("protocols", "review", "screening", "heatmap", "api", "migrations")
        for path in (ROOT / package).rglob("*.py")
    ]

    found = {
        path.relative_to(ROOT).as_posix() for path in sources if opens.search(path.read_text())
    }
    pragmas = [
        line.strip()
        for path in sources
        for line in path.read_text().splitlines()
        if "PRAGMA" in line and weaker.search(line)
    ]

    assert found <= {"review/storage/database.py", "review/storage/migration.py"}
    assert pragmas == []
