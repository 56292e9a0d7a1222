"""JSON item by item: an array, one object a line, or responses with their items under one key.

Only one item is in memory at a time.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from review.errors import Unreadable
from review.searches.formats.building import Blocks
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.source import TextSource, without_controls

Item = dict[str, Any]
"""An object of JSON, whose values may be of any type."""

_NOT_JSON = "This JSON file is not a list of references. Export the references as RIS or CSV."
_BETWEEN = "The text is between two items. It may be a part of a damaged one."
_SIGN = re.compile(r'\\["\\]|["{}\[\]]')  # an escaped quote or backslash is one sign
_KEY = re.compile(r'"[A-Za-z_-]{1,40}"\s{0,9}:')
_OPENED_BY = {"}": "{", "]": "["}


def item_blocks(
    source: TextSource, key: str, *, to_record: Callable[[Item], ParsedRecord]
) -> Iterator[Block]:
    """Yield the blocks of a JSON file: its items, which may be in an array called ``key``."""
    blocks, decoder = Blocks(), json.JSONDecoder()
    for line, text in _texts(source, key):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        if not text.startswith("{"):
            yield blocks.rejected(_BETWEEN, line=line, raw=text.strip(), warnings=faults)
            continue
        try:
            item, _ = decoder.raw_decode(text)
        except (ValueError, RecursionError) as error:
            reason = f"The item is not valid JSON ({error})."
            yield blocks.rejected(reason, line=line, raw=text, warnings=faults)
        else:
            yield blocks.block(to_record(item), line=line, raw=text, warnings=faults)


def _texts(source: TextSource, key: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of every item; a damaged line of JSON lines costs only itself."""
    head = [*islice(TextSource(source.path, encoding=source.encoding).lines(), 2), "", ""]
    first, second = (line.strip("\ufeff \t\n") for line in head[:2])
    if not (first.startswith("{") and first.endswith("}") and second.startswith("{")):
        yield from _Cutter(key).cut(source)
        return
    for number, line in enumerate(source.lines(), start=1):
        texts = _Cutter(key).cut([line]) if f'"{key}"' in line else [(1, line.strip("\ufeff \t\n"))]
        yield from ((number, text) for _, text in texts if text)


class _Cutter:
    """Cuts items out of JSON: the outermost objects, or those in the array called ``key``."""

    def __init__(self, key: str) -> None:
        self._named = re.compile(rf'"{key}"\s{{0,9}}:\s{{0,9}}$')
        self._buffer, self._line = "", 1  # text that was not yielded yet, and its first line
        self._open: list[str] = []  # brackets around the position
        self._begin, self._depth = -1, 0  # of the item at the position: where, in how many brackets
        self._done = 0  # end of the last item
        self._list_depth = 0  # brackets around an item of the array called `key`; 0 outside it
        self._is_after_list = False  # but still in the object that has it

    def cut(self, chunks: Iterable[str]) -> Iterator[tuple[int, str]]:
        """Yield the line and text of every item, and text between items that has a key."""
        scanned, in_string = 0, False
        for chunk in chunks:
            self._buffer += chunk
            for match in _SIGN.finditer(self._buffer, scanned):
                sign, scanned = match.group(), match.end()
                if sign == '"':
                    # A stray quote between items hides none of them.
                    in_string = self._begin >= 0 and not in_string
                elif not in_string and len(sign) == 1:
                    yield from self._bracket(sign, match.start())
            scanned = max(scanned, len(self._buffer) - self._buffer.endswith("\\"))
            scanned -= self._forget(self._begin if self._begin >= 0 else self._done)
            if len(self._buffer) > RECORD_LIMIT * 2:
                raise Unreadable(_NOT_JSON)
        yield from self._between(len(self._buffer) if self._begin < 0 else self._begin)
        if self._begin >= 0:
            yield self._part(self._begin, len(self._buffer))

    def _bracket(self, sign: str, position: int) -> Iterator[tuple[int, str]]:
        """Yield the item that ends at a bracket, or the text before the item that begins there."""
        if sign in _OPENED_BY:
            if self._close(sign):
                yield self._part(self._begin, position + 1)
                self._begin, self._done = -1, position + 1
            elif self._list_depth:
                self._leave_list(position)
            return
        if sign == "{" and self._may_begin():
            yield from self._between(position)
            self._begin, self._depth = position, len(self._open)
        self._open.append(sign)
        if sign == "[" and self._is_list(position):
            self._begin, self._done = -1, position + 1
            self._list_depth = len(self._open)

    def _leave_list(self, position: int) -> None:
        if len(self._open) < self._list_depth - 1:
            self._list_depth, self._is_after_list, self._done = 0, False, position + 1
        elif len(self._open) < self._list_depth:
            self._is_after_list = True

    def _may_begin(self) -> bool:
        if self._begin >= 0:
            return False
        if self._list_depth:
            return len(self._open) == self._list_depth and not self._is_after_list
        return self._open in ([], ["["])

    def _is_list(self, position: int) -> bool:
        """Return whether an array just opened is the one with the items: at the outermost level."""
        is_outermost = self._begin >= 0 and len(self._open) == self._depth + 2
        return is_outermost and bool(
            self._named.search(self._buffer, max(self._begin, position - 80), position)
        )

    def _close(self, sign: str) -> bool:
        """Close the bracket that a sign closes, and those left open in it; say if an item ended.

        A stray sign closes nothing.
        """
        floor = self._depth if self._begin >= 0 else 0
        opened = _OPENED_BY[sign]
        if opened not in self._open[floor:] or (self._begin < 0 and self._open[-1] != opened):
            return False
        while self._open.pop() != opened:
            pass
        return self._begin >= 0 and len(self._open) == self._depth

    def _between(self, end: int) -> Iterator[tuple[int, str]]:
        """Yield the text since the last item if it may be a part of one."""
        if not self._is_after_list and _KEY.search(self._buffer, self._done, end):
            yield self._part(self._done, end)

    def _part(self, begin: int, end: int) -> tuple[int, str]:
        return self._line + self._buffer.count("\n", 0, begin), self._buffer[begin:end]

    def _forget(self, n: int) -> int:
        self._line += self._buffer.count("\n", 0, n)
        self._buffer = self._buffer[n:]
        self._begin, self._done = max(self._begin - n, -1), max(self._done - n, 0)
        return n


def value_at(item: object, *keys: str) -> object:
    """Return the value under nested keys, or None if there is none."""
    for key in keys:
        item = item.get(key) if isinstance(item, dict) else None
    return item


def text_at(item: object, *keys: str) -> str:
    """Return the value under nested keys as text; empty if there is none."""
    return as_text(value_at(item, *keys))


def items_at(item: object, *keys: str) -> list[Item]:
    """Return the objects in the list under nested keys; [] if there is none."""
    value = value_at(item, *keys)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def texts_at(item: object, *keys: str) -> list[str]:
    """Return the parts of the list under nested keys as texts; [] if there is none."""
    value = value_at(item, *keys)
    return [as_text(part) for part in value] if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Return any JSON value as text: a date as its numbers, a list as its items."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return " ".join(as_text(part) for part in value.values())
    if isinstance(value, list):
        return " ".join(as_text(part) for part in value)
    return without_controls(str(value))
