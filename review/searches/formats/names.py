"""Write people's names as "Family, Given"."""

import re
from collections.abc import Iterable

from review.searches.formats.fields import one_line

_INITIALS = re.compile(r"(?:[^\W\d_]\.?-?){1,3}|(?:[^\W\d_]\.-?){1,5}")
_PARTICLES_WORDS = (
    "al bin da dal de del della den der des di do dos du el la le ten ter van vom von y zu zur"
)
_PARTICLES = frozenset(_PARTICLES_WORDS.split())
_ORGANISATION = re.compile(
    r"\b(?:universit|organi[sz]ation|institut|committee|group|association|foundation|network|"
    r"society|centre|center|council|ministry|department|agency|collaborat|consortium|team|"
    r"commission|bank|office|union|rights|work|national|world|trust|college|school|inc|ltd|gmbh|"
    r"programme|program|project|study|investigators|authors?|anonymous|for|of|and|the|et|und|in|at)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w.'\u2019-]*")
_ET_AL = re.compile(r"(?:et,? al|others|al, et)\.?", re.IGNORECASE)
_QUOTED = re.compile(r"'([^']{2,})'|\"([^\"]{2,})\"")


def family_first(name: str) -> str:
    """Return ``name`` as "Family, Given"; organisations and unclear names stay as they are."""
    name = one_line(name).strip(" ;")
    if "," in name:
        family, given = name.split(",", 1)
        given = given.strip(" ,")
        return f"{family.strip()}, {given}" if given and family.strip() else family.strip() or given
    words = name.split(" ")
    if len(words) < 2 or len(words) > 6:
        return name
    n_family = len(words)
    while n_family > 1 and _is_initials(words[n_family - 1]):
        n_family -= 1
    if n_family < len(words):
        return f"{' '.join(words[:n_family])}, {' '.join(words[n_family:])}"
    return _turn_round(words)


def _is_initials(word: str) -> bool:
    return word.isupper() and len(word.replace(".", "")) <= 4 and bool(_INITIALS.fullmatch(word))


def _turn_round(words: list[str]) -> str:
    """Return "Given Family" as "Family, Given" if all words look like a person's name."""
    name = " ".join(words)
    is_plain = all(_WORD.fullmatch(word) for word in words)
    if not is_plain or _ORGANISATION.search(name) or len(words) > 5 or not words[-1][:1].isupper():
        return name
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES and words[start - 1].islower():
        start -= 1
    return f"{' '.join(words[start:])}, {' '.join(words[:start])}"


def tidy_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return all names in order, leaving out "et al." and empty names."""
    return tuple(name for name in map(family_first, names) if name and not _ET_AL.fullmatch(name))


def split_names(cell: str) -> list[str]:
    """Return the names in one cell, whatever separates them."""
    cell = cell.strip()
    if cell.startswith("[") and cell.endswith("]") and (quoted := _QUOTED.findall(cell)):
        return [single or double for single, double in quoted]
    for separator in (";", "|", "\n", " // ", " and ", " & "):
        if separator in cell:
            return [name for name in cell.split(separator) if name.strip()]
    # PubMed ends the list with a full stop: "Smith A, Jones B."
    ends = cell.rstrip(".") if cell.count(".") == 1 and "," in cell else cell
    parts = [part.strip() for part in ends.split(",")]
    if len(parts) > 1 and sum(_has_two_words(part) for part in parts) >= 0.6 * len(parts):
        return parts  # "Liu R., Adler D.G." and "John Smith, Jane Doe"; but not "Liu, R."
    return [cell]


def _has_two_words(part: str) -> bool:
    return " " in part and not part.replace(".", "").replace(" ", "").isupper()
