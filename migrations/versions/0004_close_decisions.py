"""Close decisions, and let reviewers ask for a record to be reopened."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "close_decisions"
down_revision = "records_in_pieces"
branch_labels = None
depends_on = None

RULES = ("closes_after_decisions", "closes_after_hours")


def upgrade() -> None:
    for rule in RULES:
        op.add_column("stage_rule", sa.Column(rule, sa.Integer(), nullable=True))
    op.create_index(
        "ix_decision_order", "decision", ["review_id", "stage", "reviewer_id", "event_number"]
    )
    _create_act_table("closing", _stage(), *_account("closing"))
    op.create_index("ix_closing_whose", "closing", ["review_id", "reviewer_id", "stage"])
    _create_act_table(
        "reopening_request",
        _stage(),
        sa.Column("round", sa.Integer(), nullable=False),
        *_account("reopening_request"),
        *_within_review("reopening_request", "record", "record_id"),
        *_why("reopening_request"),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_reopening_request_review_id_id")),
    )
    op.create_index(op.f("ix_reopening_request_record_id"), "reopening_request", ["record_id"])
    _create_act_table(
        "reopening_refusal",
        *_within_review("reopening_refusal", "reopening_request", "request_id"),
        *_why("reopening_refusal"),
        sa.UniqueConstraint("request_id", name=op.f("uq_reopening_refusal_request_id")),
    )


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


def _stage() -> sa.Column[str]:
    return sa.Column(
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
    )


def _account(table: str) -> Sequence[sa.schema.SchemaItem]:
    return (
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reviewer_id"],
            ["account.id"],
            name=op.f(f"fk_{table}_reviewer_id"),
            ondelete="RESTRICT",
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


def _why(table: str) -> Sequence[sa.schema.SchemaItem]:
    return (
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint("length(why) > 0", name=op.f(f"ck_{table}_with_a_reason")),
    )


def downgrade() -> None:
    tables = ("reopening_refusal", "reopening_request", "closing")
    for table in tables:
        n = op.get_bind().scalar(sa.select(sa.func.count()).select_from(sa.table(table)))
        if n:
            raise RuntimeError(f"{n} rows of {table} would be lost by going down. Export first.")
    for table in tables:
        op.drop_table(table)
    op.drop_index("ix_decision_order", "decision")
    for rule in RULES:
        op.drop_column("stage_rule", rule)
