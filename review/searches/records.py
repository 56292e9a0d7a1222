"""Find one record of a review, or records by their title or DOI."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import Session

from review.errors import NotFound
from review.tables import Record


def record_of_review(session: Session, *, review_id: UUID, record_id: UUID) -> Record:
    """Return a record; raise NotFound if the review has no such record."""
    record = session.get(Record, record_id)
    if record is None or record.review_id != review_id:
        raise NotFound("There is no such record in this review.")
    return record


def matches(text: str) -> ColumnElement[bool]:
    """Return the condition that a record's title or DOI contains ``text``; true if empty."""
    needle = text.strip()
    if not needle:
        return true()
    return or_(
        Record.title.icontains(needle, autoescape=True),
        Record.doi.icontains(needle, autoescape=True),
    )
