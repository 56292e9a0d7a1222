"""Databases for tests: a migrated SQLite file to copy, and a PostgreSQL server of our own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url

from review.storage import migration

KINDS = ("sqlite", "postgresql")


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the URL of a PostgreSQL server: TEST_POSTGRES_URL, or one started for the tests."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
        return
    binaries = Path(
        subprocess.run(
            ["pg_config", "--bindir"], check=True, capture_output=True, text=True
        ).stdout.strip()
    )
    memory = Path("/dev/shm")  # noqa: S108 - a hundred databases are quicker made and gone there
    folder = Path(tempfile.mkdtemp(prefix="siftmap-pg-", dir=memory if memory.is_dir() else None))
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses root
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    run = {"check": True, "user": user, "cwd": folder, "stdout": subprocess.DEVNULL}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], **run
    )
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
    log = folder / "log"
    subprocess.run(
        [binaries / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"], **run
    )
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **run)
        shutil.rmtree(folder, ignore_errors=True)


class Templates:
    """Migrated databases to make fresh ones from, quickly."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self.folder = folder
        self.server = server
        self._made: set[str] = set()

    def fresh(self, kind: str) -> str:
        """Return the URL of a new, migrated, empty database."""
        return self._fresh_sqlite() if kind == "sqlite" else self._fresh_postgres()

    def empty(self, kind: str) -> str:
        """Return the URL of a new database without any table."""
        if kind == "sqlite":
            return f"sqlite:///{self.folder / uuid4().hex}.sqlite"
        return self._create(f"t{uuid4().hex}")

    def clone(self, url: str) -> str:
        """Return the URL of a copy of a database that nobody is connected to."""
        name = make_url(url).database or ""
        if url.startswith("sqlite"):
            copy = self.folder / f"{uuid4().hex}.sqlite"
            shutil.copy(name, copy)
            return f"sqlite:///{copy}"
        return self._create(f"t{uuid4().hex}", template=name)

    def _fresh_sqlite(self) -> str:
        template = self.folder / "template.sqlite"
        if not template.exists():
            migration.upgrade(f"sqlite:///{template}")
        copy = self.folder / f"{uuid4().hex}.sqlite"
        shutil.copy(template, copy)
        return f"sqlite:///{copy}"

    def _fresh_postgres(self) -> str:
        if "siftmap_template" not in self._made:
            migration.upgrade(self._create("siftmap_template"))
            self._made.add("siftmap_template")
        return self._create(f"t{uuid4().hex}", template="siftmap_template")

    def _create(self, name: str, template: str = "template0") -> str:
        assert self.server is not None
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        engine.dispose()
        url = make_url(self.server).set(database=name)
        return url.render_as_string(hide_password=False)
