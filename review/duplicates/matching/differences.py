"""How the titles of two records differ: not at all, in spelling, in length, or in a telling word.

A misspelling is a word that nobody else uses.  So a word that other titles have, or the abstracts
of the two records, or the protocol, is not taken for a misspelling of another such word.
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
from review.duplicates.matching.series_words import NEGATIONS, is_opposite, series_words

# One slip in four letters, two in nine: what remains is still closer to the word meant than to
# most others.  Shorter words are too close to each other (UK, US; HIV, HPV).
ONE_SLIP_FROM, TWO_SLIPS_FROM = 4, 9
# Without a page or an identifier a slip must be certain: one letter of six, not the first.
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
    SPELLING = 2  # words that may be misspelt
    EXTRA = 3  # one title has words that the other leaves out
    TELLING = 4  # different words


@dataclass(frozen=True)
class Context:
    """What is known of the words of two titles."""

    known: Counter[str]  # in how many different titles of the table each word is
    titles: tuple[frozenset[str], frozenset[str]]  # the words of the two titles
    used: frozenset[str]  # words of the two abstracts and of the protocol
    names: frozenset[str] = frozenset()  # written as names in titles that write few words so

    def is_known(self, word: str) -> bool:
        """Say whether others use the word too."""
        own = sum(word in title for title in self.titles)
        return self.known[word] > own or word in self.used


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
        used=frozenset(used) | records.protocol_words,
        names=names,
    )
    return title_difference(*words, context)


def shared_part(records: Prepared, left: int, right: int) -> tuple[list[str], list[str]]:
    """Return the words of two titles, as far as those cut short go; their last may be half a word.

    A title that ends before the other is cut short has no more words to compare.
    """
    one, other = records.words[left], records.words[right]
    seen = [
        len(words) - 1 for end, words in ((left, one), (right, other)) if records.cut_short[end]
    ]
    return (one[: min(seen)], other[: min(seen)]) if seen else (one, other)


def title_difference(one: Sequence[str], other: Sequence[str], context: Context) -> Difference:
    """Return how two titles, given as plain words, differ."""
    if "".join(one) == "".join(other):
        return Difference.NONE
    one, other = _split_wide(one), _split_wide(other)
    only_one, only_other, found = unshared(one, other)
    for word in list(only_one):
        kin = _kin(word, only_other)
        if kin is not None:
            found = max(found, _word_difference(word, kin, context))
            only_one.remove(word)
            only_other.remove(kin)
    if any(word in NEGATIONS for word in only_one + only_other):
        return Difference.TELLING
    if _has_letter(only_one) and _has_letter(only_other):  # Cohort A, Cohort B
        return Difference.TELLING
    rest_one, rest_other = _content(only_one, one), _content(only_other, other)
    if rest_one and rest_other:
        return Difference.TELLING
    return max(found, Difference.EXTRA) if rest_one or rest_other else found


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


def _content(words: Sequence[str], title: Sequence[str]) -> list[str]:
    """Return the words that carry meaning; a letter does at the end of a title (Volume A)."""
    return [
        word
        for word in words
        if word not in STOP_WORDS or (len(word) == 1 and title and title[-1] == word)
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
        return Difference.TELLING if is_series - is_stop else Difference.SLIP
    if is_opposite(one, other) or len(is_series) == 2:
        return Difference.TELLING
    if _is_inflection(one, other):
        return Difference.SPELLING
    n_known = context.is_known(one) + context.is_known(other)
    if n_known == 2:
        return Difference.TELLING
    if one in context.names and other in context.names:  # Boston, Bolton
        return Difference.SPELLING
    return Difference.SLIP if n_known == 1 and _is_certain(one, other) else Difference.SPELLING


def _is_certain(one: str, other: str) -> bool:
    return (
        min(len(one), len(other)) >= CERTAIN_SLIP_FROM
        and _distance(one, other) == 1
        and one[0] == other[0]
        and not {one, other} & series_words()
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
