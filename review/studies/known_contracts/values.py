"""What a list says about a contract, as values of the codebook."""

import re
from collections.abc import Iterable, Sequence

from protocols.schema import CHOICES, CodebookItem, ItemType, ItemValue, KnownFrom
from review.studies.known_contracts.projects import KnownProject


class ListedValues:
    """The values of some items by every name that a list may have for them, looked up once.

    A value of the codebook is found by its key, its label or one of its synonyms, and a goal by its
    number.
    """

    def __init__(self, items: Iterable[CodebookItem]) -> None:
        self._keys = {item.key: _keys_by_name(item) for item in items if item.type in CHOICES}

    def keys(self, item: CodebookItem, project: KnownProject) -> list[str]:
        """Return the values of an item that a map can count; none that the list does not say."""
        texts = _texts(item, project)
        if item.type is ItemType.COUNTRY:
            return list(texts)
        by_name = self._keys.get(item.key, {})
        found = (by_name.get(_words(text)) for text in texts)
        return list(dict.fromkeys(key for key in found if key is not None))


def listed_value(item: CodebookItem, project: KnownProject) -> object:
    """Return what the list says for an item, as a coder would give it; None where it cannot."""
    if item.type in CHOICES or item.type is ItemType.COUNTRY:
        keys = ListedValues([item]).keys(item, project)
        if item.type is ItemType.MANY_OF:
            return keys or None
        return keys[0] if len(keys) == 1 else None
    return "; ".join(_texts(item, project)) or None


def _texts(item: CodebookItem, project: KnownProject) -> Sequence[str]:
    texts: Sequence[str] = ()
    match item.known_from:
        case KnownFrom.NAME:
            texts = [project.name]
        case KnownFrom.NUMBER:
            texts = [project.key]
        case KnownFrom.COUNTRY:
            texts = project.countries
        case KnownFrom.SECTOR:
            texts = project.sectors
        case KnownFrom.GOALS:
            texts = project.goals
        case KnownFrom.TYPE:
            texts = [project.instrument]
        case KnownFrom.START:
            texts = [project.start]
        case KnownFrom.PAYERS:
            texts = project.payers
        case KnownFrom.PROVIDERS:
            texts = project.providers
    return [text for text in texts if text]


def _keys_by_name(item: CodebookItem) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in item.values:
        for name in (value.key, value.label, *value.synonyms):
            found.setdefault(_words(name), value.key)
        if item.known_from is KnownFrom.GOALS and (number := _number(value)):
            found.setdefault(number, value.key)
    return found


def _number(value: ItemValue) -> str | None:
    found = re.search(r"\d+", value.key) or re.search(r"\d+", value.label)
    return found[0] if found else None


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
