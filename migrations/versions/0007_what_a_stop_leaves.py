"""Say of a stop whether what it leaves counts as marked ineligible by automation tools."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stop", sa.Column("by_automation", sa.Boolean(), nullable=True))


def downgrade() -> None:
    said = "SELECT count(*) FROM stop WHERE by_automation IS NOT NULL"
    if op.get_bind().scalar(sa.text(said)):
        raise RuntimeError("A stop left records to automation; going down would lose that.")
    op.drop_column("stop", "by_automation")
