"""How the titles of two records differ: not at all, in spelling, in length, or in a telling word.

A misspelling is a word that nobody else uses.  So a word that other titles have, or the abstracts
of the two records, or the protocol, is not taken for a misspelling of another such word.  A slip
is certain only if the records' abstracts use one of the two words, and nobody uses the other.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from rapidfuzz.distance import OSA, Levenshtein

from review.duplicates.matching.compare import Comparison
from review.duplicates.matching.normalise import STOP_WORDS
from review.duplicates.matching.prepare import Ints, Prepared
from review.duplicates.matching.series_words import (
    DIRECTIONS,
    NEGATIONS,
    TELLING_CHARACTERS,
    is_opposite,
    series_words,
)

# One slip in four letters, two in nine: what remains is still closer to the word meant than to
# most others.  Shorter words are too close to each other (UK, US; HIV, HPV).
ONE_SLIP_FROM, TWO_SLIPS_FROM = 4, 9
# Without a page or an identifier a slip must be one letter of six, and not the first.
CERTAIN_SLIP_FROM = 6
BLANK_SLIP_FROM = 8  # letters of two words that a mistyped blank made one

WIDE_FROM = "\u2e80"  # from here on Unicode has scripts whose characters are syllables or words

_VARIANTS = (
    ("isation", "ization"), ("ise", "ize"), ("isi", "izi"), ("yse", "yze"), ("our", "or"),
    ("tre", "ter"), ("ae", "e"), ("oe", "e"), ("ue", "u"), ("ogue", "og"), ("mme", "m"),
    ("ll", "l"), ("ence", "ense"), ("ph", "f"), ("ß", "ss"),
)  # fmt: skip


class Difference(IntEnum):
    """How two titles differ; the larger, the more it takes to merge the two records."""

    NONE = 0  # the same words
    SLIP = 1  # words misspelt beyond doubt
    LIKELY_SLIP = 2  # words misspelt as far as the table shows
    SPELLING = 3  # words that may be misspelt
    EXTRA = 4  # one title has words that the other leaves out
    TELLING = 5  # different words


@dataclass(frozen=True)
class Context:
    """What is known of the words of two titles."""

    known: Counter[str]  # in how many different titles of the table each word is
    titles: tuple[frozenset[str], frozenset[str]]  # the words of the two titles
    abstracts: frozenset[str] = frozenset()  # words of the two abstracts
    terms: frozenset[str] = frozenset()  # words of the protocol
    names: frozenset[str] = frozenset()  # written as names in one of the titles

    def is_known(self, word: str) -> bool:
        """Say whether others use the word too."""
        own = sum(word in title for title in self.titles)
        return self.known[word] > own or word in self.abstracts or word in self.terms


def title_differences(records: Prepared, pairs: Comparison) -> Ints:
    """Return how the titles of each pair differ, shape (m,), as values of ``Difference``."""
    ends = zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)
    return np.array([_of_pair(records, *pair) for pair in ends], dtype=np.int64)


def _of_pair(records: Prepared, left: int, right: int) -> Difference:
    if records.traditional[left] != records.traditional[right]:
        return Difference.TELLING  # the same words, maybe, in two sets of characters
    if records.titles[left] == records.titles[right]:
        return Difference.NONE
    words = shared_part(records, left, right)
    used = {word for end in (left, right) for word in records.abstracts[end].split()}
    names = records.names[left] | records.names[right]
    context = Context(
        known=records.vocabulary,
        titles=(frozenset(records.words[left]), frozenset(records.words[right])),
        abstracts=frozenset(used),
        terms=records.protocol_words,
        names=names,
    )
    return title_difference(*words, context)


def shared_part(records: Prepared, left: int, right: int) -> tuple[list[str], list[str]]:
    """Return the words of two titles, as far as those cut short go; their last may be half a word.

    Half a word counts as the word that it begins.  A title that ends before the other is cut
    short has no more words to compare.
    """
    one, other = list(records.words[left]), list(records.words[right])
    seen = min(
        (len(words) for end, words in ((left, one), (right, other)) if records.cut_short[end]),
        default=None,
    )
    if not seen:
        return one, other
    one, other = one[:seen], other[:seen]
    is_half = records.half_word[left] or records.half_word[right]
    if is_half and len(one) == len(other) and _begins(one[-1], other[-1]):
        return one[:-1], other[:-1]
    return one, other


def _begins(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def title_difference(one: Sequence[str], other: Sequence[str], context: Context) -> Difference:
    """Return how two titles, given as plain words, differ."""
    if "".join(one) == "".join(other):
        return Difference.NONE
    one, other = _split_wide(one), _split_wide(other)
    only_one, only_other, found = unshared(one, other)
    if not (only_one or only_other):
        return found if found or _is_turned_round(one, other) else Difference.SPELLING
    for word in list(only_one):
        kin = _kin(word, only_other)
        if kin is not None:
            found = max(found, _word_difference(word, kin, context))
            only_one.remove(word)
            only_other.remove(kin)
    if _is_telling(only_one, only_other):
        return Difference.TELLING
    rest_one, rest_other = (
        _content(only, title, context.names)
        for only, title in ((only_one, one), (only_other, other))
    )
    if rest_one and rest_other:
        return Difference.TELLING
    if not (rest_one or rest_other):
        return found
    short, long = (other, one) if rest_one else (one, other)
    is_after = long[: len(short)] == short
    is_series = not series_words().isdisjoint(rest_one + rest_other)
    return Difference.TELLING if is_series and not is_after else max(found, Difference.EXTRA)


def _is_telling(only_one: Sequence[str], only_other: Sequence[str]) -> bool:
    """Say whether small words of the titles distinguish them: a negation, a letter, who and how."""
    both = {*only_one, *only_other}
    if both & NEGATIONS or both & TELLING_CHARACTERS:
        return True
    if _has_letter(only_one) and _has_letter(only_other):  # Cohort A, Cohort B
        return True
    return not (DIRECTIONS.isdisjoint(only_one) or DIRECTIONS.isdisjoint(only_other))


def _is_turned_round(one: Sequence[str], other: Sequence[str]) -> bool:
    """Say whether one title has the two parts of the other in the other order."""
    twice = " ".join([*other, *other])
    return len(one) == len(other) and f" {' '.join(one)} " in f" {twice} "


def _split_wide(words: Sequence[str]) -> list[str]:
    """Return the words, each character of a script without blanks (Chinese, Korean) a word."""
    parts = []
    for word in words:
        parts += list(word) if word[0] >= WIDE_FROM else [word]
    return parts


def unshared(one: Sequence[str], other: Sequence[str]) -> tuple[list[str], list[str], Difference]:
    """Return the words of each title that the other does not have, also not written apart.

    The difference is SLIP where a blank was mistyped (`a nd`, `oftorganic`), else NONE.
    """
    only_one: list[str] = []
    only_other: list[str] = []
    found = Difference.NONE
    for left, right in _blocks(one, other):
        if "".join(left) == "".join(right):
            continue
        if _is_blank_mistyped(left, right):
            found = Difference.SLIP
        else:
            only_one += left
            only_other += right
    shared = Counter(only_one) & Counter(only_other)  # words in another order
    return _without(only_one, shared), _without(only_other, shared), found


def _is_blank_mistyped(left: Sequence[str], right: Sequence[str]) -> bool:
    joined_left, joined_right = "".join(left), "".join(right)
    is_long = min(len(joined_left), len(joined_right)) >= BLANK_SLIP_FROM
    is_one_blank = abs(len(left) - len(right)) == 1
    return is_long and is_one_blank and _distance(joined_left, joined_right) == 1


def _blocks(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the stretches in which two titles differ, with the words of each."""
    left: list[str] = []
    right: list[str] = []
    for step in Levenshtein.opcodes(one, other):
        if step.tag == "equal":
            yield left, right
            left, right = [], []
        left += one[step.src_start : step.src_end] if step.tag != "equal" else []
        right += other[step.dest_start : step.dest_end] if step.tag != "equal" else []
    yield left, right


def _without(words: Sequence[str], shared: Counter[str]) -> list[str]:
    left = shared.copy()
    kept = []
    for word in words:
        if left[word]:
            left[word] -= 1
        else:
            kept.append(word)
    return kept


def _has_letter(words: Sequence[str]) -> bool:
    return any(len(word) == 1 for word in words)


def _content(words: Sequence[str], title: Sequence[str], names: frozenset[str]) -> list[str]:
    """Return the words that carry meaning; so do IT, and a letter that ends a title (Volume A)."""
    return [
        word
        for word in words
        if word not in STOP_WORDS
        or word in names
        or (len(word) == 1 and title and title[-1] == word)
    ]


def _kin(word: str, others: Sequence[str]) -> str | None:
    """Return the word among ``others`` that this one most likely is in another spelling."""
    near = [other for other in others if _distance(word, other) <= _slips_allowed(word, other)]
    near += [other for other in others if other not in near and _folded(word) == _folded(other)]
    return min(near, key=lambda other: (_distance(word, other), other), default=None)


def _slips_allowed(one: str, other: str) -> int:
    shorter = min(len(one), len(other))
    if one in STOP_WORDS or other in STOP_WORDS:  # `teh`, `adn`: no name is so common
        return 1 if shorter > 2 else 0
    return (shorter >= ONE_SLIP_FROM) + (shorter >= TWO_SLIPS_FROM)


def _distance(one: str, other: str) -> int:
    return int(OSA.distance(one, other))


def _word_difference(one: str, other: str, context: Context) -> Difference:
    """Return what it means that one title has ``one`` where the other has ``other``."""
    if _folded(one) == _folded(other):
        return Difference.NONE
    if one in NEGATIONS or other in NEGATIONS or not (one.isalpha() and other.isalpha()):
        return Difference.TELLING
    is_stop, is_series = {one, other} & STOP_WORDS, {one, other} & series_words()
    if is_stop:
        return _stop_word_difference(one, other, context)
    if is_opposite(one, other) or len(is_series) == 2:
        return Difference.TELLING
    if _is_inflection(one, other):
        return Difference.SPELLING
    n_known = context.is_known(one) + context.is_known(other)
    if n_known == 2:
        return Difference.TELLING
    if n_known == 0 or is_series or (one in context.names and other in context.names):
        return Difference.SPELLING
    is_in_abstract = one in context.abstracts or other in context.abstracts
    is_certain = is_in_abstract and _is_one_slip(one, other)
    return Difference.SLIP if is_certain else Difference.LIKELY_SLIP


def _stop_word_difference(one: str, other: str, context: Context) -> Difference:
    """Return what it means that one of two words is as common as `the`: `teh`, `bhe`, WHO."""
    word = other if one in STOP_WORDS else one
    if word in series_words() or word in context.names or context.is_known(word):
        return Difference.TELLING
    is_swapped = sorted(one) == sorted(other)
    is_certain = is_swapped or len(one) != len(other)
    return Difference.SLIP if is_certain else Difference.LIKELY_SLIP


def _is_one_slip(one: str, other: str) -> bool:
    return (
        min(len(one), len(other)) >= CERTAIN_SLIP_FROM
        and _distance(one, other) == 1
        and one[0] == other[0]
    )


def _is_inflection(one: str, other: str) -> bool:
    """Say whether one word is the other with an ending: outcome, outcomes."""
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and len(long) - len(short) <= 2


def _folded(word: str) -> str:
    """Return a word in one of its national spellings: organise, organize; Müller, Mueller."""
    for written, folded in _VARIANTS:
        word = word.replace(written, folded)
    return word
