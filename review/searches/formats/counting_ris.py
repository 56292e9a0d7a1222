"""Count the records of a RIS file line by line, without the patterns of its reader."""

from collections.abc import Iterable
from dataclasses import dataclass, field

_TITLES = {"TI", "T1", "CT"}
_SIGNS = {"TI", "T1", "CT", "AU", "A1", "AB", "N2", "DO"}
_ONCE = {"AB", "AN", "DB", "DO", "EP", "ID", "IS", "JF", "JO", "LA", "N2", "PY", "SP", "T2", "VL",
         "Y1"}  # fmt: skip


@dataclass(slots=True)
class _Stretch:
    """The tags between two ER lines, before and after the last TY."""

    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)
    is_typed: bool = False
    is_wide: bool = False


class RisCount:
    """Counts records: each TY, and each stretch of lines that lost its TY."""

    def __init__(self) -> None:
        self.n = 0
        self._stretch = _Stretch()
        self._is_end_unsure = False
        self._is_after_blank = False

    def count(self, lines: Iterable[str]) -> int:
        """Return the number of records in ``lines``."""
        for line in lines:
            text = line.strip(" \t\ufeff\x0c\n")
            if text:
                self._read(text)
            self._is_after_blank = not text
        if self._is_end_unsure:
            self._end()
        stretch = self._stretch
        if stretch.is_typed or stretch.before & (_TITLES if self.n else _SIGNS):
            self._end()
        return self.n

    def _read(self, text: str) -> None:
        tag, gap, value = _parts(text)
        is_wide = len(gap) > 1 or "\t" in gap
        is_tag = bool(tag) and (is_wide or (gap == " " and value[:1] in ("", " ", "\t")))
        is_type = tag == "TY" and (is_wide or (value.strip().isupper() and len(value.split()) == 1))
        if self._is_end_unsure:
            self._is_end_unsure = False
            if is_type or (self._is_after_blank and is_tag):
                self._end()
        if is_type:
            self._begin(is_wide=is_wide)
        elif tag == "ER" and is_wide:
            self._end()
        elif tag == "ER" and not value.strip():
            self._is_end_unsure = True
        elif is_tag:
            (self._stretch.after if self._stretch.is_typed else self._stretch.before).add(tag)

    def _begin(self, *, is_wide: bool) -> None:
        stretch = self._stretch
        if stretch.is_typed and stretch.is_wide and not is_wide and not self._is_after_blank:
            return  # a wrapped line that looks like TY
        if stretch.is_typed:
            self._end()
        self._stretch.is_typed = True
        self._stretch.is_wide = is_wide

    def _end(self) -> None:
        stretch, self._stretch = self._stretch, _Stretch()
        before, after = stretch.before, stretch.after
        if not stretch.is_typed:
            self.n += bool(before & _SIGNS)
        elif before & _TITLES:
            self.n += 1 + bool(after & _TITLES)
        else:
            self.n += 1 + (self.n == 0 and bool(before & after & _ONCE))


def _parts(text: str) -> tuple[str, str, str]:
    """Return the tag of a line, the blanks after it and the value, or three empty texts."""
    head, hyphen, value = text.replace("\u2013", "-", 1).partition("-")
    tag = head.rstrip(" \t")
    is_tag = hyphen and len(tag) == 2 and tag.isascii() and tag.isupper() and tag[0].isalpha()
    return (tag, head[2:], value) if is_tag and len(head) <= 8 else ("", "", "")
