"""The head of the log, which people keep in another place: it shows whether an end was cut off.

A head names the newest event of every review, by number and hash.  Each hash follows from all
events before it, so a log that was cut off and written on has another event under that number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.errors import Invalid
from review.tables import Event, Review

HASH_LENGTH = 32  # hexadecimal digits, 128 bits: nobody finds another log with the same
_PART = re.compile(r"([a-z0-9-]+):([1-9][0-9]{0,9}):([0-9a-f]{32})")


@dataclass(frozen=True)
class KeptHead:
    """The newest event of a review as it was when the head was kept."""

    slug: str
    number: int
    hash: str


def head_of(session: Session) -> str:
    """Return the head of all reviews, a word without spaces; empty if there is no review."""
    newest = select(Event.review_id, func.max(Event.number).label("number"))
    newest_events = newest.group_by(Event.review_id).subquery()
    rows = session.execute(
        select(Review.slug, Event.number, Event.hash)
        .join(newest_events, newest_events.c.review_id == Review.id)
        .join(
            Event,
            (Event.review_id == Review.id) & (Event.number == newest_events.c.number),
        )
        .order_by(Review.slug)
    )
    return ",".join(f"{slug}:{number}:{hash_[:HASH_LENGTH]}" for slug, number, hash_ in rows)


def parse(head: str) -> list[KeptHead]:
    """Return the parts of a head; raise Invalid for what `head_of` never returned."""
    parts = [part.strip() for part in head.split(",")] if head.strip() else []
    matches = [_PART.fullmatch(part) for part in parts]
    if any(match is None for match in matches):
        raise Invalid(
            "This is not a head that `siftmap verify` printed. Give all of it: the name, number "
            "and hash of each review, without spaces."
        )
    return [KeptHead(m[1], int(m[2]), m[3]) for m in matches if m is not None]


def faults(session: Session, kept: KeptHead) -> Iterator[str]:
    """IN1: the review's log still has the event that was its newest when the head was kept."""
    review_id = session.scalar(select(Review.id).where(Review.slug == kept.slug))
    if review_id is None:
        yield f"the head names event {kept.number} of this review, which is not there"
        return
    in_review = Event.review_id == review_id
    hash_ = session.scalar(select(Event.hash).where(in_review, Event.number == kept.number))
    if hash_ is None:
        last = session.scalar(select(func.max(Event.number)).where(in_review)) or 0
        yield (
            f"the log ends with event {last}, but the head names event {kept.number}: "
            "its end was cut off"
        )
    elif hash_[:HASH_LENGTH] != kept.hash:
        yield (
            f"event {kept.number} is not the event that the head names: the log was cut off "
            "before it, or written again"
        )
