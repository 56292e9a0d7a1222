"""Text for drawings, measured without knowing the reader's font: always a little too wide."""

import unicodedata
from collections.abc import Iterable
from functools import cache
from re import findall

FONT = 13.0
# In ems.  Characters not listed are at most 0.64 wide, capitals 0.79.
WIDTHS = {
    0.34: " filjI.,:;'|!/",
    0.42: "rt()[]-",
    0.56: "csz?",
    0.69: "ABCEFKLPRSTVXYZ–",
    0.84: "w=+<>#~",
    1.0: "mMW%@—…&",
}


@cache
def _character_width(character: str) -> float:
    """Return a width in ems, at least that in DejaVu Sans, the widest of the usual fonts."""
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    for width, characters in WIDTHS.items():
        if character in characters:
            return width
    if ord(character) > 0x2FF:
        return 1
    return 0.79 if character.isupper() else 0.64


def text_width(text: str, size: float = FONT) -> float:
    """Return roughly how wide ``text`` is when drawn; never too narrow."""
    return size * sum(_character_width(character) for character in text)


def wrap(text: str, width: float, size: float = FONT) -> list[str]:
    """Return ``text`` in lines that fit ``width``; ``(n = 12)`` stays whole, long words break."""
    lines = [""]
    for word in _pieces(text, width, size):
        longer = f"{lines[-1]} {word}".lstrip()
        if text_width(longer, size) <= width:
            lines[-1] = longer
        elif lines[-1]:
            lines.append(word)
        else:
            lines[-1] = word
    return lines


def _pieces(text: str, width: float, size: float) -> Iterable[str]:
    for word in findall(r"\(n = [\d,]+\)|\S+", text):
        piece = ""
        for character in word:
            if piece and text_width(piece + character, size) > width:
                yield piece
                piece = ""
            piece += character
        yield piece
