"""Text made safe for where it goes: spreadsheets, which run formulas, HTML, XML and drawings.

Everything that is written into HTML, SVG or XML outside the templates goes through `in_markup`, and
every label that is drawn through `drawable`; nothing else in the code escapes.
"""

import unicodedata
from html import escape

# OWASP, CSV injection: a cell that begins with one of these may be run by a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")
# Controls that change the direction of the text that follows, even after the label has ended.
DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def safe_cell(text: str) -> str:
    """Return ``text`` in a form that a spreadsheet shows and never runs."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def in_markup(text: str) -> str:
    """Return ``text`` for HTML or XML, as content or between the quotes of an attribute."""
    return escape(drawable(text))


def drawable(text: str) -> str:
    """Return ``text`` on one line, without characters that XML forbids or that change direction.

    The library that draws charts ends the whole process at a character that XML forbids.
    """
    kept = "".join(
        " " if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} else character
        for character in text
        if character not in DIRECTION_CONTROLS and character not in "\ufffe\uffff"
    )
    return " ".join(kept.split())
