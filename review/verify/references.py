"""Every reference of every table leads to a row, whatever was deleted behind the triggers."""

from collections.abc import Iterator

from sqlalchemy import ForeignKeyConstraint, exists, func, select
from sqlalchemy.orm import Session

from review.tables import Base


def dangling(session: Session) -> Iterator[str]:
    """Foreign keys hold, also where they were switched off for a while."""
    for table in Base.metadata.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            n = _n_dangling(session, key)
            if n:
                target = key.referred_table.name
                yield f"{n} of the rows of {table.name} refer to a {target} that is not there"


def _n_dangling(session: Session, key: ForeignKeyConstraint) -> int:
    target = key.referred_table.alias()
    pairs = [(element.parent, target.c[element.column.name]) for element in key.elements]
    query = (
        select(func.count())
        .select_from(key.table)
        .where(
            *(column.is_not(None) for column, _ in pairs),
            ~exists().where(*(referred == column for column, referred in pairs)),
        )
    )
    return session.scalar(query) or 0
