"""The sections of a protocol, and the fields that the form of each has.

A section is either some fields of the protocol or one of its lists, whose entries are edited one at
a time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from pydantic import BaseModel

from .schema import (
    AppraisalPart,
    CodebookItem,
    Concept,
    Criterion,
    ExclusionReason,
    Highlights,
    ItemType,
    ItemValue,
    KnownFrom,
    Level,
    MapFramework,
    Merging,
    OutsideSearches,
    PlannedSearch,
    Prefill,
    Protocol,
    SearchKind,
    ValueGroup,
)

Options = tuple[tuple[str, str], ...]


class FieldKind(StrEnum):
    """How a field is typed."""

    LINE = "line"
    TEXT = "text"
    LINES = "lines"  # a list of texts, one per line
    WORDS = "words"  # a list of short words, with commas between them
    NUMBER = "number"
    YES_NO = "yes_no"
    CHOICE = "choice"
    CHOICES = "choices"
    BY_LANGUAGE = "by_language"  # for each language of the protocol, a list of texts
    PAIRS = "pairs"  # name: text, one per line
    ROWS = "rows"  # a table; a row whose first field is empty is left out


@dataclass(frozen=True)
class FormField:
    """One field of a form; its name is the path in the data, with dots."""

    name: str
    label: str
    kind: FieldKind = FieldKind.LINE
    hint: str = ""
    options: Options = ()
    parts: tuple["FormField", ...] = ()
    row: type[BaseModel] | None = None  # what a row of a table is
    is_numeric: bool = False  # whether its words are numbers

    @property
    def path(self) -> tuple[str, ...]:
        """The path in the data."""
        return tuple(self.name.split("."))


@dataclass(frozen=True)
class FormSection:
    """A part of the protocol that has a form: fields, or a list whose entries have these fields."""

    key: str
    label: str
    fields: tuple[FormField, ...]
    entries: str = ""  # the list, if it is one
    noun: str = ""
    named_by: str = "label"
    model: type[BaseModel] = Protocol

    @property
    def groups(self) -> list[tuple[FormField, ...]]:
        """The fields, those that follow each other in one part of the data together."""
        return [
            tuple(fields)
            for _, fields in groupby(self.fields, key=lambda field: field.path[:-1] or field.path)
        ]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of the protocol that the section is about."""
        return (self.entries,) if self.entries else tuple(dict.fromkeys(
            field.path[0] for field in self.fields
        ))  # fmt: skip


LINE, TEXT, LINES, WORDS, NUMBER = (
    FieldKind.LINE, FieldKind.TEXT, FieldKind.LINES, FieldKind.WORDS, FieldKind.NUMBER,
)  # fmt: skip
YES_NO, CHOICE, CHOICES, ROWS = (
    FieldKind.YES_NO, FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.ROWS,
)  # fmt: skip
KEY = FormField(
    "key", "Key", LINE, "lower-case letters, digits and _; leave empty to create it from the name. "
    "Do not change it once screening or coding has begun: decisions and codes refer to it",
)  # fmt: skip
STAGES = (("title_abstract", "Title and abstract"), ("full_text", "Full text"))


def _named(values: Iterable[str]) -> Options:
    return tuple((value, value.replace("_", " ")) for value in values)


def sections(protocol: Protocol) -> tuple[FormSection, ...]:
    """Return the sections of a protocol's forms; what a field offers follows from the protocol."""
    items = tuple((item.key, item.label) for item in protocol.codebook)
    groups = _named(sorted({item.group for item in protocol.codebook if item.group}))
    return (
        FormSection("question", "Title and question", (
            FormField("title", "Title"),
            FormField("question", "Question", TEXT, "one or two full sentences in the words of "
                      "the field; the ranking starts from them"),
            FormField("phrasings", "The question in other words and languages",
                      FieldKind.BY_LANGUAGE, "one phrasing on a line"),
            FormField("question_framework.name", "Framework", LINE, "PICO, SPICE, or free"),
            FormField("question_framework.elements", "Its elements", FieldKind.PAIRS,
                      "one per line: population: People who sleep rough"),
        )),
        FormSection("criteria", "Criteria", (
            FormField("label", "Name"),
            FormField("include", "Include", TEXT),
            FormField("exclude", "Exclude", TEXT),
            FormField("include_examples", "Examples to include", LINES, "one per line"),
            FormField("exclude_examples", "Examples to exclude", LINES, "one per line"),
            KEY,
        ), "criteria", "criterion", model=Criterion),
        FormSection("scope", "Languages and years", (
            FormField("languages", "Languages", WORDS, "two letters each (ISO 639-1): en, es, fr"),
            FormField("published_from", "Published from", NUMBER, "a year; for information "
                      "only, nothing is filtered"),
            FormField("published_to", "Published to", NUMBER),
        )),
        FormSection("searches", "Planned searches", (
            FormField("source", "Source"),
            FormField("kind", "Kind", CHOICE, options=_named(SearchKind)),
            FormField("platform", "Platform"),
            FormField("notes", "Notes", TEXT),
        ), "searches", "planned search", "source", PlannedSearch),
        FormSection("rules", "Screening rules", (
            *(field for stage, name in STAGES for field in _rules(stage, name)),
            FormField("random_share", "Share of records picked at random", NUMBER,
                      "from 0 to 1; the rest follow the ranking"),
        )),
        FormSection("reasons", "Exclusion reasons", (
            FormField("label", "Reason"),
            FormField("help", "Help for reviewers", TEXT),
            FormField("stages", "Offer it at", CHOICES, options=STAGES),
            FormField("teaches_model", "The ranking learns from it", YES_NO,
                      "untick for reasons that a title or abstract cannot show, such as the date"),
            KEY,
        ), "exclusion_reasons", "exclusion reason", model=ExclusionReason),
        FormSection("highlights", "Highlighted words", (
            FormField("language", "Language", LINE, "two letters: en"),
            FormField("include", "Words that suggest inclusion", LINES,
                      "one per line; * stands for any letters"),
            FormField("exclude", "Words that suggest exclusion", LINES, "one per line"),
        ), "highlights", "language", "language", Highlights),
        FormSection("terminology", "Terminology", (
            FormField("label", "Concept"),
            FormField("names", "Its names", FieldKind.BY_LANGUAGE, "one name on a line"),
            KEY,
        ), "terminology", "concept", model=Concept),
        FormSection("codebook", "Items to code", _item_fields(items), "codebook", "item to code",
                model=CodebookItem),
        FormSection("maps", "Maps", _map_fields(items, groups), "frameworks", "map",
                model=MapFramework),
        FormSection("duplicates", "Duplicates", (
            FormField("duplicates.merge", "Merge without asking", CHOICE, options=(
                (Merging.CLEAR.value, "pairs that the rules are certain about"),
                (Merging.IDENTICAL.value, "only pairs with identical fields"),
                (Merging.NONE.value, "none"),
            )),
            FormField("duplicates.ask_from", "Ask about pairs that score at least", NUMBER,
                      "from 0.35 to 1"),
            FormField("duplicates.wrong_merges_accepted", "Wrong merges accepted per 10,000",
                      NUMBER, "optional; replaces the first rule"),
        )),
        FormSection("stopping", "When to stop", (
            FormField("stopping.recall_target", "Share of relevant records to find", NUMBER,
                      "between 0 and 1, such as 0.95"),
            FormField("stopping.confidence", "Confidence", NUMBER, "between 0 and 1"),
            FormField("stopping.consecutive_irrelevant", "Irrelevant records in a row", NUMBER,
                      "optional"),
        )),
        FormSection("words", "Wording", (
            FormField("wording.contract.one", "Name of what is studied, singular", LINE,
                      "such as contract"),
            FormField("wording.contract.many", "Name of what is studied, plural", LINE,
                      "such as contracts"),
        )),
    )  # fmt: skip


def _rules(stage: str, name: str) -> tuple[FormField, ...]:
    at = f"stages.{stage}"
    return (
        FormField(f"{at}.decisions_needed", f"{name}: decisions needed", CHOICE,
                  options=(("1", "1"), ("2", "2"))),
        FormField(f"{at}.maybe_advances", f"{name}: maybe counts as include", YES_NO),
        FormField(f"{at}.reasons_must_agree", f"{name}: two exclusions must give the same reason",
                  YES_NO),
        FormField(f"{at}.consensus_allowed", f"{name}: reviewers may resolve a conflict together",
                  YES_NO),
        FormField(f"{at}.closes_after_decisions",
                  f"{name}: decisions can be changed until the reviewer has made this many more",
                  NUMBER),
        FormField(f"{at}.closes_after_hours",
                  f"{name}: decisions can be changed for this many hours",
                  NUMBER),
    )  # fmt: skip


def _item_fields(items: Options) -> tuple[FormField, ...]:
    return (
        FormField("label", "Name"),
        FormField("help", "Help for coders", TEXT),
        FormField("level", "Level", CHOICE, options=(
            (Level.STUDY.value, "the study"), (Level.CONTRACT.value, "the contract"),
            (Level.STUDY_CONTRACT.value, "what the study says about the contract"),
        )),
        FormField("type", "Type of answer", CHOICE, options=_named(ItemType)),
        FormField("values", "Values (for types one of and many of)", ROWS,
                  "a row without a name is left out; the numbers set the order",
                  row=ItemValue, parts=(
            FormField("label", "Value"), FormField("key", "Key"),
            FormField("definition", "Definition", TEXT),
            FormField("synonyms", "Other names, one per line", LINES),
            FormField("residual", "Catch-all (other)", YES_NO),
            FormField("sound", "At least medium quality", YES_NO),
            FormField("synthesis", "Evidence synthesis", YES_NO),
        )),
        FormField("value_groups", "Groups of values that a map can be filtered by", ROWS,
                  row=ValueGroup, parts=(
            FormField("label", "Group"), FormField("key", "Key"),
            FormField("values", "Keys of its values", WORDS),
        )),
        FormField("prefill", "Filled in from", CHOICE, "for coders to confirm",
                  options=_named(Prefill)),
        FormField("known_from", "On a list of known contracts", CHOICE,
                  "what the list says of it, such as INDIGO's policy sector",
                  options=_named(KnownFrom)),
        FormField("earliest", "First year allowed (for years and dates)", NUMBER, "optional"),
        FormField("latest", "Last year allowed", NUMBER, "optional"),
        FormField("appraisal", "In the appraisal of quality", CHOICE,
                  "a question has the values yes, partly and no, the overall judgement high, "
                  "medium and low", options=_named(AppraisalPart)),
        FormField("asked_if.item", "Asked only if this item", CHOICE,
                  "an item that comes before, about the same or about the study", options=items),
        FormField("asked_if.values", "has one of these values", WORDS, "their keys"),
        FormField("group", "Group of items", LINE, "items of one group can be an axis together"),
        FormField("double_coded", "Two people code it", YES_NO),
        FormField("required", "Must be answered", YES_NO),
        FormField("public", "Shown in publications", YES_NO),
        KEY,
    )  # fmt: skip


def _map_fields(items: Options, groups: Options) -> tuple[FormField, ...]:
    return (
        FormField("label", "Name"),
        *_axis("rows", "Rows", items=items, groups=groups),
        *_axis("columns", "Columns", items=items, groups=groups),
        FormField("unit", "What the numbers count", CHOICE, options=_named(("contract", "study"))),
        FormField("order", "Order of rows and columns", CHOICE, options=(
            ("protocol", "as in the protocol"), ("size", "the largest first"),
        )),
        FormField("segments", "Item that a cell’s bar shows", CHOICE, options=items),
        FormField("findings", "Item that says what studies found", CHOICE, options=items),
        *_axis("themes", "Themes", items=items, groups=groups),
        FormField("filters", "Filters", CHOICES, options=items),
        FormField("steps", "Lowest number of each of the four colours", WORDS, "1, 2, 4, 7",
                  is_numeric=True),
        FormField("outside_searches", "Parts that the searches did not look for", ROWS,
                  row=OutsideSearches, parts=(
            FormField("why", "Why"), FormField("rows", "Keys of rows", WORDS),
            FormField("columns", "Keys of columns", WORDS),
        )),
        KEY,
    )  # fmt: skip


def _axis(name: str, label: str, *, items: Options, groups: Options) -> tuple[FormField, ...]:
    return (
        FormField(f"{name}.item", f"{label}: one for each value of this item", CHOICE,
                  options=items),
        FormField(f"{name}.group", f"{label}: or one for each item in this group", CHOICE,
                  options=groups),
        FormField(f"{name}.value", f"{label}: count an item when its answer is", LINE,
                  "only with a group"),
        FormField(f"{name}.also", f"{label}: secondary values from this item", CHOICE,
                  options=items),
    )  # fmt: skip


def section_of(protocol: Protocol, key: str) -> FormSection:
    """Return the section with this key; raise LookupError if there is none."""
    for section in sections(protocol):
        if section.key == key:
            return section
    raise LookupError(f"The protocol has no section '{key}'.")
