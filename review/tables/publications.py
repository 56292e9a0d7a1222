"""Published maps, and the share links that open them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import (
    ActRow,
    Base,
    account_key,
    act_args,
    now,
    pk,
    review_key,
    sha256,
    short,
    within_review,
)


class Publication(ActRow, Base):
    """A frozen, numbered state of the map that can be cited: data, definition and their hash."""

    __tablename__ = "publication"
    __table_args__ = act_args(
        "publication",
        UniqueConstraint("review_id", "id"),
        UniqueConstraint("review_id", "number"),
    )

    number: Mapped[int]
    title: Mapped[str]
    up_to_event: Mapped[int]
    content: Mapped[dict[str, Any]]
    sha256: Mapped[sha256]


class ShareLink(Base):
    """A link that opens a publication without an account; only its hash is kept."""

    __tablename__ = "share_link"
    __table_args__ = (within_review("publication"),)

    id: Mapped[pk]
    review_id: Mapped[review_key]
    publication_id: Mapped[UUID] = mapped_column(index=True)
    token_sha256: Mapped[sha256] = mapped_column(unique=True)
    # The last part of a public address, which leads to the newest publication; it is no secret.
    address: Mapped[short | None] = mapped_column(unique=True)
    password_sha256: Mapped[sha256 | None]  # we make the password, so that nobody can guess it
    # Sites that may embed the page.
    frame_origins: Mapped[list[str]] = mapped_column(server_default="[]")
    created_by: Mapped[account_key]
    created_at: Mapped[now]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PublicationWithdrawal(ActRow, Base):
    """That a publication is no longer to be read, and why."""

    __tablename__ = "publication_withdrawal"
    __table_args__ = act_args("publication_withdrawal", within_review("publication"))

    publication_id: Mapped[UUID]
    why: Mapped[str]
    withdrawn_at: Mapped[now]


class Feedback(Base):
    """What a reader of a published map told the review, and nothing else about the reader."""

    __tablename__ = "feedback"
    __table_args__ = (within_review("publication"), UniqueConstraint("review_id", "id"))

    id: Mapped[pk]
    review_id: Mapped[review_key]
    publication_id: Mapped[UUID] = mapped_column(index=True)
    text: Mapped[str]
    view: Mapped[str]  # the part of the address that says what the reader looked at
    reply_to: Mapped[short | None]  # an e-mail address, if the reader gave one
    sent_at: Mapped[now]


class FeedbackAnswer(ActRow, Base):
    """What the lead did about a reader's feedback."""

    __tablename__ = "feedback_answer"
    __table_args__ = act_args("feedback_answer", within_review("feedback"))

    feedback_id: Mapped[UUID]
    answer: Mapped[str]
    answered_at: Mapped[now]
