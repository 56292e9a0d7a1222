"""The words for invented works in three languages, and how templates are filled in."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import yaml

LANGUAGES = ("en", "es", "fr")
CONTRACTED = {
    "de el": "del",
    "a el": "al",
    "de le": "du",
    "de les": "des",
    "à le": "au",
    "à les": "aux",
}


@cache
def words(language: str) -> Mapping[str, Any]:
    """Return the words for works about outcomes contracts in one of ``LANGUAGES``."""
    return _read("words", f"{language}.yaml")


@cache
def off_topic(language: str) -> Mapping[str, Any]:
    """Return the words for works about something else in one of ``LANGUAGES``."""
    return _read("words", f"off-topic-{language}.yaml")


@cache
def world() -> Mapping[str, Any]:
    """Return the invented world: contracts, towns, payers, journals and people."""
    return _read("world.yaml")


def fill(template: str, slots: Mapping[str, str]) -> str:
    """Return the template with its slots filled in and a capital first letter."""
    text = template.format(**slots)
    for words_apart, contraction in CONTRACTED.items():
        text = text.replace(f" {words_apart} ", f" {contraction} ")
    return capital(text)


def capital(text: str) -> str:
    """Return the text with its first letter in upper case, after any leading marks."""
    first = next((index for index, letter in enumerate(text) if letter.isalpha()), 0)
    return text[:first] + text[first : first + 1].upper() + text[first + 1 :]


def joined(language: str, names: Sequence[str]) -> str:
    """Return the names as a list in words; of more than three, only the first is named."""
    patterns: Sequence[str] = words(language)["joined"]
    return patterns[min(len(names), len(patterns)) - 1].format(*names)


def _read(*parts: str) -> Mapping[str, Any]:
    file = resources.files("api.demonstration").joinpath(*parts)
    content: Mapping[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return content
