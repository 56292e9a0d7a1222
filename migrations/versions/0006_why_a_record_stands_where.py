"""Say of a rank why it is what it is, and what it would be without its own label."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rank", sa.Column("held_out", sa.Double(), nullable=True))
    op.add_column("rank", sa.Column("why", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("rank", "why")
    op.drop_column("rank", "held_out")
