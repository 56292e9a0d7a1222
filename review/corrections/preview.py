"""What a correction would change in the counts, before anybody confirms it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.prisma.counts import COLUMNS, Flow, count_flow
from review.states.flow import FlowState, flow_states
from review.states.viewers import read_for
from review.storage.database import Database
from review.tables import Record, Study

TOTALS: Mapping[str, Sequence[str]] = {
    "identified": [key for column in COLUMNS for key in column.results.values()],
    **{
        name: [getattr(column, name) for column in COLUMNS]
        for name in (
            "duplicates",
            "excluded_automatic",
            "excluded_other",
            "awaiting_title_abstract",
            "records_screened",
            "records_excluded",
            "sought_reports",
            "notretrieved_reports",
            "assessed",
            "excluded",
        )
    },
    "new_reports": ["new_reports"],
    "new_studies": ["new_studies"],
}
"""Counts of the flow, each with the boxes of both columns that it adds up."""


@dataclass(frozen=True)
class Change:
    """What a correction would change: the counts now and then, and the studies that leave."""

    before: Flow
    after: Flow
    studies_gone: Sequence[str]
    n_records: int  # records that are withdrawn, or put back

    @property
    def counts(self) -> list[tuple[str, int, int]]:
        """What differs, in the order of the flow and over both columns: (name, now, then)."""
        both = [
            (name, self.before.total(*keys), self.after.total(*keys))
            for name, keys in TOTALS.items()
        ]
        return [line for line in both if line[1] != line[2]]

    @property
    def moves_columns(self) -> bool:
        """Whether a count of either column changes, though perhaps no total does."""
        return self.before.counts != self.after.counts


def preview(database: Database, *, review_id: UUID, by: Actor, act: Any) -> Change:
    """Return what an act would change, counted by doing it and rolling it back.

    ``act`` is called with the session.  Raises what the act raises.
    """
    with database.reading() as session:
        read_for(session, lambda: by.account_id)
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        before = count_flow(session, review_id=review_id)
        studies = _included_studies(session, review_id)
        withdrawn = _n_withdrawn(session, review_id)
    with database.trying() as session:
        act(session)
        read_for(session, lambda: by.account_id)  # who screens too sees no hidden decision here
        after = count_flow(session, review_id=review_id)
        gone = studies.keys() - _included_studies(session, review_id).keys()
        n_records = abs(_n_withdrawn(session, review_id) - withdrawn)
    return Change(before, after, sorted(studies[study] for study in gone), n_records)


def _included_studies(session: Session, review_id: UUID) -> dict[UUID, str]:
    states = flow_states(session, review_id=review_id)
    rows = session.execute(
        select(Study.id, Study.label)
        .join(states, states.c.study_id == Study.id)
        .where(states.c.flow_state == FlowState.INCLUDED.value)
    )
    return dict(rows.all())


def _n_withdrawn(session: Session, review_id: UUID) -> int:
    query = select(func.count()).where(Record.review_id == review_id, Record.is_withdrawn)
    return session.scalar(query) or 0
