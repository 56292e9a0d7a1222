"""Say of a decision that was imported who is said to have made it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_decision",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_author", sa.String(length=255), nullable=False),
        sa.Column("claimed_verdict", sa.String(length=255), nullable=False),
        sa.Column("claimed_at", sa.String(length=255), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "decision_id"],
            ["decision.review_id", "decision.id"],
            name=op.f("fk_imported_decision_review_id_decision_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_imported_decision_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_imported_decision_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_decision")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_imported_decision_decision_id")),
    )
    op.create_index(
        "ix_imported_decision_event",
        "imported_decision",
        ["review_id", "event_number"],
        unique=False,
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM imported_decision")):
        raise RuntimeError("Decisions were imported; going down would lose who made them.")
    op.drop_index("ix_imported_decision_event", table_name="imported_decision")
    op.drop_table("imported_decision")
