"""Give publications public addresses, passwords, withdrawals and feedback."""

import sqlalchemy as sa
from alembic import op

revision = "public_maps"
down_revision = "reviewers_tools"
branch_labels = None
depends_on = None

TABLES = ("feedback_answer", "feedback", "publication_withdrawal")


def upgrade() -> None:
    with op.batch_alter_table("share_link") as table:
        table.add_column(sa.Column("address", sa.String(length=255), nullable=True))
        table.add_column(sa.Column("password_sha256", sa.String(length=64), nullable=True))
        table.create_unique_constraint(op.f("uq_share_link_address"), ["address"])
    op.create_table(
        "publication_withdrawal",
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        *_act("publication_withdrawal", "publication"),
    )
    op.create_index(
        "ix_publication_withdrawal_event", "publication_withdrawal", ["review_id", "event_number"]
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.String(length=255), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_feedback_review_id"), ondelete="RESTRICT"
        ),
        _within_review("feedback", "publication"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_feedback_review_id_id")),
    )
    op.create_index("ix_feedback_publication_id", "feedback", ["publication_id"])
    op.create_table(
        "feedback_answer",
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        *_act("feedback_answer", "feedback"),
    )
    op.create_index("ix_feedback_answer_event", "feedback_answer", ["review_id", "event_number"])


def _act(table: str, about: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f(f"fk_{table}_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f(f"fk_{table}_review_id"), ondelete="RESTRICT"
        ),
        _within_review(table, about),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _within_review(table: str, about: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["review_id", f"{about}_id"],
        [f"{about}.review_id", f"{about}.id"],
        name=op.f(f"fk_{table}_review_id_{about}_id"),
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    for table in TABLES:
        n = op.get_bind().scalar(sa.select(sa.func.count()).select_from(sa.table(table)))
        if n:
            raise RuntimeError(f"{n} rows of {table} would be lost by going down. Export first.")
    links = sa.table("share_link", sa.column("password_sha256"), sa.column("address"))
    kept = sa.or_(links.c.password_sha256.is_not(None), links.c.address.is_not(None))
    if n := op.get_bind().scalar(sa.select(sa.func.count()).select_from(links).where(kept)):
        raise RuntimeError(f"{n} links have a password or a public address. Turn them off first.")
    for table in TABLES:
        op.drop_table(table)
    with op.batch_alter_table("share_link") as table:
        table.drop_constraint(op.f("uq_share_link_address"), type_="unique")
        table.drop_column("password_sha256")
        table.drop_column("address")
