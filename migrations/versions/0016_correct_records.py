"""Let records be corrected."""

import sqlalchemy as sa
from alembic import op

revision = "correct_records"
down_revision = "known_contracts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_correction",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("journal", sa.Text(), nullable=True),
        sa.Column("volume", sa.Text(), nullable=True),
        sa.Column("issue", sa.Text(), nullable=True),
        sa.Column("pages", sa.Text(), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("pmid", sa.Text(), nullable=True),
        sa.Column("isbn", sa.Text(), nullable=True),
        sa.Column("issn", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("translated_title", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"], ["event.review_id", "event.number"],
            name=op.f("fk_record_correction_review_id_event_number"), ondelete="RESTRICT",
            initially="DEFERRED", deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_record_correction_review_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"], ["record.review_id", "record.id"],
            name=op.f("fk_record_correction_review_id_record_id"), ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_correction")),
    )  # fmt: skip
    op.create_index(
        "ix_record_correction_event", "record_correction", ["review_id", "event_number"]
    )
    op.create_index(
        "ix_record_correction_record", "record_correction", ["record_id", "event_number"]
    )


def downgrade() -> None:
    n = op.get_bind().scalar(sa.text("SELECT count(*) FROM record_correction"))
    if n:
        raise RuntimeError(f"{n} corrections of records would be lost. Keep this release.")
    op.drop_table("record_correction")
