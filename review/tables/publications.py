"""Published maps and the links they are read from."""

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
    within_review,
)


class Publication(ActRow, Base):
    """A frozen, numbered, citable state of the map: its data and definition, and their hash."""

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
    """An address under which a publication can be read without an account, as its hash."""

    __tablename__ = "share_link"
    __table_args__ = (within_review("publication"),)

    id: Mapped[pk]
    review_id: Mapped[review_key]
    publication_id: Mapped[UUID] = mapped_column(index=True)
    token_sha256: Mapped[sha256] = mapped_column(unique=True)
    # Sites that may show the page in a frame of theirs.
    frame_origins: Mapped[list[str]] = mapped_column(server_default="[]")
    created_by: Mapped[account_key]
    created_at: Mapped[now]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
