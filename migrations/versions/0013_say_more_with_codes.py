"""Keep details and notes with codes, the quote of an agreed value, and reminders of requests."""

import sqlalchemy as sa
from alembic import op

revision = "say_more_with_codes"
down_revision = "correct_searches"
branch_labels = None
depends_on = None

ADDED = {
    "code": ("details", "note"),
    "agreed_code": ("details", "quote", "page", "report_id"),
    "full_text": ("part",),
    "retrieval": ("remind_on",),
}
PARTS = ("report", "supplement", "translation")


def upgrade() -> None:
    with op.batch_alter_table("code") as table:
        table.add_column(sa.Column("details", sa.Text(), nullable=True))
        table.add_column(sa.Column("note", sa.Text(), nullable=True))
    with op.batch_alter_table("agreed_code") as table:
        table.add_column(sa.Column("details", sa.Text(), nullable=True))
        table.add_column(sa.Column("quote", sa.Text(), nullable=True))
        table.add_column(sa.Column("page", sa.String(length=255), nullable=True))
        table.add_column(sa.Column("report_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(
            op.f("fk_agreed_code_review_id_report_id"), "record",
            ["review_id", "report_id"], ["review_id", "id"], ondelete="RESTRICT",
        )  # fmt: skip
        table.create_check_constraint(
            op.f("ck_agreed_code_a_page_belongs_to_a_quote"), "page IS NULL OR quote IS NOT NULL"
        )
    kind = sa.Enum(
        *PARTS, name="documentpart", native_enum=False, create_constraint=True, length=32
    )
    with op.batch_alter_table("full_text") as table:
        table.add_column(sa.Column("part", kind, nullable=True))
    with op.batch_alter_table("retrieval") as table:
        table.add_column(sa.Column("remind_on", sa.Date(), nullable=True))


def downgrade() -> None:
    for table, columns in ADDED.items():
        used = " OR ".join(f"{column} IS NOT NULL" for column in columns)
        n = op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {table} WHERE {used}"))  # noqa: S608
        if n:
            raise RuntimeError(
                f"{n} rows of {table} say more than the older version can keep. Export first."
            )
    for table, columns in ADDED.items():
        with op.batch_alter_table(table) as changed:
            if table == "agreed_code":
                changed.drop_constraint(
                    op.f("fk_agreed_code_review_id_report_id"), type_="foreignkey"
                )
                changed.drop_constraint(
                    op.f("ck_agreed_code_a_page_belongs_to_a_quote"), type_="check"
                )
            if table == "full_text":
                changed.drop_constraint(op.f("ck_full_text_documentpart"), type_="check")
            for column in columns:
                changed.drop_column(column)
