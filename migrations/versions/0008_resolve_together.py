"""Undo a resolution, agree on one, and talk about a record."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "resolve_together"
down_revision = "reserve_ahead"
branch_labels = None
depends_on = None

TABLES = ("adjudication_withdrawal", "consensus_answer", "consensus_proposal", "comment")
REASON_RULE = (
    "(exclusion_reason IS NULL OR verdict = 'exclude')"
    " AND (exclusion_reason IS NOT NULL OR stage <> 'full_text' OR verdict <> 'exclude')"
)


def upgrade() -> None:
    _create_act_table(
        "adjudication_withdrawal",
        *_within_review("adjudication_withdrawal", "adjudication", "adjudication_id"),
        sa.UniqueConstraint(
            "adjudication_id", name=op.f("uq_adjudication_withdrawal_adjudication_id")
        ),
    )
    _create_act_table(
        "consensus_proposal",
        *_about_a_round("consensus_proposal"),
        *_account("consensus_proposal", "reviewer_id"),
        _words("verdict", "include", "exclude", "maybe", "withdrawn"),
        sa.Column("exclusion_reason", sa.String(length=255), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('include', 'exclude')",
            name=op.f("ck_consensus_proposal_resolved_one_way"),
        ),
        sa.CheckConstraint(
            REASON_RULE,
            name=op.f("ck_consensus_proposal_reason_with_exclude_and_always_at_full_text"),
        ),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_consensus_proposal_review_id_id")),
    )
    _create_act_table(
        "consensus_answer",
        *_within_review("consensus_answer", "consensus_proposal", "proposal_id"),
        *_account("consensus_answer", "reviewer_id"),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.UniqueConstraint(
            "proposal_id", "reviewer_id", name=op.f("uq_consensus_answer_proposal_id_reviewer_id")
        ),
    )
    _create_act_table(
        "comment",
        *_about_a_round("comment"),
        *_account("comment", "author_id"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_comment_not_empty")),
    )
    for table in ("consensus_proposal", "comment"):
        op.create_index(op.f(f"ix_{table}_record_id"), table, ["record_id"])


def _create_act_table(name: str, *items: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        *items,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f(f"fk_{name}_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f(f"fk_{name}_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_event", name, ["review_id", "event_number"])


def _words(name: str, *words: str) -> sa.Column[str]:
    of = sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)
    return sa.Column(name, of, nullable=False)


def _about_a_round(table: str) -> Sequence[sa.schema.SchemaItem]:
    return (
        *_within_review(table, "record", "record_id"),
        _words("stage", "title_abstract", "full_text"),
        sa.Column("round", sa.Integer(), nullable=False),
    )


def _account(table: str, column: str) -> Sequence[sa.schema.SchemaItem]:
    return (
        sa.Column(column, sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            [column], ["account.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT"
        ),
    )


def _within_review(table: str, target: str, column: str) -> Sequence[sa.schema.SchemaItem]:
    return (
        sa.Column(column, sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", column],
            [f"{target}.review_id", f"{target}.id"],
            name=op.f(f"fk_{table}_review_id_{column}"),
            ondelete="RESTRICT",
        ),
    )


def downgrade() -> None:
    for table in TABLES:
        n = op.get_bind().scalar(sa.select(sa.func.count()).select_from(sa.table(table)))
        if n:
            raise RuntimeError(f"{n} rows of {table} would be lost by going down. Export first.")
    for table in TABLES:
        op.drop_table(table)
