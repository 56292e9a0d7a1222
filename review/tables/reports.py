"""The search for a report's full text, and the document itself."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from review.tables.base import ActRow, Base, act_args, sha256, within_review
from review.vocabulary import DocumentPart, RetrievalState


class Retrieval(ActRow, Base):
    """How far the search for a report's full text has got; the newest act counts."""

    __tablename__ = "retrieval"
    __table_args__ = act_args(
        "retrieval",
        within_review("record"),
        Index("ix_retrieval_record", "review_id", "record_id", "event_number"),
        CheckConstraint(
            "state <> 'not_retrieved' OR why IS NOT NULL", name="not_retrieved_says_why"
        ),
    )

    record_id: Mapped[UUID]
    state: Mapped[RetrievalState]
    asked_of: Mapped[str | None]
    remind_on: Mapped[date | None]  # when to remind those who were asked
    why: Mapped[str | None]


class FullText(ActRow, Base):
    """A report's document, kept by the hash of its bytes; the newest of each part counts."""

    __tablename__ = "full_text"
    __table_args__ = act_args(
        "full_text",
        within_review("record"),
        Index("ix_full_text_record", "review_id", "record_id", "event_number"),
    )

    record_id: Mapped[UUID]
    sha256: Mapped[sha256]
    part: Mapped[DocumentPart | None]  # the report itself, unless it says otherwise
    name: Mapped[str]
    n_bytes: Mapped[int]
