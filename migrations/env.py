"""Alembic's entry: every migration runs inside the safeguards of review.migration."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from review.storage import migration
from review.storage.database import Database
from review.tables import Base
from review.tables.base import UTCDateTime


def plain_type(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column types as the database sees them, so that revisions stand alone."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def migrate(connection: Connection) -> None:
    """Run the revisions asked for, on a connection that is already in a transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=plain_type,
        transactional_ddl=False,  # the transaction is ours
    )
    context.run_migrations()


url = context.config.get_main_option("sqlalchemy.url")
if url is None:
    raise SystemExit("No database: set sqlalchemy.url, or use `siftmap migrate`.")
database = Database(url)
try:
    migration.run(database, migrate)
finally:
    database.dispose()
