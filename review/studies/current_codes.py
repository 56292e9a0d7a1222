"""The codes in force: each coder's newest for an item of a subject, unless it was cleared."""

from sqlalchemy import ColumnElement, Subquery, Text, cast, select

from review.states.clusters import Scope, latest
from review.tables import AgreedCode, Code

CLEARED = None
"""The value of a code that says: there is no longer a value here.  No item allows it."""


def current_codes(
    scope: Scope,
    table: type[Code] | type[AgreedCode] = Code,
    *,
    where: ColumnElement[bool] | None = None,
) -> Subquery:
    """Return whole rows: the newest code of each coder, or agreed value, that was not cleared.

    There is one for each subject, item and, for codes, coder; ``where`` is a further condition.
    """
    keys = [table.study_id, table.contract_id, table.item]
    if table is Code:
        keys.append(Code.coder_id)
    newest = latest(scope, table, *keys, where=where)
    return select(newest).where(cast(newest.c.value, Text) != "null").subquery()
