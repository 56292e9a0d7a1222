"""Formats of lines that begin with a tag: cutting a file into blocks and blocks into values."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from review.searches.formats.records import RECORD_LIMIT

Starts = Callable[[str, int, int], Iterable[int]]
"""Positions in a text from one place to another, ascending, where a line begins a new block."""

SplitLine = Callable[[str], tuple[str, str] | None]
"""The tag and value of a line, or None for a line that continues the one before."""


class Tags(dict[str, list[str]]):
    """The values of a block by tag; taking one removes it, and what is left is ``extra``."""

    def take_all(self, *tags: str) -> list[str]:
        """Every value of these tags that is not blank, in the order of ``tags``."""
        return [value for tag in tags for value in self.pop(tag, ()) if value]

    def take_first(self, *tags: str) -> str | None:
        """The first value that is not blank of the first tag that has one; the rest stay."""
        for tag in tags:
            for place, value in enumerate(self.get(tag, ())):
                if value:
                    del self[tag][place]
                    if not self[tag]:
                        del self[tag]
                    return value
        return None


def parse_tags(text: str, split_line: SplitLine) -> Tags:
    """The values of one block, with the lines that continue each after a newline."""
    tags = Tags()
    values: list[str] = []
    wrapped: list[str] = []
    same = "\n"  # how a line begins that repeats the tag of the one before
    for line in text.split("\n"):
        if line.startswith(same) and not wrapped:
            values.append(line[6:].strip())
            continue
        # Nearly every line of nearly every file is "XX  - value"; only the others need a regex.
        if line[2:6] == "  - " and line[:2].isupper():
            tag, value = line[:2], line[6:]
            same = line[:6]
        elif found := split_line(line):
            tag, value = found
            same = "\n"
        else:
            if values and (part := line.strip()):
                wrapped.append(part)
            continue
        if wrapped:
            values[-1] = "\n".join([values[-1], *wrapped]).strip()
            wrapped = []
        if (known := tags.get(tag)) is None:
            known = tags[tag] = []
        values = known
        values.append(value.strip())
    if wrapped:
        values[-1] = "\n".join([values[-1], *wrapped]).strip()
    return tags


def cut(
    chunks: Iterable[str], starts: Starts, *, boundary: str = "\n", longest: int = 64
) -> Iterator[tuple[int, str]]:
    """The line number and text of every block, what precedes the first one coming first.

    ``starts`` is asked only about text up to a character of ``boundary``, after which no half of
    a mark can stand, and which is no longer than ``longest``.
    Of text longer than RECORD_LIMIT only the beginning comes, one character over the limit.
    """
    buffer, line, scanned, skipping = "", 1, 0, False
    for chunk in chain(chunks, (None,)):
        buffer += chunk or ""
        is_last = chunk is None
        complete = len(buffer) if is_last else 1 + max(map(buffer.rfind, boundary))
        begin = 0
        for start in starts(buffer, scanned, complete):
            if start > begin and not skipping:
                yield line, buffer[begin:start]
            line += buffer.count("\n", begin, start)
            begin, skipping = start, False
        buffer, scanned = buffer[begin:], max(complete - begin, 0)
        if not skipping and len(buffer) > RECORD_LIMIT:
            yield line, buffer[: RECORD_LIMIT + 1]
            skipping = True
        if skipping and len(buffer) > longest:
            line += buffer.count("\n", 0, len(buffer) - longest)
            buffer, scanned = buffer[-longest:], 0
    if not skipping and buffer.strip():
        yield line, buffer


def starts_with(pattern: re.Pattern[str]) -> Starts:
    """Lines that begin with ``pattern``, blanks and byte order marks before it allowed.

    The pattern begins with a literal, which the regex engine finds faster than line starts.
    """

    def starts(text: str, begin: int, end: int) -> Iterator[int]:
        for found in pattern.finditer(text, begin, end):
            if (start := line_start(text, found.start())) is not None:
                yield start

    return starts


def line_start(text: str, position: int) -> int | None:
    """Where the line of ``position`` begins, if only blanks stand before it; else None."""
    near = max(0, position - 12)
    newline = text.rfind("\n", near, position)
    if newline < 0 and near > 0:
        return None
    return None if text[newline + 1 : position].strip(" \t\ufeff\x0c") else newline + 1


def after_blank_line(text: str, start: int) -> bool:
    """Whether the line at ``start`` is the first, or follows an empty one."""
    return start == 0 or not text[max(0, text.rfind("\n", 0, start - 1)) : start].strip()
