"""What agrees and what differs between the two records of each candidate pair.

A comparison of a field is +1 (agrees), -1 (differs) or 0 (a value is missing, or it is
unclear).  All arrays have shape (m,), one value per pair.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist

from review.duplicates.matching.normalise import STOP_WORDS
from review.duplicates.matching.prepare import Bools, Floats, Ints, Prepared

# Names in two scripts cannot be compared letter by letter; too little to merge, enough to ask.
ACROSS_SCRIPTS = 60.0


@dataclass(frozen=True)
class Comparison:
    """m pairs of records, compared field by field."""

    left: Ints
    right: Ints
    title: Floats  # likeness, 0-100; of the shorter part where one title is cut short
    abstract: Floats  # likeness, 0-100; -1 where either is missing
    authors: Floats  # likeness of the names, 0-100; -1 where either is missing
    years_apart: Ints  # -1 where either is missing
    doi: Ints
    pmid: Ints
    registration: Ints  # of a trial: +1 the same, -1 two entries of registers with other numbers
    page: Ints
    volume: Ints
    issue: Ints
    journal: Ints
    contained: Bools  # whether one title contains the whole of the other: a subtitle is left out

    def __len__(self) -> int:
        return len(self.left)

    def take(self, chosen: Ints) -> "Comparison":
        """Return the pairs at the positions ``chosen``."""
        return Comparison(**{name: column[chosen] for name, column in vars(self).items()})

    @staticmethod
    def concatenate(parts: Sequence["Comparison"]) -> "Comparison":
        """Return the pairs of all ``parts``, at least one, in order."""
        names = vars(parts[0])
        return Comparison(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        )


def compare(records: Prepared, left: Ints, right: Ints) -> Comparison:
    """Return the comparison of ``records`` at positions ``left`` and ``right``, each (m,)."""
    return Comparison(
        left=left,
        right=right,
        title=title_likeness(records, left, right),
        abstract=_abstracts(records.abstracts, left, right),
        authors=_authors(records.authors, left, right),
        years_apart=_years_apart(records.years, left, right),
        doi=_same(records.dois, left, right),
        pmid=_same(records.pmids, left, right),
        registration=_registrations(records, left, right),
        page=_pages(records, left, right),
        volume=_same(records.volumes, left, right),
        issue=_same(records.issues, left, right),
        journal=_journals(records, left, right),
        contained=_contained(records, left, right),
    )


def title_likeness(records: Prepared, left: Ints, right: Ints) -> Floats:
    """Return how alike the titles are, 0-100, in the order of their words or in any order."""
    one, other = _pick(records.titles, left), _pick(records.titles, right)
    for pair in np.flatnonzero(records.cut_short[left] | records.cut_short[right]).tolist():
        ends = ((left[pair], one[pair]), (right[pair], other[pair]))
        seen = min(len(title) for end, title in ends if records.cut_short[end])
        if seen >= 30:
            one[pair], other[pair] = one[pair][:seen], other[pair][:seen]
    in_order = cpdist(one, other, scorer=fuzz.ratio, dtype=np.float64)
    sorted_one = [" ".join(sorted(text.split())) for text in one]
    sorted_other = [" ".join(sorted(text.split())) for text in other]
    any_order = cpdist(sorted_one, sorted_other, scorer=fuzz.ratio, dtype=np.float64)
    likeness = np.maximum(in_order, any_order - 2)
    likeness[[not (a and b) for a, b in zip(one, other, strict=True)]] = 0
    return np.asarray(np.round(likeness, 6), dtype=np.float64)


def _contained(records: Prepared, left: Ints, right: Ints) -> Bools:
    ends = zip(_pick(records.titles, left), _pick(records.titles, right), strict=True)
    content = np.minimum(records.content[left], records.content[right])
    return np.array([_contains(one, other) for one, other in ends], dtype=bool) & (content > 0)


def _contains(one: str, other: str) -> bool:
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    return len(short) >= 8 and f" {short} " in f" {long} "


def _pick(column: Sequence[str], positions: Ints) -> list[str]:
    return [column[position] for position in positions.tolist()]


def _same(column: Sequence[str], left: Ints, right: Ints) -> Ints:
    pairs = zip(_pick(column, left), _pick(column, right), strict=True)
    return np.array([_same_text(a, b) for a, b in pairs], dtype=np.int64)


def _same_text(one: str, other: str) -> int:
    if not (one and other):
        return 0
    return 1 if one == other else -1


def _registrations(records: Prepared, left: Ints, right: Ints) -> Ints:
    numbers, are_entries = records.registrations, records.entries[left] & records.entries[right]
    ends = zip(left.tolist(), right.tolist(), strict=True)
    same = np.array([not numbers[a].isdisjoint(numbers[b]) for a, b in ends], dtype=bool)
    return np.where(same, 1, np.where(are_entries, -1, 0))


def _years_apart(years: Ints, left: Ints, right: Ints) -> Ints:
    both = (years[left] > 0) & (years[right] > 0)
    return np.where(both, np.abs(years[left] - years[right]), -1)


def _abstracts(column: Sequence[str], left: Ints, right: Ints) -> Floats:
    one, other = _pick(column, left), _pick(column, right)
    cut = [min(len(a), len(b)) for a, b in zip(one, other, strict=True)]
    one = [text[:shorter] for text, shorter in zip(one, cut, strict=True)]
    other = [text[:shorter] for text, shorter in zip(other, cut, strict=True)]
    return _likeness(one, other, fuzz.ratio)


def _authors(column: Sequence[str], left: Ints, right: Ints) -> Floats:
    one, other = _pick(column, left), _pick(column, right)
    likeness = _likeness(one, other, fuzz.token_set_ratio)
    is_latin = [(_is_latin(a), _is_latin(b)) for a, b in zip(one, other, strict=True)]
    return np.where([a != b for a, b in is_latin], ACROSS_SCRIPTS, likeness)


def _is_latin(names: str) -> bool:
    return names.isascii() or any("a" <= char <= "z" for char in names)


def _likeness(one: list[str], other: list[str], scorer: Callable[..., float]) -> Floats:
    likeness = cpdist(one, other, scorer=scorer, dtype=np.float64)
    likeness[[not (a and b) for a, b in zip(one, other, strict=True)]] = -1
    return np.asarray(np.round(likeness, 6), dtype=np.float64)


def _pages(records: Prepared, left: Ints, right: Ints) -> Ints:
    first = _same(records.first_pages, left, right)
    last = _same(records.last_pages, left, right)
    # Journals without volumes start every article on page 1, and indexes misread one end.
    starts_at_one = np.array([records.first_pages[a] == "1" for a in left.tolist()], dtype=bool)
    starts_at_one |= np.array([records.first_pages[b] == "1" for b in right.tolist()], dtype=bool)
    doubtful = ((first == 1) & starts_at_one & (last != 1)) | (
        (first == -1) & (starts_at_one | (last == 1))
    )
    return np.where(doubtful, 0, np.where(_last_pages_differ(records, left, right), -1, first))


def _last_pages_differ(records: Prepared, left: Ints, right: Ints) -> Bools:
    """Say for each pair, one of which has lost its first page, whether the last pages differ.

    What is left of a last page may be its end: 20 of 320.  Numbers of posters (P-10) differ too.
    """
    firsts, lasts = records.first_pages, records.last_pages
    ends = zip(left.tolist(), right.tolist(), strict=True)
    return np.array(
        [
            not (firsts[a] and firsts[b])
            and bool(lasts[a] and lasts[b])
            and not (lasts[a].endswith(lasts[b]) or lasts[b].endswith(lasts[a]))
            for a, b in ends
        ],
        dtype=bool,
    )


def _journals(records: Prepared, left: Ints, right: Ints) -> Ints:
    memo: dict[tuple[str, str], int] = {}
    found = np.empty(len(left), dtype=np.int64)
    names, serials = records.journals, records.serials
    for pair, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        key = (names[a], names[b])
        if key not in memo:
            memo[key] = same_journal(*key)
        same_serial = bool(serials[a]) and not serials[a].isdisjoint(serials[b])
        found[pair] = 1 if same_serial else memo[key]
    return found


def same_journal(one: str, other: str) -> int:
    """Return +1 for one journal's names or abbreviations, -1 for two journals, 0 if unclear."""
    if not (one and other):
        return 0
    if one.replace(" ", "") == other.replace(" ", ""):
        return 1
    short, long = sorted((one.split(), other.split()), key=len)
    if len(short) == len(long) and all(map(_abbreviates, short, long)):
        return 1
    if len(short) == 1 and len(short[0]) == len(long) and short[0] == "".join(w[0] for w in long):
        return 1
    likeness = fuzz.token_sort_ratio(one, other)
    if likeness >= 88:
        return 1
    return 0 if likeness >= 60 or _leads_into(short, long) else -1


def _abbreviates(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    letters = iter(long)
    return short[0] == long[0] and all(letter in letters for letter in short)


def _leads_into(short: Sequence[str], long: Sequence[str]) -> bool:
    rest = iter(long)
    return all(any(_abbreviates(word, candidate) for candidate in rest) for word in short)


def unmatched_words(one: Sequence[str], other: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the meaningful words of each title that the other has in no spelling."""
    only_one, only_other = _missing(one, other), _missing(other, one)
    return _without_kin(only_one, only_other), _without_kin(only_other, only_one)


def _missing(words: Sequence[str], others: Sequence[str]) -> list[str]:
    written, joined = STOP_WORDS.union(others), "".join(others)
    # A long word may be written apart on the other side: `follow up`, `followup`.
    return [w for w in words if w not in written and not (len(w) > 4 and w in joined)]


def _without_kin(words: Sequence[str], others: Sequence[str]) -> list[str]:
    # 70: a word of four letters with one of them wrong still counts as the same word (75).
    return [word for word in words if not any(fuzz.ratio(word, kin) >= 70 for kin in others)]
