"""What a text suggests for the items of a codebook: by names, by patterns, and by earlier quotes.

A value is suggested with the sentence that names it, so a suggestion is always in the text.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer

from protocols.names import Words, words_of
from protocols.schema import CHOICES, CodebookItem, ItemType, KnownFrom
from protocols.values import check_value
from review.studies.coding_sheets.cell_values import countries_by_name, money_of
from review.studies.contract_names import is_common
from review.studies.contract_names import words_of as words_of_name
from review.studies.text_suggestions.text import Sentence

MOST = 2  # suggestions for an item
MOST_OF_MANY = 4  # for one with several values, each by itself
CLEAR = 1.5  # a value so many times as strong as the next is suggested alone
ON_FIRST_PAGE = 2.0  # how much more a sentence of the first page or of an abstract counts
OF_CONTRACT = 3.0  # and one that has a word of the contract's name
ALIKE = 0.45
"""A sentence so like a quote (cosine of TF-IDF weights) suggests the quote's value."""


def _plain(text: str) -> frozenset[str]:
    return frozenset(words_of(text))


# Words that say what a date, an amount or a number is about, in five languages.
_START = _plain(
    "launched started began begin commenced signed start beginning since inicio comenzo lance "
    "debute demarre comecou begonnen startete"
)
_END = _plain(
    "ended end completed concluded finished until closed hasta finalizo termino jusqu acheve "
    "terminou bis endete"
)
_PAYMENTS = _plain(
    "payment payments pay paid outcome outcomes worth value cap maximum pago pagos paiement "
    "paiements pagamento zahlungen"
)
_CHOSEN = CHOICES | {ItemType.YES_NO}
_YEAR = re.compile(r"\b(?:19[89]\d|20[0-4]\d)\b")
_MONEY = re.compile(
    r"(?:[A-Z]{0,2}[£$€₹]|\b(?:GBP|USD|EUR|AUD|CAD|INR|BRL|ZAR|KES|MXN|COP|CHF)\b)\s?\d+(?:,\d{3})*(?:\.\d+)?"
    r"(?:\s?(?:million|billion|thousand|mn|bn|m|k)\b)?"
)


@dataclass(frozen=True)
class TextSuggestion:
    """A value that a sentence suggests for an item."""

    item: str
    value: Any
    sentence: str
    page: int | None


@dataclass(frozen=True)
class EarlierQuote:
    """A quote that coders gave for a value that counts, in another study."""

    item: str
    value: Any
    quote: str


@dataclass
class _Tally:
    """How strongly a text suggests a value, and the sentence that does so first or best."""

    weight: float = 0.0
    best: float = 0.0
    sentence: Sentence | None = None

    def add(self, weight: float, sentence: Sentence) -> None:
        self.weight += weight
        if weight > self.best:
            self.best, self.sentence = weight, sentence


@dataclass(frozen=True)
class TextSuggester:
    """Suggests values of ``items`` from texts; ``contract`` is the name of what they are about."""

    items: Sequence[CodebookItem]
    contract: str = ""
    quotes: Collection[EarlierQuote] = ()
    _names: dict[str, list[tuple[Words, str, Any]]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        names: dict[str, list[tuple[Words, str, Any]]] = defaultdict(list)
        for item in self.items:
            for words, value in _names_of(item):
                names[words[0]].append((words, item.key, value))
        for of_word in names.values():
            of_word.sort(key=lambda name: -len(name[0]))
        self._names.update(names)

    def suggest(self, sentences: Sequence[Sentence]) -> dict[str, list[TextSuggestion]]:
        """Return what the sentences suggest, by item, the strongest first."""
        tallies: dict[str, dict[Any, _Tally]] = defaultdict(lambda: defaultdict(_Tally))
        own = {word for word in words_of_name(self.contract) if not is_common(word)}
        for sentence in sentences:
            weight = 1.0 if sentence.page not in (None, 1) else ON_FIRST_PAGE
            if own and own & {word.plain for word in sentence.words if len(word.plain) > 3}:
                weight *= OF_CONTRACT
            for item, value in self._named(sentence):
                tallies[item][value].add(weight, sentence)
            for item, value, cues in self._by_pattern(sentence):
                tallies[item][value].add(weight * cues, sentence)
        found = {
            item.key: suggested
            for item in self.items
            if (suggested := _strongest(item, tallies.get(item.key, {})))
        }
        return {**self._like_quotes(sentences), **found}

    def _named(self, sentence: Sentence) -> Iterator[tuple[str, Any]]:
        """Yield the values that a sentence names, of a longer name not its parts."""
        at, words = 0, sentence.words
        while at < len(words):
            length = 1
            for name, item, value in self._names.get(words[at].plain, ()):
                if len(name) < length:
                    break
                part = words[at : at + len(name)]
                is_country = isinstance(value, tuple)
                if tuple(word.plain for word in part) == name and (
                    not is_country or part[0].has_capital
                ):
                    length = len(name)
                    yield item, value[0] if is_country else value
            at += length

    def _by_pattern(self, sentence: Sentence) -> Iterator[tuple[str, Any, float]]:
        """Yield the dates and amounts that a sentence gives, with how many words speak for them."""
        words = {word.plain for word in sentence.words}
        for item in self.items:
            if item.prefill is not None:
                continue
            if item.type in (ItemType.DATE, ItemType.YEAR) and _cues(item, words):
                for year in _YEAR.findall(sentence.text):
                    yield item.key, year, 1.0
            elif item.type is ItemType.MONEY and (cues := len(words & _PAYMENTS)):
                for amount in _MONEY.findall(sentence.text):
                    yield item.key, amount, float(cues)

    def _like_quotes(self, sentences: Sequence[Sentence]) -> dict[str, list[TextSuggestion]]:
        """Return, for each item, the value whose quotes a sentence is most like."""
        unnamed = {item.key for item in self.items if item.type in _CHOSEN and not _is_named(item)}
        quotes = [one for one in self.quotes if one.item in unnamed]
        if not quotes or not sentences:
            return {}
        vectors = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), strip_accents="unicode")
        weights = vectors.fit_transform(
            [one.quote for one in quotes] + [one.text for one in sentences]
        )
        likeness = (weights[: len(quotes)] @ weights[len(quotes) :].T).tocsr()
        best: dict[str, tuple[float, TextSuggestion]] = {}
        for place, one in enumerate(quotes):
            row = likeness.getrow(place)
            if not row.nnz:
                continue
            at = int(row.data.argmax())
            score, sentence = float(row.data[at]), sentences[row.indices[at]]
            if score >= ALIKE and score > best.get(one.item, (0.0,))[0]:
                suggested = TextSuggestion(one.item, one.value, sentence.text, sentence.page)
                best[one.item] = (score, suggested)
        return {item: [suggested] for item, (_, suggested) in best.items()}


def _strongest(item: CodebookItem, tallies: Mapping[Any, _Tally]) -> list[TextSuggestion]:
    ranked = sorted(tallies.items(), key=lambda pair: -pair[1].weight)
    most = MOST
    if item.type is ItemType.MANY_OF:
        ranked, most = [([key], tally) for key, tally in ranked], MOST_OF_MANY
    elif len(ranked) > 1 and ranked[0][1].weight >= CLEAR * ranked[1][1].weight:
        ranked = ranked[:1]
    found = []
    for given, tally in ranked[:most]:
        try:
            value = check_value(item, money_of(given) if item.type is ItemType.MONEY else given)
        except ValueError:
            continue
        if tally.sentence is not None:
            found.append(TextSuggestion(item.key, value, tally.sentence.text, tally.sentence.page))
    return found


def _is_named(item: CodebookItem) -> bool:
    """Say whether a text names the item's values: those with other names, for an item alone.

    Words like *present* or *mixed* are in every text.
    """
    return item.group is None and any(value.synonyms for value in item.values)


def _names_of(item: CodebookItem) -> Iterator[tuple[Words, Any]]:
    """Yield the names by which a text tells a value; countries, with their capital, as a tuple."""
    if item.type is ItemType.COUNTRY:
        yield from ((words, (code,)) for words, code in countries_by_name().items() if words)
    if item.type not in CHOICES or not _is_named(item):
        return
    by_name: dict[Words, set[str]] = defaultdict(set)
    for value in item.values:
        if not value.residual:
            for name in (value.label, *value.synonyms):
                by_name[words_of(name)].add(value.key)
    for words, keys in by_name.items():
        if words and len(keys) == 1:
            yield words, next(iter(keys))


def _cues(item: CodebookItem, words: set[str]) -> bool:
    """Say whether a sentence is about the start, or the end, that a date is the date of."""
    name = item.key.casefold()
    if item.known_from is KnownFrom.START or "start" in name or "begin" in name:
        return bool(words & _START)
    return "end" in name and bool(words & _END)
