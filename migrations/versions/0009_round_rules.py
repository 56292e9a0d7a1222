"""Bring rounds that have begun under newer rules of the protocol."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "round_rules"
down_revision = "resolve_together"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "round_rule",
        *_within_review("record", ["record_id"], ["id"]),
        *_within_review("event", ["event_number"], ["number"], deferrable=True),
        *_within_review("protocol_version", ["protocol_version"], ["number"]),
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
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("protocol_version", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("length(why) > 0", name=op.f("ck_round_rule_with_a_reason")),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_round_rule_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_rule")),
    )
    op.create_index("ix_round_rule_event", "round_rule", ["review_id", "event_number"])
    op.create_index(op.f("ix_round_rule_record_id"), "round_rule", ["record_id"])


def _within_review(
    target: str, local: list[str], remote: list[str], *, deferrable: bool = False
) -> Sequence[sa.schema.SchemaItem]:
    return (
        sa.ForeignKeyConstraint(
            ["review_id", *local],
            [f"{target}.review_id", *(f"{target}.{column}" for column in remote)],
            name=op.f(f"fk_round_rule_review_id_{local[0]}"),
            ondelete="RESTRICT",
            **({"initially": "DEFERRED", "deferrable": True} if deferrable else {}),
        ),
    )


def downgrade() -> None:
    n = op.get_bind().scalar(sa.select(sa.func.count()).select_from(sa.table("round_rule")))
    if n:
        raise RuntimeError(f"{n} rows of round_rule would be lost by going down. Export first.")
    op.drop_table("round_rule")
