"""Write people's names as "Family, Given"."""

import re
from collections.abc import Iterable

from review.searches.formats.fields import are_tidy, tidy

_INITIALS = re.compile(r"(?:[^\W\d_]\.?-?){1,3}|(?:[^\W\d_]\.-?){1,5}")
_PARTICLES_WORDS = (
    "al bin da dal de del della den der des di do dos du el la le ten ter van vom von y zu zur"
)
PARTICLES = frozenset(_PARTICLES_WORDS.split())
_ORGANISATION = re.compile(
    r"\b(?:universit|organi[sz]ation|institut|committee|group|association|foundation|network|"
    r"society|centre|center|council|ministry|department|agency|collaborat|consortium|team|"
    r"commission|bank|office|union|rights|work|national|world|trust|college|school|inc|ltd|gmbh|"
    r"programme|program|project|study|investigators|authors?|anonymous|for|of|and|the|et|und|in|at)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w.'\u2019-]*")
_ET_AL = re.compile(r"(?:et,? al|others|al, et)\.?", re.IGNORECASE)
_LONGEST_ET_AL = 8


def tidy_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return all names in order as "Family, Given", without empty names and "et al."."""
    listed = list(names)
    if not are_tidy(listed):
        listed = list(map(tidy, listed))
    tidied = [
        name
        for name in map(_family_first, listed)
        if len(name) > _LONGEST_ET_AL or not _ET_AL.fullmatch(name)
    ]
    return tuple(filter(None, tidied))


def _family_first(name: str) -> str:
    """Return a tidy name as "Family, Given"; organisations and unclear names stay as they are."""
    family, _, given = name.partition(", ")
    if given and "," not in family and name[0] not in " ;" and given[-1] not in " ,;":
        return name if family[-1:] != " " else f"{family.rstrip()}, {given}"
    name = name.strip(" ;")
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
    while start > 1 and words[start - 1].lower() in PARTICLES and words[start - 1].islower():
        start -= 1
    return f"{' '.join(words[start:])}, {' '.join(words[:start])}"
