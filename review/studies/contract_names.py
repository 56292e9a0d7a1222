"""Whether two names of contracts may be one contract: rare words count, common ones hardly do."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from rapidfuzz.distance import OSA

ALIKE = 0.6
"""Names at least so alike are asked about before a second contract is made."""

_WORD = re.compile(r"[^\W_]+")
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_SHORT_FORMS: Mapping[str, tuple[str, ...]] = {
    "sib": ("social", "impact", "bond"),
    "dib": ("development", "impact", "bond"),
    "hib": ("humanitarian", "impact", "bond"),
    "pbr": ("payment", "by", "results"),
    "pfs": ("pay", "for", "success"),
    "pfp": ("pay", "for", "performance"),
    "rbf": ("results", "based", "financing"),
    "siinc": ("social", "impact", "incentives"),
    "uk": ("united", "kingdom"),
    "us": ("united", "states"),
    "usa": ("united", "states"),
    "w": ("with",),
}
_SAME_WORDS: Mapping[str, str] = {
    "program": "programme", "finance": "financing", "payments": "payment", "outcomes": "outcome",
    "result": "results", "bonds": "bond", "contracts": "contract", "organisation": "organization",
}  # fmt: skip
_COMMON = """
social impact bond development humanitarian payment by results pay for success performance based
financing incentives outcome contract contracting programme project pilot fund phase the of and
with in to a an contrato contrat bono obligation impacto por resultados paiement aux el la
le les des du de y et
"""
_FORMS = frozenset(_COMMON.split())
"""Words of the instrument and small words: they say little about which contract it is."""

LITTLE = 0.1  # the weight of such a word, beside up to 1 of a rare one


def words_of(name: str) -> list[str]:
    """Return a name's words: lower case, without accents, short forms written out."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = _INITIALS.sub(lambda match: match[0].replace(".", ""), plain)
    found: list[str] = []
    for word in _WORD.findall(plain):
        found.extend(_SHORT_FORMS.get(word, (_SAME_WORDS.get(word, word),)))
    return list(dict.fromkeys(found))


def is_common(word: str) -> bool:
    """Return whether a word says little about which contract a name means."""
    return word in _FORMS


class NameIndex:
    """The names of contracts, to be asked which of them may be the same as another name.

    A word weighs as much as it is rare among the names (inverse document frequency); the words of
    the instrument weigh little everywhere.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._words = [words_of(name) for name in names]
        self._n_names = Counter(word for words in self._words for word in words)

    def alike(self, name: str, *, at_least: float = ALIKE) -> list[tuple[int, float]]:
        """Return the places of the names that are so alike, with how alike from 0 to 1, best first.

        1 is a name of the same words.  A name that is part of the other comes close to it.
        """
        words = words_of(name)
        scored = ((place, self.likeness(words, others)) for place, others in enumerate(self._words))
        return sorted(
            ((place, score) for place, score in scored if score >= at_least),
            key=lambda pair: (-pair[1], pair[0]),
        )

    def likeness(self, words: Sequence[str], others: Sequence[str]) -> float:
        """Return how alike two names are by their words: the mean of Dice and the overlap."""
        matched = _matches(words, others)
        total, other_total = self._weight(words), self._weight(others)
        if not matched or not total or not other_total:
            return 0.0
        shared = sum(
            likeness * min(self._weight([word]), self._weight([other]))
            for word, other, likeness in matched
        )
        dice = 2 * shared / (total + other_total)
        overlap = min(1.0, shared / min(total, other_total))
        is_by_a_rare_word = any(word not in _FORMS for word, _, _ in matched)
        return (dice + overlap) / 2 if is_by_a_rare_word else dice / 2

    def unmatched(self, words: Sequence[str], others: Sequence[str]) -> tuple[set[str], set[str]]:
        """Return the words of each of two names that say something and that the other lacks."""
        matched = _matches(words, others)
        return (
            {word for word in words if word not in _FORMS} - {word for word, _, _ in matched},
            {word for word in others if word not in _FORMS} - {other for _, other, _ in matched},
        )

    def _weight(self, words: Collection[str]) -> float:
        return sum(LITTLE if word in _FORMS else self._rarity(word) for word in words)

    def _rarity(self, word: str) -> float:
        n = len(self._words) + 1
        return 0.3 + 0.7 * math.log(n / (self._n_names[word] + 1) + 1) / math.log(n + 1)


def _matches(words: Sequence[str], others: Sequence[str]) -> list[tuple[str, str, float]]:
    """Pair the words of two names, each once, with how alike they are.

    Numbers pair only with themselves: phase 1 is not phase 2, nor 2015 a slip of 2016.
    """
    free = list(others)
    pairs = []
    for word in words:
        best = max(free, key=lambda other: _word_likeness(word, other), default=None)
        if best is not None and (likeness := _word_likeness(word, best)):
            free.remove(best)
            pairs.append((word, best, likeness))
    return pairs


def _word_likeness(word: str, other: str) -> float:
    if word == other:
        return 1.0
    if word.isdigit() or other.isdigit() or min(len(word), len(other)) < 5:
        return 0.0
    likeness = OSA.normalized_similarity(word, other)
    return likeness if likeness >= 0.8 else 0.0
