"""Databases for tests: a migrated SQLite file to copy, and a PostgreSQL server of our own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from review.storage import migration
from review.tables import Base

KINDS = ("sqlite", "postgresql")


def share_compiled_queries() -> None:
    """Let the engines of this process use each other's compiled queries.

    SQLAlchemy compiles a query once for each engine.  A test has an engine or three of its own,
    and would spend a quarter of its time on compiling what the test before it compiled.
    """
    compiled = LRUCache(5_000)
    Engine._compiled_cache = property(lambda _engine: compiled, lambda _engine, _own: None)
    DefaultDialect.__hash__ = lambda self: hash((type(self), self.dbapi))
    DefaultDialect.__eq__ = lambda self, other: (
        (type(self), self.dbapi) == (type(other), getattr(other, "dbapi", None))
    )


@contextmanager
def folder_in_memory(prefix: str) -> Iterator[Path]:
    """Yield a folder that is gone afterwards, in memory where the system has a place for that.

    A commit to a disk waits for it some milliseconds, and most tests commit many times.
    """
    memory = Path("/dev/shm")  # noqa: S108 - what needs a disk says so, in tests/faults
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
    with folder_in_memory("siftmap-pg-") as folder:
        yield from _serving(binaries, folder)


def _serving(binaries: Path, folder: Path) -> Iterator[str]:
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses root
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    run = {"check": True, "user": user, "cwd": folder, "stdout": subprocess.DEVNULL}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"], **run
    )
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
    options += (
        " -c max_wal_size=128MB -c dynamic_shared_memory_type=mmap"  # little memory, and here
    )
    log = folder / "log"
    subprocess.run(
        [binaries / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"], **run
    )
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **run)


def copy_rows(source: str, target: str) -> None:
    """Copy all rows of a migrated database into an empty one of the other kind."""
    reading, writing = create_engine(source), create_engine(target)
    with reading.connect() as there, writing.begin() as here:
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in there.execute(table.select()).mappings()]
            if rows:
                here.execute(table.insert(), rows)
    reading.dispose()
    writing.dispose()


class Templates:
    """Migrated databases to make fresh ones from, quickly.

    A test's databases go with it (`dropping`): some thousands of them would fill the memory that
    the server keeps them in.
    """

    def __init__(self, folder: Path, server: str | None) -> None:
        self.folder = folder
        self.server = server
        self._made: list[str] = []
        self._has_template = False

    @contextmanager
    def dropping(self) -> Iterator[None]:
        """Drop, when the block ends, the databases made in it, but for those to keep."""
        n_before = len(self._made)
        yield
        for url in self._made[n_before:]:
            self._drop(url)
        del self._made[n_before:]

    def fresh(self, kind: str, *, keep: bool = False) -> str:
        """Return the URL of a new, migrated, empty database, which outlives its test if kept."""
        return self._noted(
            self._fresh_sqlite() if kind == "sqlite" else self._fresh_postgres(), keep
        )

    def empty(self, kind: str) -> str:
        """Return the URL of a new database without any table."""
        return self._noted(self._new_file() if kind == "sqlite" else self._create(_new_name()))

    def clone(self, url: str) -> str:
        """Return the URL of a copy of a database that nobody is connected to."""
        return self._noted(self._clone(url))

    def _noted(self, url: str, keep: bool = False) -> str:
        if not keep:
            self._made.append(url)
        return url

    def _clone(self, url: str) -> str:
        name = make_url(url).database or ""
        if not url.startswith("sqlite"):
            return self._create(_new_name(), template=name)
        copy = self._new_file()
        shutil.copy(name, make_url(copy).database or "")
        return copy

    def _new_file(self) -> str:
        return f"sqlite:///{self.folder / _new_name()}.sqlite"

    def _fresh_sqlite(self) -> str:
        template = f"sqlite:///{self.folder / 'template.sqlite'}"
        if not (self.folder / "template.sqlite").exists():
            migration.upgrade(template)
        return self._clone(template)

    def _fresh_postgres(self) -> str:
        if not self._has_template:
            migration.upgrade(self._create("siftmap_template"))
            self._has_template = True
        return self._create(_new_name(), template="siftmap_template")

    def _create(self, name: str, template: str = "template0") -> str:
        assert self.server is not None
        self._execute(f"DROP DATABASE IF EXISTS {name}")
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return make_url(self.server).set(database=name).render_as_string(hide_password=False)

    def _drop(self, url: str) -> None:
        name = make_url(url).database or ""
        if url.startswith("sqlite"):
            for part in ("", "-wal", "-shm"):
                Path(name + part).unlink(missing_ok=True)
        else:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        assert self.server is not None
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def _new_name() -> str:
    return f"t{uuid4().hex}"
