"""Create the tables from accounts to codes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("who_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempt")),
    )
    op.create_index("ix_login_attempt_who", "login_attempt", ["who_sha256", "at"], unique=False)
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("slug", name=op.f("uq_review_slug")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_api_token_account_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_api_token_token_sha256")),
    )
    op.create_index("ix_api_token_account_id", "api_token", ["account_id"], unique=False)
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
                "add_search",
                "import_file",
                "deduplicate",
                "judge_pair",
                "undo_duplicates",
                "remove_record",
                "decide",
                "adjudicate",
                "reopen",
                "stop",
                "retrieve",
                "rank",
                "add_study",
                "link_report",
                "add_contract",
                "link_contract",
                "code",
                "agree",
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
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "done",
                "failed",
                "cancelled",
                name="jobstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("done", sa.Double(), nullable=False),
        sa.Column("checkpoint", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'failed') = (error IS NOT NULL)", name=op.f("ck_job_a_failure_says_why")
        ),
        sa.CheckConstraint(
            "(state = 'running') = (leased_until IS NOT NULL)",
            name=op.f("ck_job_who_runs_holds_a_lease"),
        ),
        sa.CheckConstraint("done >= 0 AND done <= 1", name=op.f("ck_job_done_is_a_share")),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["account.id"], name=op.f("fk_job_asked_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_job_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_review_id", "job", ["review_id"], unique=False)
    op.create_index("ix_job_waiting", "job", ["state", "created_at"], unique=False)
    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_login_session_account_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_login_session_token_sha256")),
    )
    op.create_index("ix_login_session_account_id", "login_session", ["account_id"], unique=False)
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
    op.create_index("ix_membership_account_id", "membership", ["account_id"], unique=False)
    op.create_table(
        "model_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
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
        sa.Column("fingerprint", sa.String(length=255), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("n_training", sa.Integer(), nullable=False),
        sa.Column("n_included", sa.Integer(), nullable=False),
        sa.Column("up_to_event", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_model_run_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_run")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_model_run_review_id_id")),
    )
    op.create_index(
        "ix_model_run_current", "model_run", ["review_id", "stage", "ready_at"], unique=False
    )
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
    op.create_table(
        "publication",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("up_to_event", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_publication_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_publication_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_publication_review_id_id")),
        sa.UniqueConstraint("review_id", "number", name=op.f("uq_publication_review_id_number")),
    )
    op.create_index(
        "ix_publication_event", "publication", ["review_id", "event_number"], unique=False
    )
    op.create_table(
        "search",
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "database",
                "register",
                "website",
                "organisation",
                "citation_searching",
                "contact",
                "other",
                name="searchkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("platform", sa.String(length=255), nullable=True),
        sa.Column("query", sa.Text(), nullable=True),
        sa.Column("run_on", sa.Date(), nullable=True),
        sa.Column("limits", sa.Text(), nullable=True),
        sa.Column("n_hits", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("n_hits >= 0", name=op.f("ck_search_hits_not_negative")),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_search_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_search_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_search_review_id_id")),
    )
    op.create_index("ix_search_event", "search", ["review_id", "event_number"], unique=False)
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
    op.create_table(
        "import_file",
        sa.Column("search_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=255), nullable=False),
        sa.Column("encoding", sa.String(length=255), nullable=False),
        sa.Column("n_found", sa.Integer(), nullable=False),
        sa.Column("n_accepted", sa.Integer(), nullable=False),
        sa.Column("n_rejected", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "n_found = n_accepted + n_rejected",
            name=op.f("ck_import_file_every_block_accounted_for"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_import_file_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "search_id"],
            ["search.review_id", "search.id"],
            name=op.f("fk_import_file_review_id_search_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_import_file_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_import_file_review_id_id")),
        sa.UniqueConstraint("review_id", "sha256", name=op.f("uq_import_file_review_id_sha256")),
    )
    op.create_index(
        "ix_import_file_event", "import_file", ["review_id", "event_number"], unique=False
    )
    op.create_table(
        "share_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["account.id"],
            name=op.f("fk_share_link_created_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "publication_id"],
            ["publication.review_id", "publication.id"],
            name=op.f("fk_share_link_review_id_publication_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_share_link_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_share_link_token_sha256")),
    )
    op.create_index("ix_share_link_publication_id", "share_link", ["publication_id"], unique=False)
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
    op.create_table(
        "record",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("search_id", sa.Uuid(), nullable=False),
        sa.Column("import_file_id", sa.Uuid(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("journal", sa.Text(), nullable=True),
        sa.Column("volume", sa.Text(), nullable=True),
        sa.Column("issue", sa.Text(), nullable=True),
        sa.Column("pages", sa.Text(), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("pmid", sa.Text(), nullable=True),
        sa.Column("isbn", sa.Text(), nullable=True),
        sa.Column("issn", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("accession", sa.Text(), nullable=True),
        sa.Column("translated_title", sa.Text(), nullable=True),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_record_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "import_file_id"],
            ["import_file.review_id", "import_file.id"],
            name=op.f("fk_record_review_id_import_file_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "search_id"],
            ["search.review_id", "search.id"],
            name=op.f("fk_record_review_id_search_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_record_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("review_id", "id", name=op.f("uq_record_review_id_id")),
        sa.UniqueConstraint("review_id", "number", name=op.f("uq_record_review_id_number")),
    )
    op.create_index("ix_record_event", "record", ["review_id", "event_number"], unique=False)
    op.create_table(
        "rejected_block",
        sa.Column("import_file_id", sa.Uuid(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_rejected_block_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "import_file_id"],
            ["import_file.review_id", "import_file.id"],
            name=op.f("fk_rejected_block_review_id_import_file_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_rejected_block_review_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_block")),
    )
    op.create_index(
        "ix_rejected_block_event", "rejected_block", ["review_id", "event_number"], unique=False
    )
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
            "verdict IN ('include', 'exclude')", name=op.f("ck_adjudication_settles_one_way")
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
    op.create_index("ix_adjudication_record_id", "adjudication", ["record_id"], unique=False)
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
    op.create_index("ix_code_coder_id", "code", ["coder_id"], unique=False)
    op.create_index("ix_code_event", "code", ["review_id", "event_number"], unique=False)
    op.create_index(
        "ix_code_subject", "code", ["review_id", "study_id", "contract_id", "item"], unique=False
    )
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
                "doubtful",
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
    op.create_table(
        "full_text",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("n_bytes", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_full_text_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_full_text_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_full_text_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_full_text")),
    )
    op.create_index("ix_full_text_event", "full_text", ["review_id", "event_number"], unique=False)
    op.create_table(
        "placement",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_placement_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_placement_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "root_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_placement_review_id_root_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_placement_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
        sa.UniqueConstraint(
            "review_id",
            "record_id",
            "event_number",
            name=op.f("uq_placement_review_id_record_id_event_number"),
        ),
    )
    op.create_index("ix_placement_event", "placement", ["review_id", "event_number"], unique=False)
    op.create_index("ix_placement_root", "placement", ["review_id", "root_id"], unique=False)
    op.create_table(
        "rank",
        sa.Column("model_run_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "model_run_id"],
            ["model_run.review_id", "model_run.id"],
            name=op.f("fk_rank_review_id_model_run_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_rank_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("model_run_id", "record_id", name=op.f("pk_rank")),
        sa.UniqueConstraint("model_run_id", "position", name=op.f("uq_rank_model_run_id_position")),
    )
    op.create_table(
        "removal",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "automation",
                "other",
                "restored",
                name="removalkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_removal_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_removal_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_removal_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal")),
    )
    op.create_index("ix_removal_event", "removal", ["review_id", "event_number"], unique=False)
    op.create_index(
        "ix_removal_record", "removal", ["review_id", "record_id", "event_number"], unique=False
    )
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
    op.create_table(
        "retrieval",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "retrieved",
                "not_retrieved",
                name="retrievalstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asked_of", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state <> 'not_retrieved' OR why IS NOT NULL",
            name=op.f("ck_retrieval_not_retrieved_says_why"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            name=op.f("fk_retrieval_review_id_event_number"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["review_id", "record_id"],
            ["record.review_id", "record.id"],
            name=op.f("fk_retrieval_review_id_record_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["review.id"], name=op.f("fk_retrieval_review_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrieval")),
    )
    op.create_index("ix_retrieval_event", "retrieval", ["review_id", "event_number"], unique=False)
    op.create_index(
        "ix_retrieval_record", "retrieval", ["review_id", "record_id", "event_number"], unique=False
    )
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
        "ix_adjudicated_decision_decision_id", "adjudicated_decision", ["decision_id"], unique=False
    )
    op.create_index(
        "ix_adjudicated_decision_event",
        "adjudicated_decision",
        ["review_id", "event_number"],
        unique=False,
    )


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM event")):
        raise RuntimeError("There are acts in the log; going down would lose them. Export first.")
    for table in (
        "adjudicated_decision",
        "study_report",
        "retrieval",
        "reopening",
        "removal",
        "rank",
        "placement",
        "full_text",
        "duplicate_judgement",
        "decision",
        "code",
        "adjudication",
        "rejected_block",
        "record",
        "study_contract",
        "stage_rule",
        "share_link",
        "import_file",
        "external_id",
        "agreed_code",
        "study",
        "stop",
        "search",
        "publication",
        "protocol_version",
        "contract",
        "model_run",
        "membership",
        "login_session",
        "job",
        "event",
        "api_token",
        "review",
        "login_attempt",
        "account",
    ):
        op.drop_table(table)
