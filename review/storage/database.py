"""Engines and transactions: SQLite's writers queue, and no write builds on an unlocked read."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from importlib import import_module
from types import ModuleType
from typing import Any, Self, TypeVar

from sqlalchemy import Engine, Result, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004
from sqlalchemy.orm import Session

from review.storage.disk import is_disk_full

First = TypeVar("First")
Second = TypeVar("Second")

# Part of every query that reads all the records of a review.
WHOLE_REVIEW = "/* the whole review */"

# Flags of SQLite's PRAGMA optimize: analyse every table, queried or not, that was never analysed
# or has grown or shrunk tenfold, and read no more than some hundred rows of each index.
TABLES_THAT_GREW = 0x10012

# SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections checkpoint
# (sqlite.org/wal.html#walresetbug); the rollback journal is not affected.
FIRST_SAFE_WAL = (3, 51, 3)

SYNCHRONOUS_FULL = 2  # sqlite.org/pragma.html#pragma_synchronous

FULL_FOR = 60.0  # seconds for which a disk counts as full, unless something is saved before


class Busy(Exception):
    """Something else is writing for longer than the caller waits, or the disk is full."""


def pairs(result: Result[First, Second]) -> list[tuple[First, Second]]:
    """Return the rows of a query for two columns as tuples, which `dict` and mypy understand."""
    return [(first, second) for first, second in result]


def sqlite_driver() -> ModuleType:
    """Return the newest SQLite installed: the pysqlite3 wheel's, else the standard library's."""
    try:
        return import_module("pysqlite3.dbapi2")
    except ImportError:
        return import_module("sqlite3")


def journal_mode(driver: ModuleType) -> str:
    """Return the journal mode that is safe with this SQLite: WAL, or DELETE if it has the bug."""
    return "WAL" if driver.sqlite_version_info >= FIRST_SAFE_WAL else "DELETE"


class Database:
    """The database behind a URL: gives out sessions for reading and sessions for writing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._check: Callable[[Session], object] | None = None
        self._full_until = 0.0
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            # Writers queue in the pool, one at a time; readers have their own engine.
            self.writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
            self.reader = _sqlite_engine(url, begin="BEGIN", pool_size=8, max_overflow=8)
            self.short_wait_writer = _sqlite_engine(
                url, begin="BEGIN IMMEDIATE", pool_size=8, max_overflow=8, wait_ms=1_000
            )
        else:
            # All queries of a page see the same moment; a writer sees what others wrote before its
            # lock.  The last used connection comes first: it has our longer queries planned.
            pool: dict[str, Any] = {"pool_size": 16, "max_overflow": 16, "pool_use_lifo": True}
            self.reader = create_engine(url, isolation_level="REPEATABLE READ", **pool)
            self.writer = self.short_wait_writer = create_engine(url, **pool)
            for engine in (self.reader, self.writer):
                event.listen(engine, "connect", _disable_jit)
                event.listen(engine, "before_cursor_execute", _disable_nested_loops)
                event.listen(engine, "after_cursor_execute", _enable_nested_loops)

    def checked(self, check: Callable[[Session], object]) -> Self:
        """Return the same database, engines shared, which calls ``check`` before every write.

        Where ``check`` raises, the session writes nothing.
        """
        database = copy(self)
        database._check = check
        return database

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for reading; any changes are rolled back."""
        with Session(self.reader) as session:
            yield session

    @property
    def is_full(self) -> bool:
        """Whether the disk was full a moment ago, and nothing has been saved since."""
        return time.monotonic() < self._full_until

    def notice_full_disk(self) -> None:
        """Remember that something could not be saved because the disk is full."""
        self._full_until = time.monotonic() + FULL_FOR

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that commits when the block ends, and rolls back if it raises."""
        with Session(self.writer) as session, session.begin():
            if self._check is not None:
                self._check(session)
            yield session
        self._full_until = 0.0

    @contextmanager
    def trying(self) -> Iterator[Session]:
        """Yield a session as `writing` does, and undo all that was done in it, however it ends."""
        with Session(self.writer) as session, session.begin() as transaction:
            yield session
            transaction.rollback()

    @contextmanager
    def writing_if_free(self) -> Iterator[Session]:
        """Yield a session like `writing`; raise Busy if the disk is full, or after a second."""
        try:
            with Session(self.short_wait_writer) as session, session.begin():
                if not self.is_sqlite:
                    session.execute(text("SET LOCAL lock_timeout = '1s'"))
                if self._check is not None:
                    self._check(session)
                yield session
        except TimeoutError as error:
            raise Busy from error
        except OperationalError as error:
            # SQLite has one lock; PostgreSQL's 55P03 is lock_not_available.
            is_locked = (
                "locked" in str(error.orig) or getattr(error.orig, "sqlstate", "") == "55P03"
            )
            if is_locked or is_disk_full(error):
                raise Busy from error
            raise

    def describe(self) -> dict[str, str]:
        """Return the database's kind, version and journal mode, for /healthz."""
        with self.reader.connect() as connection:
            if not self.is_sqlite:
                version = connection.exec_driver_sql("SHOW server_version").scalar_one()
                return {"database": "postgresql", "version": str(version), "mode": "server"}
            version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            return {"database": "sqlite", "version": str(version), "mode": str(mode)}

    def analyse(self) -> None:
        """Update the statistics by which the database plans its queries.

        After a large write, PostgreSQL may otherwise be a hundred times slower until autovacuum
        has run.  SQLite has nothing like autovacuum and assumes that every table is short.
        """
        command = f"PRAGMA optimize = {TABLES_THAT_GREW:#x}" if self.is_sqlite else "ANALYZE"
        with self.writer.begin() as connection:
            connection.exec_driver_sql(command)

    def dispose(self) -> None:
        """Close every connection."""
        for engine in (self.reader, self.writer, self.short_wait_writer):
            engine.dispose()


def _disable_jit(connection: Any, _record: object) -> None:
    """Turn off PostgreSQL's JIT: compiling our longer queries takes longer than running them."""
    connection.autocommit = True
    connection.execute("SET jit = off")
    connection.autocommit = False


def _disable_nested_loops(_c: object, cursor: Any, statement: str, *_rest: object) -> None:
    """Keep PostgreSQL from comparing all records with all others.

    It estimates a single row for parts of our longer queries, and would loop over one part for
    each row of another: minutes, for a review of 50,000 records.
    """
    if WHOLE_REVIEW in statement:
        cursor.connection.execute("SET LOCAL enable_nestloop = off")


def _enable_nested_loops(_c: object, cursor: Any, statement: str, *_rest: object) -> None:
    if WHOLE_REVIEW in statement:
        cursor.connection.execute("SET LOCAL enable_nestloop = on")


def _sqlite_engine(
    url: str, *, begin: str, pool_size: int, max_overflow: int, wait_ms: int = 30_000
) -> Engine:
    driver = sqlite_driver()
    engine = create_engine(
        url, module=driver, pool_size=pool_size, max_overflow=max_overflow,
        pool_timeout=2 * wait_ms / 1000,
        pool_recycle=600,  # a connection reads the statistics of ``analyse`` when it opens
    )  # fmt: skip
    mode = journal_mode(driver)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("PRAGMA synchronous = FULL")  # an acknowledged decision is on the disk
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")  # REPLACE deletes, and must be refused

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        level = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        if level < SYNCHRONOUS_FULL:
            raise RuntimeError("SQLite would not wait for the disk, so nothing is written.")
        # A read that turns into a write cannot queue for SQLite's lock; it fails at once.
        connection.exec_driver_sql(begin)

    return engine
