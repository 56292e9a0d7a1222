"""Let searches be corrected and withdrawn, and files moved; keep drafts of protocols."""

import sqlalchemy as sa
from alembic import op

revision = "correct_searches"
down_revision = "public_maps"
branch_labels = None
depends_on = None

CORRECTIONS = ("search_correction", "file_correction")
KINDS = (
    "database", "register", "website", "organisation", "citation_searching", "contact", "other",
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("search") as search:
        search.add_column(sa.Column("update_of", sa.Uuid(), nullable=True))
    op.create_table(
        "search_correction",
        sa.Column("search_id", sa.Uuid(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                *KINDS, name="searchkind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("platform", sa.String(length=255), nullable=True),
        sa.Column("query", sa.Text(), nullable=True),
        sa.Column("run_on", sa.Date(), nullable=True),
        sa.Column("limits", sa.Text(), nullable=True),
        sa.Column("n_hits", sa.Integer(), nullable=True),
        sa.Column("update_of", sa.Uuid(), nullable=True),
        sa.CheckConstraint("n_hits >= 0", name=op.f("ck_search_correction_hits_not_negative")),
        *_act("search_correction", "search"),
    )
    op.create_table(
        "file_correction",
        sa.Column("import_file_id", sa.Uuid(), nullable=False),
        sa.Column("search_id", sa.Uuid(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        *_act("file_correction", "import_file", "search"),
    )
    for table, about in (("search_correction", "search"), ("file_correction", "import_file")):
        op.create_index(f"ix_{table}_event", table, ["review_id", "event_number"])
        name = f"ix_{table}_{about.removeprefix('import_')}"
        op.create_index(name, table, ["review_id", f"{about}_id", "event_number"])
    op.create_table(
        "protocol_draft",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("saved_by", sa.Uuid(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_protocol_draft_review_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["saved_by"], ["account.id"], name=op.f("fk_protocol_draft_saved_by"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_protocol_draft")),
    )  # fmt: skip


def _act(table: str, *about: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f(f"fk_{table}_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f(f"fk_{table}_review_id"), ondelete="RESTRICT"
        ),
        *(
            sa.ForeignKeyConstraint(
                ["review_id", f"{target}_id"],
                [f"{target}.review_id", f"{target}.id"],
                name=op.f(f"fk_{table}_review_id_{target}_id"),
                ondelete="RESTRICT",
            )
            for target in about
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def downgrade() -> None:
    for table in CORRECTIONS:
        n = op.get_bind().scalar(sa.select(sa.func.count()).select_from(sa.table(table)))
        if n:
            raise RuntimeError(f"{n} rows of {table} would be lost by going down. Export first.")
    searches = sa.table("search", sa.column("update_of"))
    updates = sa.select(sa.func.count()).select_from(searches)
    if n := op.get_bind().scalar(updates.where(searches.c.update_of.is_not(None))):
        raise RuntimeError(f"{n} links between searches would be lost by going down. Export first.")
    for table in (*CORRECTIONS, "protocol_draft"):
        op.drop_table(table)
    with op.batch_alter_table("search") as search:
        search.drop_column("update_of")
