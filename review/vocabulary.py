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
    """What one reviewer says about one record at one stage."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    MAYBE = "maybe"
    WITHDRAWN = "withdrawn"


class Resolution(StrEnum):
    """What the live decisions on a record at a stage add up to; always derived, never stored."""

    UNSCREENED = "unscreened"
    AWAITING_SECOND = "awaiting_second"
    CONFLICT = "conflict"
    INCLUDE = "include"
    EXCLUDE = "exclude"
    NOT_SCREENED = "not_screened"


FINISHED = (Resolution.INCLUDE, Resolution.EXCLUDE)  # such a record is resolved at the stage


class Role(StrEnum):
    """What a member may do in a review; a person can have several roles."""

    LEAD = "lead"
    REVIEWER = "reviewer"
    ADJUDICATOR = "adjudicator"
    ADVISOR = "advisor"


class Judgement(StrEnum):
    """What the model or a person says about a pair of records; the newest one counts."""

    DUPLICATE = "duplicate"
    DISTINCT = "distinct"
    SAME_STUDY = "same_study"
    POSSIBLE = "possible"
    WITHDRAWN = "withdrawn"


class RemovalKind(StrEnum):
    """Why a record is removed before screening, or that it is put back."""

    AUTOMATION = "automation"
    OTHER = "other"
    RESTORED = "restored"


class DocumentPart(StrEnum):
    """What a file is to its report."""

    REPORT = "report"
    SUPPLEMENT = "supplement"
    TRANSLATION = "translation"


class RetrievalState(StrEnum):
    """How far the search for a report's full text has got."""

    REQUESTED = "requested"
    RETRIEVED = "retrieved"
    NOT_RETRIEVED = "not_retrieved"


class AgreedBy(StrEnum):
    """How one value was chosen where coders disagreed."""

    CONSENSUS = "consensus"
    ADJUDICATION = "adjudication"


class Stream(StrEnum):
    """The two columns of the PRISMA 2020 diagram."""

    DATABASES = "databases"
    OTHER = "other"


class JobState(StrEnum):
    """How far a job in the background has got."""

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
    """What was done, as an event records it."""

    CREATE_REVIEW = "create_review"
    AMEND_PROTOCOL = "amend_protocol"
    ADD_MEMBER = "add_member"
    REMOVE_MEMBER = "remove_member"
    ASSIGN = "assign"
    SCHEDULE = "schedule"
    ADD_SEARCH = "add_search"
    CORRECT_SEARCH = "correct_search"
    WITHDRAW_SEARCH = "withdraw_search"
    MOVE_FILE = "move_file"
    UNDO_CORRECTION = "undo_correction"
    IMPORT_FILE = "import_file"
    CORRECT_RECORD = "correct_record"
    DEDUPLICATE = "deduplicate"
    JUDGE_PAIR = "judge_pair"
    UNDO_DUPLICATES = "undo_duplicates"
    REMOVE_RECORD = "remove_record"
    DECIDE = "decide"
    IMPORT_DECISIONS = "import_decisions"
    IMPORT_CODING = "import_coding"
    ADJUDICATE = "adjudicate"
    WITHDRAW_ADJUDICATION = "withdraw_adjudication"
    PROPOSE_CONSENSUS = "propose_consensus"
    ANSWER_CONSENSUS = "answer_consensus"
    COMMENT = "comment"
    CLOSE_DECISIONS = "close_decisions"
    ASK_TO_REOPEN = "ask_to_reopen"
    REFUSE_REOPENING = "refuse_reopening"
    REOPEN = "reopen"
    APPLY_RULES = "apply_rules"
    STOP = "stop"
    CALIBRATE = "calibrate"
    END_CALIBRATION = "end_calibration"
    RETRIEVE = "retrieve"
    ADD_FULL_TEXT = "add_full_text"
    RANK = "rank"
    ADD_STUDY = "add_study"
    LINK_REPORT = "link_report"
    MOVE_REPORTS = "move_reports"
    ADD_CONTRACT = "add_contract"
    LINK_CONTRACT = "link_contract"
    LIST_CONTRACTS = "list_contracts"
    MATCH_CONTRACT = "match_contract"
    CODE = "code"
    AGREE = "agree"
    PUBLISH = "publish"
    SHARE = "share"
    REVOKE_SHARE = "revoke_share"
    WITHDRAW_PUBLICATION = "withdraw_publication"
    ANSWER_FEEDBACK = "answer_feedback"
