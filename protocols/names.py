"""Other names of what a text names: from the terminology and from the codebook's values.

Names are compared by whole words, without accents, capitals or the plural's last letter: *SIB* is
not found in *possible*.
"""

import re
import unicodedata
from collections.abc import Iterator

from protocols.schema import Protocol

Words = tuple[str, ...]


def words_of(text: str) -> Words:
    """Return the words of a text as names are compared by."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return tuple(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in re.findall(r"\w+", plain)
    )


def is_within(part: Words, whole: Words) -> bool:
    """Return whether the words of ``part`` follow each other in ``whole``."""
    length = len(part)
    return bool(part) and any(
        whole[start : start + length] == part for start in range(len(whole) - length + 1)
    )


def other_names(protocol: Protocol, text: str) -> list[str]:
    """Return every name of the concepts and values that are called ``text``, in all languages."""
    wanted = words_of(text)
    if not wanted:
        return []
    found: dict[str, None] = {}
    for names in _all_names(protocol):
        if wanted in map(words_of, names):
            found |= dict.fromkeys(names)
    return [name for name in found if words_of(name) != wanted]


def _all_names(protocol: Protocol) -> Iterator[list[str]]:
    """Yield the names of each concept of the terminology, and of each value of the codebook."""
    for concept in protocol.terminology:
        yield [concept.label, *(name for names in concept.names.values() for name in names)]
    for item in protocol.codebook:
        for value in item.values:
            if value.synonyms:
                yield [value.label, *value.synonyms]
