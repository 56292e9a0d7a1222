"""What a protocol file can contain: one frozen model for each part of the plan."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SPECIAL_VALUES = {
    "not_reported": "Not reported",
    "unclear": "Unclear",
    "not_applicable": "Not applicable",
}
"""Values that every codebook item has in addition to its own; coded as ``{"special": key}``."""

MAP_KEYS = {"not_coded": "Not yet coded", "none_of_these": "None of these"}
"""Rows, columns and filter values that maps add for what has no value; no item may have them."""

MAP_WORDS = frozenset(
    {"framework", "unit", "order", "secondary", "turned", "words", "find", "publication", "row",
     "column", "page", "since", "until", "segment", "years", "cursor", "limit"}
)  # fmt: skip
"""Parameters of a map's address and columns of its data; no item that a map uses may be one."""

KEY_PATTERN = r"^[a-z][a-z0-9_]*$"

Key = Annotated[str, StringConstraints(pattern=KEY_PATTERN, max_length=80)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Year = Annotated[int, Field(ge=1000, le=2999)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Probability = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
StageName = Literal["title_abstract", "full_text"]
AxisEntries = tuple[tuple[str, str, str | None], ...]

BOTH_STAGES: tuple[StageName, ...] = ("title_abstract", "full_text")


class SearchKind(StrEnum):
    """What was searched; PRISMA counts databases and registers separately from the rest."""

    DATABASE = "database"
    REGISTER = "register"
    WEBSITE = "website"
    ORGANISATION = "organisation"
    CITATION_SEARCHING = "citation_searching"
    CONTACT = "contact"
    OTHER = "other"


class Level(StrEnum):
    """What a code is about: a study, a contract, or what one study says about one contract."""

    STUDY = "study"
    CONTRACT = "contract"
    STUDY_CONTRACT = "study_contract"


class ItemType(StrEnum):
    """What kind of answer a codebook item takes."""

    YES_NO = "yes_no"
    ONE_OF = "one_of"
    MANY_OF = "many_of"
    INTEGER = "integer"
    YEAR = "year"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    COUNTRY = "country"
    DOI = "doi"
    WEB_ADDRESS = "web_address"
    TEXT = "text"


class Prefill(StrEnum):
    """What the review knows already of a study's main report, or of a contract."""

    AUTHORS = "authors"
    JOURNAL = "journal"
    YEAR = "year"
    DOI = "doi"
    URL = "url"
    LANGUAGE = "language"
    CONTRACT_NAME = "contract_name"


class KnownFrom(StrEnum):
    """What a list of known contracts, such as INDIGO's, says about a contract."""

    NAME = "name"
    NUMBER = "number"
    COUNTRY = "country"
    SECTOR = "policy_sector"
    GOALS = "goals"
    TYPE = "contract_type"
    START = "start"
    PAYERS = "outcome_payers"
    PROVIDERS = "service_providers"


CHOICES = frozenset({ItemType.ONE_OF, ItemType.MANY_OF})
"""The types whose answers the codebook lists."""

COUNTABLE = CHOICES | {ItemType.YES_NO, ItemType.COUNTRY}
"""The types that a map can use as an axis, as segments or as a filter."""

WITH_YEARS = frozenset({ItemType.YEAR, ItemType.DATE})
"""The types whose answers the codebook may limit to some years."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class QuestionFramework(_Part):
    """The review question in its parts, for instance population, intervention, outcome."""

    name: Text
    """PICO, PICOS, SPICE or any other; "free" if the question has no such parts."""
    elements: dict[Text, Text] = {}


class Criterion(_Part):
    """One eligibility criterion: what is in, what is out, and examples of both."""

    key: Key
    label: Text
    include: Text
    exclude: str = ""
    include_examples: tuple[Text, ...] = ()
    exclude_examples: tuple[Text, ...] = ()


class PlannedSearch(_Part):
    """A source that the review plans to search (PRISMA-S items 1 to 7)."""

    source: Text
    kind: SearchKind
    platform: Text | None = None
    notes: Text | None = None


class DecisionRules(_Part):
    """How many reviewers decide on a record at a stage, and what counts as agreement."""

    decisions_needed: Literal[1, 2] = 2
    maybe_advances: bool = True
    reasons_must_agree: bool = False
    """Whether two exclusions for different reasons are a conflict."""
    consensus_allowed: bool = False
    """Whether reviewers who disagree may resolve it together: one proposes, the other agrees."""
    closes_after_decisions: Annotated[int, Field(ge=0, le=1000)] = 20
    """A reviewer may change a decision until they have made so many more at the stage."""
    closes_after_hours: Annotated[int, Field(ge=0, le=720)] = 24
    """A reviewer may change a decision for so many hours, if it has not closed before."""


class Stages(_Part):
    """The rules of the two stages of screening."""

    title_abstract: DecisionRules = DecisionRules()
    full_text: DecisionRules = DecisionRules()


class ExclusionReason(_Part):
    """Why a record may be excluded; reviewers give the first reason that fits."""

    key: Key
    label: Text
    help: Text | None = None
    teaches_model: bool = True
    """No for reasons that a title or abstract cannot show, such as the date."""
    stages: Annotated[tuple[StageName, ...], Field(min_length=1)] = BOTH_STAGES


class Highlights(_Part):
    """Words to mark in titles and abstracts of one language; ``*`` matches any ending."""

    language: Language
    include: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()


class Concept(_Part):
    """One concept with all its names in every language."""

    key: Key
    label: Text
    names: dict[Language, tuple[Text, ...]]


class ItemValue(_Part):
    """One answer that a codebook item offers."""

    key: Key
    label: Text
    definition: Text | None = None
    synonyms: tuple[Text, ...] = ()
    """Other names of the value, for the search by any name."""
    residual: bool = False
    """Whether the value is for what fits no other; a map leaves it out while nothing has it."""
    sound: bool = False
    """Whether a study with this value of the segments' item is of at least medium quality."""
    synthesis: bool = False
    """Whether a study with this value brings others together, as a systematic review does."""


class ValueGroup(_Part):
    """Several values of an item under one name, as readers of a map ask for them."""

    key: Key
    label: Text
    values: Annotated[tuple[Key, ...], Field(min_length=1)]


class AppraisalPart(StrEnum):
    """What an item is in the appraisal of a study's quality."""

    QUESTION = "question"
    CRITICAL = "critical"  # a question that decides by itself, if the answer is no
    OVERALL = "overall"  # the judgement that follows from the questions


class Condition(_Part):
    """Which values of an earlier item an item is asked for."""

    item: Key
    values: Annotated[tuple[Key, ...], Field(min_length=1)]


class CodebookItem(_Part):
    """One item that coders record about a study, a contract, or both together."""

    key: Key
    label: Text
    level: Level
    type: ItemType
    values: tuple[ItemValue, ...] = ()
    value_groups: tuple[ValueGroup, ...] = ()
    """Groups of values that a map can be filtered by, such as the designs with a control group."""
    help: Text | None = None
    prefill: Prefill | None = None
    """What the form fills in by itself, for coders to confirm."""
    known_from: KnownFrom | None = None
    """What a list of known contracts says about it; a map's denominators are counted from that."""
    earliest: Year | None = None
    """The first and the last year that a ``year`` or a ``date`` may be in."""
    latest: Year | None = None
    appraisal: AppraisalPart | None = None
    """What it is in the appraisal of quality; the questions of a checklist are a group."""
    asked_if: Condition | None = None
    """Coders are asked about it only where another item has one of these values."""
    group: Key | None = None
    """Items of one group can be an axis together, such as the evidence themes."""
    double_coded: bool = False
    public: bool = True
    """Whether publications of the map show the coded values and their quotes."""
    required: bool = False


class Axis(_Part):
    """Rows or columns of a map: the values of one item, or the items of one group.

    It has either ``item``, or ``group`` and ``value``: then every item of the group is one entry,
    which counts if the item's value is ``value``.  ``also`` names a many_of item whose values can
    be switched on as secondary values.
    """

    item: Key | None = None
    group: Key | None = None
    value: Key | None = None
    also: Key | None = None


class OutsideSearches(_Part):
    """A part of a map that the searches did not look for: these rows in these columns."""

    rows: tuple[Key, ...] = ()
    """No row means every row; no column, every column."""
    columns: tuple[Key, ...] = ()
    why: Text


class MapFramework(_Part):
    """A map: rows, columns, what divides a cell, and what readers may filter by."""

    key: Key
    label: Text
    rows: Axis
    columns: Axis
    segments: Key | None = None
    """The item that a cell's bar shows, such as the quality of its studies."""
    filters: tuple[Key, ...] = ()
    """What readers may filter by; every map of the protocol has the filters of all of them."""
    unit: Literal["contract", "study"] = "contract"
    order: Literal["protocol", "size"] = "protocol"
    """Whether rows and columns are in the protocol's order, or the largest first."""
    steps: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=4, max_length=4)] = (
        1,
        2,
        4,
        7,
    )
    """The lowest number of each of the four colours, the same under every filter."""
    findings: Key | None = None
    """The item that says what the studies found, such as the direction of effect."""
    themes: Axis | None = None
    """What the studies write about; shown beside a cell, apart from how well they were done."""
    outside_searches: tuple[OutsideSearches, ...] = ()


class Merging(StrEnum):
    """Which pairs of records are merged as duplicates without asking a person."""

    CLEAR = "clear"  # pairs that the rules are certain about
    IDENTICAL = "identical"  # pairs with identical fields and a distinctive title
    NONE = "none"


class DuplicateRules(_Part):
    """Which duplicates are merged automatically, and which pairs people are asked about."""

    merge: Merging = Merging.CLEAR
    ask_from: Annotated[float, Field(ge=0.35, le=1, allow_inf_nan=False)] = 0.35
    """Pairs with a lower score are left alone; nobody is asked about pairs below 0.35."""
    wrong_merges_accepted: Annotated[int, Field(ge=0, le=57)] | None = None
    """How many wrong merges in 10,000 the review accepts; it replaces ``merge``."""


class StoppingRule(_Part):
    """When screening may end early, and how certain the review must be of its recall."""

    recall_target: Probability = 0.95
    confidence: Probability = 0.95
    consecutive_irrelevant: Annotated[int, Field(ge=1)] | None = None


class Noun(_Part):
    """A word in the singular and in the plural."""

    one: Text
    many: Text


class Wording(_Part):
    """The words that pages use instead of the default ones."""

    contract: Noun = Noun(one="contract", many="contracts")


class Protocol(_Part):
    """The plan of one review, which everything else in the system follows."""

    title: Text
    question: Text
    phrasings: dict[Language, tuple[Text, ...]] = {}
    """The question and criteria in other words and languages; the ranking starts from them too."""
    question_framework: QuestionFramework = QuestionFramework(name="free")
    criteria: tuple[Criterion, ...] = ()
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    """ISO 639-1 codes.  Norwegian is ``nb``, or ``no`` in quotes: YAML reads a bare no as false."""
    published_from: Year | None = None
    published_to: Year | None = None
    """The years of publication that the review covers.  For readers: they filter nothing."""
    searches: tuple[PlannedSearch, ...] = ()
    duplicates: DuplicateRules = DuplicateRules()
    stages: Stages = Stages()
    exclusion_reasons: tuple[ExclusionReason, ...]
    highlights: tuple[Highlights, ...] = ()
    terminology: tuple[Concept, ...] = ()
    codebook: tuple[CodebookItem, ...] = ()
    frameworks: tuple[MapFramework, ...] = ()
    """The maps; the first is the one shown by default."""
    stopping: StoppingRule = StoppingRule()
    wording: Wording = Wording()
    random_share: Share = 0.05
    """The share of records that a queue picks at random among the ranked ones."""

    def item(self, key: str) -> CodebookItem:
        """Return the codebook item with this key; raise LookupError if there is none."""
        for item in self.codebook:
            if item.key == key:
                return item
        raise LookupError(f"The codebook has no item '{key}'.")

    def framework(self, key: str | None = None) -> MapFramework:
        """Return the map with this key, or the default map; raise LookupError if there is none."""
        for framework in self.frameworks:
            if key is None or framework.key == key:
                return framework
        raise LookupError(
            f"The protocol has no map '{key}'." if key else "The protocol has no map."
        )

    def rules(self, stage: str) -> DecisionRules:
        """Return the rules for deciding at ``stage``."""
        return self.stages.full_text if stage == "full_text" else self.stages.title_abstract

    def reasons(self, stage: str) -> tuple[ExclusionReason, ...]:
        """Return the exclusion reasons that may be given at ``stage``, in the protocol's order."""
        return tuple(reason for reason in self.exclusion_reasons if stage in reason.stages)

    def reason_numbers(self) -> dict[str, int]:
        """Return the number of each exclusion reason, from 1, the same at both stages.

        Reasons that may be given at title and abstract come first.
        """
        early = self.reasons("title_abstract")
        late = [reason for reason in self.exclusion_reasons if reason not in early]
        return {reason.key: number for number, reason in enumerate([*early, *late], start=1)}

    def group(self, name: str) -> tuple[CodebookItem, ...]:
        """Return the codebook items of the group ``name``, in the codebook's order."""
        return tuple(item for item in self.codebook if item.group == name)

    def axis_entries(self, axis: Axis) -> AxisEntries | None:
        """Return (key, label, definition) of each row or column, or None for an open list.

        Countries are an open list: a map shows the countries that were coded.  A yes_no item has
        the entries ``yes`` and ``no``.
        """
        if axis.item is None:
            return tuple((item.key, item.label, item.help) for item in self.group(axis.group or ""))
        item = self.item(axis.item)
        if item.type is ItemType.YES_NO:
            return (("yes", "Yes", None), ("no", "No", None))
        if item.type not in CHOICES:
            return None
        return tuple((value.key, value.label, value.definition) for value in item.values)
