"""Keep which records all reviewers decide on, to see whether they read the criteria alike."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calibration",
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
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("is_random", sa.Boolean(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("decisions_needed", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("decisions_needed > 1", name=op.f("ck_calibration_takes_two")),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_calibration_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_calibration_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_calibration_review_id_id")),
    )
    op.create_index(
        "ix_calibration_event", "calibration", ["review_id", "event_number"], unique=False
    )
    op.create_table(
        "calibration_end",
        sa.Column("calibration_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "calibration_id"],
            ["calibration.review_id", "calibration.id"],
            name=op.f("fk_calibration_end_review_id_calibration_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_calibration_end_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_calibration_end_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_end")),
        sa.UniqueConstraint("calibration_id", name=op.f("uq_calibration_end_calibration_id")),
    )
    op.create_index(
        "ix_calibration_end_event", "calibration_end", ["review_id", "event_number"], unique=False
    )
    op.create_table(
        "calibration_record",
        sa.Column("calibration_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "calibration_id"],
            ["calibration.review_id", "calibration.id"],
            name=op.f("fk_calibration_record_review_id_calibration_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_calibration_record_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_calibration_record_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_calibration_record_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_record")),
        sa.UniqueConstraint(
            "calibration_id",
            "record_id",
            name=op.f("uq_calibration_record_calibration_id_record_id"),
        ),
    )
    op.create_index(
        "ix_calibration_record_event",
        "calibration_record",
        ["review_id", "event_number"],
        unique=False,
    )
    op.create_index("ix_calibration_record_of", "calibration_record", ["record_id"], unique=False)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM calibration")):
        raise RuntimeError("There were calibration rounds; going down would lose them.")
    op.drop_index("ix_calibration_record_of", table_name="calibration_record")
    op.drop_index("ix_calibration_record_event", table_name="calibration_record")
    op.drop_table("calibration_record")
    op.drop_index("ix_calibration_end_event", table_name="calibration_end")
    op.drop_table("calibration_end")
    op.drop_index("ix_calibration_event", table_name="calibration")
    op.drop_table("calibration")
