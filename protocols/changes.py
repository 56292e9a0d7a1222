"""What a new version of a protocol changes, in sentences for the people of the review."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .schema import Protocol

PLAIN = {
    "title": "The title changes",
    "question": "The question changes",
    "languages": "The languages change",
    "published_from": "The first year of publication changes",
    "published_to": "The last year of publication changes",
    "random_share": "The share of records picked at random changes",
}
"""Fields with one value, as the beginning of a sentence."""

LISTS = {
    "criteria": ("criterion", "criteria", "key", "label"),
    "exclusion_reasons": ("exclusion reason", "exclusion reasons", "key", "label"),
    "codebook": ("codebook item", "codebook items", "key", "label"),
    "frameworks": ("map", "maps", "key", "label"),
    "searches": ("planned search", "planned searches", "source", "source"),
}
"""Fields with a list: the noun, its plural, the part that identifies an entry, and its name."""

SUMMARISED = {
    "question_framework": "The question framework changes.",
    "highlights": "The highlighted terms change.",
    "phrasings": "The phrasings of the question change, and with them the first ranking.",
    "terminology": "The terminology changes, and with it the first ranking of records.",
    "duplicates": "The rules for merging duplicates change.",
    "stopping": "The stopping rule changes.",
    "wording": "The words that pages use change.",
}
"""Fields whose changes are not described in detail."""

RULES = {
    "maybe_advances": ("a maybe now advances a record", "a maybe no longer advances a record"),
    "reasons_must_agree": (
        "two exclusions must now give the same reason",
        "two exclusions no longer need the same reason",
    ),
    "consensus_allowed": (
        "reviewers who disagree may now agree on a resolution",
        "reviewers who disagree may no longer resolve it themselves",
    ),
}
"""For each yes-or-no rule of a stage: a sentence for now yes, and a sentence for now no."""

CLOSING = {
    "closes_after_decisions": "further decisions after which a decision closes",
    "closes_after_hours": "hours after which a decision closes",
}
"""What the numbers are that say until when a reviewer may change a decision."""


def changes(old: Protocol, new: Protocol) -> list[str]:
    """Return a sentence for each difference between two versions, or an empty list."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return [
        *_plain_changes(before, after),
        *_rule_changes(before["stages"], after["stages"]),
        *(
            sentence
            for name, words in LISTS.items()
            for sentence in _list_changes(before[name], after[name], words)
        ),
        *(sentence for name, sentence in SUMMARISED.items() if before[name] != after[name]),
    ]


def _plain_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, words in PLAIN.items():
        if before[name] != after[name]:
            yield f"{words} from {_described(before[name])} to {_described(after[name])}."


def _rule_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for stage, rules in after.items():
        where = stage.replace("title_abstract", "title and abstract").replace("_", " ")
        for name, value in rules.items():
            earlier = before[stage][name]
            if earlier == value:
                continue
            if name in RULES:
                now, no_longer = RULES[name]
                yield f"At {where}, {now if value else no_longer}."
            else:
                rule = CLOSING.get(name, name.replace("_", " "))
                yield f"At {where}, the number of {rule} changes from {earlier} to {value}."


def _list_changes(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    words: tuple[str, str, str, str],
) -> Iterator[str]:
    noun, plural, key, label = words
    old, new = ({entry[key]: entry for entry in side} for side in (before, after))
    for name in new.keys() - old.keys():
        yield f"New {noun}: “{new[name][label]}”."
    for name in old.keys() - new.keys():
        yield f"Removed {noun}: “{old[name][label]}”."
    for name in new.keys() & old.keys():
        parts = sorted(part for part, value in new[name].items() if old[name][part] != value)
        if parts:
            fields = ", ".join(part.replace("_", " ") for part in parts)
            yield f"Changes to {noun} “{old[name][label]}”: {fields}."
    kept = [name for name in old if name in new]
    if kept != [name for name in new if name in old]:
        yield f"The order of the {plural} changes."


def _described(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value) or "none"
    return "not set" if value is None else f"“{value}”" if isinstance(value, str) else str(value)
