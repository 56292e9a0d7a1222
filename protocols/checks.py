"""What the schema cannot see: whether the parts of a protocol agree with one another.

The checks read the file's plain data rather than the models, so that they can run beside the
schema's own: a person who wrote the file learns of every mistake at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from babel import Locale

from .problems import listed, suggest
from .schema import BOTH_STAGES, CHOICES, COUNTABLE, SPECIAL_VALUES, ItemType
from .source import Path, Source

LANGUAGES = frozenset(code for code in map(str, Locale("en").languages) if len(code) == 2)


_OPEN_TYPES = frozenset(ItemType) - CHOICES
_UNCOUNTABLE = frozenset(ItemType) - COUNTABLE


@dataclass(frozen=True)
class Part:
    """A mapping in the file, read without trust: what has the wrong shape counts as absent."""

    data: Mapping[str, object]
    path: Path = ()

    def text(self, field: str) -> str:
        """Return the text of ``field``, or nothing."""
        value = self.data.get(field)
        return value if isinstance(value, str) else ""

    def number(self, field: str) -> int | None:
        """Return the whole number in ``field``, if there is one."""
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
        return [Part(e, (*self.path, field, n)) for n, e in entries if isinstance(e, Mapping)]

    def texts(self, field: str) -> list[tuple[Path, str]]:
        """Return the texts in the list ``field``, each with its path."""
        value = self.data.get(field)
        entries = enumerate(value if isinstance(value, list) else [])
        return [((*self.path, field, n), e) for n, e in entries if isinstance(e, str)]


Found = Iterator[tuple[Path, str]]


def report_contradictions(source: Source) -> None:
    """Note everything in which the parts of a protocol disagree, each at its own line."""
    protocol = Part(source.data if isinstance(source.data, Mapping) else {})
    for check in _CHECKS:
        for path, message in check(protocol):
            source.report(path, message)


def _check_keys(protocol: Part) -> Found:
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


def _repeated(parts: list[Part], field: str, noun: str) -> Found:
    seen: set[str] = set()
    for part in parts:
        name = part.text(field)
        if name and name in seen:
            yield (*part.path, field), f"two {noun} have the {field} '{name}'."
        seen.add(name)


def _check_languages(protocol: Part) -> Found:
    planned: set[str] = set()
    for path, code in protocol.texts("languages"):
        if code not in LANGUAGES:
            yield path, f"'{code}' is not a language code of ISO 639-1, such as en, es or pt."
        if code in planned:
            yield path, f"language '{code}' is listed twice."
        planned.add(code)
    for path, code, owner in _languages_used(protocol):
        if code not in LANGUAGES:
            yield path, f"'{code}' is not a language code of ISO 639-1, such as en, es or pt."
        elif planned and code not in planned:
            yield path, f"{owner} are in '{code}', which is not one of the protocol's languages."


def _languages_used(protocol: Part) -> Iterator[tuple[Path, str, str]]:
    for highlights in protocol.parts("highlights"):
        if code := highlights.text("language"):
            yield (*highlights.path, "language"), code, "highlights"
    for concept in protocol.parts("terminology"):
        names = concept.part("names")
        for code in names.data:
            yield (*names.path, code), code, f"names of concept '{concept.text('key')}'"


def _check_dates(protocol: Part) -> Found:
    start, end = protocol.number("published_from"), protocol.number("published_to")
    if start is not None and end is not None and start > end:
        yield ("published_from",), f"published_from ({start}) is after published_to ({end})."


def _check_reasons(protocol: Part) -> Found:
    if "exclusion_reasons" not in protocol.data:
        return  # the schema says so already
    reasons = protocol.parts("exclusion_reasons")
    stages = [reason.data.get("stages", list(BOTH_STAGES)) for reason in reasons]
    if not any(isinstance(names, list) and "full_text" in names for names in stages):
        message = "no exclusion reason is for full_text, where every exclusion needs one."
        yield ("exclusion_reasons",), message


def _check_values(protocol: Part) -> Found:
    for item in protocol.parts("codebook"):
        kind, values = item.text("type"), item.parts("values")
        name = f"codebook item '{item.text('key')}'"
        if kind in CHOICES and not values:
            yield item.path, f"{name} is {kind} but lists no values."
        if kind in _OPEN_TYPES and values:
            message = f"{name} is {kind}, which takes no list of values."
            yield (*item.path, "values"), message
        for value in values:
            if value.text("key") in SPECIAL_VALUES:
                message = f"'{value.text('key')}' is a value of every item; leave it out of {name}."
                yield (*value.path, "key"), message


def _check_frameworks(protocol: Part) -> Found:
    items = {item.text("key"): item for item in protocol.parts("codebook")}
    for framework in protocol.parts("frameworks"):
        name = f"framework '{framework.text('key')}'"
        for side in ("rows", "columns"):
            if side in framework.data:
                yield from _check_axis(framework.part(side), f"{name} names {side}", items)
        used = [*framework.texts("filters")]
        if segments := framework.text("segments"):
            used.append(((*framework.path, "segments"), segments))
        for path, key in used:
            field = "segments" if path[-1] == "segments" else "filter"
            yield from _check_countable(path, f"{name} names {field}", key, items)


def _check_axis(axis: Part, name: str, items: Mapping[str, Part]) -> Found:
    fields = set(axis.data) & {"item", "group", "value"}
    if fields == {"item"}:
        yield from _check_countable((*axis.path, "item"), name, axis.text("item"), items)
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
        yield (*axis.path, "also"), f"{name} with 'also' but no item that it could add to."


def _check_countable(path: Path, name: str, key: str, items: Mapping[str, Part]) -> Found:
    if not key:
        return
    if key not in items:
        yield path, f"{name} '{key}', which is not in the codebook.{suggest(key, items)}"
    elif (kind := items[key].text("type")) in _UNCOUNTABLE:
        allowed = listed([str(countable) for countable in sorted(COUNTABLE)])
        yield path, f"{name} '{key}', which is {kind}; a map can use {allowed} only."


def _check_group(axis: Part, name: str, items: Mapping[str, Part]) -> Found:
    group, value = axis.text("group"), axis.text("value")
    members = [item for item in items.values() if item.text("group") == group]
    if group and not members:
        known = {item.text("group") for item in items.values()} - {""}
        message = f"{name} by group '{group}', to which no codebook item belongs."
        yield (*axis.path, "group"), message + suggest(group, known)
    for item in members:
        keys = [choice.text("key") for choice in item.parts("values")]
        if value and value not in keys:
            message = f"{name} by value '{value}', which '{item.text('key')}' does not have."
            yield (*axis.path, "value"), message + suggest(value, keys)


def _check_also(axis: Part, name: str, items: Mapping[str, Part]) -> Found:
    key, path = axis.text("also"), (*axis.path, "also")
    if not key:
        return
    if key not in items:
        yield path, f"{name} with also '{key}', which is not in the codebook.{suggest(key, items)}"
        return
    if items[key].text("type") != "many_of":
        yield path, f"{name} with also '{key}', which is not many_of."
        return
    item = items.get(axis.text("item"), Part({}))
    keys = {value.text("key") for value in item.parts("values")}
    strange = [v.text("key") for v in items[key].parts("values") if v.text("key") not in keys]
    if strange and keys:
        yield (
            path,
            f"{name} with also '{key}', whose value '{strange[0]}' is no value of "
            f"'{axis.text('item')}'.",
        )


def _check_terms(protocol: Part) -> Found:
    for highlights in protocol.parts("highlights"):
        for path, term in (*highlights.texts("include"), *highlights.texts("exclude")):
            core = term.removeprefix("*").removesuffix("*")
            if "*" in core:
                yield path, f"term '{term}': a * may stand at the beginning or the end only."
            elif "*" in term and len(core.strip()) < 3:
                yield path, f"term '{term}' would mark almost every word; write three letters."
    for concept in protocol.parts("terminology"):
        names = concept.part("names")
        for path, term in (found for code in names.data for found in names.texts(code)):
            if "*" in term:
                yield path, f"name '{term}': names are whole; a * belongs in the highlights."


_CHECKS: tuple[Callable[[Part], Found], ...] = (
    _check_keys,
    _check_languages,
    _check_dates,
    _check_reasons,
    _check_values,
    _check_frameworks,
    _check_terms,
)
