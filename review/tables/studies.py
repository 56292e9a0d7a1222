"""Studies, the contracts they report on, and their codes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from review.tables.base import (
    ActRow,
    Base,
    account_key,
    act_args,
    pk,
    review_key,
    sha256,
    short,
    within_review,
)
from review.vocabulary import AgreedBy


class Study(ActRow, Base):
    """An investigation, known through one or more reports."""

    __tablename__ = "study"
    __table_args__ = act_args(
        "study", UniqueConstraint("review_id", "id"), UniqueConstraint("review_id", "label")
    )

    label: Mapped[short]


class StudyReport(ActRow, Base):
    """A report linked to a study, or unlinked; the newest act on a report counts."""

    __tablename__ = "study_report"
    __table_args__ = act_args(
        "study_report",
        within_review("study"),
        within_review("record"),
        Index("ix_study_report_record", "review_id", "record_id", "event_number"),
    )

    study_id: Mapped[UUID]
    record_id: Mapped[UUID]
    is_linked: Mapped[bool]


class Contract(ActRow, Base):
    """One outcomes-based arrangement that studies report on."""

    __tablename__ = "contract"
    __table_args__ = act_args(
        "contract", UniqueConstraint("review_id", "id"), UniqueConstraint("review_id", "label")
    )

    label: Mapped[short]


class StudyContract(ActRow, Base):
    """A contract linked to a study that reports on it, or unlinked; the newest act counts."""

    __tablename__ = "study_contract"
    __table_args__ = act_args(
        "study_contract",
        within_review("study"),
        within_review("contract"),
        Index("ix_study_contract_pair", "review_id", "study_id", "contract_id", "event_number"),
    )

    study_id: Mapped[UUID]
    contract_id: Mapped[UUID]
    is_linked: Mapped[bool]


class ExternalId(ActRow, Base):
    """The identifier of a study or contract in another list; the newest counts."""

    __tablename__ = "external_id"
    __table_args__ = act_args(
        "external_id",
        within_review("study"),
        within_review("contract"),
        Index("ix_external_id_value", "review_id", "scheme", "value"),
        CheckConstraint(
            "(study_id IS NULL) <> (contract_id IS NULL)", name="of_one_study_or_contract"
        ),
    )

    study_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    scheme: Mapped[short]
    value: Mapped[short]


class ContractList(ActRow, Base):
    """A list of known contracts that was uploaded; the newest replaced the one before it."""

    __tablename__ = "contract_list"
    __table_args__ = act_args("contract_list")

    name: Mapped[short]  # of the file
    sha256: Mapped[sha256]
    n_contracts: Mapped[int]
    n_removed: Mapped[int]  # of the list before, because they are no longer public


class KnownContract(Base):
    """A contract on the list; not an act, because what is no longer public must be deleted."""

    __tablename__ = "known_contract"
    __table_args__ = (UniqueConstraint("review_id", "key"),)

    id: Mapped[pk]
    review_id: Mapped[review_key]
    key: Mapped[short]  # such as INDIGO-POJ-0001
    content: Mapped[Any]  # what the list says: a `KnownProject`
    event_number: Mapped[int]  # of the upload that said so


class Code(ActRow, Base):
    """One coder's value for one codebook item of a study, a contract, or both."""

    __tablename__ = "code"
    __table_args__ = act_args(
        "code",
        within_review("study"),
        within_review("contract"),
        within_review("record", "report_id"),
        Index("ix_code_subject", "review_id", "study_id", "contract_id", "item"),
        CheckConstraint("study_id IS NOT NULL OR contract_id IS NOT NULL", name="of_something"),
        CheckConstraint("page IS NULL OR quote IS NOT NULL", name="a_page_belongs_to_a_quote"),
    )

    study_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    item: Mapped[short]  # a key of the protocol's codebook
    value: Mapped[Any]
    details: Mapped[str | None]  # what the study says about it, in the coder's own words
    quote: Mapped[str | None]
    report_id: Mapped[UUID | None]
    page: Mapped[short | None]
    confidence: Mapped[short | None]
    note: Mapped[str | None]  # for the other coders; no map shows it
    coder_id: Mapped[account_key] = mapped_column(index=True)
    protocol_version: Mapped[int]
    coded_at: Mapped[datetime]


class AgreedCode(ActRow, Base):
    """The value that counts where coders disagreed."""

    __tablename__ = "agreed_code"
    __table_args__ = act_args(
        "agreed_code",
        within_review("study"),
        within_review("contract"),
        within_review("record", "report_id"),
        Index("ix_agreed_code_subject", "review_id", "study_id", "contract_id", "item"),
        CheckConstraint("study_id IS NOT NULL OR contract_id IS NOT NULL", name="of_something"),
        CheckConstraint("page IS NULL OR quote IS NOT NULL", name="a_page_belongs_to_a_quote"),
    )

    study_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    item: Mapped[short]
    value: Mapped[Any]
    details: Mapped[str | None]
    quote: Mapped[str | None]
    report_id: Mapped[UUID | None]
    page: Mapped[short | None]
    basis: Mapped[AgreedBy]
    agreed_at: Mapped[datetime]
