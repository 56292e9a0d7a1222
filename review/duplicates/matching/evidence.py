"""Say in words what speaks for and against two records being one report."""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np
import pandas as pd

from review.duplicates.matching.compare import ACROSS_SCRIPTS, Comparison, compare
from review.duplicates.matching.differences import shared_part, unshared
from review.duplicates.matching.normalise import DASHES
from review.duplicates.matching.prepare import FIELDS, Prepared, prepare
from review.duplicates.matching.score import score
from review.duplicates.matching.veto import Veto, find_veto


class Evidence(TypedDict):
    """What a person is shown beside two records."""

    agreed: list[str]  # "same DOI"
    differed: list[str]  # "pages differ: 12–30 / 12–3"
    numbers: dict[str, float]  # likeness of title, authors, abstract (0-100), years_apart


_PLACES = (  # comparison, column, when it agrees, when it differs
    ("doi", "doi", "same DOI", "DOIs differ"),
    ("pmid", "pmid", "same PubMed number", "PubMed numbers differ"),
    ("registration", "accession", "same registration number", "registration numbers differ"),
    ("journal", "journal", "same journal", "journals differ"),
    ("volume", "volume", "same volume", "volumes differ"),
    ("issue", "number", "same issue", "issues differ"),
    ("page", "pages", "same first page", "pages differ"),
)
MUCH_ALIKE = 80  # 0-100; titles less alike differ in too many words to list them
SHOWN = 80  # characters of a value: enough to recognise a journal


def explain(left: Mapping[str, object], right: Mapping[str, object]) -> Evidence:
    """Return what agrees and differs between two records given as field → value."""
    rows = [{field: record.get(field, "") for field in FIELDS} for record in (left, right)]
    records = prepare(pd.DataFrame(rows, columns=list(FIELDS), dtype=object))
    pairs = compare(records, np.array([0]), np.array([1]))
    evidence = gather(records, pairs, 0, veto=find_veto(records, pairs, 0))
    evidence["numbers"]["score"] = float(score(records, pairs)[0])
    return evidence


def gather(records: Prepared, pairs: Comparison, place: int, *, veto: Veto | None) -> Evidence:
    """Return the evidence for the pair at ``place``; a veto's reason comes first."""
    agreed, differed, numbers = _alike(pairs, place)
    differed += _words_that_differ(records, pairs, place)
    _compare_years(records, pairs, place, agreed=agreed, differed=differed)
    for name, field, same, other in _PLACES:
        found = int(getattr(pairs, name)[place])
        if found == 1:
            agreed.append(same)
        elif found == -1:
            differed.append(f"{other}: {_both(records, pairs, place, field=field)}")
    if veto:
        differed.insert(0, veto.reason)
    return {"agreed": agreed, "differed": differed, "numbers": numbers}


def _alike(pairs: Comparison, place: int) -> tuple[list[str], list[str], dict[str, float]]:
    agreed: list[str] = []
    differed: list[str] = []
    numbers: dict[str, float] = {}
    for name in ("title", "authors", "abstract"):
        likeness = round(float(getattr(pairs, name)[place]), 1)
        if likeness < 0:
            continue
        if name == "authors" and likeness == ACROSS_SCRIPTS:
            differed.append("authors' names in two scripts")
            continue
        numbers[name] = likeness
        words = "same" if likeness == 100 else f"{likeness:.0f} % alike"
        (agreed if likeness >= 80 else differed).append(f"{name} {words}")
    return agreed, differed, numbers


def _words_that_differ(records: Prepared, pairs: Comparison, place: int) -> list[str]:
    """Return what only one of two much alike titles says: "titles differ: austria – australia"."""
    ends = int(pairs.left[place]), int(pairs.right[place])
    if pairs.title[place] < MUCH_ALIKE or records.titles[ends[0]] == records.titles[ends[1]]:
        return []
    only_one, only_other, _ = unshared(*shared_part(records, *ends))
    if not (only_one or only_other):
        return []
    sides = [" ".join(words)[:SHOWN] or "nothing" for words in (only_one, only_other)]
    return [f"titles differ: {' – '.join(sides)}"]


def _compare_years(
    records: Prepared, pairs: Comparison, place: int, *, agreed: list[str], differed: list[str]
) -> None:
    apart = int(pairs.years_apart[place])
    if apart == 0:
        agreed.append("same year")
    elif apart > 0:
        differed.append(f"years differ: {_both(records, pairs, place, field='year')}")


def _both(records: Prepared, pairs: Comparison, place: int, *, field: str) -> str:
    values = [records.raw[field][int(side[place])][:SHOWN] for side in (pairs.left, pairs.right)]
    if field == "pages":
        values = [DASHES.sub("–", value) for value in values]
    return " / ".join(values)
