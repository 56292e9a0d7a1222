"""A review, its members, the versions of its protocol, and its event log."""

import sqlalchemy as sa
from alembic import op


def create_review() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("slug", name=op.f("uq_review_slug")),
    )


def create_event() -> None:
    op.create_table(
        "event",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "create_review",
                "amend_protocol",
                "add_member",
                "remove_member",
                "assign",
                "add_search",
                "import_file",
                "deduplicate",
                "judge_pair",
                "undo_duplicates",
                "remove_record",
                "decide",
                "import_decisions",
                "adjudicate",
                "reopen",
                "stop",
                "calibrate",
                "end_calibration",
                "retrieve",
                "add_full_text",
                "rank",
                "add_study",
                "link_report",
                "add_contract",
                "link_contract",
                "code",
                "agree",
                "publish",
                "share",
                "revoke_share",
                name="act",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "actor_kind",
            sa.Enum(
                "person",
                "operator",
                "model",
                name="actorkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject_kind", sa.String(length=255), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "(actor_kind = 'person') = (actor_id IS NOT NULL)",
            name=op.f("ck_event_a_person_is_named"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_event_numbered_from_one")),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["account.id"], name=op.f("fk_event_actor_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_event_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("review_id", "number", name=op.f("pk_event")),
        sa.UniqueConstraint(
            "review_id", "previous_hash", name=op.f("uq_event_review_id_previous_hash")
        ),
    )


def create_membership() -> None:
    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "lead",
                "reviewer",
                "adjudicator",
                "advisor",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_membership_account_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_membership_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "review_id", "account_id", "role", name=op.f("uq_membership_review_id_account_id_role")
        ),
    )
    op.create_index(op.f("ix_membership_account_id"), "membership", ["account_id"], unique=False)


def create_protocol_version() -> None:
    op.create_table(
        "protocol_version",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "number = 1 OR why IS NOT NULL", name=op.f("ck_protocol_version_an_amendment_says_why")
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_protocol_version_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_protocol_version_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_version")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_protocol_version_review_id_id")),
        sa.UniqueConstraint(
            "review_id", "number", name=op.f("uq_protocol_version_review_id_number")
        ),
    )
    op.create_index(
        "ix_protocol_version_event", "protocol_version", ["review_id", "event_number"], unique=False
    )


def create_stage_rule() -> None:
    op.create_table(
        "stage_rule",
        sa.Column("protocol_version_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
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
        sa.Column("decisions_needed", sa.Integer(), nullable=False),
        sa.Column("maybe_advances", sa.Boolean(), nullable=False),
        sa.Column("reasons_must_agree", sa.Boolean(), nullable=False),
        sa.Column("consensus_allowed", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "decisions_needed IN (1, 2)", name=op.f("ck_stage_rule_one_or_two_decisions")
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_stage_rule_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "protocol_version_id"],
            ["protocol_version.review_id", "protocol_version.id"],
            name=op.f("fk_stage_rule_review_id_protocol_version_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_stage_rule_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_rule")),
        sa.UniqueConstraint(
            "protocol_version_id", "stage", name=op.f("uq_stage_rule_protocol_version_id_stage")
        ),
        sa.UniqueConstraint(
            "review_id", "version", "stage", name=op.f("uq_stage_rule_review_id_version_stage")
        ),
    )
    op.create_index(
        "ix_stage_rule_event", "stage_rule", ["review_id", "event_number"], unique=False
    )
