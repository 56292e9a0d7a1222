"""Records by themselves: one of a review, and those whose words match."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import Session

from review.errors import NotFound
from review.tables import Record


def record_of_review(session: Session, *, review_id: UUID, record_id: UUID) -> Record:
    """Return a record; raise NotFound for one of another review, or of none."""
    found = session.get(Record, record_id)
    if found is None or found.review_id != review_id:
        raise NotFound("There is no such record in this review.")
    return found


def matches(text: str) -> ColumnElement[bool]:
    """Return the condition that a record's title or DOI contains ``text``; true for no text."""
    wanted = text.strip()
    if not wanted:
        return true()
    return or_(
        Record.title.icontains(wanted, autoescape=True),
        Record.doi.icontains(wanted, autoescape=True),
    )
