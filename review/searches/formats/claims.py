"""Decisions that a record's block names, as ASReview, Covidence, Rayyan and plain tables do.

Rayyan writes them into the notes (`RAYYAN-INCLUSION: {"Ana"=>"Included"} | …`).  ASReview has its
own columns or, in RIS, uses notes (`ASReview_relevant`).  Covidence exports one list per decision
and puts the reason into the notes (`Exclusion reason: Wrong population`).  People use columns with
plain headings.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from review.searches.formats.records import ParsedRecord

# Headings for each field, the clearest first.
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
_NAMES_A_DECISION = re.compile(
    rf"RAYYAN-[A-Z]|USER-NOTES:|{_ASREVIEW.pattern}|Exclusion reason:", re.IGNORECASE
)
NO_VERDICT = frozenset({"", "-1", "nan", "none", "not seen", "not_seen", "unlabeled", "undecided"})


@dataclass(frozen=True, slots=True)
class DecisionClaim:
    """One decision as the file names it; ``author`` and ``verdict`` are the file's own words.

    ``verdict`` is empty if the whole file means one decision, as a list from Covidence does.
    """

    author: str = ""
    email: str = ""
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    note: str | None = None
    at: str | None = None


def without_claims(extra: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return what a block says beyond the known fields, less what names or explains a decision."""
    headings = {heading for headings in _COLUMNS.values() for heading in headings}
    kept = {
        name: [text for text in texts if not _NAMES_A_DECISION.search(text)]
        for name, texts in extra.items()
        if name.strip().casefold() not in headings
        and not name.strip().casefold().startswith(("asreview", "rayyan"))
    }
    return {name: texts for name, texts in kept.items() if texts}


def claims(record: ParsedRecord) -> list[DecisionClaim]:
    """Return the decisions that a record's block names, in its order.

    A block that names none gives one claim without a verdict.
    """
    texts = [text for values in record.extra.values() for text in values]
    return list(_rayyan_claims(texts)) or [_column_claim(record, texts)]


def _rayyan_claims(texts: Sequence[str]) -> Iterator[DecisionClaim]:
    for text in texts:
        if not (inclusion := _INCLUSION.search(text)):
            continue
        reasons = _REASONS.search(text)
        notes = {
            name: " ".join(_QUOTED.findall(inner))
            for name, inner in _NOTES.findall(text.partition("USER-NOTES:")[2][:_NOTES_LENGTH])
        }
        for name, verdict in _PERSON.findall(inclusion[1]):
            is_exclusion = verdict.lower().startswith("exclu")
            listed = reasons[1].split(",") if reasons and is_exclusion else ()
            yield DecisionClaim(
                author=name,
                verdict=verdict,
                reasons=tuple(reason.strip() for reason in listed if reason.strip()),
                note=notes.get(name) or None,
            )


def _column_claim(record: ParsedRecord, texts: Sequence[str]) -> DecisionClaim:
    by_heading = {name.strip().lower(): values[0] for name, values in record.extra.items()}

    def cell(field: str) -> str:
        filled = (by_heading[name] for name in _COLUMNS[field] if by_heading.get(name, "").strip())
        return next(filled, "").strip()[:10_000]

    verdict = cell("verdict")
    if not verdict and (label := next(filter(None, map(_ASREVIEW.search, texts)), None)):
        verdict = label[1]
    reason = cell("reason")
    if not reason and (covidence := next(filter(None, map(_COVIDENCE.search, texts)), None)):
        reason = covidence[1].strip()
    return DecisionClaim(
        author=cell("author")[:255],
        email=cell("email")[:255],
        verdict="" if verdict.lower() in NO_VERDICT else verdict[:255],
        reasons=(reason,) if reason else (),
        note=cell("note") or None,
        at=cell("at")[:255] or None,
    )
