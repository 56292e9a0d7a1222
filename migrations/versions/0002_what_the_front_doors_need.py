"""Add leases to jobs, and invitations, skips and answered requests."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answered_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("said_sha256", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_answered_request_account_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answered_request")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_answered_request_account_id_key")),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(used_at IS NULL) = (used_by IS NULL)", name=op.f("ck_invitation_used_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["account.id"],
            name=op.f("fk_invitation_created_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_invitation_review_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["used_by"], ["account.id"], name=op.f("fk_invitation_used_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_invitation_token_sha256")),
    )
    op.create_index(op.f("ix_invitation_review_id"), "invitation", ["review_id"], unique=False)
    op.create_table(
        "skip",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
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
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_skip_account_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_skip_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_skip_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skip")),
        sa.UniqueConstraint(
            "account_id", "record_id", "stage", name=op.f("uq_skip_account_id_record_id_stage")
        ),
    )
    op.create_index(op.f("ix_skip_review_id"), "skip", ["review_id"], unique=False)
    op.create_index(
        "ix_full_text_record", "full_text", ["review_id", "record_id", "event_number"], unique=False
    )
    with op.batch_alter_table("job") as job:
        job.add_column(sa.Column("step", sa.Text(), server_default="", nullable=False))
        job.add_column(sa.Column("lease_id", sa.Uuid(), nullable=True))
        job.create_check_constraint(
            op.f("ck_job_a_lease_is_somebodys"), "(leased_until IS NULL) = (lease_id IS NULL)"
        )
    op.add_column(
        "share_link",
        sa.Column("frame_origins", sa.JSON(), server_default="[]", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("share_link", "frame_origins")
    with op.batch_alter_table("job") as job:
        job.drop_constraint(op.f("ck_job_a_lease_is_somebodys"), type_="check")
        job.drop_column("lease_id")
        job.drop_column("step")
    op.drop_index("ix_full_text_record", table_name="full_text")
    op.drop_table("skip")
    op.drop_table("invitation")
    op.drop_table("answered_request")
