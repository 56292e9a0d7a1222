"""The studies behind a part of a map, each with its contracts and what was coded about it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from heatmap.cells import in_order
from heatmap.contents import CellContent, QuotedValue, Report
from protocols.schema import Axis, CodebookItem, ItemType, Level, MapFramework, Protocol
from protocols.values import describe_value

PER_PAGE = 20
N_QUOTES = 2


@dataclass(frozen=True)
class MappedContract:
    """A contract as one study reports it."""

    id: UUID
    label: str
    country: str | None
    values: Sequence[QuotedValue]


@dataclass(frozen=True)
class MappedStudy:
    """A study: its reports, what is coded about it, and about each of its contracts."""

    id: UUID
    label: str
    reports: Sequence[Report]
    values: Sequence[QuotedValue]
    contracts: Sequence[MappedContract]
    n_values: int  # of all, a value with several quotes once

    def all_values(self) -> Iterable[QuotedValue]:
        """Yield the values of the study and of its contracts."""
        yield from self.values
        for contract in self.contracts:
            yield from contract.values

    def words_of(self, key: str) -> list[str]:
        """Return the values of an item in words, each once."""
        return list(dict.fromkeys(value.value for value in self.all_values() if value.key == key))


@dataclass(frozen=True)
class Share:
    """How many studies have a value."""

    key: str | None
    label: str
    n: int


@dataclass(frozen=True)
class Summary:
    """What the studies of a part of a map have in common, in two parts that are never combined."""

    n_studies: int
    n_contracts: int
    n_reports: int
    quality: Sequence[Share]  # how well they were done, by the item of the map's bars
    designs: Sequence[Share]
    findings: Sequence[Share]  # what they found
    themes: Sequence[Share]  # what they write about, the most frequent first
    lacks_review: bool  # several studies, and no systematic review of them


def by_study(contents: Sequence[CellContent], protocol: Protocol) -> list[MappedStudy]:
    """Return the studies of contents that are sorted by study, in the same order."""
    by_label = {item.label: item for item in protocol.codebook}
    by_key = {item.key: item for item in protocol.codebook}
    groups: dict[UUID, list[CellContent]] = {}
    for content in contents:
        groups.setdefault(content.study_id, []).append(content)
    return [_study(group, by_key, by_label=by_label) for group in groups.values()]


def quotes_of(study: MappedStudy, framework: MapFramework, protocol: Protocol) -> list[QuotedValue]:
    """Return the first passages of a study that support its themes, or any value if none does."""
    themes = set(theme_keys(framework, protocol))
    quoted = {value.quote: value for value in study.all_values() if value.quote}
    values = list(quoted.values())
    values.sort(key=lambda value: value.key not in themes)
    return values[:N_QUOTES]


def summarise(
    studies: Sequence[MappedStudy], framework: MapFramework, protocol: Protocol
) -> Summary:
    """Return what the studies of a part of a map have in common."""
    designs = [item for item in protocol.codebook if any(one.synthesis for one in item.values)]
    is_review = {
        (item.key, describe_value(item, value.key))
        for item in designs
        for value in item.values
        if value.synthesis
    }
    reviews = [
        study for study in studies
        if any((value.key, value.value) in is_review for value in study.values)
    ]  # fmt: skip
    return Summary(
        n_studies=len(studies),
        n_contracts=len({contract.id for study in studies for contract in study.contracts}),
        n_reports=sum(len(study.reports) for study in studies),
        quality=_shares(studies, framework.segments, protocol),
        designs=_shares(studies, designs[0].key if designs else None, protocol),
        findings=_shares(studies, framework.findings, protocol),
        themes=_themes(studies, framework, protocol),
        lacks_review=bool(designs) and len(studies) > 1 and not reviews,
    )


def theme_keys(framework: MapFramework, protocol: Protocol) -> list[str]:
    """Return the keys of the items that say what the studies of a map write about."""
    themes = framework.themes
    if themes is None:
        return []
    return [item.key for item in protocol.group(themes.group or "")]


@dataclass(frozen=True)
class Theme:
    """What a study says about one theme: its value for each contract, its quotes and details."""

    label: str
    is_present: bool  # for any contract
    values: Sequence[str]  # in the order of the study's contracts; empty where not coded
    quotes: Sequence[QuotedValue]


def themes_of(study: MappedStudy, framework: MapFramework, protocol: Protocol) -> list[Theme]:
    """Return what a study says about each theme: those with quotes first, then those present."""
    themes = []
    for key in theme_keys(framework, protocol):
        item = protocol.item(key)
        present = describe_value(item, framework.themes.value if framework.themes else None)
        values = [
            next((value.value for value in contract.values if value.key == key), "")
            for contract in study.contracts
        ]
        quoted = {(value.quote, value.details): value for value in study.all_values()
                  if value.key == key and (value.quote or value.details)}  # fmt: skip
        themes.append(Theme(item.label, present in values, values, list(quoted.values())))
    return sorted(themes, key=lambda theme: (not theme.is_present, not theme.quotes))


def tags_of(study: MappedStudy, framework: MapFramework, protocol: Protocol) -> list[QuotedValue]:
    """Return the quality and the designs of a study, as its card shows them."""
    keys = [framework.segments, *(item.key for item in protocol.codebook
                                  if any(value.synthesis for value in item.values))]  # fmt: skip
    found = {value.key: value for value in study.values if value.key in keys}
    return [found[key] for key in keys if key in found]


def _study(
    group: Sequence[CellContent],
    by_key: Mapping[str, CodebookItem],
    *,
    by_label: Mapping[str, CodebookItem],
) -> MappedStudy:
    first = group[0]
    about_study: dict[QuotedValue, None] = {}
    contracts = []
    for content in group:
        of_contract = []
        for value in content.passages:
            item = by_key.get(value.key) if value.key else by_label.get(value.item)
            named = replace(value, key=item.key if item else value.key)
            if item and item.level is Level.STUDY:
                about_study[named] = None
            else:
                of_contract.append(named)
        if content.contract_id is not None:
            countries = [
                value.value for value in of_contract
                if value.key and value.key in by_key
                and by_key[value.key].type is ItemType.COUNTRY
            ]  # fmt: skip
            contracts.append(
                MappedContract(
                    content.contract_id,
                    content.contract or "",
                    countries[0] if countries else None,
                    of_contract,
                )
            )
    return MappedStudy(
        id=first.study_id,
        label=first.study,
        reports=first.reports,
        values=list(about_study),
        contracts=contracts,
        n_values=len({value.item for value in about_study})
        + sum(len({value.item for value in contract.values}) for contract in contracts),
    )


def _shares(studies: Sequence[MappedStudy], key: str | None, protocol: Protocol) -> list[Share]:
    """Return how many studies have each value of an item; those without one come last."""
    if key is None:
        return []
    item = protocol.item(key)
    keys = {describe_value(item, value.key): value.key for value in item.values}
    counts: Counter[str] = Counter()
    n_without = 0
    for study in studies:
        words = study.words_of(key)
        counts.update(keys.get(word, word) for word in words)
        n_without += not words
    shares = [
        Share(value, describe_value(item, value), n) for value, n in in_order(item, counts).items()
    ]
    return [*shares, Share(None, "", n_without)] if n_without else shares


def _themes(
    studies: Sequence[MappedStudy], framework: MapFramework, protocol: Protocol
) -> list[Share]:
    themes: Axis | None = framework.themes
    if themes is None:
        return []
    shares = []
    for key in theme_keys(framework, protocol):
        item = protocol.item(key)
        words = describe_value(item, themes.value)
        n = sum(words in study.words_of(key) for study in studies)
        shares.append(Share(key, item.label, n))
    return sorted(shares, key=lambda share: -share.n)
