"""Split a text into the names in it, whatever separates them."""

import re
from collections.abc import Iterator, Sequence

from review.searches.formats.fields import one_line, unescaped
from review.searches.formats.names import PARTICLES

_QUOTED = re.compile(r"'([^']{2,})'|\"([^\"]{2,})\"")
_SEMICOLON = re.compile("[;\uff1b]")
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_EAST_ASIAN_COMMA = re.compile(r"\s*[,\uff0c\u3001]\s*")
_AND = re.compile(r",? (?:and|&) ")
_SUFFIX = re.compile(r", ?(?=(?:Jr|Sr|II|III|IV)\b\.?(?:,|$))")
# "G.N.", "J.-P.", "A. B.", "Yu.A.", "GN", or full names before an initial: "Pedro J."
_GIVEN = re.compile(
    r"(?:[^\W\d_]{1,2}\.[ -]?){1,5}|(?:[^\W\d_a-z][ -]?){1,3}"
    r"|(?:[^\W\d_][\w'\u2019-]+ ){1,3}(?:[^\W\d_]\.[ -]?){1,3}"
)


def names_in(values: Sequence[str]) -> list[str]:
    """Return the names in values that should have one name each, but in some files have several.

    A semicolon always separates: an organisation with a semicolon in its name is far rarer.
    """
    joined = "|".join(values)
    is_one_each = joined.count(",") <= len(values) and not (
        ";" in joined or "&" in joined or "\n" in joined or " and " in joined
    )
    if is_one_each and (joined.isascii() or not _EAST_ASIAN.search(joined)):
        return list(values)
    return [name for value in values for name in _split_value(unescaped(value))]


def split_names(cell: str) -> list[str]:
    """Return the names in one cell of a table, which has all authors of a record."""
    cell = unescaped(cell).strip()
    if cell.startswith("[") and cell.endswith("]") and (quoted := _QUOTED.findall(cell)):
        return [single or double for single, double in quoted]
    for separator in (";", "\uff1b", "|", "\n", " // ", " and ", " & "):
        if separator in cell:
            parts = [name.strip() for name in cell.split(separator) if name.strip()]
            return [name for part in parts for name in _pairs(part) or [part]]
    if pairs := _pairs(cell) or _east_asian(cell):
        return pairs
    # PubMed ends the list with a full stop: "Smith A, Jones B."
    ends = cell.rstrip(".") if cell.count(".") == 1 and "," in cell else cell
    parts = [part.strip() for part in ends.split(",")]
    if len(parts) > 1 and sum(_has_two_words(part) for part in parts) >= 0.6 * len(parts):
        return parts  # "Liu R., Adler D.G." and "John Smith, Jane Doe"; but not "Liu, R."
    return [cell]


def _split_value(value: str) -> list[str]:
    if _SEMICOLON.search(value):
        return [part for part in _SEMICOLON.split(value) if any(map(str.isalnum, part))]
    lines = value.split("\n")
    if len(lines) > 1 and all("," in line for line in lines):
        return lines
    value = one_line(value)
    return list(_joined_by_and(value)) or _pairs(value) or _east_asian(value) or [value]


def _joined_by_and(value: str) -> Iterator[str]:
    """Yield the names in "Smith, J., Jones, B. and Lee, C."; none where a part is no person."""
    parts = _AND.split(value)
    if len(parts) > 1 and all(_is_person(part) or _pairs(part) for part in parts):
        for part in parts:
            yield from _pairs(part) or [part]


def _is_person(part: str) -> bool:
    family, _, given = part.partition(", ")
    families = [word for word in family.split() if word not in PARTICLES]
    words = [*families, *given.split()]
    return (
        0 < len(families) <= 3
        and 0 < len(words) - len(families) <= 3
        and all(word[0].isupper() for word in words)
    )


def _pairs(cell: str) -> list[str]:
    """Return the names in "Gatica, G.N., Sequeira, F.A.", or [] where that is not certain.

    Four words with commas between them may be two people or four families, so at least half of the
    given names must have initials, or two people must if others have no given name.
    """
    parts = [part.strip() for part in _SUFFIX.sub(" ", cell.strip(" ,")).split(",")]
    if len(parts) < 4 or any(not part or len(part.split()) > 4 for part in parts):
        return []
    given, families = parts[1::2], parts[::2]
    n_sure = sum(map(_is_given, given))
    is_paired = len(given) == len(families) and not any("." in family for family in families)
    if is_paired and n_sure * 2 >= len(given):
        return [f"{family}, {name}" for family, name in zip(families, given, strict=True)]
    names = list(_with_initials(parts))
    n_pairs = len(parts) - len(names)
    return names if n_pairs >= 2 and len(names) <= 2 * n_pairs else []


def _with_initials(parts: list[str]) -> Iterator[str]:
    """Yield each part with the initials after it."""
    position = 0
    while position < len(parts):
        has_initials = position + 1 < len(parts) and _is_given(parts[position + 1])
        yield ", ".join(parts[position : position + 1 + has_initials])
        position += 1 + has_initials


def _is_given(part: str) -> bool:
    return _GIVEN.fullmatch(part) is not None


def _east_asian(value: str) -> list[str]:
    """Return Chinese, Japanese or Korean names that commas separate, or [] for any other text."""
    parts = [part for part in _EAST_ASIAN_COMMA.split(value.strip()) if part]
    return parts if len(parts) > 1 and all(map(_EAST_ASIAN.fullmatch, parts)) else []


def _has_two_words(part: str) -> bool:
    return " " in part and not part.replace(".", "").replace(" ", "").isupper()
