"""Keep the words that a reviewer marks as the reason for a decision."""

import sqlalchemy as sa
from alembic import op

revision = "marked_words"
down_revision = "baseline"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "marked_words",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=255), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "length(words) BETWEEN 1 AND 200",
            name=op.f("ck_marked_words_neither_empty_nor_a_text"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "decision_id"],
            ["decision.review_id", "decision.id"],
            name=op.f("fk_marked_words_review_id_decision_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_marked_words_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_marked_words_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marked_words")),
        sa.UniqueConstraint("decision_id", "words", name=op.f("uq_marked_words_decision_id_words")),
    )
    op.create_index("ix_marked_words_event", "marked_words", ["review_id", "event_number"])


def downgrade() -> None:
    n = op.get_bind().scalar(sa.text("SELECT count(*) FROM marked_words"))
    if n:
        raise RuntimeError(f"{n} words were marked, and going down would lose them. Export first.")
    op.drop_table("marked_words")
