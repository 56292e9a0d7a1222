"""Nothing is confirmed that a power cut could take away again."""

import os

import pytest
from sqlalchemy import event, make_url, text

from review.storage.database import SYNCHRONOUS_FULL, Database
from review.storage.durability import UnsafeDatabase, check_durable, settings_that_are_off
from tests.api.cli.shell import Shell, assert_fails_with
from tests.factories import make_account


def engines(database: Database) -> dict[str, object]:
    return {name: getattr(database, name) for name in ("reader", "writer", "short_wait_writer")}


@pytest.mark.parametrize("kind", ["sqlite"])
def test_every_connection_waits_for_the_disk(database):
    for name, engine in engines(database).items():
        held = [engine.connect() for _ in range(1 if name == "writer" else 3)]
        for connection in held:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == SYNCHRONOUS_FULL
            connection.close()


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("value", ["NORMAL", "OFF"])
@pytest.mark.parametrize("engine", ["writer", "short_wait_writer"])
def test_a_connection_that_does_not_wait_writes_nothing(database_url, value, engine):
    database = Database(database_url)
    event.listen(
        getattr(database, engine),
        "connect",
        lambda connection, _record: connection.execute(f"PRAGMA synchronous = {value}"),
    )
    write = database.writing if engine == "writer" else database.writing_if_free

    def try_it() -> None:
        with write() as session:
            make_account(session, "nobody")

    with pytest.raises(RuntimeError, match="would not wait for the disk"):
        try_it()
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM account")).scalar() == 0
    database.dispose()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_sqlite_needs_no_permission(database):
    assert check_durable(database, is_allowed=False) == ""


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("commit", ["on", "local", "off"])
def test_postgresql_that_can_lose_commits_is_refused_unless_allowed(database_url, commit):
    if os.environ.get("TEST_POSTGRES_URL"):
        pytest.skip("only our own server runs without fsync")
    # Each connection may choose how it commits.
    url = make_url(database_url).update_query_dict({"options": f"-csynchronous_commit={commit}"})
    database = Database(url.render_as_string(hide_password=False))
    off = ["fsync", "synchronous_commit"] if commit == "off" else ["fsync"]

    assert settings_that_are_off(database) == off
    with pytest.raises(UnsafeDatabase, match=" and ".join(off)):
        check_durable(database, is_allowed=False)
    assert "can lose decisions" in check_durable(database, is_allowed=True)
    database.dispose()


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_the_server_and_the_worker_refuse_to_start_on_it(
    database_url, tmp_path, monkeypatch, command
):
    if os.environ.get("TEST_POSTGRES_URL"):
        pytest.skip("only our own server runs without fsync")
    monkeypatch.setenv("SIFTMAP_ALLOW_UNSAFE_DATABASE", "false")

    result = Shell(tmp_path, url=database_url).start(command)

    assert_fails_with(result, "PostgreSQL runs with fsync off")


@pytest.mark.parametrize("kind", ["postgresql"])
def test_postgresql_as_it_is_installed_is_safe(database, monkeypatch):
    # What the settings are called and say when they are on; the server cannot be restarted here.
    monkeypatch.setattr(
        "review.storage.durability.POSTGRESQL_SETTINGS", ("full_page_writes", "synchronous_commit")
    )

    assert check_durable(database, is_allowed=False) == ""
