"""Keep uploaded PDFs of which nobody has said yet what report they are."""

import sqlalchemy as sa
from alembic import op

revision = "offer_files"
down_revision = "say_more_with_codes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offered_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_words", sa.Text(), nullable=False),
        sa.Column("n_pages", sa.Integer(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("offered_by", sa.Uuid(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_offered_file_review_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["offered_by"], ["account.id"], name=op.f("fk_offered_file_offered_by"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offered_file")),
        sa.UniqueConstraint(
            "review_id", "sha256", name=op.f("uq_offered_file_review_id_sha256")
        ),
    )  # fmt: skip


def downgrade() -> None:
    n = op.get_bind().scalar(sa.text("SELECT count(*) FROM offered_file"))
    if n:
        raise RuntimeError(f"{n} PDFs wait to be matched to their reports. Do that first.")
    op.drop_table("offered_file")
