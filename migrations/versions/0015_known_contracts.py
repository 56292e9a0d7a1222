"""Keep lists of known contracts, such as INDIGO's."""

import sqlalchemy as sa
from alembic import op

revision = "known_contracts"
down_revision = "offer_files"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract_list",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("n_contracts", sa.Integer(), nullable=False),
        sa.Column("n_removed", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"], ["event.review_id", "event.number"],
            name=op.f("fk_contract_list_review_id_event_number"), ondelete="RESTRICT",
            initially="DEFERRED", deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_contract_list_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_list")),
    )  # fmt: skip
    op.create_index("ix_contract_list_event", "contract_list", ["review_id", "event_number"])
    op.create_table(
        "known_contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_known_contract_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_contract")),
        sa.UniqueConstraint("review_id", "key", name=op.f("uq_known_contract_review_id_key")),
    )  # fmt: skip


def downgrade() -> None:
    n = op.get_bind().scalar(sa.text("SELECT count(*) FROM contract_list"))
    if n:
        raise RuntimeError(f"{n} lists of known contracts would be lost. Keep this release.")
    op.drop_table("known_contract")
    op.drop_index("ix_contract_list_event", table_name="contract_list")
    op.drop_table("contract_list")
