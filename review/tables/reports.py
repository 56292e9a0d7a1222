"""The search for a report's full text, and the document itself."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from review.tables.base import (
    ActRow,
    Base,
    account_key,
    act_args,
    now,
    pk,
    review_key,
    sha256,
    within_review,
)
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


class OfferedFile(Base):
    """A PDF that was uploaded and may be the full text of several reports, or of none."""

    __tablename__ = "offered_file"
    __table_args__ = (UniqueConstraint("review_id", "sha256"),)

    id: Mapped[pk]
    review_id: Mapped[review_key]
    sha256: Mapped[sha256]
    name: Mapped[str]
    first_words: Mapped[str]
    n_pages: Mapped[int]
    candidates: Mapped[Any]  # each with record, score and agrees
    offered_by: Mapped[account_key]
    offered_at: Mapped[now]
