"""Finding rows, columns and values of a map by any of their names, in any of its languages.

Names are the labels and synonyms of the codebook's values, the names of the concepts of the
terminology that share one with a value, and countries in every language of the protocol.  How they
are compared: `protocols.names`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from heatmap.axes import AxisEntry, MapFilter, filters_of
from heatmap.cells import HeatMap
from heatmap.filters import label_in
from protocols.names import Words, is_within, words_of
from protocols.places import COUNTRIES, country_name
from protocols.schema import MAP_KEYS, SPECIAL_VALUES, CodebookItem, ItemType, Protocol

MOST_FOUND = 8


@dataclass(frozen=True)
class Name:
    """One name of a value of a filter."""

    text: str
    filter: str
    value: str
    label: str


@dataclass(frozen=True)
class Found:
    """A value that has the name that was looked for."""

    name: Name  # the one that matches best
    n_studies: int
    n_contracts: int
    row: str | None  # its row or column on the map, if it has one
    column: str | None


def find(heatmap: HeatMap, protocol: Protocol, text: str) -> list[Found]:
    """Return the values of a map's filters that ``text`` names, the best matches first.

    A value is found if all words of ``text`` are in one of its names, next to each other, or if
    all words of one of its names are so in ``text``.
    """
    wanted = words_of(text)
    if not wanted:
        return []
    best: dict[tuple[str, str], tuple[int, Name]] = {}
    for name in names_of(protocol, heatmap):
        rank = _rank(wanted, words_of(name.text))
        place = (name.filter, name.value)
        if rank is not None and (place not in best or rank < best[place][0]):
            best[place] = (rank, name)
    ordered = sorted(best.values(), key=lambda one: (one[0], one[1].label))
    return [_found(heatmap, name) for _, name in ordered[:MOST_FOUND]]


def names_of(protocol: Protocol, heatmap: HeatMap) -> Iterator[Name]:
    """Yield every name of every value that the map's filters have."""
    for key, one in filters_of(protocol).items():
        present = {value for values in heatmap.whole[key] for value in values}
        for value in present - SPECIAL_VALUES.keys() - MAP_KEYS.keys():
            label = label_in(one, value)
            for text in dict.fromkeys([label, *_other_names(protocol, one, value)]):
                yield Name(text, key, value, label)


def languages_of(protocol: Protocol) -> list[str]:
    """Return the languages in which a map can name some of its rows and columns."""
    named = {language for concept in protocol.terminology for language in concept.names}
    return [language for language in protocol.languages if language in named | {"en"}]


def relabelled(heatmap: HeatMap, protocol: Protocol, language: str) -> HeatMap:
    """Return the map with its rows and columns named in a language, as far as names are known.

    Only labels change: counts are the same in every language.
    """

    def labels(entries: Sequence[AxisEntry], axis: MapFilter | None) -> list[AxisEntry]:
        return [
            replace(
                entry, label=_label_in(protocol, axis, entry.key, language=language) or entry.label
            )
            for entry in entries
        ]

    axes = heatmap.axes
    return replace(
        heatmap,
        rows=labels(heatmap.rows, _filter_of(axes.filters.values(), axes.rows.items)),
        columns=labels(heatmap.columns, _filter_of(axes.filters.values(), axes.columns.items)),
    )


def _rank(wanted: Words, name: Words) -> int | None:
    """Return how well a name matches, 0 for the same words; None where it does not."""
    if wanted == name:
        return 0
    if is_within(wanted, name):
        return 1 + len(name) - len(wanted)
    if is_within(name, wanted):
        return 20 + len(wanted) - len(name)
    return None


def _found(heatmap: HeatMap, name: Name) -> Found:
    lines = heatmap.frame[[name.value in values for values in heatmap.frame[name.filter]]]
    axes = heatmap.axes
    return Found(
        name,
        n_studies=int(lines["study_id"].nunique()),
        n_contracts=int(lines["contract_id"].nunique()),
        row=name.value if _is_on(axes.filters[name.filter], axes.rows.items) else None,
        column=name.value if _is_on(axes.filters[name.filter], axes.columns.items) else None,
    )


def _is_on(one: MapFilter, items: Sequence[CodebookItem]) -> bool:
    return one.derive is None and list(one.axis.items) == list(items)


def _filter_of(filters: Iterable[MapFilter], items: Sequence[CodebookItem]) -> MapFilter | None:
    return next((one for one in filters if _is_on(one, items)), None)


def _other_names(protocol: Protocol, one: MapFilter, value: str) -> Iterator[str]:
    if value in COUNTRIES:
        yield from (country_name(value, language=language) for language in protocol.languages)
    synonyms = _synonyms(one).get(value, ())
    yield from synonyms
    for names in _concepts_of(protocol, value, [label_in(one, value), *synonyms]):
        yield from (text for of_language in names.values() for text in of_language)


def _label_in(
    protocol: Protocol, one: MapFilter | None, value: str, *, language: str
) -> str | None:
    """Return the name of a value in a language; None where none is known."""
    if one is None or value in SPECIAL_VALUES or value in MAP_KEYS:
        return None
    if one.item and one.item.type is ItemType.COUNTRY:
        return country_name(value, language=language)
    if language == "en":
        return None
    label = label_in(one, value)
    for names in _concepts_of(protocol, value, [label, *_synonyms(one).get(value, ())]):
        if names.get(language):
            text = names[language][0]
            return text[:1].upper() + text[1:]
    return None


def _synonyms(one: MapFilter) -> Mapping[str, Sequence[str]]:
    if one.item is None:
        return {}
    return {value.key: value.synonyms for value in one.item.values}


def _concepts_of(
    protocol: Protocol, value: str, names: Iterable[str]
) -> Iterator[Mapping[str, Sequence[str]]]:
    """Yield the names of the concepts that have the key of a value, or one of its names as label.

    Sharing any name is not enough: a general term is often a synonym of one of its kinds.
    """
    known = {words_of(name) for name in names}
    for concept in protocol.terminology:
        if concept.key == value or words_of(concept.label) in known:
            yield concept.names
