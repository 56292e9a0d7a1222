"""Engines and transactions: SQLite's writers queue, and nothing read unlocked is written upon."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from importlib import import_module
from types import ModuleType
from typing import Any, Self

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004
from sqlalchemy.orm import Session

# Part of every query that looks at all the records of a review.
WHOLE_REVIEW = "/* the whole review */"

# Of SQLite's PRAGMA optimize: look at every table, asked for or not, that was never looked at or
# has grown or shrunk tenfold, and at no more than some hundred rows of each index.
TABLES_THAT_GREW = 0x10012

# SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections checkpoint
# (sqlite.org/wal.html#walresetbug); the rollback journal is not affected.
FIRST_SAFE_WAL = (3, 51, 3)


class Busy(Exception):
    """Somebody else is writing, for longer than one wants to wait."""


def sqlite_driver() -> ModuleType:
    """Return the newest SQLite at hand: the pysqlite3 wheel's, else the standard library's."""
    try:
        return import_module("pysqlite3.dbapi2")
    except ImportError:
        return import_module("sqlite3")


def journal_mode(driver: ModuleType) -> str:
    """Return the journal this SQLite can be trusted with: WAL, or DELETE where it has the bug."""
    return "WAL" if driver.sqlite_version_info >= FIRST_SAFE_WAL else "DELETE"


class Database:
    """Where the review lives; hands out sessions to read with and sessions to write with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._check: Callable[[Session], object] | None = None
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            # One writer at a time queues in the pool; readers have engines of their own.
            self.writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
            self.reader = _sqlite_engine(url, begin="BEGIN", pool_size=8, max_overflow=8)
            self.impatient = _sqlite_engine(
                url, begin="BEGIN IMMEDIATE", pool_size=8, max_overflow=8, patience=1_000
            )
        else:
            # A page's queries see one moment; a writer sees what others wrote before its lock.
            # The connection used last goes first: it remembers the plans of our longer queries.
            pool: dict[str, Any] = {"pool_size": 16, "max_overflow": 16, "pool_use_lifo": True}
            self.reader = create_engine(url, isolation_level="REPEATABLE READ", **pool)
            self.writer = self.impatient = create_engine(url, **pool)
            for engine in (self.reader, self.writer):
                event.listen(engine, "connect", _without_jit)
                event.listen(engine, "before_cursor_execute", _without_loops)
                event.listen(engine, "after_cursor_execute", _with_loops)

    def checked(self, check: Callable[[Session], object]) -> Self:
        """Return the same database, engines shared, which calls ``check`` before every write.

        Where ``check`` raises, the session writes nothing.
        """
        database = copy(self)
        database._check = check
        return database

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session whose changes, if any, are rolled back."""
        with Session(self.reader) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that commits when the block ends, and rolls back if it raises."""
        with Session(self.writer) as session, session.begin():
            if self._check is not None:
                self._check(session)
            yield session

    @contextmanager
    def writing_if_free(self) -> Iterator[Session]:
        """Yield a session as above, or raise Busy where somebody else writes for over a second."""
        try:
            with Session(self.impatient) as session, session.begin():
                if not self.is_sqlite:
                    session.execute(text("SET LOCAL lock_timeout = '1s'"))
                if self._check is not None:
                    self._check(session)
                yield session
        except TimeoutError as error:
            raise Busy from error
        except OperationalError as error:
            # SQLite has one lock; PostgreSQL's 55P03 is lock_not_available.
            if "locked" in str(error.orig) or getattr(error.orig, "sqlstate", "") == "55P03":
                raise Busy from error
            raise

    def describe(self) -> dict[str, str]:
        """Return the database's kind, version and mode of journalling, for /healthz."""
        with self.reader.connect() as connection:
            if not self.is_sqlite:
                version = connection.exec_driver_sql("SHOW server_version").scalar_one()
                return {"database": "postgresql", "version": str(version), "mode": "server"}
            version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            return {"database": "sqlite", "version": str(version), "mode": str(mode)}

    def analyse(self) -> None:
        """Let the database look at its tables, so that it finds good ways through them.

        After much was written at once PostgreSQL may otherwise go a hundred times slower until
        its own round comes by; SQLite has no such round, and takes every table for a short one.
        """
        command = f"PRAGMA optimize = {TABLES_THAT_GREW:#x}" if self.is_sqlite else "ANALYZE"
        with self.writer.begin() as connection:
            connection.exec_driver_sql(command)

    def dispose(self) -> None:
        """Close every connection."""
        for engine in (self.reader, self.writer, self.impatient):
            engine.dispose()


def _without_jit(connection: Any, _record: object) -> None:
    """Spare PostgreSQL compiling our longer queries, which takes longer than answering them."""
    connection.autocommit = True
    connection.execute("SET jit = off")
    connection.autocommit = False


def _without_loops(_c: object, cursor: Any, statement: str, *_more: object) -> None:
    """Keep PostgreSQL from comparing all records with all others.

    It takes the parts of our longer queries for single rows, and would loop over one part for
    each row of another: minutes, for a review of 50,000 records.
    """
    if WHOLE_REVIEW in statement:
        cursor.connection.execute("SET LOCAL enable_nestloop = off")


def _with_loops(_c: object, cursor: Any, statement: str, *_more: object) -> None:
    if WHOLE_REVIEW in statement:
        cursor.connection.execute("SET LOCAL enable_nestloop = on")


def _sqlite_engine(
    url: str, *, begin: str, pool_size: int, max_overflow: int, patience: int = 30_000
) -> Engine:
    driver = sqlite_driver()
    engine = create_engine(
        url, module=driver, pool_size=pool_size, max_overflow=max_overflow,
        pool_timeout=2 * patience / 1000,
        pool_recycle=600,  # what ``analyse`` found out is read when a connection is opened
    )  # fmt: skip
    mode = journal_mode(driver)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        connection.execute(f"PRAGMA busy_timeout = {patience}")
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("PRAGMA synchronous = FULL")  # an acknowledged decision is on the disk
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")  # REPLACE deletes, and must be refused

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        # A read that becomes a write cannot queue for SQLite's lock; it fails at once.
        connection.exec_driver_sql(begin)

    return engine
