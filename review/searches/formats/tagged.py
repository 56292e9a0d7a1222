"""Formats in which lines begin with a tag: cut files into blocks, and blocks into values."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from review.searches.formats.records import RECORD_LIMIT

Starts = Callable[[str, int, int], Iterable[int]]
"""Returns where blocks begin between two positions of a text, in ascending order."""

SplitLine = Callable[[str], tuple[str, str] | None]
"""Returns the tag and value of a line, or None if it continues the line before."""


class Tags(dict[str, list[str]]):
    """The values of a block by tag; those that nobody takes become ``extra``."""

    def take_all(self, *tags: str) -> list[str]:
        """Remove these tags and return their values that are not blank, in this order of tags."""
        return [value for tag in tags if tag in self for value in self.pop(tag) if value]

    def listed(self, *tags: str) -> list[str]:
        """Return the values of these tags, in this order of tags; they stay."""
        return [value for tag in tags if tag in self for value in self[tag]]

    def take_first(self, *tags: str) -> str | None:
        """Remove and return the first value that is not blank; the others stay."""
        for tag in tags:
            if tag not in self:
                continue
            values = self[tag]
            if len(values) == 1 and values[0]:
                return self.pop(tag)[0]
            for index, value in enumerate(values):
                if value:
                    del values[index]
                    return value
        return None


def lines_of(values: list[str]) -> list[str]:
    """Return the lines of these values, of which nearly all have only one."""
    joined = "\n".join(values)
    return joined.split("\n") if joined.count("\n") >= len(values) else values


def parse_tags(text: str, split_line: SplitLine) -> Tags:
    """Return the values of one block; lines that continue a value follow after a newline."""
    tags = Tags()
    values: list[str] = []
    wrapped: list[str] = []
    prefix = "\n"  # of the last line; the next may begin with the same tag
    for line in text.split("\n"):
        if line.startswith(prefix) and not wrapped:
            values.append(line[6:].strip())
            continue
        # Nearly all lines are "XX  - value"; only the others need a regex.
        if line[2:6] == "  - " and line[:2].isupper():
            tag, value = line[:2], line[6:]
            prefix = line[:6]
        elif pair := split_line(line):
            tag, value = pair
            prefix = "\n"
        else:
            if values and (part := line.strip()):
                wrapped.append(part)
            continue
        if wrapped:
            values[-1] = "\n".join([values[-1], *wrapped]).strip()
            wrapped = []
        if (earlier := tags.get(tag)) is None:
            earlier = tags[tag] = []
        values = earlier
        values.append(value.strip())
    if wrapped:
        values[-1] = "\n".join([values[-1], *wrapped]).strip()
    return tags


def cut(
    chunks: Iterable[str], starts: Starts, *, boundary: str = "\n", longest: int = 64
) -> Iterator[tuple[int, str]]:
    """Yield the line number and text of every block; text before the first block comes first.

    ``starts`` only sees text up to a character of ``boundary``, so that no mark is cut in half;
    ``longest`` is the length of the longest mark.  A block longer than RECORD_LIMIT is cut one
    character over the limit.
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
    """Return a ``Starts`` for lines that begin with ``pattern``.

    Spaces and byte order marks may precede it.  The pattern begins with a literal, which the regex
    engine finds faster than line starts.
    """

    def starts(text: str, begin: int, end: int) -> Iterator[int]:
        for match in pattern.finditer(text, begin, end):
            if (start := line_start(text, match.start())) is not None:
                yield start

    return starts


def line_start(text: str, position: int) -> int | None:
    """Return where the line of ``position`` begins if only spaces precede it, else None."""
    near = max(0, position - 12)
    newline = text.rfind("\n", near, position)
    if newline < 0 and near > 0:
        return None
    return None if text[newline + 1 : position].strip(" \t\ufeff\x0c") else newline + 1


def after_blank_line(text: str, start: int) -> bool:
    """Return whether the line at ``start`` is the first or follows an empty line."""
    return start == 0 or not text[max(0, text.rfind("\n", 0, start - 1)) : start].strip()


def starts_of_records(tag_line: re.Pattern[str], *, kinds: frozenset[str], title: str) -> Starts:
    """Return a ``Starts`` for formats whose programs write the kind of work first, last or never.

    ``tag_line`` matches the beginning of a line with a tag, its only group that matches.  A record
    begins at a tag after an empty line once the record above has its title; at a kind after an
    empty line or if the record above has one; and, where the kind comes last, at its first tag.
    """
    seen: set[str] = set()
    first = ""

    def starts(text: str, begin: int, end: int) -> Iterator[int]:
        nonlocal first
        for match in tag_line.finditer(text, begin, end):
            if (start := line_start(text, match.start())) is None:
                continue
            tag = match[match.lastindex or 0]
            has_title, has_kind = title in seen, not kinds.isdisjoint(seen)
            is_again = has_kind and (tag in kinds or (tag == first and has_title))
            is_new = is_again or (after_blank_line(text, start) and (tag in kinds or has_title))
            above = tag_line.match(
                text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : start].lstrip()
            )
            is_run = above is not None and above[above.lastindex or 0] == tag
            if not seen or (is_new and not is_run):
                seen.clear()
                first = tag
                yield start
            seen.add(tag)

    return starts
