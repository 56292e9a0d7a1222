"""Model runs and the ranks they give; nothing here counts as evidence."""

import sqlalchemy as sa
from alembic import op


def create_model_run() -> None:
    op.create_table(
        "model_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
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
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("n_training", sa.Integer(), nullable=False),
        sa.Column("n_included", sa.Integer(), nullable=False),
        sa.Column("up_to_event", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_model_run_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_run")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_model_run_review_id_id")),
    )
    op.create_index(
        "ix_model_run_current", "model_run", ["review_id", "stage", "ready_at"], unique=False
    )


def create_rank() -> None:
    op.create_table(
        "rank",
        sa.Column("model_run_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("held_out", sa.Double(), nullable=True),
        sa.Column("why", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["review_id", "model_run_id"],
            ["model_run.review_id", "model_run.id"],
            name=op.f("fk_rank_review_id_model_run_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_rank_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("model_run_id", "record_id", name=op.f("pk_rank")),
        sa.UniqueConstraint("model_run_id", "position", name=op.f("uq_rank_model_run_id_position")),
    )
