"""What a record's block says of decisions: those of ASReview, Covidence, Rayyan and plain tables.

Rayyan writes them into the notes (`RAYYAN-INCLUSION: {"Ana"=>"Included"} | …`), ASReview into
columns of its own or, in RIS, into notes (`ASReview_relevant`), Covidence a reason into the notes
of the list it exports (`Exclusion reason: Wrong population`), and people into columns that are
called what they are.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from review.searches.formats.records import ParsedRecord

# Plain headings, the surest first.
_COLUMNS: Mapping[str, Sequence[str]] = {
    "verdict": (
        "asreview_label", "decision", "verdict", "vote", "screening decision", "included",
        "final_included", "label_included", "included_label", "included_final", "included_flag",
        "include", "label", "status",
    ),
    "author": ("asreview_user_name", "reviewer", "screener", "decided by", "coder", "user"),
    "email": ("asreview_user_email", "reviewer email", "email", "e-mail"),
    "reason": ("exclusion reason", "exclusion_reason", "reason"),
    "note": ("asreview_note", "note", "comment", "comments"),
    "at": ("asreview_time", "decided at", "decided_at", "screened on"),
}  # fmt: skip
_INCLUSION = re.compile(r"RAYYAN-INCLUSION:\s*\{([^}]{0,10000})\}")
_PERSON = re.compile(r'"((?:[^"\\]|\\.){1,255})"\s*=>\s*"([^"]{1,255})"')
_REASONS = re.compile(r"RAYYAN-EXCLUSION-REASONS:\s*([^|]{1,2000})")
_NOTES = re.compile(r'"((?:[^"\\]|\\.){1,255})"\s*=>\s*\[((?:[^\]"]|"(?:[^"\\]|\\.)*"){0,100})\]')
_NOTES_LENGTH = 20_000
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ASREVIEW = re.compile(r"ASReview_(relevant|irrelevant)\b")
_COVIDENCE = re.compile(r"Exclusion reason:\s*([^;|\n]{1,500})", re.IGNORECASE)
NOT_SAID = frozenset({"", "-1", "nan", "none", "not seen", "not_seen", "unlabeled", "undecided"})


@dataclass(frozen=True, slots=True)
class Claim:
    """One decision as the file claims it; ``author`` and ``verdict`` are the file's own words.

    An empty ``verdict`` is one that the file as a whole stands for, as a list of Covidence's does.
    """

    author: str = ""
    email: str = ""
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    note: str | None = None
    at: str | None = None


def claims(record: ParsedRecord) -> list[Claim]:
    """Return the decisions that a record's block claims, in its order; one without a verdict
    where it says nothing."""
    texts = [text for values in record.extra.values() for text in values]
    return list(_of_rayyan(texts)) or [_of_columns(record, texts)]


def _of_rayyan(texts: Sequence[str]) -> Iterator[Claim]:
    for text in texts:
        if not (said := _INCLUSION.search(text)):
            continue
        reasons = _REASONS.search(text)
        notes = {
            name: " ".join(_QUOTED.findall(inner))
            for name, inner in _NOTES.findall(text.partition("USER-NOTES:")[2][:_NOTES_LENGTH])
        }
        for name, verdict in _PERSON.findall(said[1]):
            is_exclusion = verdict.lower().startswith("exclu")
            listed = reasons[1].split(",") if reasons and is_exclusion else ()
            yield Claim(
                author=name,
                verdict=verdict,
                reasons=tuple(one.strip() for one in listed if one.strip()),
                note=notes.get(name) or None,
            )


def _of_columns(record: ParsedRecord, texts: Sequence[str]) -> Claim:
    by_heading = {name.strip().lower(): values[0] for name, values in record.extra.items()}

    def cell(field: str) -> str:
        found = (by_heading[name] for name in _COLUMNS[field] if by_heading.get(name, "").strip())
        return next(found, "").strip()[:10_000]

    verdict = cell("verdict")
    if not verdict and (marked := next(filter(None, map(_ASREVIEW.search, texts)), None)):
        verdict = marked[1]
    reason = cell("reason")
    if not reason and (given := next(filter(None, map(_COVIDENCE.search, texts)), None)):
        reason = given[1].strip()
    return Claim(
        author=cell("author")[:255],
        email=cell("email")[:255],
        verdict="" if verdict.lower() in NOT_SAID else verdict[:255],
        reasons=(reason,) if reason else (),
        note=cell("note") or None,
        at=cell("at")[:255] or None,
    )
