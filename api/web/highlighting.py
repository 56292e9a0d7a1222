"""Words of the protocol marked in a text: spans from offsets, never markup from the text."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import takewhile

from rapidfuzz.distance import Levenshtein

from protocols.schema import Protocol
from review.reports.page_text import SHORTEST_QUOTE, find_quotes


@dataclass(frozen=True)
class Span:
    """A stretch of text and what is marked of it: '', include, exclude, own, or differs."""

    text: str
    kind: str = ""


def marked(text: str | None, protocol: Protocol, own: Sequence[str] = ()) -> Sequence[Span]:
    """Return ``text`` cut into spans, those that highlight terms match marked.

    The terms are the protocol's and the reader's ``own``; of two that overlap, the one that begins
    first counts, and the protocol's where they begin together.
    """
    text = text or ""
    patterns = {**_patterns(protocol), "own": _own_pattern(tuple(own))}
    spans: list[Span] = []
    end = 0
    for start, stop, kind in _places(text, patterns):
        if start < end:
            continue
        if start > end:
            spans.append(Span(text[end:start]))
        spans.append(Span(text[start:stop], kind))
        end = stop
    return [*spans, Span(text[end:])] if end < len(text) else spans


def quoted(text: str, quotes: Iterable[str]) -> Sequence[Span]:
    """Return ``text`` cut into spans, with the places of quotes marked as *own*.

    Quotes of a word or two are left out: they would be marked wherever their letters are.
    """
    spans: list[Span] = []
    end = 0
    for start, stop in find_quotes(text, (one for one in quotes if len(one) >= SHORTEST_QUOTE)):
        if start >= end:
            spans.extend((Span(text[end:start]), Span(text[start:stop], "own")))
            end = stop
    return [span for span in (*spans, Span(text[end:])) if span.text]


def _places(
    text: str, patterns: Mapping[str, re.Pattern[str] | None]
) -> list[tuple[int, int, str]]:
    found = [
        (match.start(), match.end(), kind)
        for kind, pattern in patterns.items()
        if pattern is not None
        for match in pattern.finditer(text)
    ]
    return sorted(found, key=lambda place: (place[0], place[2] == "own", -place[1]))


@lru_cache(maxsize=32)
def _patterns_of(
    include: tuple[str, ...], exclude: tuple[str, ...]
) -> Mapping[str, re.Pattern[str] | None]:
    return {"include": _pattern(include), "exclude": _pattern(exclude)}


def _patterns(protocol: Protocol) -> Mapping[str, re.Pattern[str] | None]:
    lists = protocol.highlights
    return _patterns_of(
        tuple(term for words in lists for term in words.include),
        tuple(term for words in lists for term in words.exclude),
    )


@lru_cache(maxsize=256)
def _own_pattern(terms: tuple[str, ...]) -> re.Pattern[str] | None:
    return _pattern(terms)


def _pattern(terms: Iterable[str]) -> re.Pattern[str] | None:
    parts = sorted({_term(term) for term in terms if term.strip("* ")}, key=len, reverse=True)
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _term(term: str) -> str:
    body = r"\s+".join(re.escape(word) for word in term.strip("*").split())
    before = r"(?<!\w)" + (r"\w*" if term.startswith("*") else "")
    after = (r"\w*" if term.endswith("*") else "") + r"(?!\w)"
    return before + body + after


def differing(left: str, right: str) -> tuple[Sequence[Span], Sequence[Span]]:
    """Return both texts cut into spans; what one has and the other has not is of kind 'differs'.

    Words are compared as they are read: case and the signs around them make no difference.
    """
    words = _WORDS.findall(left), _WORDS.findall(right)
    a, b = ([_plain(word) for word in side] for side in words)
    spans: tuple[list[Span], list[Span]] = ([], [])
    for tag, *places in _changes(a, b):
        for side in (0, 1):
            text = "".join(words[side][places[2 * side] : places[2 * side + 1]])
            if text:
                spans[side].append(Span(text, "" if tag == "equal" else "differs"))
    return spans


def _changes(a: Sequence[str], b: Sequence[str]) -> Iterable[tuple[str, int, int, int, int]]:
    """Return how the words ``a`` become ``b``, in time that no pair of texts makes long.

    SequenceMatcher gives the differences that read best, but looks at every pair of equal words
    again for each stretch that it finds.  Beyond what natural texts have, the words are compared
    by Levenshtein's distance, many at once (Myers 1999, doi:10.1145/316542.316550).
    """
    in_b, n_pairs = Counter(b), len(a) * len(b)
    n_equal = sum(n * in_b[word] for word, n in Counter(a).items())
    if n_equal <= NATURAL_EQUAL_PAIRS and n_pairs <= NATURAL_PAIRS:
        return SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    if n_pairs <= MAX_PAIRS:
        return [
            (change.tag, change.src_start, change.src_end, change.dest_start, change.dest_end)
            for change in Levenshtein.opcodes(a, b)
        ]
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
    return [("equal", 0, start, 0, start), ("replace", start, len(a), start, len(b))]


# Of 58,521 abstracts in the data that we measure with, 99.9 % have at most 933 words, and at most
# 9,845 pairs of equal words with themselves.
NATURAL_EQUAL_PAIRS = 10_000
NATURAL_PAIRS = 1_000_000
MAX_PAIRS = 400_000_000  # two texts of 20,000 words; of longer ones only the beginning is compared

_WORDS = re.compile(r"\S+\s*|\s+")


def _plain(word: str) -> str:
    return word.strip().strip(".,;:()[]'\"–-").casefold() or word.strip()
