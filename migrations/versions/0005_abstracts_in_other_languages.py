"""Keep abstracts besides the first one, and the journal's abbreviation, as fields of a record."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("record", sa.Column("journal_abbreviation", sa.Text(), nullable=True))
    op.add_column("record", sa.Column("other_abstracts", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    said = "journal_abbreviation IS NOT NULL OR other_abstracts IS NOT NULL"
    if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM record WHERE {said}")):  # noqa: S608
        raise RuntimeError("Records have abstracts in other languages; going down loses them.")
    op.drop_column("record", "other_abstracts")
    op.drop_column("record", "journal_abbreviation")
