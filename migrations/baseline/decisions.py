"""Decisions, what resolves and reopens them, and where screening was stopped."""

import sqlalchemy as sa
from alembic import op


def create_stop() -> None:
    op.create_table(
        "stop",
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
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        sa.Column("by_automation", sa.Boolean(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_stop_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_stop_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop")),
    )
    op.create_index("ix_stop_event", "stop", ["review_id", "event_number"], unique=False)


def create_adjudication() -> None:
    op.create_table(
        "adjudication",
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
        sa.Column("adjudicator_id", sa.Uuid(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "include",
                "exclude",
                "maybe",
                "withdrawn",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("exclusion_reason", sa.String(length=255), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(exclusion_reason IS NULL OR verdict = 'exclude') AND (exclusion_reason IS NOT NULL OR stage <> 'full_text' OR verdict <> 'exclude')",
            name=op.f("ck_adjudication_reason_with_exclude_and_always_at_full_text"),
        ),
        sa.CheckConstraint(
            "verdict IN ('include', 'exclude')", name=op.f("ck_adjudication_resolved_one_way")
        ),
        sa.ForeignKeyConstraint(
            ["adjudicator_id"],
            ["account.id"],
            name=op.f("fk_adjudication_adjudicator_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_adjudication_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_adjudication_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_adjudication_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjudication")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_adjudication_review_id_id")),
    )
    op.create_index(
        "ix_adjudication_event", "adjudication", ["review_id", "event_number"], unique=False
    )
    op.create_index(op.f("ix_adjudication_record_id"), "adjudication", ["record_id"], unique=False)


def create_decision() -> None:
    op.create_table(
        "decision",
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
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "include",
                "exclude",
                "maybe",
                "withdrawn",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("exclusion_reason", sa.String(length=255), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("protocol_version", sa.Integer(), nullable=False),
        sa.Column("rank_shown", sa.Integer(), nullable=True),
        sa.Column("model_fingerprint", sa.String(length=255), nullable=True),
        sa.Column("idempotency_key", sa.Uuid(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(exclusion_reason IS NULL OR verdict = 'exclude') AND (exclusion_reason IS NOT NULL OR stage <> 'full_text' OR verdict <> 'exclude')",
            name=op.f("ck_decision_reason_with_exclude_and_always_at_full_text"),
        ),
        sa.CheckConstraint("round > 0", name=op.f("ck_decision_rounds_from_one")),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_decision_seconds_not_negative")),
        sa.CheckConstraint(
            "supersedes_id IS NULL OR supersedes_id <> id",
            name=op.f("ck_decision_not_its_own_successor"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_decision_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "protocol_version"],
            ["protocol_version.review_id", "protocol_version.number"],
            name=op.f("fk_decision_review_id_protocol_version"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_decision_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "supersedes_id"],
            ["decision.review_id", "decision.id"],
            name=op.f("fk_decision_review_id_supersedes_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_decision_review_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"],
            ["account.id"],
            name=op.f("fk_decision_reviewer_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_decision_review_id_id")),
        sa.UniqueConstraint(
            "review_id",
            "reviewer_id",
            "idempotency_key",
            name=op.f("uq_decision_review_id_reviewer_id_idempotency_key"),
        ),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_decision_supersedes_id")),
    )
    op.create_index("ix_decision_event", "decision", ["review_id", "event_number"], unique=False)
    op.create_index("ix_decision_of", "decision", ["record_id", "stage", "round"], unique=False)
    op.create_index(
        "ix_decision_whose", "decision", ["reviewer_id", "stage", "record_id"], unique=False
    )
    op.create_index(
        "one_first_decision",
        "decision",
        ["record_id", "stage", "round", "reviewer_id"],
        unique=True,
        sqlite_where=sa.text("supersedes_id IS NULL"),
        postgresql_where=sa.text("supersedes_id IS NULL"),
    )


def create_reopening() -> None:
    op.create_table(
        "reopening",
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
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("round > 1", name=op.f("ck_reopening_a_reopening_starts_a_later_round")),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_reopening_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_reopening_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_reopening_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reopening")),
        sa.UniqueConstraint(
            "record_id", "stage", "round", name=op.f("uq_reopening_record_id_stage_round")
        ),
    )
    op.create_index("ix_reopening_event", "reopening", ["review_id", "event_number"], unique=False)


def create_adjudicated_decision() -> None:
    op.create_table(
        "adjudicated_decision",
        sa.Column("adjudication_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "adjudication_id"],
            ["adjudication.review_id", "adjudication.id"],
            name=op.f("fk_adjudicated_decision_review_id_adjudication_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "decision_id"],
            ["decision.review_id", "decision.id"],
            name=op.f("fk_adjudicated_decision_review_id_decision_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_adjudicated_decision_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_adjudicated_decision_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjudicated_decision")),
        sa.UniqueConstraint(
            "adjudication_id",
            "decision_id",
            name=op.f("uq_adjudicated_decision_adjudication_id_decision_id"),
        ),
    )
    op.create_index(
        op.f("ix_adjudicated_decision_decision_id"),
        "adjudicated_decision",
        ["decision_id"],
        unique=False,
    )
    op.create_index(
        "ix_adjudicated_decision_event",
        "adjudicated_decision",
        ["review_id", "event_number"],
        unique=False,
    )


def create_imported_decision() -> None:
    op.create_table(
        "imported_decision",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("named_author", sa.String(length=255), nullable=False),
        sa.Column("named_verdict", sa.String(length=255), nullable=False),
        sa.Column("named_at", sa.String(length=255), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "decision_id"],
            ["decision.review_id", "decision.id"],
            name=op.f("fk_imported_decision_review_id_decision_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_imported_decision_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_imported_decision_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_decision")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_imported_decision_decision_id")),
    )
    op.create_index(
        "ix_imported_decision_event",
        "imported_decision",
        ["review_id", "event_number"],
        unique=False,
    )
