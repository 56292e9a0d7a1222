"""Judgements on pairs of records, and the clusters that follow from them."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from review.tables.base import ActRow, Base, act_args, within_review
from review.vocabulary import Judgement


class DuplicateJudgement(ActRow, Base):
    """What the model or a person says about a pair of records; the newest on a pair counts."""

    __tablename__ = "duplicate_judgement"
    __table_args__ = act_args(
        "duplicate_judgement",
        within_review("record", "left_id"),
        within_review("record", "right_id"),
        Index("ix_duplicate_judgement_pair", "review_id", "left_id", "right_id", "event_number"),
        Index("ix_duplicate_judgement_right", "review_id", "right_id"),
        CheckConstraint("left_id <> right_id", name="not_its_own_duplicate"),
    )

    left_id: Mapped[UUID]  # the record imported earlier
    right_id: Mapped[UUID]
    verdict: Mapped[Judgement]
    score: Mapped[float | None]  # the model's, 0 to 1; None where a person judged
    evidence: Mapped[dict[str, Any]]


class ClusterMembership(ActRow, Base):
    """The cluster that a record belongs to from this event on, known by its earliest record."""

    __tablename__ = "cluster_membership"
    __table_args__ = act_args(
        "cluster_membership",
        within_review("record"),
        within_review("record", "root_id"),
        UniqueConstraint("review_id", "record_id", "event_number"),
        Index("ix_cluster_membership_root", "review_id", "root_id"),
    )

    record_id: Mapped[UUID]
    root_id: Mapped[UUID]  # the record itself, where it was split from its duplicates
