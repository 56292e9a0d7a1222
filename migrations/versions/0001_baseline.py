"""Create every table of the first release."""

import sqlalchemy as sa
from alembic import op

from migrations.baseline import (
    access,
    decisions,
    duplicates,
    jobs,
    people,
    publications,
    queue,
    ranking,
    reports,
    reviews,
    searches,
    studies,
)

revision = "baseline"
down_revision = None
branch_labels = None
depends_on = None

# In an order in which every table finds those that it refers to.
TABLES = (
    people.create_account,
    people.create_login_attempt,
    reviews.create_review,
    access.create_answered_request,
    access.create_api_token,
    reviews.create_event,
    access.create_invitation,
    jobs.create_job,
    people.create_login_session,
    reviews.create_membership,
    ranking.create_model_run,
    queue.create_assignment,
    queue.create_calibration_set,
    studies.create_contract,
    reviews.create_protocol_version,
    publications.create_publication,
    searches.create_search,
    decisions.create_stop,
    studies.create_study,
    studies.create_agreed_code,
    queue.create_calibration_end,
    studies.create_external_id,
    searches.create_import_file,
    publications.create_share_link,
    reviews.create_stage_rule,
    studies.create_study_contract,
    searches.create_record,
    searches.create_rejected_block,
    decisions.create_adjudication,
    queue.create_calibration_record,
    studies.create_code,
    decisions.create_decision,
    duplicates.create_duplicate_judgement,
    reports.create_full_text,
    queue.create_reservation,
    duplicates.create_cluster_membership,
    ranking.create_rank,
    searches.create_removal,
    decisions.create_reopening,
    reports.create_retrieval,
    queue.create_skip,
    studies.create_study_report,
    decisions.create_adjudicated_decision,
    decisions.create_imported_decision,
)


def upgrade() -> None:
    for create in TABLES:
        create()


def downgrade() -> None:
    n_events = op.get_bind().scalar(sa.text("SELECT count(*) FROM event"))
    if n_events:
        raise RuntimeError(
            f"The database holds {n_events} events, and going down would lose them. Export first."
        )
    for create in reversed(TABLES):
        op.drop_table(create.__name__.removeprefix("create_"))
