"""The field's words as enumerations; each is stored by its value."""

from enum import StrEnum

from protocols.schema import SearchKind

__all__ = [
    "Act",
    "ActorKind",
    "AgreedBy",
    "JobState",
    "Judgement",
    "RemovalKind",
    "Resolution",
    "RetrievalState",
    "Role",
    "SearchKind",
    "Stage",
    "Stream",
    "Verdict",
]


class Stage(StrEnum):
    """The two points at which eligibility is decided (PRISMA 2020)."""

    TITLE_ABSTRACT = "title_abstract"
    FULL_TEXT = "full_text"


class Verdict(StrEnum):
    """What one reviewer says of one record at one stage."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    MAYBE = "maybe"
    WITHDRAWN = "withdrawn"


class Resolution(StrEnum):
    """What a stage has come to for a record; always derived, never stored."""

    UNSCREENED = "unscreened"
    AWAITING_SECOND = "awaiting_second"
    CONFLICT = "conflict"
    INCLUDE = "include"
    EXCLUDE = "exclude"
    NOT_SCREENED = "not_screened"


FINISHED = (Resolution.INCLUDE, Resolution.EXCLUDE)  # a stage is done with such records


class Role(StrEnum):
    """What a member may do in a review; a person holds a set of them."""

    LEAD = "lead"
    REVIEWER = "reviewer"
    ADJUDICATOR = "adjudicator"
    ADVISOR = "advisor"


class Judgement(StrEnum):
    """What is said of a pair of records; the latest one on a pair holds."""

    DUPLICATE = "duplicate"
    DISTINCT = "distinct"
    SAME_STUDY = "same_study"
    POSSIBLE = "possible"
    WITHDRAWN = "withdrawn"


class RemovalKind(StrEnum):
    """Why a record leaves before screening, or that it comes back."""

    AUTOMATION = "automation"
    OTHER = "other"
    RESTORED = "restored"


class RetrievalState(StrEnum):
    """How far the search for a report's full text has come."""

    REQUESTED = "requested"
    RETRIEVED = "retrieved"
    NOT_RETRIEVED = "not_retrieved"


class AgreedBy(StrEnum):
    """How coders who differed came to one value."""

    CONSENSUS = "consensus"
    ADJUDICATION = "adjudication"


class Stream(StrEnum):
    """The two columns of the PRISMA 2020 diagram that new records come down."""

    DATABASES = "databases"
    OTHER = "other"


class JobState(StrEnum):
    """How far work in the background has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ActorKind(StrEnum):
    """Who acts: a person with an account, the operator at the command line, or a model."""

    PERSON = "person"
    OPERATOR = "operator"
    MODEL = "model"


class Act(StrEnum):
    """What an event says was done."""

    CREATE_REVIEW = "create_review"
    AMEND_PROTOCOL = "amend_protocol"
    ADD_MEMBER = "add_member"
    REMOVE_MEMBER = "remove_member"
    ASSIGN = "assign"
    ADD_SEARCH = "add_search"
    IMPORT_FILE = "import_file"
    DEDUPLICATE = "deduplicate"
    JUDGE_PAIR = "judge_pair"
    UNDO_DUPLICATES = "undo_duplicates"
    REMOVE_RECORD = "remove_record"
    DECIDE = "decide"
    IMPORT_DECISIONS = "import_decisions"
    ADJUDICATE = "adjudicate"
    REOPEN = "reopen"
    STOP = "stop"
    CALIBRATE = "calibrate"
    END_CALIBRATION = "end_calibration"
    RETRIEVE = "retrieve"
    ADD_FULL_TEXT = "add_full_text"
    RANK = "rank"
    ADD_STUDY = "add_study"
    LINK_REPORT = "link_report"
    ADD_CONTRACT = "add_contract"
    LINK_CONTRACT = "link_contract"
    CODE = "code"
    AGREE = "agree"
    PUBLISH = "publish"
    SHARE = "share"
    REVOKE_SHARE = "revoke_share"
