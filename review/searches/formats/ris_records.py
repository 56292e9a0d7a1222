"""Cut a RIS file into records, wherever TY is in them and whatever follows ER.

The specification wants TY first and ER last.  Programs that write tables as RIS put TY in the
middle, and some write the abstract after ER.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from review.searches.formats.records import RECORD_LIMIT
from review.searches.formats.ris_lines import BORDER, END, MARK, NEXT_BORDER, TAG, WIDE_TAG
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import cut

_PREAMBLE = re.compile(
    r"^[ \t]*(?:Record #\d+ of \d+|Provider:.*\n(?:Database:.*\n)?[ \t]*Content: ?text/.*)\n?"
    r"(?:(?:Provider|Database|Content):.*\n?)*",
    re.MULTILINE,
)
"""What the Cochrane Library and Wiley write before every record."""

_PLAIN_ENDS = ("\nER  - \n", "\nER  - \n\n", "\nER  -\n", "\nER  -\n\n")
_LONGEST_PREAMBLE = 400  # characters

_TITLES = frozenset(("TI", "T1", "CT"))
_SIGNS_OF_A_RECORD = _TITLES | {"AU", "A1", "AB", "N2", "DO"}
_SINGLE = frozenset(
    ("AB", "AN", "DB", "DO", "EP", "ID", "IS", "JF", "JO", "LA", "N2", "PY", "SP", "T2", "VL", "Y1")
)


@dataclass(slots=True)
class RisText:
    """The text of a record, its first line, and the lines before it that belong to none."""

    line: int
    text: str
    outside: list[str] = field(default_factory=list)

    @property
    def is_too_long(self) -> bool:
        """Return whether the text is longer than a record can be."""
        return len(self.text) > RECORD_LIMIT

    @property
    def is_typed(self) -> bool:
        """Return whether the text begins with TY."""
        return MARK.match(self.text.lstrip(" \t\ufeff\x0c")) is not None

    @property
    def is_ended(self) -> bool:
        """Return whether the text ends with ER."""
        return END.match(self.last_line) is not None

    @property
    def last_line(self) -> str:
        """Return the last line that is not empty."""
        text = self.text.rstrip()
        return text[text.rfind("\n") + 1 :]

    @property
    def tags(self) -> set[str]:
        """Return the tags of its lines."""
        return set(TAG.findall(self.text))


def records_of(source: TextSource) -> Iterator[RisText]:
    """Yield the records; the last item may have nothing but lines that belong to no record."""
    return _Assembler().records(RisText(line, text) for line, text in cut(source, _borders))


def without_preamble(text: str) -> str:
    """Return a record's text without the lines that announce the next one, if ER is missing."""
    return _PREAMBLE.sub("", text) if "Provider:" in text[-_LONGEST_PREAMBLE:] else text


def _borders(text: str, begin: int, end: int) -> Iterator[int]:
    """Yield where lines of TY begin, and where lines of ER end."""
    if begin == 0 and (first := BORDER.match(text, 0, end)) and not first[1]:
        yield min(first.end() + 1, end)
    for match in NEXT_BORDER.finditer(text, max(begin - 1, 0), end):
        yield match.start() + 1 if match[1] else min(match.end() + 1, end)


class _Assembler:
    """Joins the parts of a file, which is cut before every TY and after every ER, to records."""

    def __init__(self) -> None:
        self._complete: list[RisText] = []
        self._current: RisText | None = None
        self._waiting: RisText | None = None  # lines after an ER: what follows decides whose
        self._outside: list[str] = []
        self._is_type_first: bool | None = None

    def records(self, parts: Iterator[RisText]) -> Iterator[RisText]:
        """Yield the records in the order of the file."""
        for part in parts:
            if self._is_plain(part):
                self._begin(part)
            elif part.text.isspace() or self._is_wrapped(part):
                self._lengthen(part)
            elif part.is_too_long:
                self._begin(part)
            elif part.is_typed:
                self._add_typed(part)
            else:
                self._add_untyped(part)
            yield from self._complete
            self._complete.clear()
        yield from self._finish()

    def _is_plain(self, part: RisText) -> bool:
        """Return whether TY begins this part and ER ended the last, as nearly always."""
        return (
            part.text.startswith("TY  - ")
            and self._current is not None
            and self._waiting is None
            and self._current.text.endswith(_PLAIN_ENDS)
            and not part.is_too_long
        )

    def _is_wrapped(self, part: RisText) -> bool:
        """Return whether a line that looked like TY or ER, but for its blanks, is wrapped text."""
        current = self._current
        if current is None or self._waiting is not None:
            return False
        is_typed, is_after_gap = part.is_typed, current.text.endswith("\n\n")
        last = current.last_line
        if not END.match(last):
            is_mixed = WIDE_TAG.match(current.text) and not WIDE_TAG.match(part.text)
            return is_typed and bool(is_mixed) and not is_after_gap
        if WIDE_TAG.match(last) or is_typed:
            return False
        return not (is_after_gap and TAG.match(part.text))

    def _add_typed(self, part: RisText) -> None:
        before, self._waiting = self._waiting, None
        if self._is_type_first is None:
            self._is_type_first = before is None
        if before is None:
            self._begin(part if self._is_type_first else self._with_lines_before(part))
            return
        owner = self._owner(before, part)
        if owner is part:
            part = RisText(before.line, before.text + part.text)
        elif owner is not None:
            self._lengthen(before)
        else:
            self._begin(before)
        self._begin(part)

    def _owner(self, before: RisText, part: RisText) -> RisText | None:
        """Return whose lines those between an ER and a TY are; None if they are a record."""
        current, tags, later = self._current, before.tags, part.tags
        if tags & _TITLES:
            return None if later & _TITLES else part
        if current is None:
            return None if tags & later & _SINGLE else part
        is_gap_before, is_gap_after = current.text.endswith("\n\n"), before.text.endswith("\n\n")
        if is_gap_before != is_gap_after:
            return part if is_gap_before else current
        is_in_part, is_in_current = (
            bool(tags & later & _SINGLE),
            bool(tags & current.tags & _SINGLE),
        )
        if is_in_part != is_in_current:
            return current if is_in_part else part
        return current if self._is_type_first else part

    def _with_lines_before(self, part: RisText) -> RisText:
        """Return ``part`` with the paragraph before it, if that has lost the ER above it."""
        current = self._current
        if current is None or current.is_ended:
            return part
        kept, gap, paragraph = current.text.rpartition("\n\n")
        if not gap or not TAG.match(paragraph):
            return part
        current.text = f"{kept}\n"
        return RisText(part.line - paragraph.count("\n"), paragraph + part.text)

    def _add_untyped(self, part: RisText) -> None:
        """Keep lines after an ER, or before the first record, until it is clear whose they are."""
        first = TAG.search(part.text)
        begin = first.start() if first else len(part.text)
        self._outside += _lines(without_preamble(part.text[:begin]))
        if first is None:
            return
        part = RisText(part.line + part.text.count("\n", 0, begin), part.text[begin:])
        if not part.is_ended:
            self._waiting = part
        elif part.tags & _SIGNS_OF_A_RECORD:
            self._begin(part)
        elif self._current is not None:
            self._lengthen(part)
        else:
            self._outside += _lines(part.text)

    def _lengthen(self, part: RisText) -> None:
        if self._current is not None and not self._current.is_too_long:
            self._current.text += part.text

    def _begin(self, part: RisText) -> None:
        if self._current is not None:
            self._complete.append(self._current)
        part.outside, self._outside = self._outside, []
        self._current = part

    def _finish(self) -> list[RisText]:
        if (last := self._waiting) is not None:
            signs = _SIGNS_OF_A_RECORD if self._current is None else _TITLES
            if last.tags & signs:
                self._begin(last)
            else:
                self._lengthen(last)
        if self._current is not None:
            self._complete.append(self._current)
        if self._outside:
            self._complete.append(RisText(0, "", self._outside))
        return self._complete


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
