"""The schema of a database as text: deterministic, one line a column, constraint or trigger.

`python tests/migrations/schema_text.py --write` writes the committed snapshots anew.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, text

from review.storage.database import Database

FOLDER = Path(__file__).parent
SNAPSHOTS = {
    "sqlite": FOLDER / "schema-sqlite.sql",
    "postgresql": FOLDER / "schema-postgresql.txt",
}

# The order of a table's columns is left out: one that is added later stands last, and nothing
# depends on it.  Not-null constraints are part of their columns ('n' is new in PostgreSQL 18).
_POSTGRES = {
    "column": """
        SELECT c.relname, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attnotnull THEN 'NOT NULL' END,
               'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace = :public
    """,
    "constraint": """
        SELECT c.relname, k.conname || ' ' || pg_get_constraintdef(k.oid)
               || CASE WHEN k.convalidated THEN '' ELSE ' (not validated)' END
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND c.relnamespace = :public
    """,
    "index": """
        SELECT c.relname, pg_get_indexdef(i.indexrelid)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = :public
          AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
                          AND k.contype IN ('p', 'u', 'x'))
    """,
    "trigger": """
        SELECT c.relname, pg_get_triggerdef(t.oid)
               || CASE t.tgenabled WHEN 'O' THEN '' ELSE ' (disabled)' END
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND c.relnamespace = :public
    """,
}
_POSTGRES_FUNCTIONS = (
    "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = :public ORDER BY proname"
)


def schema_text(connection: Connection) -> str:
    """Return everything that the database's own catalogue says, Alembic's table left out."""
    lines = _sqlite(connection) if connection.dialect.name == "sqlite" else _postgres(connection)
    return "\n".join(lines) + "\n"


def _sqlite(connection: Connection) -> Iterator[str]:
    rows = connection.exec_driver_sql(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL "
        "AND tbl_name <> 'alembic_version' ORDER BY tbl_name, type = 'table' DESC, type, name"
    )
    for kind, name, _, sql in rows:
        # A table that Alembic has rebuilt has its name in quotes; nothing else differs.
        plain = re.sub(r"\s+", " ", sql.replace('"', "")).strip()
        if kind != "table":
            yield f"{plain};"
            continue
        inner, _, after = plain.partition("(")[2].rpartition(")")
        items = sorted(_items(inner), key=lambda item: (item.startswith("CONSTRAINT"), item))
        yield f"\nCREATE TABLE {name} (\n  " + ",\n  ".join(items) + f"\n){after};"


def _items(text: str) -> Iterator[str]:
    """Split at the commas that stand in no brackets and in no quotes."""
    depth, start, is_quoted = 0, 0, False
    for place, sign in enumerate(text):
        if sign == "'":
            is_quoted = not is_quoted
        elif not is_quoted:
            depth += (sign == "(") - (sign == ")")
            if sign == "," and depth == 0:
                yield text[start:place].strip()
                start = place + 1
    yield text[start:].strip()


def _postgres(connection: Connection) -> Iterator[str]:
    public = connection.scalar(text("SELECT 'public'::regnamespace::oid"))
    tables: dict[str, list[str]] = {}
    for kind, query in _POSTGRES.items():
        for table, line in sorted(map(tuple, connection.execute(text(query), {"public": public}))):
            tables.setdefault(table, []).append(f"  {kind} {line}")
    tables.pop("alembic_version", None)
    for table in sorted(tables):
        yield "\n".join([f"\n{table}", *tables[table]])
    for definition in connection.scalars(text(_POSTGRES_FUNCTIONS), {"public": public}):
        yield f"\n{definition.strip()}"


def read_schema(url: str) -> str:
    """Return the schema text of the database at ``url``."""
    # Not an engine of another driver: two SQLites in one process undo each other's locks.
    database = Database(url)
    try:
        with database.reader.connect() as connection:
            return schema_text(connection)
    finally:
        database.dispose()


def _write() -> None:
    from tests.databases import KINDS, Templates, postgres_server

    with postgres_server() as server, tempfile.TemporaryDirectory() as folder:
        templates = Templates(Path(folder), server)
        for kind in KINDS:
            SNAPSHOTS[kind].write_text(read_schema(templates.fresh(kind)), encoding="utf-8")
            print(f"wrote {SNAPSHOTS[kind]}")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        raise SystemExit(__doc__)
    sys.path.insert(0, str(FOLDER.parents[1]))
    _write()
