"""Say of a rank which terms raised and lowered it, and whether chance picked it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rank", sa.Column("why", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("rank", "why")
