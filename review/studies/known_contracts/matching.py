"""Which project of a list a contract of the review is: by name, country, start and payer."""

import heapq
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from review.studies.contract_names import NameIndex, is_common, words_of
from review.studies.known_contracts.projects import KnownProject

SURE = 0.85
"""The score from which a match counts without a question, if nothing contradicts it."""
AHEAD = 0.1
"""How far it must then be ahead of the next."""
ASKED = 0.5
"""The score from which a person is asked."""

MOST_COMPARED = 12
"""How many projects a contract is compared with, those with the rarest words in common first."""

_NUMBERS = {
    "first": "1", "one": "1", "i": "1", "second": "2", "two": "2", "ii": "2", "third": "3",
    "three": "3", "iii": "3", "fourth": "4", "iv": "4",
}  # fmt: skip
_COUNTRY = {"same": 1.0, "unknown": 0.95, "differs": 0.5}
_START = {"same": 1.0, "unknown": 0.97, "near": 0.95, "differs": 0.7}
_BONUS = 0.15  # of what is missing to certainty, for each of country, start and payer
_OTHER_WORDS, _OTHER_WORDS_ALONE = 0.6, 0.85
"""What a score is multiplied by where each name has a word of its own, such as another town; the
second where country, start and payer agree."""


class FactAgreement(StrEnum):
    """What two values of one fact say about whether the contracts are one."""

    SAME = "same"
    NEAR = "near"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ContractFacts:
    """What is known in the review about one of its contracts."""

    names: Sequence[str]
    countries: Sequence[str] = ()
    year: int | None = None  # in which services began
    payers: Sequence[str] = ()


@dataclass(frozen=True)
class ListMatch:
    """A project that a contract may be, with what speaks for it."""

    project: KnownProject
    score: float  # from 0 to 1
    name: float  # how alike the names are, from 0 to 1
    country: FactAgreement
    start: FactAgreement
    payer: FactAgreement
    numbers_differ: bool  # such as phase 1 and phase 2
    words_differ: bool  # each name has words that the other lacks, such as its town

    @property
    def is_contradicted(self) -> bool:
        """Whether something speaks against it, so that a person must look."""
        return (
            self.numbers_differ
            or self.words_differ
            or FactAgreement.DIFFERS in (self.country, self.start)
        )


class ListIndex:
    """A list of projects, to be asked which of them a contract is."""

    def __init__(self, projects: Iterable[KnownProject]) -> None:
        self.projects = list(projects)
        named = [(place, name) for place, one in enumerate(self.projects) for name in names_of(one)]
        self._names = NameIndex(name for _, name in named)
        self._words: list[list[list[str]]] = [[] for _ in self.projects]
        self._places: dict[str, set[int]] = defaultdict(set)
        for place, name in named:
            words = words_of(name)
            self._words[place].append(words)
            for word in words:
                self._places[_stem(word)].add(place)

    def matches(self, facts: ContractFacts, *, most: int = 3) -> list[ListMatch]:
        """Return the likeliest projects, best first, down to those worth a question."""
        own = [words_of(name) for name in facts.names]
        found = [self._match(place, own, facts) for place in self._compared(own)]
        likely = [one for one in found if one.score >= ASKED]
        return sorted(likely, key=lambda one: (-one.score, one.project.key))[:most]

    def _compared(self, own: Sequence[list[str]]) -> list[int]:
        """Return the places of the projects that share the rarest words with a contract."""
        stems = {_stem(word) for words in own for word in words if not is_common(word)}
        shared: dict[int, float] = defaultdict(float)
        for stem in stems & self._places.keys():
            here = self._places[stem]
            for place in here:
                shared[place] += math.log(1 + len(self.projects) / len(here))
        return heapq.nlargest(MOST_COMPARED, shared, key=lambda place: (shared[place], -place))

    def _match(self, place: int, own: Sequence[list[str]], facts: ContractFacts) -> ListMatch:
        project = self.projects[place]
        name, words, others = max(
            (self._names.likeness(words, others), words, others)
            for words in own
            for others in self._words[place]
        )
        country = _of_sets(facts.countries, project.countries)
        start = _of_years(facts.year, project.year)
        payer = self._of_payers(facts.payers, project.payers)
        n_same = [country, start, payer].count(FactAgreement.SAME)
        score = name * _COUNTRY[country] * _START[start]
        score += (1 - score) * _BONUS * n_same
        words_differ = all(self._names.unmatched(words, others))
        if words_differ:
            score *= _OTHER_WORDS if n_same < 3 else _OTHER_WORDS_ALONE
        return ListMatch(
            project=project, score=round(score, 3), name=round(name, 3),
            country=country, start=start, payer=payer,
            numbers_differ=_numbers(words) != _numbers(others),
            words_differ=words_differ,
        )  # fmt: skip

    def _of_payers(self, own: Sequence[str], listed: Sequence[str]) -> FactAgreement:
        if not own or not listed:
            return FactAgreement.UNKNOWN
        pairs = ((words_of(one), words_of(other)) for one in own for other in listed)
        alike = max(self._names.likeness(words, others) for words, others in pairs)
        return FactAgreement.SAME if alike >= 0.6 else FactAgreement.DIFFERS


def sure_match(found: Sequence[ListMatch]) -> ListMatch | None:
    """Return the match that needs no question: good, ahead of the next, and not contradicted."""
    if not found or found[0].score < SURE or found[0].is_contradicted:
        return None
    if len(found) > 1 and found[0].score - found[1].score < AHEAD:
        return None
    return found[0]


def names_of(project: KnownProject) -> list[str]:
    """Return the names of a project, its own first."""
    return [project.name, *project.other_names]


def _stem(word: str) -> str:
    """Return a word's first letters: a slip later in the word does not hide the pair."""
    return word[:4]


def _numbers(words: Sequence[str]) -> set[str]:
    """Return the numbers in a name that are no years, however they are written."""
    numbers = {_NUMBERS.get(word, word) for word in words}
    return {n for n in numbers if n.isdecimal() and not re.fullmatch(r"(?:19|20)\d\d", n)}


def _of_sets(own: Sequence[str], listed: Sequence[str]) -> FactAgreement:
    if not own or not listed:
        return FactAgreement.UNKNOWN
    return FactAgreement.DIFFERS if set(own).isdisjoint(listed) else FactAgreement.SAME


def _of_years(own: int | None, listed: int | None) -> FactAgreement:
    """Compare years: services often begin in the year after the contract was signed."""
    if own is None or listed is None:
        return FactAgreement.UNKNOWN
    apart = abs(own - listed)
    return (
        (FactAgreement.SAME, FactAgreement.SAME, FactAgreement.NEAR)[apart]
        if apart < 3
        else FactAgreement.DIFFERS
    )
