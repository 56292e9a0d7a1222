"""Give stages a due date and a pause, and reviewers terms and labels of their own."""

import sqlalchemy as sa
from alembic import op

revision = "reviewers_tools"
down_revision = "round_rules"
branch_labels = None
depends_on = None

TABLES = ("stage_schedule", "own_term", "record_label")


def upgrade() -> None:
    op.create_table(
        "stage_schedule",
        sa.Column(
            "stage",
            sa.Enum(
                "title_abstract",
                "full_text",
                name="stage",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_stage_schedule_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        _belongs_to("stage_schedule", "review"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_schedule")),
    )
    op.create_index("ix_stage_schedule_event", "stage_schedule", ["review_id", "event_number"])
    op.create_table(
        "own_term",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("term", sa.String(length=255), nullable=False),
        _belongs_to("own_term", "review"),
        _belongs_to("own_term", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_term")),
        sa.UniqueConstraint(
            "review_id", "account_id", "term", name=op.f("uq_own_term_review_id_account_id_term")
        ),
    )
    op.create_table(
        "record_label",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_record_label_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        _belongs_to("record_label", "review"),
        _belongs_to("record_label", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_label")),
        sa.UniqueConstraint(
            "record_id",
            "account_id",
            "name",
            name=op.f("uq_record_label_record_id_account_id_name"),
        ),
    )
    op.create_index("ix_record_label_of", "record_label", ["review_id", "account_id", "name"])


def _belongs_to(table: str, owner: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{owner}_id")
    return sa.ForeignKeyConstraint([f"{owner}_id"], [f"{owner}.id"], name=name, ondelete="RESTRICT")


def downgrade() -> None:
    for table in TABLES:
        n = op.get_bind().scalar(sa.select(sa.func.count()).select_from(sa.table(table)))
        if n:
            raise RuntimeError(f"{n} rows of {table} would be lost by going down. Export first.")
    for table in TABLES:
        op.drop_table(table)
