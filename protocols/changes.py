"""What a new version of a protocol changes, in sentences for whoever puts it in force."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .schema import Protocol

PLAIN = {
    "title": "The title",
    "question": "The question",
    "languages": "The languages",
    "published_from": "The first year of publication",
    "published_to": "The last year of publication",
    "random_share": "The share of records read at random",
}
KEYED = {
    "criteria": ("criterion", "key", "label"),
    "exclusion_reasons": ("exclusion reason", "key", "label"),
    "codebook": ("codebook item", "key", "label"),
    "frameworks": ("map", "key", "label"),
    "searches": ("planned search", "source", "source"),
}
WHOLE = {
    "question_framework": "The framework of the question",
    "highlights": "The terms that are marked in texts",
    "terminology": "The terminology, and with it the first ranking of records",
    "duplicates": "How duplicates are joined",
    "stopping": "The stopping rule",
    "wording": "The words that pages use",
}
RULES = {
    "decisions_needed": "decisions needed",
    "maybe_advances": "whether maybe lets a record through",
    "reasons_must_agree": "whether two exclusions must give the same reason",
    "consensus_allowed": "whether the reviewers themselves may settle a conflict",
}


def changes(old: Protocol, new: Protocol) -> list[str]:
    """Return a sentence for each thing that differs; none where the two say the same."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return [
        *_plain(before, after),
        *_rules(before["stages"], after["stages"]),
        *(
            sentence
            for name, words in KEYED.items()
            for sentence in _keyed(before[name], after[name], *words)
        ),
        *(f"{words} changes." for name, words in WHOLE.items() if before[name] != after[name]),
    ]


def _plain(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, words in PLAIN.items():
        if before[name] != after[name]:
            yield f"{words}: {_said(before[name])} becomes {_said(after[name])}."


def _rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for stage, rules in after.items():
        where = stage.replace("title_abstract", "title and abstract").replace("_", " ")
        for name, now in rules.items():
            if before[stage][name] != now:
                was = before[stage][name]
                yield f"At {where}, {RULES.get(name, name)}: {_said(was)} becomes {_said(now)}."


def _keyed(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    noun: str,
    key: str,
    label: str,
) -> Iterator[str]:
    old, new = ({one[key]: one for one in side} for side in (before, after))
    for one in new.keys() - old.keys():
        yield f"New {noun}: “{new[one][label]}”."
    for one in old.keys() - new.keys():
        yield f"No more {noun}: “{old[one][label]}”."
    for one in new.keys() & old.keys():
        parts = sorted(part for part, value in new[one].items() if old[one][part] != value)
        if parts:
            said = ", ".join(part.replace("_", " ") for part in parts)
            yield f"The {noun} “{old[one][label]}” changes in: {said}."
    kept = [one for one in old if one in new]
    if kept != [one for one in new if one in old]:
        yield f"The order changes in which one {noun} follows the other."


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "none"
    return "not given" if value is None else f"“{value}”" if isinstance(value, str) else str(value)
