"""Decisions, adjudications and reopenings, and where screening was stopped."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import ActRow, Base, account_key, act_args, short, within_review
from review.vocabulary import Stage, Verdict

# A reason belongs to an exclusion, and at full text every exclusion has one (MECIR C40, C41).
REASON_RULE = (
    "(exclusion_reason IS NULL OR verdict = 'exclude')"
    " AND (exclusion_reason IS NOT NULL OR stage <> 'full_text' OR verdict <> 'exclude')"
)


class Decision(ActRow, Base):
    """One reviewer's verdict on one record at one stage; rows are only ever added."""

    __tablename__ = "decision"
    __table_args__ = act_args(
        "decision",
        within_review("record"),
        ForeignKeyConstraint(
            ["review_id", "protocol_version"],
            ["protocol_version.review_id", "protocol_version.number"],
            ondelete="RESTRICT",
        ),
        within_review("decision", "supersedes_id"),
        UniqueConstraint("review_id", "id"),
        UniqueConstraint("supersedes_id"),  # a decision is changed at most once, by its successor
        UniqueConstraint("review_id", "reviewer_id", "idempotency_key"),
        Index("ix_decision_whose", "reviewer_id", "stage", "record_id"),
        Index("ix_decision_of", "record_id", "stage", "round"),
        Index("ix_decision_order", "review_id", "stage", "reviewer_id", "event_number"),
        Index(
            "one_first_decision",
            "record_id",
            "stage",
            "round",
            "reviewer_id",
            unique=True,
            sqlite_where=text("supersedes_id IS NULL"),
            postgresql_where=text("supersedes_id IS NULL"),
        ),
        CheckConstraint(REASON_RULE, name="reason_with_exclude_and_always_at_full_text"),
        CheckConstraint(
            "supersedes_id IS NULL OR supersedes_id <> id", name="not_its_own_successor"
        ),
        CheckConstraint("round > 0", name="rounds_from_one"),
        CheckConstraint("seconds >= 0", name="seconds_not_negative"),
    )

    record_id: Mapped[UUID]
    stage: Mapped[Stage]
    round: Mapped[int]
    reviewer_id: Mapped[account_key]
    verdict: Mapped[Verdict]
    exclusion_reason: Mapped[short | None]  # a key of the protocol's exclusion reasons
    note: Mapped[str | None]
    seconds: Mapped[float | None]
    protocol_version: Mapped[int]
    rank_shown: Mapped[int | None]
    model_fingerprint: Mapped[short | None]
    idempotency_key: Mapped[UUID | None]
    supersedes_id: Mapped[UUID | None]
    decided_at: Mapped[datetime]


class ImportedDecision(ActRow, Base):
    """A decision that was made in another program: its named author and the file's own words."""

    __tablename__ = "imported_decision"
    __table_args__ = act_args(
        "imported_decision", within_review("decision"), UniqueConstraint("decision_id")
    )

    decision_id: Mapped[UUID]
    named_author: Mapped[short]  # as the file names them; empty where it names nobody
    named_verdict: Mapped[short]  # the file's own word
    named_at: Mapped[short | None]  # as the file writes it


class MarkedWords(ActRow, Base):
    """Words that a reviewer marked as the reason for a decision; they count while it is live."""

    __tablename__ = "marked_words"
    __table_args__ = act_args(
        "marked_words",
        within_review("decision"),
        UniqueConstraint("decision_id", "words"),
        CheckConstraint("length(words) BETWEEN 1 AND 200", name="neither_empty_nor_a_text"),
    )

    decision_id: Mapped[UUID]
    words: Mapped[short]


class Closing(ActRow, Base):
    """A reviewer closes all decisions that they have made at a stage so far."""

    __tablename__ = "closing"
    __table_args__ = act_args(
        "closing", Index("ix_closing_whose", "review_id", "reviewer_id", "stage")
    )

    stage: Mapped[Stage]
    reviewer_id: Mapped[account_key]


class ReopeningRequest(ActRow, Base):
    """A reviewer asks the lead to reopen a record that they cannot change any more."""

    __tablename__ = "reopening_request"
    __table_args__ = act_args(
        "reopening_request",
        within_review("record"),
        UniqueConstraint("review_id", "id"),
        CheckConstraint("length(why) > 0", name="with_a_reason"),
    )

    record_id: Mapped[UUID] = mapped_column(index=True)
    stage: Mapped[Stage]
    round: Mapped[int]  # of the record then; once it is in a later one, the request is answered
    reviewer_id: Mapped[account_key]
    why: Mapped[str]


class ReopeningRefusal(ActRow, Base):
    """The lead does not reopen a record that a reviewer asked for, and says why."""

    __tablename__ = "reopening_refusal"
    __table_args__ = act_args(
        "reopening_refusal",
        within_review("reopening_request", "request_id"),
        UniqueConstraint("request_id"),
        CheckConstraint("length(why) > 0", name="with_a_reason"),
    )

    request_id: Mapped[UUID]
    why: Mapped[str]


class Adjudication(ActRow, Base):
    """A third person's verdict, which resolves the conflict between the decisions it cites."""

    __tablename__ = "adjudication"
    __table_args__ = act_args(
        "adjudication",
        within_review("record"),
        UniqueConstraint("review_id", "id"),
        CheckConstraint("verdict IN ('include', 'exclude')", name="resolved_one_way"),
        CheckConstraint(REASON_RULE, name="reason_with_exclude_and_always_at_full_text"),
    )

    record_id: Mapped[UUID] = mapped_column(index=True)
    stage: Mapped[Stage]
    round: Mapped[int]
    adjudicator_id: Mapped[account_key]
    verdict: Mapped[Verdict]
    exclusion_reason: Mapped[short | None]
    note: Mapped[str | None]
    decided_at: Mapped[datetime]


class AdjudicatedDecision(ActRow, Base):
    """One decision that an adjudication cites and counts in place of."""

    __tablename__ = "adjudicated_decision"
    __table_args__ = act_args(
        "adjudicated_decision",
        within_review("adjudication"),
        within_review("decision"),
        UniqueConstraint("adjudication_id", "decision_id"),
    )

    adjudication_id: Mapped[UUID]
    decision_id: Mapped[UUID] = mapped_column(index=True)


class AdjudicationWithdrawal(ActRow, Base):
    """An adjudicator undoes their own resolution; the decisions that it cites differ again."""

    __tablename__ = "adjudication_withdrawal"
    __table_args__ = act_args(
        "adjudication_withdrawal",
        within_review("adjudication"),
        UniqueConstraint("adjudication_id"),
    )

    adjudication_id: Mapped[UUID]


class ConsensusProposal(ActRow, Base):
    """One of the reviewers who disagree proposes how to resolve it; the newest one counts."""

    __tablename__ = "consensus_proposal"
    __table_args__ = act_args(
        "consensus_proposal",
        within_review("record"),
        UniqueConstraint("review_id", "id"),
        CheckConstraint("verdict IN ('include', 'exclude')", name="resolved_one_way"),
        CheckConstraint(REASON_RULE, name="reason_with_exclude_and_always_at_full_text"),
    )

    record_id: Mapped[UUID] = mapped_column(index=True)
    stage: Mapped[Stage]
    round: Mapped[int]
    reviewer_id: Mapped[account_key]
    verdict: Mapped[Verdict]
    exclusion_reason: Mapped[short | None]
    note: Mapped[str | None]


class ConsensusAnswer(ActRow, Base):
    """Another of these reviewers agrees with a proposal, or declines it."""

    __tablename__ = "consensus_answer"
    __table_args__ = act_args(
        "consensus_answer",
        within_review("consensus_proposal", "proposal_id"),
        UniqueConstraint("proposal_id", "reviewer_id"),
    )

    proposal_id: Mapped[UUID]
    reviewer_id: Mapped[account_key]
    agrees: Mapped[bool]


class Comment(ActRow, Base):
    """What somebody who decided on a record, or resolves it, wrote to the others."""

    __tablename__ = "comment"
    __table_args__ = act_args(
        "comment",
        within_review("record"),
        CheckConstraint("length(text) > 0", name="not_empty"),
    )

    record_id: Mapped[UUID] = mapped_column(index=True)
    stage: Mapped[Stage]
    round: Mapped[int]
    author_id: Mapped[account_key]
    text: Mapped[str]


class Reopening(ActRow, Base):
    """A new round for a record at a stage; earlier decisions stay but no longer count."""

    __tablename__ = "reopening"
    __table_args__ = act_args(
        "reopening",
        within_review("record"),
        UniqueConstraint("record_id", "stage", "round"),
        CheckConstraint("round > 1", name="a_reopening_starts_a_later_round"),
    )

    record_id: Mapped[UUID]
    stage: Mapped[Stage]
    round: Mapped[int]
    why: Mapped[str]


class RoundRule(ActRow, Base):
    """The lead applies a newer version of the protocol's rules to a round that has begun."""

    __tablename__ = "round_rule"
    __table_args__ = act_args(
        "round_rule",
        within_review("record"),
        ForeignKeyConstraint(
            ["review_id", "protocol_version"],
            ["protocol_version.review_id", "protocol_version.number"],
            ondelete="RESTRICT",
        ),
        CheckConstraint("length(why) > 0", name="with_a_reason"),
    )

    record_id: Mapped[UUID] = mapped_column(index=True)
    stage: Mapped[Stage]
    round: Mapped[int]
    protocol_version: Mapped[int]
    why: Mapped[str]


class Stop(ActRow, Base):
    """Screening of a stage stopped early, or resumed; the newest act counts."""

    __tablename__ = "stop"
    __table_args__ = act_args("stop")

    stage: Mapped[Stage]
    is_stopped: Mapped[bool]
    # Whether undecided records count as marked ineligible by automation tools; NULL means no.
    by_automation: Mapped[bool | None]
    rule: Mapped[str]
    numbers: Mapped[dict[str, Any]]
