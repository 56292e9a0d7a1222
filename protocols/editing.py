"""Change one part of a protocol's text and leave every other character of the file as it is.

The text is cut where YAML says that the part begins and ends; only that piece is read, changed and
written again, with its comments.  So the file stays what people wrote, whichever way it changes.
"""

import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import yaml
from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    PlainScalarString,
)

from .problems import ProtocolErrors
from .schema import Protocol
from .source import read

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FOLD_AT = 96  # characters; longer text is written as a folded block
_BOOLEANS: Mapping[str, bool] = yaml.SafeLoader.bool_values
"""What YAML 1.1, which protocols are read as, means by yes, no, on and off; ruamel reads 1.2."""
_HEAD = "part:\n"  # the name under which a single entry is read and written


class CannotEdit(ValueError):
    """A text that is written in a way that forms cannot change; it has to be changed as YAML."""

    def __init__(self) -> None:
        super().__init__(
            "This part of the protocol is written in a way that the forms cannot change. Change it "
            "under “As YAML”."
        )


@dataclass(frozen=True)
class _Lines:
    """The first line of a part, and the line after its last, both counted from 0."""

    start: int
    end: int


def _checked(edit: Callable[..., str]) -> Callable[..., str]:
    """Raise CannotEdit where an edit fails, or would say something else than was asked."""

    @wraps(edit)
    def checked(text: str, name: str, *arguments: Any, **named: Any) -> str:
        try:
            expected = _expected(_plain(text), name, *arguments, **named)
            changed = edit(text, name, *arguments, **named)
            found = _plain(changed)
        except (ProtocolErrors, YAMLError, yaml.YAMLError, LookupError, TypeError) as error:
            raise CannotEdit from error
        if found != expected:
            raise CannotEdit
        return changed

    return checked


def _expected(plain: dict[str, Any], name: str, *arguments: Any, **named: Any) -> dict[str, Any]:
    """Return what a text should say after an edit, by its arguments."""
    if arguments:
        (value,) = arguments
        rest = {key: part for key, part in plain.items() if key != name}
        return rest if value is None else rest | {name: value}
    entries = list(plain.get(name) or [])
    number = named["number"]
    if "to" in named:
        entries.insert(named["to"], entries.pop(number))
    elif number is None:
        entries.append(named["entry"])
    elif named["entry"] is None:
        del entries[number]
    else:
        entries[number] = named["entry"]
    return plain | {name: entries}


@_checked
def with_value(text: str, name: str, value: Any) -> str:
    """Return the text with another value for a field of the protocol; None takes it out.

    A field that the text lacks goes where the schema has it.  A value that is equal to the present
    one changes nothing.
    """
    lines, fields = _read(text)
    if name not in fields:
        new = _dumped({name: value})
        return text if value is None else _inserted(lines, fields, name, new=new)
    place = fields[name][0]
    if value is None:
        return _joined(lines, place, [])
    piece = _joined([], _Lines(0, 0), lines[place.start : place.end])
    document = _yaml().load(piece)
    document[name] = _merged(document[name], value)
    return _joined(lines, place, _dumped(document))


@_checked
def with_entry(text: str, name: str, *, number: int | None, entry: Mapping[str, Any] | None) -> str:
    """Return the text with one entry of a list changed, added, or taken out.

    ``number`` counts from 0; None adds the entry at the end.  An ``entry`` of None takes it out.
    """
    lines, fields = _read(text)
    places = _entries(lines, fields, name)
    if places is None:  # not there, empty, or on one line: write the whole list
        whole = list(_plain(text).get(name) or [])
        if number is None:
            whole.append(entry)
        elif entry is None:
            del whole[number]
        else:
            whole[number] = entry
        return with_value(text, name, whole or [])
    if entry is None:
        if len(places) == 1:
            return with_value(text, name, [])
        return _joined(lines, places[_index(number)], [])
    if number is None:
        end = places[-1].end
        return _joined(lines, _Lines(end, end), _indented(_dumped_entry(entry), lines, places[0]))
    place = places[number]
    block = lines[place.start : place.end]
    n_above = _comments_above(block)
    indent = _dash(block[n_above])
    piece = "".join(f"  {line[indent:]}" if line.strip() else "\n" for line in block[n_above:])
    document = _yaml().load(_HEAD + piece)
    document["part"][0] = _merged(document["part"][0], entry)
    changed = _dumped(document)[1:]
    new = [f"{' ' * indent}{line[2:]}" if line.strip() else line for line in changed]
    return _joined(lines, place, [*block[:n_above], *new])


@_checked
def with_entry_moved(text: str, name: str, *, number: int, to: int) -> str:
    """Return the text with the entry ``number`` of a list at the place ``to``, counted from 0."""
    lines, fields = _read(text)
    places = _entries(lines, fields, name)
    if places is None:
        whole = list(_plain(text).get(name) or [])
        whole.insert(to, whole.pop(number))
        return with_value(text, name, whole)
    blocks = [_ended(lines[place.start : place.end]) for place in places]
    blocks.insert(to, blocks.pop(number))
    whole_list = _Lines(places[0].start, places[-1].end)
    return _joined(lines, whole_list, [line for block in blocks for line in block])


def with_title(text: str, title: str) -> str:
    """Return the text with another title."""
    return with_value(text, "title", title)


def _index(number: int | None) -> int:
    if number is None:
        raise ValueError("An entry that is taken out has a number.")
    return number


def _yaml() -> YAML:
    writer = YAML()
    writer.width = 10**6
    writer.preserve_quotes = True
    writer.indent(mapping=2, sequence=4, offset=2)
    return writer


def _plain(text: str) -> dict[str, Any]:
    plain = read(text).data
    return plain if isinstance(plain, dict) else {}


def _read(text: str) -> tuple[list[str], dict[str, tuple[_Lines, yaml.Node]]]:
    """Return the lines of the text, and where each field of the protocol is."""
    lines = _ended(text.splitlines(keepends=True))
    root = yaml.compose(text, Loader=_LOADER)
    fields: dict[str, tuple[_Lines, yaml.Node]] = {}
    for key, value in root.value if root is not None else []:
        start = key.start_mark.line
        fields[key.value] = (_Lines(start, _last_line(lines, key, value) + 1), value)
    return lines, fields


def _last_line(lines: Sequence[str], key: yaml.Node, value: yaml.Node) -> int:
    """Return the line of the last character of a value, without what comes after it."""
    last = _last_part(value)
    line, column = last.end_mark.line, last.end_mark.column
    if isinstance(last, yaml.ScalarNode) and last.style in ("|", ">"):
        line, column = (line, 0) if column == 0 else (line + 1, 0)
    if last.start_mark.line == line and last.start_mark.column == last.end_mark.column:
        return max(int(last.start_mark.line if lines[line].strip() else 0), key.start_mark.line)
    if column == 0:
        line -= 1
        while line > last.start_mark.line and not lines[line].strip():
            line -= 1
    return int(line)


def _last_part(node: yaml.Node) -> yaml.Node:
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    return node


def _entries(
    lines: Sequence[str], fields: Mapping[str, tuple[_Lines, yaml.Node]], name: str
) -> list[_Lines] | None:
    """Return where the entries of a list are, each with the comments above it.

    None for a list that is missing, empty, or written on one line.
    """
    if name not in fields:
        return None
    _, node = fields[name]
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
        return None
    starts = [_line_of_dash(lines, child) for child in node.value]
    ends = [_last_line(lines, child, child) + 1 for child in node.value]
    found = [_Lines(starts[0], ends[0])]
    for start, end in zip(starts[1:], ends[1:], strict=True):
        found.append(_Lines(found[-1].end, end) if start > found[-1].end else _Lines(start, end))
    return found


def _line_of_dash(lines: Sequence[str], node: yaml.Node) -> int:
    line, column = int(node.start_mark.line), int(node.start_mark.column)
    while not lines[line][:column].strip().endswith("-"):
        line -= 1
        column = len(lines[line].rstrip())
    return line


def _comments_above(block: Sequence[str]) -> int:
    """Return how many lines of an entry come before its dash."""
    return next(n for n, line in enumerate(block) if line.lstrip().startswith("-"))


def _dash(line: str) -> int:
    return len(line) - len(line.lstrip())


def _indented(entry: Sequence[str], lines: Sequence[str], like: _Lines) -> list[str]:
    block = lines[like.start : like.end]
    indent = " " * _dash(block[_comments_above(block)])
    return [f"{indent}{line}" if line.strip() else line for line in entry]


def _dumped_entry(entry: Mapping[str, Any]) -> list[str]:
    document = CommentedMap()
    document["part"] = CommentedSeq([_written(entry)])
    return [line[2:] if line.strip() else line for line in _dumped(document)[1:]]


def _dumped(document: Mapping[str, Any]) -> list[str]:
    out = io.StringIO()
    _yaml().dump(_written(document) if not isinstance(document, CommentedMap) else document, out)
    return out.getvalue().splitlines(keepends=True)


def _joined(lines: Sequence[str], place: _Lines, new: Sequence[str]) -> str:
    return "".join([*lines[: place.start], *new, *lines[place.end :]])


def _ended(lines: list[str]) -> list[str]:
    """Return lines that all end with a line break."""
    return [*lines[:-1], lines[-1].rstrip("\r\n") + "\n"] if lines else []


def _inserted(
    lines: Sequence[str],
    fields: Mapping[str, tuple[_Lines, yaml.Node]],
    name: str,
    *,
    new: Sequence[str],
) -> str:
    """Return the text with a new field after those that the schema has before it."""
    order = list(Protocol.model_fields)
    before = [known for known in order[: order.index(name)] if known in fields]
    end = fields[before[-1]][0].end if before else 0
    return _joined(lines, _Lines(end, end), new)


def _merged(old: Any, new: Any, *, is_flow: bool = False) -> Any:
    """Return ``new`` in the way that ``old`` is written, with its comments where it can be.

    In a flow collection, such as ``{key: text}``, text stays on its line.
    """
    if isinstance(old, CommentedMap | CommentedSeq):
        is_flow = is_flow or bool(old.fa.flow_style())
    if isinstance(old, CommentedMap) and isinstance(new, Mapping):
        for key in [key for key in old if key not in new]:
            del old[key]
        for key, value in new.items():
            old[key] = (
                _merged(old[key], value, is_flow=is_flow)
                if key in old
                else _written(value, is_flow=is_flow)
            )
        return old
    if isinstance(old, CommentedSeq) and isinstance(new, Sequence) and not isinstance(new, str):
        return _merged_list(old, new, is_flow=is_flow)
    meant = _BOOLEANS.get(old.lower(), old) if type(old) is str else old
    is_same = meant == new and isinstance(meant, bool) == isinstance(new, bool)
    return old if is_same else _rewritten(old, new, is_flow=is_flow)


def _rewritten(old: Any, new: Any, *, is_flow: bool) -> Any:
    written = _written(new, is_flow=is_flow)
    is_folded = isinstance(old, FoldedScalarString) and isinstance(new, str)
    return _folded(new) if is_folded and _can_fold(new) else written


def _merged_list(old: CommentedSeq, new: Sequence[Any], *, is_flow: bool) -> CommentedSeq:
    if len(old) == len(new):
        for number, value in enumerate(new):
            old[number] = _merged(old[number], value, is_flow=is_flow)
        return old
    known = {_name(value): value for value in old}
    made = CommentedSeq(
        [
            _merged(known[_name(value)], value, is_flow=is_flow)
            if _name(value) in known
            else _written(value, is_flow=is_flow)
            for value in new
        ]
    )
    if old.fa.flow_style():
        made.fa.set_flow_style()
    return made


def _name(value: Any) -> Any:
    return value.get("key", repr(value)) if isinstance(value, Mapping) else value


def _written(value: Any, *, is_flow: bool = False) -> Any:
    """Return a value as the writer wants it: long text folded, words that YAML misreads quoted."""
    if isinstance(value, str):
        is_long = len(value) > _FOLD_AT and not is_flow and _can_fold(value)
        return _folded(value) if is_long else _plain_text(value)
    if isinstance(value, bool):
        return PlainScalarString("yes" if value else "no")
    if isinstance(value, Mapping):
        made = CommentedMap()
        for key, part in value.items():
            made[_plain_text(key)] = _written(part, is_flow=is_flow)
        return made
    if isinstance(value, Sequence):
        return CommentedSeq([_written(part, is_flow=is_flow) for part in value])
    return value


def _can_fold(text: str) -> bool:
    return bool(text) and text == " ".join(text.split())


def _folded(text: str) -> FoldedScalarString:
    """Return text that is written as a block of several lines, which YAML reads as one."""
    folded: FoldedScalarString = FoldedScalarString(text)
    breaks, at = [], 0
    for line in textwrap.wrap(text, _FOLD_AT, break_long_words=False, break_on_hyphens=False)[:-1]:
        at += len(line)
        breaks.append(at)
        at += 1
    folded.fold_pos = breaks  # type: ignore[attr-defined]
    return folded


def _plain_text(text: str) -> str:
    """Return the text, in quotes where YAML 1.1 would read something else, such as no or 12:30."""
    try:
        is_plain = "\n" not in text and yaml.safe_load(text) == text
    except yaml.YAMLError:
        is_plain = False
    return text if is_plain else DoubleQuotedScalarString(text)


def without_defaults(given: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of ``given`` that say something other than what the schema assumes."""
    kept = {}
    for name, value in given.items():
        default = model.model_fields[name].get_default(call_default_factory=True)
        if isinstance(default, tuple):
            default = list(default)
        if isinstance(default, BaseModel):
            default = default.model_dump(mode="json")
        if value != default or model.model_fields[name].is_required():
            kept[name] = value
    return kept
