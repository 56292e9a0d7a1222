"""Judgements on pairs of records, and the clusters that follow from them."""

import sqlalchemy as sa
from alembic import op


def create_duplicate_judgement() -> None:
    op.create_table(
        "duplicate_judgement",
        sa.Column("left_id", sa.Uuid(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "duplicate",
                "distinct",
                "same_study",
                "possible",
                "withdrawn",
                name="judgement",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "left_id <> right_id", name=op.f("ck_duplicate_judgement_not_its_own_duplicate")
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_duplicate_judgement_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "left_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_duplicate_judgement_review_id_left_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "right_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_duplicate_judgement_review_id_right_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_duplicate_judgement_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_judgement")),
    )
    op.create_index(
        "ix_duplicate_judgement_event",
        "duplicate_judgement",
        ["review_id", "event_number"],
        unique=False,
    )
    op.create_index(
        "ix_duplicate_judgement_pair",
        "duplicate_judgement",
        ["review_id", "left_id", "right_id", "event_number"],
        unique=False,
    )
    op.create_index(
        "ix_duplicate_judgement_right",
        "duplicate_judgement",
        ["review_id", "right_id"],
        unique=False,
    )


def create_cluster_membership() -> None:
    op.create_table(
        "cluster_membership",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_cluster_membership_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_cluster_membership_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "root_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_cluster_membership_review_id_root_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_cluster_membership_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cluster_membership")),
        sa.UniqueConstraint(
            "review_id",
            "record_id",
            "event_number",
            name=op.f("uq_cluster_membership_review_id_record_id_event_number"),
        ),
    )
    op.create_index(
        "ix_cluster_membership_event",
        "cluster_membership",
        ["review_id", "event_number"],
        unique=False,
    )
    op.create_index(
        "ix_cluster_membership_root", "cluster_membership", ["review_id", "root_id"], unique=False
    )
