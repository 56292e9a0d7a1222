"""Take the journal, volume, issue and pages out of the line that names where an article is."""

import re
from dataclasses import dataclass

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Spring|Summer|Fall|Autumn|Winter"
_JOURNAL = re.compile(
    r"(.{2,300}?)(?: ?[,.;:]){0,2} "
    rf"(?=v(?:ol)?[. ]{{1,2}}\d|\(?\d|\(?(?:{_MONTHS})[a-z.]*[ /-]?\d)",
    re.IGNORECASE,
)
_OPEN = r"\((?!(?:19|20)\d\d\))"  # and no year
_VOLUME = re.compile(
    rf"\bv(?:ol)?[. ]{{1,2}}(\w{{1,8}})|\b(\d{{1,4}}) ?{_OPEN}|; ?(\d{{1,4}})\b",
    re.IGNORECASE,
)
_ISSUE = re.compile(
    rf"\b(?:iss(?:ue)?|no)[. ]{{1,2}}([\w/-]{{1,12}})|\b\d{{1,4}} ?{_OPEN}([\w/ -]{{1,15}})\)",
    re.IGNORECASE,
)
_PAGES = re.compile(r"\bpp?[. ]{0,2}([A-Z]?\d[\w-]{0,15})|: ?([A-Z]?\d[\w-]{0,15})", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class SourceLine:
    """The parts of a line such as "Public Money, March 2019, v. 31, iss. 2, pp. 11-19"."""

    journal: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None


def split_source(text: str) -> SourceLine:
    """Return the parts of a source line; a line without numbers is the journal."""
    text = " ".join(text[:_LONGEST].split())
    match = _JOURNAL.match(text)
    if match is None:
        return SourceLine(journal=text.rstrip(".,; ") or None)
    rest = text[match.end() :]
    volume, issue, pages = (_first(pattern, rest) for pattern in (_VOLUME, _ISSUE, _PAGES))
    if not (volume or pages or _YEAR.search(rest)):
        return SourceLine(journal=text)  # such as "Working Paper 12"
    return SourceLine(match[1], volume, issue, pages)


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return next(filter(None, match.groups()), None) if match else None
