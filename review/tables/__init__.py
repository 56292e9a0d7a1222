"""Every table of the system, one class each."""

from sqlalchemy import Table

from review.tables.base import ActRow, Base
from review.tables.decisions import (
    AdjudicatedDecision,
    Adjudication,
    Calibration,
    CalibrationEnd,
    CalibrationRecord,
    Decision,
    ImportedDecision,
    Reopening,
    Stop,
)
from review.tables.people import Account, Assignment, LoginAttempt, LoginSession, Membership
from review.tables.personal import Lease, Skip
from review.tables.ranking import ModelRun, Rank
from review.tables.records import (
    DuplicateJudgement,
    ImportFile,
    Placement,
    Record,
    RejectedBlock,
    Removal,
    Search,
)
from review.tables.reports import (
    AgreedCode,
    Code,
    Contract,
    FullText,
    Retrieval,
    Study,
    StudyContract,
    StudyReport,
)
from review.tables.reviews import Event, ProtocolVersion, Review, StageRule
from review.tables.sharing import (
    AnsweredRequest,
    ApiToken,
    ExternalId,
    Invitation,
    Job,
    Publication,
    ShareLink,
)

__all__ = [
    "Account",
    "ActRow",
    "AdjudicatedDecision",
    "Adjudication",
    "AgreedCode",
    "AnsweredRequest",
    "ApiToken",
    "Assignment",
    "Base",
    "Calibration",
    "CalibrationEnd",
    "CalibrationRecord",
    "Code",
    "Contract",
    "Decision",
    "DuplicateJudgement",
    "Event",
    "ExternalId",
    "FullText",
    "ImportFile",
    "ImportedDecision",
    "Invitation",
    "Job",
    "Lease",
    "LoginAttempt",
    "LoginSession",
    "Membership",
    "ModelRun",
    "Placement",
    "ProtocolVersion",
    "Publication",
    "Rank",
    "Record",
    "RejectedBlock",
    "Removal",
    "Reopening",
    "Retrieval",
    "Review",
    "Search",
    "ShareLink",
    "Skip",
    "StageRule",
    "Stop",
    "Study",
    "StudyContract",
    "StudyReport",
    "act_tables",
]


def act_tables() -> list[Table]:
    """Return the tables of append-only acts, by name."""
    tables = [
        mapper.local_table for mapper in Base.registry.mappers if issubclass(mapper.class_, ActRow)
    ]
    return sorted((table for table in tables if isinstance(table, Table)), key=lambda one: one.name)
