"""Studies, the contracts they report on, and their codes."""

import sqlalchemy as sa
from alembic import op


def create_contract() -> None:
    op.create_table(
        "contract",
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_contract_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_contract_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_contract_review_id_id")),
        sa.UniqueConstraint("review_id", "label", name=op.f("uq_contract_review_id_label")),
    )
    op.create_index("ix_contract_event", "contract", ["review_id", "event_number"], unique=False)


def create_study() -> None:
    op.create_table(
        "study",
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_study_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_study_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_study_review_id_id")),
        sa.UniqueConstraint("review_id", "label", name=op.f("uq_study_review_id_label")),
    )
    op.create_index("ix_study_event", "study", ["review_id", "event_number"], unique=False)


def create_agreed_code() -> None:
    op.create_table(
        "agreed_code",
        sa.Column("study_id", sa.Uuid(), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("item", sa.String(length=255), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column(
            "basis",
            sa.Enum(
                "consensus",
                "adjudication",
                name="agreedby",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "study_id IS NOT NULL OR contract_id IS NOT NULL",
            name=op.f("ck_agreed_code_of_something"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "contract_id"],
            ["contract.review_id", "contract.id"],
            name=op.f("fk_agreed_code_review_id_contract_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_agreed_code_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "study_id"],
            ["study.review_id", "study.id"],
            name=op.f("fk_agreed_code_review_id_study_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_agreed_code_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreed_code")),
    )
    op.create_index(
        "ix_agreed_code_event", "agreed_code", ["review_id", "event_number"], unique=False
    )
    op.create_index(
        "ix_agreed_code_subject",
        "agreed_code",
        ["review_id", "study_id", "contract_id", "item"],
        unique=False,
    )


def create_external_id() -> None:
    op.create_table(
        "external_id",
        sa.Column("study_id", sa.Uuid(), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("scheme", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(study_id IS NULL) <> (contract_id IS NULL)",
            name=op.f("ck_external_id_of_one_study_or_contract"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "contract_id"],
            ["contract.review_id", "contract.id"],
            name=op.f("fk_external_id_review_id_contract_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_external_id_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "study_id"],
            ["study.review_id", "study.id"],
            name=op.f("fk_external_id_review_id_study_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_external_id_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_id")),
    )
    op.create_index(
        "ix_external_id_event", "external_id", ["review_id", "event_number"], unique=False
    )
    op.create_index(
        "ix_external_id_value", "external_id", ["review_id", "scheme", "value"], unique=False
    )


def create_study_contract() -> None:
    op.create_table(
        "study_contract",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("is_linked", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "contract_id"],
            ["contract.review_id", "contract.id"],
            name=op.f("fk_study_contract_review_id_contract_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_study_contract_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "study_id"],
            ["study.review_id", "study.id"],
            name=op.f("fk_study_contract_review_id_study_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_study_contract_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_contract")),
    )
    op.create_index(
        "ix_study_contract_event", "study_contract", ["review_id", "event_number"], unique=False
    )
    op.create_index(
        "ix_study_contract_pair",
        "study_contract",
        ["review_id", "study_id", "contract_id", "event_number"],
        unique=False,
    )


def create_code() -> None:
    op.create_table(
        "code",
        sa.Column("study_id", sa.Uuid(), nullable=True),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("item", sa.String(length=255), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("page", sa.String(length=255), nullable=True),
        sa.Column("confidence", sa.String(length=255), nullable=True),
        sa.Column("coder_id", sa.Uuid(), nullable=False),
        sa.Column("protocol_version", sa.Integer(), nullable=False),
        sa.Column("coded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "page IS NULL OR quote IS NOT NULL", name=op.f("ck_code_a_page_belongs_to_a_quote")
        ),
        sa.CheckConstraint(
            "study_id IS NOT NULL OR contract_id IS NOT NULL", name=op.f("ck_code_of_something")
        ),
        sa.ForeignKeyConstraint(
            ["coder_id"], ["account.id"], name=op.f("fk_code_coder_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "contract_id"],
            ["contract.review_id", "contract.id"],
            name=op.f("fk_code_review_id_contract_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_code_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "report_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_code_review_id_report_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "study_id"],
            ["study.review_id", "study.id"],
            name=op.f("fk_code_review_id_study_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_code_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code")),
    )
    op.create_index(op.f("ix_code_coder_id"), "code", ["coder_id"], unique=False)
    op.create_index("ix_code_event", "code", ["review_id", "event_number"], unique=False)
    op.create_index(
        "ix_code_subject", "code", ["review_id", "study_id", "contract_id", "item"], unique=False
    )


def create_study_report() -> None:
    op.create_table(
        "study_report",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("is_linked", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_study_report_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_study_report_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "study_id"],
            ["study.review_id", "study.id"],
            name=op.f("fk_study_report_review_id_study_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_study_report_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_report")),
    )
    op.create_index(
        "ix_study_report_event", "study_report", ["review_id", "event_number"], unique=False
    )
    op.create_index(
        "ix_study_report_record",
        "study_report",
        ["review_id", "record_id", "event_number"],
        unique=False,
    )
