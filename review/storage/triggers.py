"""Triggers that refuse every change to acts and events and every deletion."""

from sqlalchemy import Connection, inspect

from review.tables import Event, act_tables

APPEND_ONLY = tuple(sorted([Event.__tablename__, *(table.name for table in act_tables())]))

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def install(connection: Connection) -> None:
    """Install the triggers on every append-only table that exists; repeating it is harmless."""
    present = set(inspect(connection).get_table_names())
    statements = _sqlite if connection.dialect.name == "sqlite" else _postgres
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRES_FUNCTION.replace("%", "%%"))
    for table in APPEND_ONLY:
        if table in present:
            for statement in statements(table):
                connection.exec_driver_sql(statement)


def _sqlite(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _postgres(table: str) -> list[str]:
    return [
        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]
