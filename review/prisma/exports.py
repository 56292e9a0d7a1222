"""The PRISMA counts as JSON and as the exchange file that the PRISMA2020 R package draws."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from protocols.schema import SearchKind
from review.duplicates.merge_check import CONFIDENCE
from review.prisma.counts import COLUMNS, Flow, identities
from review.safe_text import safe_cell

FIELDS = ("data", "node", "box", "description", "boxtext", "tooltips", "url", "n")
NA = "NA"  # what R reads as missing

# data, node, box, description (empty where it is the same as the box text), box text
TEMPLATE = (
    (NA, "node4", "prevstud", "Grey title box; Previous studies", "Previous studies"),
    ("previous_studies", "node5", "box1", "", "Studies included in previous version of review"),
    ("previous_reports", NA, "box1", "",
     "Reports of studies included in previous version of review"),
    (NA, "node6", "newstud", "Yellow title box; Identification of new studies via databases and "
     "registers", "Identification of new studies via databases and registers"),
    ("database_results", "node7", "box2", "Records identified from: Databases", "Databases"),
    ("register_results", NA, "box2", "Records identified from: Registers", "Registers"),
    (NA, "node16", "othstud", "Grey title box; Identification of new studies via other methods",
     "Identification of new studies via other methods"),
    ("website_results", "node17", "box11", "Records identified from: Websites", "Websites"),
    ("organisation_results", NA, "box11", "Records identified from: Organisations",
     "Organisations"),
    ("citations_results", NA, "box11", "Records identified from: Citation searching",
     "Citation searching"),
    ("duplicates", "node8", "box3", "", "Duplicate records"),
    ("excluded_automatic", NA, "box3", "", "Records marked as ineligible by automation tools"),
    ("excluded_other", NA, "box3", "", "Records removed for other reasons"),
    ("records_screened", "node9", "box4", "Records screened (databases and registers)",
     "Records screened"),
    ("records_excluded", "node10", "box5", "Records excluded (databases and registers)",
     "Records excluded"),
    ("dbr_sought_reports", "node11", "box6",
     "Reports sought for retrieval (databases and registers)", "Reports sought for retrieval"),
    ("dbr_notretrieved_reports", "node12", "box7",
     "Reports not retrieved (databases and registers)", "Reports not retrieved"),
    ("other_sought_reports", "node18", "box12", "Reports sought for retrieval (other)",
     "Reports sought for retrieval"),
    ("other_notretrieved_reports", "node19", "box13", "Reports not retrieved (other)",
     "Reports not retrieved"),
    ("dbr_assessed", "node13", "box8", "Reports assessed for eligibility (databases and registers)",
     "Reports assessed for eligibility"),
    ("dbr_excluded", "node14", "box9", "Reports excluded (databases and registers): reasons and "
     "numbers", "Reports excluded"),
    ("other_assessed", "node20", "box14", "Reports assessed for eligibility (other)",
     "Reports assessed for eligibility"),
    ("other_excluded", "node21", "box15", "Reports excluded (other): reasons and numbers",
     "Reports excluded"),
    ("new_studies", "node15", "box10", "", "New studies included in review"),
    ("new_reports", NA, "box10", "", "Reports of new included studies"),
    ("total_studies", "node22", "box16", "", "Total studies included in review"),
    ("total_reports", NA, "box16", "", "Reports of total included studies"),
    ("identification", "node1", "identification", "Blue identification box", "Identification"),
    ("screening", "node2", "screening", "Blue screening box", "Screening"),
    ("included", "node3", "included", "Blue included box", "Included"),
)  # fmt: skip

# Counts that the template has no box for; the R package ignores these rows.
EXTRA = {
    "contact_results": "Contact with authors or experts",
    "other_source_results": "Other sources",
    "awaiting_title_abstract": "Records awaiting screening",
    "not_screened": "Records not screened",
    "awaiting_retrieval": "Reports awaiting retrieval",
    "awaiting_full_text": "Reports awaiting eligibility assessment",
    "awaiting_study": "Included reports not yet linked to a study",
    "other_duplicates": "Duplicate records (other)",
    "other_excluded_automatic": "Records marked as ineligible by automation tools (other)",
    "other_excluded_other": "Records removed for other reasons (other)",
    "other_records_screened": "Records screened (other)",
    "other_records_excluded": "Records excluded (other)",
    "other_awaiting_title_abstract": "Records awaiting screening (other)",
    "other_not_screened": "Records not screened (other)",
    "other_awaiting_retrieval": "Reports awaiting retrieval (other)",
    "other_awaiting_full_text": "Reports awaiting eligibility assessment (other)",
}
_TEMPLATE_KEYS = tuple(row[0] for row in TEMPLATE if row[0] != NA)


def to_json(flow: Flow, *, review: str, head: str | None = None) -> dict[str, Any]:
    """Return one object: every count by its key, with the sources and reasons behind the counts.

    ``head`` is the hash of event ``flow.as_of``, if the caller knows it.
    """
    reasons = {
        f"{column.excluded}_reasons": dict(flow.reasons.get(column.stream, {}))
        for column in COLUMNS
    }
    return flow.counts | {
        "review": review,
        "as_of": flow.as_of,
        "head": head,
        **reasons,
        "sources": {kind.value: dict(by_source) for kind, by_source in flow.sources.items()},
        "adds_up": all(identity.adds_up for identity in identities(flow)),
        "merge_check": _merge_check(flow),
    }


def _merge_check(flow: Flow) -> dict[str, Any] | None:
    check = flow.merge_check
    if check is None:
        return None
    return {
        "n_merged": check.n_merged,
        "n_checked": check.n_checked,
        "n_wrong": check.n_wrong,
        "at_most_wrong": check.at_most_wrong,
        "confidence": CONFIDENCE,
        "statement": check.statement,
    }


def to_csv(flow: Flow) -> str:
    """Return the PRISMA2020 exchange file: the template's rows in its order, then our own.

    The R package finds a row by searching the column ``data`` for its key anywhere in the text,
    so those of our keys that contain one of its keys appear in the column ``box`` only.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(FIELDS)
    for row in (*_template_rows(flow), *_source_rows(flow), *_extra_rows(flow), *_check_rows(flow)):
        writer.writerow([cell if isinstance(cell, int) else safe_cell(cell) for cell in row])
    return file.getvalue()


def _template_rows(flow: Flow) -> Iterator[tuple[str | int, ...]]:
    for data, node, box, description, boxtext in TEMPLATE:
        words = description or boxtext
        tooltip = NA if node == NA else words
        yield data, node, box, words, boxtext, tooltip, NA, _n(flow, data)


def _n(flow: Flow, key: str) -> str | int:
    for column in COLUMNS:
        if key == column.excluded:
            return _listed(flow.reasons.get(column.stream, {})) or flow.counts[key]
    return flow.counts.get(key, 0)  # title boxes and bands have no number


def _source_rows(flow: Flow) -> Iterator[tuple[str | int, ...]]:
    for kind, data, words in (
        (SearchKind.DATABASE, "database_specific_results", "specific databases"),
        (SearchKind.REGISTER, "register_specific_results", "specific registers"),
    ):
        listed = _listed(flow.sources.get(kind, {})) or 0
        identified = f"Records identified from: {words}"
        yield data, NA, "box2", identified, words.capitalize(), NA, NA, listed


def _check_rows(flow: Flow) -> Iterator[tuple[str | int, ...]]:
    if check := flow.merge_check:
        words = check.statement
        yield NA, NA, "merge_check", words, words, NA, NA, check.at_most_wrong


def _extra_rows(flow: Flow) -> Iterator[tuple[str | int, ...]]:
    for key in flow.counts.keys() - set(_TEMPLATE_KEYS) - EXTRA.keys():
        raise ValueError(f"The exchange file has no words for the count '{key}'.")
    for key, words in EXTRA.items():
        is_mistakable = any(known in key for known in _TEMPLATE_KEYS)
        yield NA if is_mistakable else key, NA, key, words, words, NA, NA, flow.counts[key]


def _listed(parts: Mapping[str, int]) -> str:
    """Return ``Name, 12; Another, 3``; names lose the commas and semicolons that would end them."""
    return "; ".join(f"{_name(label)}, {n}" for label, n in parts.items() if n)


def _name(label: str) -> str:
    # The R package draws labels between straight apostrophes, so a label must not contain one.
    kept = (
        " " if unicodedata.category(character) in {"Cc", "Cs"} else character
        for character in label.replace("'", "’")
        if character not in ",;"
    )
    return " ".join("".join(kept).split()) or "Not named"
