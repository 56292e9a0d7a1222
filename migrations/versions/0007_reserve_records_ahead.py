"""Let a reviewer reserve several records: the one on the screen and the next few."""

import sqlalchemy as sa
from alembic import op

revision = "reserve_ahead"
down_revision = "close_decisions"
branch_labels = None
depends_on = None

OWNER = ["review_id", "account_id", "stage"]


def upgrade() -> None:
    _set_primary_key([*OWNER, "record_id"])


def downgrade() -> None:
    several = sa.text(
        "SELECT 1 FROM reservation GROUP BY review_id, account_id, stage HAVING count(*) > 1"
    )
    if op.get_bind().scalar(several):
        raise RuntimeError("Some reviewers have reserved several records. Delete the reservations.")
    _set_primary_key(OWNER)


def _set_primary_key(columns: list[str]) -> None:
    with op.batch_alter_table("reservation") as table:
        table.drop_constraint(op.f("pk_reservation"), type_="primary")
        table.create_primary_key(op.f("pk_reservation"), columns)
