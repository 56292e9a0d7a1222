"""The protocol as forms: what a form shows, and how what was typed changes the protocol's text.

Nothing here knows HTML or HTTP: a form is sent as a mapping from names to texts.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from .editing import with_entry, with_value
from .schema import Protocol
from .sections import FieldKind, FormField, FormSection
from .source import read

SPARE_ROWS = 2  # empty rows at the end of a table of values
Shown = dict[str, str | bool | list[str]]  # by the input's name


def entries_of(protocol: Protocol, section: FormSection) -> list[dict[str, Any]]:
    """Return the entries of a section that is a list, as plain data."""
    found: list[dict[str, Any]] = protocol.model_dump(mode="json")[section.entries]
    return found


def field_value(data: Mapping[str, Any], field: FormField) -> Any:
    """Return what plain data says for a field; None where it says nothing."""
    return _at(data, field.path)


def filled(section: FormSection, data: Mapping[str, Any], languages: Sequence[str]) -> Shown:
    """Return what a form shows for data: a text, a box, or chosen options, by the input's name."""
    shown: Shown = {}
    for field in section.fields:
        _fill(shown, field, _at(data, field.path), prefix=field.name, languages=languages)
    return shown


def _fill(
    shown: Shown,
    field: FormField,
    value: Any,
    *,
    prefix: str,
    languages: Sequence[str],
) -> None:
    if field.kind is FieldKind.ROWS:
        rows = list(value or ())
        for number, row in enumerate([*rows, *[{}] * SPARE_ROWS]):
            shown[f"{prefix}.{number}.position"] = str(number + 1)
            for part in field.parts:
                at = f"{prefix}.{number}.{part.name}"
                _fill(shown, part, row.get(part.name), prefix=at, languages=languages)
    elif field.kind is FieldKind.BY_LANGUAGE:
        for language in _all_languages(languages, value):
            shown[f"{prefix}.{language}"] = "\n".join((value or {}).get(language, ()))
    elif field.kind is FieldKind.YES_NO:
        shown[prefix] = bool(value)
    elif field.kind is FieldKind.CHOICES:
        shown[prefix] = [str(one) for one in value or ()]
    elif field.kind is FieldKind.LINES:
        shown[prefix] = "\n".join(value or ())
    elif field.kind is FieldKind.WORDS:
        shown[prefix] = ", ".join(str(word) for word in value or ())
    elif field.kind is FieldKind.PAIRS:
        shown[prefix] = "\n".join(f"{name}: {text}" for name, text in (value or {}).items())
    else:
        shown[prefix] = "" if value is None else str(value)


def _all_languages(languages: Sequence[str], value: Mapping[str, Any] | None) -> list[str]:
    return list(dict.fromkeys([*languages, *(value or {})]))


def n_rows(field: FormField, shown: Mapping[str, object]) -> int:
    """Return how many rows a form's table has, from the names of its inputs."""
    start = re.compile(rf"{re.escape(field.name)}\.(\d{{1,3}})\.")
    numbers = [int(match[1]) for name in shown if (match := start.match(name))]
    return max(numbers, default=-1) + 1


def parsed(section: FormSection, sent: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the data that a form says, nested by the fields' names.

    ``sent`` has every value of each input.  Text that is no number where one is expected stays
    text, so that the check of the protocol can name it.
    """
    data: dict[str, Any] = {}
    for field in section.fields:
        _put(data, field.path, _parse(field, field.name, sent))
    return data


def _parse(field: FormField, prefix: str, sent: Mapping[str, Sequence[str]]) -> Any:
    text = (sent.get(prefix) or [""])[0].replace("\r\n", "\n").strip()
    if field.kind is FieldKind.ROWS:
        return _parse_rows(field, prefix, sent)
    if field.kind is FieldKind.BY_LANGUAGE:
        start = f"{prefix}."
        by_language = {
            name.removeprefix(start): _lines(values[0])
            for name, values in sent.items()
            if name.startswith(start)
        }
        return {language: texts for language, texts in by_language.items() if texts}
    if field.kind is FieldKind.YES_NO:
        return prefix in sent
    if field.kind is FieldKind.CHOICES:
        return [value for value in sent.get(prefix, ()) if value]
    if field.kind is FieldKind.LINES:
        return _lines(text)
    if field.kind is FieldKind.WORDS:
        words = [word for word in (part.strip() for part in text.split(",")) if word]
        return [_number(word) for word in words] if field.is_numeric else words
    if field.kind is FieldKind.PAIRS:
        pairs = (line.partition(":") for line in _lines(text))
        return {name.strip(): value.strip() for name, _, value in pairs}
    if field.kind in (FieldKind.NUMBER, FieldKind.CHOICE):
        return _number(text) if text else None
    return text if field.kind is FieldKind.TEXT else " ".join(text.split()) or None


def _parse_rows(
    field: FormField, prefix: str, sent: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    rows: list[tuple[float, dict[str, Any]]] = []
    for number in range(n_rows(FormField(prefix, ""), sent)):
        at = f"{prefix}.{number}"
        row = {part.name: _parse(part, f"{at}.{part.name}", sent) for part in field.parts}
        if not row[field.parts[0].name]:
            continue
        if "key" in row and not row["key"]:
            row["key"] = key_for(str(row["label"]), {str(other["key"]) for _, other in rows})
        position = _number((sent.get(f"{at}.position") or ["0"])[0].strip())
        rows.append((position if isinstance(position, int | float) else 0, row))
    kept = [row for _, row in sorted(rows, key=lambda pair: pair[0])]
    return [_without_defaults(row, {}, field.row) for row in kept]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str) -> int | float | str:
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text):
        return float(text)
    return text


def key_for(label: str, taken: Collection[str]) -> str:
    """Return a key made of a name, which no other entry has."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60].strip("_")
    base = base if base[:1].isalpha() else f"x_{base}".rstrip("_")
    numbered = (f"{base}_{number}" for number in range(2, len(taken) + 3))
    return next(key for key in (base, *numbered) if key not in taken)


def with_section(text: str, section: FormSection, sent: Mapping[str, Sequence[str]]) -> str:
    """Return the protocol's text with what a form says about a section that is no list."""
    raw, data = _data(text), parsed(section, sent)
    for name in section.names:
        old = raw.get(name)
        new = _without_defaults({name: data[name]}, {name: old} if name in raw else {}, Protocol)
        changed = new.get(name)
        if changed != old:
            text = with_value(text, name, changed)
    return text


def with_form_entry(
    text: str, section: FormSection, *, number: int | None, sent: Mapping[str, Sequence[str]]
) -> str:
    """Return the protocol's text with an entry of a list as a form says; None adds a new one."""
    entries = _data(text).get(section.entries) or []
    old = entries[number] if number is not None else {}
    data = parsed(section, sent)
    if "key" in section.model.model_fields and not data.get("key"):
        taken = {str(entry.get("key")) for entry in entries if entry is not old}
        data["key"] = old.get("key") or key_for(str(data.get(section.named_by) or ""), taken)
        data = {"key": data.pop("key"), **data}
    entry = _without_defaults(data, old, section.model)
    if number is not None and entry == old:
        return text
    return with_entry(text, section.entries, number=number, entry=entry)


def _data(text: str) -> dict[str, Any]:
    data = deepcopy(read(text).data)
    if not isinstance(data, dict):
        raise TypeError("A protocol is a mapping.")
    return data


def _without_defaults(
    data: Mapping[str, Any], old: Mapping[str, Any], model: type[BaseModel] | None
) -> dict[str, Any]:
    """Return ``data`` without what the schema assumes anyway, unless ``old`` says it too.

    What is in ``old`` and not in the form stays.
    """
    kept = dict(old)
    for name, value in data.items():
        field = None if model is None else model.model_fields.get(name)
        inner = None if field is None else _model_in(field.annotation)
        before = old.get(name)
        default = None if field is None or field.is_required() else plain(field.get_default())
        if name not in old and value is not None and value == default:
            continue
        if isinstance(value, Mapping) and inner is not None:
            is_none = default is None and not any(value.values())
            old_part = before if isinstance(before, Mapping) else {}
            part = {} if is_none else _without_defaults(value, old_part, inner)
            if part or name in old or (field is not None and field.is_required()):
                kept[name] = part
            if not part and field is not None and field.get_default() is None:
                kept.pop(name, None)
            continue
        is_default = value == default or (value in (None, [], {}, "") and default in (None, [], {}))
        if is_default and name not in old:
            continue
        if (is_default and value in (None, "")) or (value is None and name in old):
            kept.pop(name, None)
        else:
            kept[name] = value
    return kept


def plain(value: Any) -> Any:
    """Return a part of a protocol as plain data, as its YAML has it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, StrEnum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a field has, alone or as an alternative to nothing."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType):
        found = [part for part in map(_model_in, get_args(annotation)) if part is not None]
        return found[0] if found else None
    return None


def _at(data: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = data
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _put(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for step in path[:-1]:
        data = data.setdefault(step, {})
    data[path[-1]] = value
