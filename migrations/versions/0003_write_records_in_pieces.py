"""Write records and rejected blocks in pieces, before the row of their file."""

import sqlalchemy as sa
from alembic import op

revision = "records_in_pieces"
down_revision = "marked_words"
branch_labels = None
depends_on = None

FROM_THE_FILE = """
    UPDATE {table} SET {column} = (
        SELECT import_file.{column} FROM import_file WHERE import_file.id = {table}.import_file_id
    )
"""


def upgrade() -> None:
    op.add_column("import_file", sa.Column("blocks_digest", sa.String(length=64), nullable=True))
    for table, columns in (
        ("record", ("event_number", "search_id")),
        ("rejected_block", ("event_number",)),
    ):
        op.drop_index(f"ix_{table}_event", table)
        with op.batch_alter_table(table) as batch:
            for column in ("import_file_id", *columns):
                batch.drop_constraint(f"fk_{table}_review_id_{column}", type_="foreignkey")
            for column in columns:
                batch.drop_column(column)
        op.create_index(f"ix_{table}_file", table, ["review_id", "import_file_id"])


def downgrade() -> None:
    _refuse_to_lose()
    _restore("record", {"event_number": sa.Integer(), "search_id": sa.Uuid()})
    _restore("rejected_block", {"event_number": sa.Integer()})
    with op.batch_alter_table("import_file") as batch:
        batch.drop_column("blocks_digest")


def _refuse_to_lose() -> None:
    n = op.get_bind().scalar(
        sa.text("SELECT count(*) FROM import_file WHERE blocks_digest IS NOT NULL")
    )
    if n:
        raise RuntimeError(
            f"{n} files were imported in pieces, which the version before cannot verify, and going "
            "down would lose them. Export first."
        )
    for table in ("record", "rejected_block"):
        n = op.get_bind().scalar(
            sa.text(
                f"SELECT count(*) FROM {table} "  # noqa: S608 - our own names
                "WHERE import_file_id NOT IN (SELECT id FROM import_file)"
            )
        )
        if n:
            raise RuntimeError(f"{n} rows are of an import that has not ended. Let it end first.")


def _restore(table: str, columns: dict[str, sa.types.TypeEngine[object]]) -> None:
    """Give a table its columns back, with what the rows of the files say."""
    op.drop_index(f"ix_{table}_file", table)
    with op.batch_alter_table(table, recreate="auto") as batch:
        for column, kind in columns.items():
            batch.add_column(sa.Column(column, kind, nullable=True))
    _allow_changes(table)
    for column in columns:
        op.execute(FROM_THE_FILE.format(table=table, column=column))
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.alter_column(column, nullable=False)
        batch.create_foreign_key(
            f"fk_{table}_review_id_event_number",
            "event",
            ["review_id", "event_number"],
            ["review_id", "number"],
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        )
        for target in ("import_file", "search"):
            if target == "import_file" or "search_id" in columns:
                batch.create_foreign_key(
                    f"fk_{table}_review_id_{target}_id",
                    target,
                    ["review_id", f"{target}_id"],
                    ["review_id", "id"],
                    ondelete="RESTRICT",
                )
    op.create_index(f"ix_{table}_event", table, ["review_id", "event_number"])


def _allow_changes(table: str) -> None:
    """Drop the table's triggers; the safeguards around every migration install them again."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
    else:
        op.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
