"""Every table of the system, one class each."""

from sqlalchemy import Table

from review.tables.access import AnsweredRequest, ApiToken, Invitation
from review.tables.base import ActRow, Base
from review.tables.decisions import (
    AdjudicatedDecision,
    Adjudication,
    AdjudicationWithdrawal,
    Closing,
    Comment,
    ConsensusAnswer,
    ConsensusProposal,
    Decision,
    ImportedDecision,
    MarkedWords,
    Reopening,
    ReopeningRefusal,
    ReopeningRequest,
    RoundRule,
    Stop,
)
from review.tables.duplicates import ClusterMembership, DuplicateJudgement
from review.tables.jobs import Job
from review.tables.people import Account, LoginAttempt, LoginSession
from review.tables.publications import (
    Feedback,
    FeedbackAnswer,
    Publication,
    PublicationWithdrawal,
    ShareLink,
)
from review.tables.queue import (
    Assignment,
    CalibrationEnd,
    CalibrationRecord,
    CalibrationSet,
    OwnTerm,
    RecordLabel,
    Reservation,
    Skip,
    StageSchedule,
)
from review.tables.ranking import ModelRun, Rank
from review.tables.records import (
    BIBLIOGRAPHIC_FIELDS,
    Record,
    RecordCorrection,
    RejectedBlock,
    Removal,
    StoredRecord,
)
from review.tables.reports import FullText, OfferedFile, Retrieval
from review.tables.reviews import (
    Event,
    Membership,
    ProtocolDraft,
    ProtocolVersion,
    Review,
    StageRule,
)
from review.tables.searches import (
    SEARCH_FIELDS,
    FileCorrection,
    ImportFile,
    Search,
    SearchCorrection,
    StoredSearch,
)
from review.tables.studies import (
    AgreedCode,
    Code,
    Contract,
    ContractList,
    ExternalId,
    KnownContract,
    Study,
    StudyContract,
    StudyReport,
)

__all__ = [
    "BIBLIOGRAPHIC_FIELDS",
    "SEARCH_FIELDS",
    "Account",
    "ActRow",
    "AdjudicatedDecision",
    "Adjudication",
    "AdjudicationWithdrawal",
    "AgreedCode",
    "AnsweredRequest",
    "ApiToken",
    "Assignment",
    "Base",
    "CalibrationEnd",
    "CalibrationRecord",
    "CalibrationSet",
    "Closing",
    "ClusterMembership",
    "Code",
    "Comment",
    "ConsensusAnswer",
    "ConsensusProposal",
    "Contract",
    "ContractList",
    "Decision",
    "DuplicateJudgement",
    "Event",
    "ExternalId",
    "Feedback",
    "FeedbackAnswer",
    "FileCorrection",
    "FullText",
    "ImportFile",
    "ImportedDecision",
    "Invitation",
    "Job",
    "KnownContract",
    "LoginAttempt",
    "LoginSession",
    "MarkedWords",
    "Membership",
    "ModelRun",
    "OfferedFile",
    "OwnTerm",
    "ProtocolDraft",
    "ProtocolVersion",
    "Publication",
    "PublicationWithdrawal",
    "Rank",
    "Record",
    "RecordCorrection",
    "RecordLabel",
    "RejectedBlock",
    "Removal",
    "Reopening",
    "ReopeningRefusal",
    "ReopeningRequest",
    "Reservation",
    "Retrieval",
    "Review",
    "RoundRule",
    "Search",
    "SearchCorrection",
    "ShareLink",
    "Skip",
    "StageRule",
    "StageSchedule",
    "Stop",
    "StoredRecord",
    "StoredSearch",
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
    return sorted(
        (table for table in tables if isinstance(table, Table)), key=lambda table: table.name
    )
