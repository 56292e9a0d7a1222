"""Check what the schema cannot: whether the parts of a protocol agree with each other.

The checks read the plain data of the file, not the models, so that they run even if the schema
finds mistakes, and the author of the file sees all mistakes at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from babel import Locale

from .problems import listed, suggest
from .schema import (
    BOTH_STAGES,
    CHOICES,
    COUNTABLE,
    MAP_KEYS,
    MAP_WORDS,
    SPECIAL_VALUES,
    WITH_YEARS,
    ItemType,
)
from .source import Path, ProtocolSource

LANGUAGES = frozenset(code for code in map(str, Locale("en").languages) if len(code) == 2)


_OPEN_TYPES = frozenset(ItemType) - CHOICES
_WITHOUT_YEARS = frozenset(ItemType) - WITH_YEARS
_UNCOUNTABLE = frozenset(ItemType) - COUNTABLE


@dataclass(frozen=True)
class Part:
    """A mapping in the file; anything in it that has the wrong type counts as absent."""

    data: Mapping[str, object]
    path: Path = ()

    def text(self, field: str) -> str:
        """Return the text of ``field``, or an empty text."""
        value = self.data.get(field)
        return value if isinstance(value, str) else ""

    def number(self, field: str) -> int | None:
        """Return the whole number in ``field``, or None."""
        value = self.data.get(field)
        return value if isinstance(value, int) else None

    def part(self, field: str) -> "Part":
        """Return the mapping in ``field``, or an empty one."""
        value = self.data.get(field)
        return Part(value if isinstance(value, Mapping) else {}, (*self.path, field))

    def parts(self, field: str) -> list["Part"]:
        """Return the mappings in the list ``field``."""
        value = self.data.get(field)
        entries = enumerate(value if isinstance(value, list) else [])
        return [
            Part(entry, (*self.path, field, number))
            for number, entry in entries
            if isinstance(entry, Mapping)
        ]

    def texts(self, field: str) -> list[tuple[Path, str]]:
        """Return the texts in the list ``field``, each with its path."""
        value = self.data.get(field)
        entries = enumerate(value if isinstance(value, list) else [])
        return [
            ((*self.path, field, number), entry)
            for number, entry in entries
            if isinstance(entry, str)
        ]


Contradictions = Iterator[tuple[Path, str]]


def report_contradictions(source: ProtocolSource) -> None:
    """Report each contradiction between the parts of a protocol, with its line."""
    protocol = Part(source.data if isinstance(source.data, Mapping) else {})
    for check in _CHECKS:
        for path, message in check(protocol):
            source.report(path, message)


def _check_duplicates(protocol: Part) -> Contradictions:
    rules = protocol.part("duplicates")
    if "merge" in rules.data and rules.number("wrong_merges_accepted") is not None:
        path = (*rules.path, "wrong_merges_accepted")
        yield path, "both 'merge' and 'wrong_merges_accepted' say what is merged; keep one of them."


def _check_keys(protocol: Part) -> Contradictions:
    for field, noun in (
        ("criteria", "criteria"),
        ("exclusion_reasons", "exclusion reasons"),
        ("terminology", "concepts"),
        ("codebook", "codebook items"),
        ("frameworks", "frameworks"),
    ):
        yield from _repeated(protocol.parts(field), "key", noun)
    yield from _repeated(protocol.parts("highlights"), "language", "lists of highlights")
    for item in protocol.parts("codebook"):
        noun = f"values of codebook item '{item.text('key')}'"
        yield from _repeated(item.parts("values"), "key", noun)


def _repeated(parts: list[Part], field: str, noun: str) -> Contradictions:
    seen: set[str] = set()
    for part in parts:
        name = part.text(field)
        if name and name in seen:
            yield (*part.path, field), f"two {noun} have the {field} '{name}'; change one of them."
        seen.add(name)


def _check_languages(protocol: Part) -> Contradictions:
    planned: set[str] = set()
    for path, code in protocol.texts("languages"):
        if code not in LANGUAGES:
            yield path, f"'{code}' is not an ISO 639-1 language code; use one such as en, es or pt."
        if code in planned:
            yield path, f"language '{code}' is listed twice; remove one of them."
        planned.add(code)
    for path, code, owner in _languages_used(protocol):
        if code not in LANGUAGES:
            yield path, f"'{code}' is not an ISO 639-1 language code; use one such as en, es or pt."
        elif planned and code not in planned:
            yield (
                path,
                f"{owner} are in '{code}', which is not in languages; add it or remove them.",
            )


def _languages_used(protocol: Part) -> Iterator[tuple[Path, str, str]]:
    for highlights in protocol.parts("highlights"):
        if code := highlights.text("language"):
            yield (*highlights.path, "language"), code, "highlights"
    phrasings = protocol.part("phrasings")
    for code in phrasings.data:
        yield (*phrasings.path, code), code, "phrasings"
    for concept in protocol.parts("terminology"):
        names = concept.part("names")
        for code in names.data:
            yield (*names.path, code), code, f"names of concept '{concept.text('key')}'"


def _check_dates(protocol: Part) -> Contradictions:
    start, end = protocol.number("published_from"), protocol.number("published_to")
    if start is not None and end is not None and start > end:
        yield (
            ("published_from",),
            f"published_from ({start}) is after published_to ({end}); correct one of them.",
        )


def _check_reasons(protocol: Part) -> Contradictions:
    if "exclusion_reasons" not in protocol.data:
        return  # the schema reports that
    reasons = protocol.parts("exclusion_reasons")
    stages = [reason.data.get("stages", list(BOTH_STAGES)) for reason in reasons]
    if not any(isinstance(names, list) and "full_text" in names for names in stages):
        message = "every exclusion at full_text needs a reason, but none is for full_text; add one."
        yield ("exclusion_reasons",), message


def _check_values(protocol: Part) -> Contradictions:
    for item in protocol.parts("codebook"):
        kind, values = item.text("type"), item.parts("values")
        name = f"codebook item '{item.text('key')}'"
        if kind in CHOICES and not values:
            yield item.path, f"{name} is {kind} but lists no values; add them."
        if kind in _OPEN_TYPES and values:
            message = f"{name} is {kind}, which takes no list of values; remove the list."
            yield (*item.path, "values"), message
        for value in values:
            if value.text("key") in SPECIAL_VALUES:
                message = f"every item has the value '{value.text('key')}'; remove it from {name}."
                yield (*value.path, "key"), message
            elif value.text("key") in MAP_KEYS:
                message = f"{name} has the value '{value.text('key')}', which is reserved for maps."
                yield (*value.path, "key"), f"{message} Give it another key."
        if item.text("known_from") and item.text("level") != "contract":
            message = f"{name} is not about the contract, so no list of contracts has it"
            yield (*item.path, "known_from"), f"{message}; remove known_from."
        yield from _check_condition(protocol, item, name)
        yield from _check_appraisal(item, name)
        yield from _check_value_groups(item, {value.text("key") for value in values})
        yield from _check_years(item, name)


def _check_appraisal(item: Part, name: str) -> Contradictions:
    part = item.text("appraisal")
    if not part:
        return
    path = (*item.path, "appraisal")
    needed = ("high", "medium", "low") if part == "overall" else ("yes", "partly", "no")
    if {value.text("key") for value in item.parts("values")} != set(needed):
        keys = f"{needed[0]}, {needed[1]} and {needed[2]}"
        yield path, f"{name} is part of the appraisal; give it the values {keys}."
    if item.text("level") != "study" or item.text("type") != "one_of":
        yield path, f"{name} is part of the appraisal; it is one_of, and about the study."
    if part != "overall" and not item.text("group"):
        yield path, f"{name} is a question of a checklist; name the checklist as its group."


def _check_condition(protocol: Part, item: Part, name: str) -> Contradictions:
    condition = item.part("asked_if")
    if not condition.data:
        return
    items = {one.text("key"): one for one in protocol.parts("codebook")}
    key, path = condition.text("item"), (*condition.path, "item")
    other = items.get(key)
    if other is None:
        message = f"{name} is asked if '{key}', which is not in the codebook."
        yield path, f"{message}{suggest(key, items)}"
        return
    if list(items).index(key) >= list(items).index(item.text("key")):
        yield path, f"{name} is asked if '{key}', which comes after it; move '{key}' before it."
    if other.text("type") not in CHOICES:
        yield path, f"{name} is asked if '{key}', which offers no values to choose from."
        return
    levels = {item.text("level"), "study"}
    if item.text("level") == "study_contract":
        levels.add("contract")
    if other.text("level") not in levels:
        message = f"{name} is asked if '{key}', which is about the {other.text('level')} alone"
        yield path, f"{message.replace('_', ' and ')}; choose an item about the same."
    offered = {value.text("key") for value in other.parts("values")}
    for at, value in condition.texts("values"):
        if value not in offered:
            yield at, f"{name}: '{value}' is not a value of '{key}'.{suggest(value, offered)}"


def _check_years(item: Part, name: str) -> Contradictions:
    earliest, latest = item.number("earliest"), item.number("latest")
    given = [field for field in ("earliest", "latest") if item.data.get(field) is not None]
    if given and item.text("type") in _WITHOUT_YEARS:
        message = f"{name} is {item.text('type')}, which has no years; remove {given[0]}."
        yield (*item.path, given[0]), message
    if earliest is not None and latest is not None and earliest > latest:
        message = f"{name}: earliest ({earliest}) is after latest ({latest}); correct one of them."
        yield (*item.path, "earliest"), message


def _check_value_groups(item: Part, values: set[str]) -> Contradictions:
    for group in item.parts("value_groups"):
        name = f"group '{group.text('key')}' of item '{item.text('key')}'"
        if group.text("key") in {*values, *SPECIAL_VALUES, *MAP_KEYS}:
            yield (*group.path, "key"), f"{name} has the key of a value; give it another key."
        for path, key in group.texts("values"):
            if key not in values:
                yield path, f"{name} has '{key}', which is not a value.{suggest(key, values)}"


def _check_frameworks(protocol: Part) -> Contradictions:
    items = {item.text("key"): item for item in protocol.parts("codebook")}
    for framework in protocol.parts("frameworks"):
        name = f"framework '{framework.text('key')}'"
        for side in ("rows", "columns"):
            if side in framework.data:
                yield from _check_axis(framework.part(side), f"{name} names {side}", items)
        keys = [*framework.texts("filters")]
        keys += [
            ((*framework.path, field), framework.text(field)) for field in ("segments", "findings")
        ]
        for path, key in keys:
            field = str(path[-1]) if path[-1] in ("segments", "findings") else "filter"
            yield from _check_countable(path, f"{name} names {field}", key, items=items)
        if "themes" in framework.data:
            yield from _check_axis(framework.part("themes"), f"{name} names themes", items)
        yield from _check_steps(framework, name)
        yield from _check_outside(framework, name, items)


def _check_steps(framework: Part, name: str) -> Contradictions:
    steps = framework.data.get("steps")
    numbers = [n for n in steps if isinstance(n, int)] if isinstance(steps, list) else []
    if numbers != sorted(set(numbers)):
        path = (*framework.path, "steps")
        yield path, f"{name} has steps that do not rise; give four numbers, such as 1, 2, 4, 7."


def _check_outside(framework: Part, name: str, items: Mapping[str, Part]) -> Contradictions:
    for side in ("rows", "columns"):
        axis = framework.part(side)
        entries = items.get(axis.text("item"), Part({})).parts("values") or [
            item
            for item in items.values()
            if axis.text("group") and item.text("group") == axis.text("group")
        ]
        keys = {entry.text("key") for entry in entries}
        for outside in framework.parts("outside_searches"):
            for path, key in outside.texts(side):
                if keys and key not in keys:
                    message = f"{name} names {side} '{key}' under outside_searches"
                    yield path, f"{message}, which the map does not have.{suggest(key, keys)}"


def _check_axis(axis: Part, name: str, items: Mapping[str, Part]) -> Contradictions:
    fields = set(axis.data) & {"item", "group", "value"}
    if fields == {"item"}:
        yield from _check_countable((*axis.path, "item"), name, axis.text("item"), items=items)
        yield from _check_also(axis, name, items)
    elif fields == {"group", "value"}:
        yield from _check_group(axis, name, items)
    else:
        yield (
            axis.path,
            f"{name} with {listed(sorted(fields)) or 'nothing'}: give either an item, "
            "or a group and the value that counts.",
        )
    if "also" in axis.data and "item" not in axis.data:
        yield (
            (*axis.path, "also"),
            f"{name} with 'also' but without 'item'; add 'item' or remove 'also'.",
        )


def _check_countable(
    path: Path, name: str, key: str, *, items: Mapping[str, Part]
) -> Contradictions:
    if not key:
        return
    if key not in items:
        yield path, f"{name} '{key}', which is not in the codebook.{suggest(key, items)}"
    elif (kind := items[key].text("type")) in _UNCOUNTABLE:
        allowed = listed([str(countable) for countable in sorted(COUNTABLE)])
        yield path, f"{name} '{key}', which is {kind}; a map can use {allowed} only."
    elif key in MAP_WORDS:
        yield path, f"{name} '{key}', a word of the map's own address. Give the item another key."


def _check_group(axis: Part, name: str, items: Mapping[str, Part]) -> Contradictions:
    group, value = axis.text("group"), axis.text("value")
    members = [item for item in items.values() if item.text("group") == group]
    if group and not members:
        known = {item.text("group") for item in items.values()} - {""}
        message = f"{name} by group '{group}', which no codebook item belongs to."
        yield (*axis.path, "group"), message + suggest(group, known)
    for item in members:
        keys = [choice.text("key") for choice in item.parts("values")]
        if value and value not in keys:
            message = f"{name} by value '{value}', which '{item.text('key')}' does not have."
            yield (*axis.path, "value"), message + suggest(value, keys)


def _check_also(axis: Part, name: str, items: Mapping[str, Part]) -> Contradictions:
    key, path = axis.text("also"), (*axis.path, "also")
    if not key:
        return
    if key not in items:
        yield path, f"{name} with also '{key}', which is not in the codebook.{suggest(key, items)}"
        return
    if items[key].text("type") != "many_of":
        yield path, f"{name} with also '{key}', which is not many_of; name a many_of item."
        return
    item = items.get(axis.text("item"), Part({}))
    keys = {value.text("key") for value in item.parts("values")}
    added = [value.text("key") for value in items[key].parts("values")]
    unknown = [value for value in added if value not in keys]
    if unknown and keys:
        yield (
            path,
            f"{name} with also '{key}', whose value '{unknown[0]}' is not a value of "
            f"'{axis.text('item')}'; use the same values.",
        )


def _check_terms(protocol: Part) -> Contradictions:
    for highlights in protocol.parts("highlights"):
        for path, term in (*highlights.texts("include"), *highlights.texts("exclude")):
            core = term.removeprefix("*").removesuffix("*")
            if "*" in core:
                yield path, f"term '{term}': use * only at the beginning or the end."
            elif "*" in term and len(core.strip()) < 3:
                yield (
                    path,
                    f"term '{term}' would mark almost every word; use three letters or more.",
                )
    for concept in protocol.parts("terminology"):
        names = concept.part("names")
        for path, term in (text for code in names.data for text in names.texts(code)):
            if "*" in term:
                yield path, f"name '{term}': names are whole words; use * only in highlights."


_CHECKS: tuple[Callable[[Part], Contradictions], ...] = (
    _check_keys,
    _check_duplicates,
    _check_languages,
    _check_dates,
    _check_reasons,
    _check_values,
    _check_frameworks,
    _check_terms,
)
