"""Turn the schema's errors into sentences that name the part of the protocol."""

import re
from collections.abc import Mapping
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .problems import listed, suggest
from .schema import KEY_PATTERN, Protocol
from .source import Path, ProtocolSource

_NOUNS = {
    "criteria": "criterion",
    "searches": "planned search",
    "exclusion_reasons": "exclusion reason",
    "highlights": "highlights",
    "terminology": "concept",
    "codebook": "codebook item",
    "values": "value",
    "value_groups": "group",
    "frameworks": "framework",
}
_NAMED_BY = ("key", "language", "source", "label")
_PATTERNS = {
    KEY_PATTERN: "is not a key: use a lower-case letter first, then lower-case letters, "
    "digits and underscores",
    r"^[a-z]{2}$": "is not a language code: use two lower-case letters of ISO 639-1, such as en",
}
_SHOULD = {
    "string_type": "should be text",
    "string_too_short": "is empty",
    "too_short": "is empty",
    "string_too_long": "is too long",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "finite_number": "should be a number",
    "bool_type": "should be yes or no",
    "bool_parsing": "should be yes or no",
    "tuple_type": "should be a list, each entry on a line that begins with '- '",
    "dict_type": "should be a group of 'name: value' lines",
    "model_type": "should be a group of 'name: value' lines",
}


def report_schema_errors(error: ValidationError, source: ProtocolSource) -> None:
    """Report every mistake that the schema found, with its line."""
    for details in error.errors(include_url=False):
        path: Path = tuple(step for step in details["loc"] if step != "[key]")
        source.report(path, _sentence(details, path, source.data))


def described(path: Path, data: object) -> str:
    """Return what is at ``path`` in words: "codebook item 'country'"."""
    words: list[str] = []
    for before, step in zip((None, *path), path, strict=False):
        data = _child(data, step)
        if isinstance(step, int) and before in _NOUNS:
            words.append(f"{_NOUNS[str(before)]} {_name(data, step)}")
        elif step in {"title_abstract", "full_text", "rows", "columns"}:
            words.append(f"'{step}'")
    return ", ".join(words) or "the protocol"


def _child(data: object, step: str | int) -> object:
    if isinstance(data, Mapping):
        return data.get(step)
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return data[step]
    return None


def _name(entry: object, number: int) -> str:
    if isinstance(entry, Mapping):
        for field in _NAMED_BY:
            if isinstance(entry.get(field), str):
                return f"'{entry[field]}'"
    return f"number {number + 1}"


def _sentence(details: ErrorDetails, path: Path, data: object) -> str:
    field = next((step for step in reversed(path) if isinstance(step, str)), "")
    if details["type"] == "missing":
        return f"{described(path[:-1], data)} needs '{field}'."
    if details["type"] == "extra_forbidden":
        hint = suggest(field, _fields_at(path[:-1]))
        return f"{described(path[:-1], data)} has no field '{field}'.{hint}"
    if path and isinstance(path[-1], int) and field in _NOUNS:
        subject = described(path, data)
    else:
        subject = f"'{field}' of {described(path, data)}"
    return f"{subject} {_complaint(details)}"


def _complaint(details: ErrorDetails) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if value is None:
        return "is empty."
    if kind == "string_type" and isinstance(value, bool):
        return (
            "should be text: YAML reads an unquoted yes, no, on or off as true or false, "
            "so put it in quotes."
        )
    if kind == "string_pattern_mismatch":
        return f"is '{value}', which {_PATTERNS[context['pattern']]}."
    if kind in {"enum", "literal_error"}:
        known = re.findall(r"'([^']*)'|\b(\d+)\b", str(context["expected"]))
        options = [text or number for text, number in known]
        return f"is '{value}'; it can be {listed(options)}.{suggest(str(value), options)}"
    return f"{_SHOULD.get(kind, details['msg'].removeprefix('Input '))}."


def _fields_at(path: Path) -> list[str]:
    model: type[BaseModel] = Protocol
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            annotation = model.model_fields[step].annotation
            parts = [part for part in (annotation, *get_args(annotation)) if isinstance(part, type)]
            model = next((part for part in parts if issubclass(part, BaseModel)), model)
    return list(model.model_fields)
