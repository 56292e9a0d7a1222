"""The flow as a report shows it: the counts, and what the review measured about them."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from review.duplicates.merge_check import merge_check
from review.prisma.counts import Flow, count_flow


def flow_to_report(session: Session, *, review_id: UUID, as_of: int | None = None) -> Flow:
    """Return the flow after event ``as_of`` (None: now) with the check of its merges, if any."""
    flow = count_flow(session, review_id=review_id, as_of=as_of)
    return replace(flow, merge_check=merge_check(session, review_id=review_id, as_of=flow.as_of))
