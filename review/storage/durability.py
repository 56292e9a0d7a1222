"""Whether a database keeps what it has confirmed: after a power cut, no decision may be gone."""

from sqlalchemy import Connection

from review.errors import ReviewError
from review.storage.database import Database

# Off, each can lose or damage what was committed (postgresql.org/docs, chapter 28.4 and
# "Write Ahead Log" in chapter 19).
POSTGRESQL_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")


class UnsafeDatabase(ReviewError):
    """The database may lose what it has confirmed."""


def settings_that_are_off(database: Database) -> list[str]:
    """Return the settings of PostgreSQL that are off and without which commits can be lost."""
    if database.is_sqlite:
        return []  # review.storage.database sets it for each connection, and looks at each write
    with database.writer.connect() as connection:
        return [name for name in POSTGRESQL_SETTINGS if _is_off(connection, name)]


def _is_off(connection: Connection, name: str) -> bool:
    return bool(connection.exec_driver_sql(f"SHOW {name}").scalar_one() == "off")


def check_durable(database: Database, *, is_allowed: bool) -> str:
    """Return a warning about a database that can lose confirmed decisions; empty for a safe one.

    Raises UnsafeDatabase instead unless the operator allowed it.
    """
    off = settings_that_are_off(database)
    if not off:
        return ""
    danger = (
        f"PostgreSQL runs with {' and '.join(off)} off: a crash or power cut can lose decisions "
        "that a page has confirmed."
    )
    if not is_allowed:
        raise UnsafeDatabase(
            f"{danger} Switch on what is off, or set SIFTMAP_ALLOW_UNSAFE_DATABASE=true if the "
            "data may be lost."
        )
    return f"{danger} SIFTMAP_ALLOW_UNSAFE_DATABASE allows it."
