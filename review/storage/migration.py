"""Migrate a database: backup, one transaction, triggers and checks, or nothing at all."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url

from review.errors import ReviewError
from review.storage import triggers
from review.storage.database import Database, sqlite_driver
from review.storage.files import sync_folder
from review.tables import Base


class UnknownRevision(ReviewError):
    """The database was made by another version of siftmap; its migration is missing here."""


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for the database at ``url``; no ini file is needed."""
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, *, revision: str = "head") -> None:
    """Upgrade the database at ``url`` to ``revision``, completely or not at all.

    Raises UnknownRevision, and changes nothing, for a database made before the first release or by
    a later one.
    """
    database = Database(url)
    try:
        _check_known(database)
        if revision == "head" and is_current(database):
            return
    finally:
        database.dispose()
    command.upgrade(alembic_config(url), revision)


def downgrade(url: str, *, revision: str) -> None:
    """Downgrade the database at ``url`` to ``revision``; refused if acts would be lost."""
    command.downgrade(alembic_config(url), revision)


def _check_known(database: Database) -> None:
    script = ScriptDirectory.from_config(alembic_config(database.url))
    known = {revision.revision for revision in script.walk_revisions()}
    with database.reader.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise UnknownRevision(
            f"This version of siftmap cannot upgrade the database: its revision is '{current}'. "
            "It was made before the first release, or by a newer version. Use the version that "
            "made it, or start with an empty one: another data folder, or `make demo FRESH=1`."
        )


def is_current(database: Database) -> bool:
    """Say whether the database is at the newest revision."""
    head = ScriptDirectory.from_config(alembic_config(database.url)).get_current_head()
    with database.reader.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def is_new(database: Database) -> bool:
    """Say whether the database has no table yet."""
    return not inspect(database.reader).get_table_names()


def run(database: Database, migrate: Callable[[Connection], None]) -> Path | None:
    """Run ``migrate`` in one transaction with its safeguards; return the backup's path, if any.

    On SQLite foreign keys are off while tables are rebuilt (with them on, a rebuild deletes or
    refuses child rows), are checked before the commit, and triggers are put back.
    """
    if not database.is_sqlite:
        with database.writer.begin() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '4s'")
            _migrate_and_check(connection, migrate)
        return None
    backup = _back_up(database)
    with database.writer.connect() as connection:
        dbapi = connection.connection.dbapi_connection
        if dbapi is None:
            raise RuntimeError("The database connection is closed")
        dbapi.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                _migrate_and_check(connection, migrate)
                _check_foreign_keys(connection)
        finally:
            dbapi.execute("PRAGMA foreign_keys = ON")
    return backup


def _migrate_and_check(connection: Connection, migrate: Callable[[Connection], None]) -> None:
    before = _row_counts(connection)
    migrate(connection)
    triggers.install(connection)
    after = _row_counts(connection)
    lost = {name: (n, after.get(name, 0)) for name, n in before.items() if after.get(name, 0) < n}
    if lost:
        raise RuntimeError(f"The migration would lose rows, so nothing was changed: {lost}")


def _row_counts(connection: Connection) -> dict[str, int]:
    present = set(inspect(connection).get_table_names()) & set(Base.metadata.tables)
    count = connection.exec_driver_sql
    return {
        name: count(f'SELECT count(*) FROM "{name}"').scalar_one()  # noqa: S608 - our own names
        for name in sorted(present)
    }


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(
            f"The migration would break references, so nothing was changed: {broken[:5]}"
        )


def _back_up(database: Database) -> Path | None:
    name = make_url(database.url).database
    if not name or not inspect(database.reader).get_table_names():
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    path = Path(name).with_name(f"{Path(name).stem}.before-migration-{stamp}.sqlite")
    driver = sqlite_driver()
    source, target = driver.connect(name), driver.connect(str(path))
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    sync_folder(path.parent)
    return path
