"""Count the attempts at a job, and say when the newest began, in columns of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("job", sa.Column("began_at", sa.DateTime(timezone=True), nullable=True))
    # Drawings of publications have a kind of their own by now; who waits for one asks again.
    op.execute("DELETE FROM job WHERE kind = 'draw' AND state IN ('waiting', 'running')")


def downgrade() -> None:
    op.drop_column("job", "began_at")
    op.drop_column("job", "attempts")
