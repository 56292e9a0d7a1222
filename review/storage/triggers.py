"""Triggers that refuse every change to acts and events and every deletion.

Rows of a file that is still being imported may be deleted, because nobody has seen them yet.
"""

from sqlalchemy import Connection, inspect

from review.tables import Event, RejectedBlock, StoredRecord, act_tables

OF_FILES = (StoredRecord.__tablename__, RejectedBlock.__tablename__)
APPEND_ONLY = tuple(
    sorted([Event.__tablename__, *OF_FILES, *(table.name for table in act_tables())])
)
_FILE_COUNTS = "EXISTS (SELECT 1 FROM import_file WHERE import_file.id = OLD.import_file_id)"

_REFUSE = """
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
"""
_POSTGRES_FUNCTIONS = {
    "refuse_change": _REFUSE,
    "refuse_change_once_imported": f"""
    IF TG_OP = 'DELETE' AND NOT {_FILE_COUNTS} THEN
        RETURN OLD;
    END IF;{_REFUSE}""",
}


def install(connection: Connection) -> None:
    """Install the triggers on every append-only table that exists; repeating it is harmless."""
    present = set(inspect(connection).get_table_names())
    statements = _sqlite if connection.dialect.name == "sqlite" else _postgres
    if connection.dialect.name == "postgresql":
        for name, body in _POSTGRES_FUNCTIONS.items():
            connection.exec_driver_sql(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
                f"BEGIN{body.replace('%', '%%')}END $$"
            )
    for table in APPEND_ONLY:
        if table in present:
            for statement in statements(table):
                connection.exec_driver_sql(statement)


def _sqlite(table: str) -> list[str]:
    when = {"DELETE": f"WHEN {_FILE_COUNTS} "} if table in OF_FILES else {}
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"{when.get(verb, '')}BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _postgres(table: str) -> list[str]:
    refuse = "refuse_change_once_imported" if table in OF_FILES else "refuse_change"
    return [
        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {refuse}()",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]
