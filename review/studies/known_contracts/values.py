"""What a list says about a contract, as values of the codebook."""

import re
from collections.abc import Iterable, Mapping, Sequence

from protocols.schema import CHOICES, CodebookItem, ItemType, ItemValue, KnownFrom
from review.studies.known_contracts.indigo import KnownProject


def listed_keys(item: CodebookItem, project: KnownProject) -> tuple[str, ...]:
    """Return the values of an item that a map can count, as the list says them; none if it can't.

    A value of the codebook is found by its key, its label or one of its synonyms, and a goal by its
    number.
    """
    texts = _texts(item, project)
    if item.type is ItemType.COUNTRY:
        return tuple(texts)
    if item.type not in CHOICES:
        return ()
    found = (_value_of(item, text) for text in texts)
    return tuple(dict.fromkeys(key for key in found if key is not None))


def listed_value(item: CodebookItem, project: KnownProject) -> object:
    """Return what the list says for an item, as a coder would give it; None where it cannot."""
    if item.type in CHOICES or item.type is ItemType.COUNTRY:
        keys = listed_keys(item, project)
        if item.type is ItemType.MANY_OF:
            return list(keys) or None
        return keys[0] if len(keys) == 1 else None
    texts = list(_texts(item, project))
    return "; ".join(texts) or None


def _texts(item: CodebookItem, project: KnownProject) -> Iterable[str]:
    facts: Mapping[KnownFrom, Sequence[str]] = {
        KnownFrom.NAME: [project.name],
        KnownFrom.NUMBER: [project.key],
        KnownFrom.COUNTRY: project.countries,
        KnownFrom.SECTOR: project.sectors,
        KnownFrom.GOALS: project.goals,
        KnownFrom.TYPE: [project.instrument],
        KnownFrom.START: [project.start],
        KnownFrom.PAYERS: project.payers,
        KnownFrom.PROVIDERS: project.providers,
    }
    return [text for text in facts[item.known_from] if text] if item.known_from else []


def _value_of(item: CodebookItem, text: str) -> str | None:
    for value in item.values:
        if _words(text) in {_words(name) for name in (value.key, value.label, *value.synonyms)}:
            return value.key
    if item.known_from is KnownFrom.GOALS:
        return next((value.key for value in item.values if _number(value) == text), None)
    return None


def _number(value: ItemValue) -> str | None:
    found = re.search(r"\d+", value.key) or re.search(r"\d+", value.label)
    return found[0] if found else None


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
