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
    op.drop_column("stop", "by_automation")
