"""A report's text as sentences, each with its words and its page."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_WORDS = 40_000  # of a text; books are read no further
LONGEST = 600  # characters of a sentence; longer ones are tables and lists of references
_END = re.compile(r"[。！？]|[.!?][\s\"”’»)]{0,3}\s[\s\"“‘«¿¡(]{0,3}(?=\w)|\n{2,}")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Word:
    """A word as names are compared by, and whether it was written with a capital."""

    plain: str
    has_capital: bool


@dataclass(frozen=True)
class Sentence:
    """A sentence as it stands in the text, its page (None for an abstract), and its words."""

    text: str
    page: int | None
    words: Sequence[Word]


def sentences_of(pages: Sequence[str], *, is_abstract: bool = False) -> list[Sentence]:
    """Return the sentences of the pages of a text, in order, up to so many words."""
    found: list[Sentence] = []
    n_words = 0
    for number, page in enumerate(pages, start=1):
        for text in _split(page):
            words = [_word(match) for match in _WORD.findall(_without_accents(text))]
            n_words += len(words)
            if n_words > MOST_WORDS:
                return found
            found.append(Sentence(text, None if is_abstract else number, words))
    return found


def _split(page: str) -> Iterator[str]:
    """Yield what lies between ends of sentences; a small letter goes on with its sentence."""
    start = 0
    for end in _END.finditer(page):
        if page[end.end() : end.end() + 1].islower() and "\n\n" not in end[0]:
            continue
        stop = end.start() + len(end[0].rstrip('\n\t "“‘«¿¡('))
        yield from _whole(page[start:stop])
        start = stop
    yield from _whole(page[start:])


def _whole(part: str) -> Iterator[str]:
    text = part.strip()
    if any(letter.isalnum() for letter in text) and len(text) <= LONGEST:
        yield text


def _word(text: str) -> Word:
    plain = text.casefold()
    if len(plain) > 3 and plain.endswith("s") and not plain.endswith("ss"):
        plain = plain[:-1]
    return Word(plain, text[0].isupper())


def _without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
