"""What two records agree about, beyond single fields: a place, an issue, a whole record.

All functions return arrays of shape (m,), one value per pair.
"""

import numpy as np

from review.duplicates.matching.compare import Comparison
from review.duplicates.matching.prepare import Bools, Floats, Ints, Prepared

# A title without its subtitle, as many indexes give it, reads as this likeness: where an
# identifier or the first page agrees (380 pairs of 380 true), and where neither is known.
CONTAINED_ANCHORED, CONTAINED = 92, 88
LONG_BEGINNING = 7  # meaningful words: enough of a title cut short to know it by
DEEP_PAGE = 50  # no report of a series begins at this page, and few articles of one author do


def content(records: Prepared, pairs: Comparison) -> Ints:
    """Return how many meaningful words the shorter title of each pair has."""
    return np.minimum(records.content[pairs.left], records.content[pairs.right])


def likeness_of_titles(pairs: Comparison) -> Floats:
    """Return the likeness of the titles, allowing for a missing subtitle."""
    is_anchored = (pairs.doi == 1) | (
        (pairs.page == 1) & ((pairs.volume == 1) | (pairs.journal == 1))
    )
    least = np.where(is_anchored, CONTAINED_ANCHORED, CONTAINED)
    return np.where(pairs.contained, np.maximum(pairs.title, least), pairs.title)


def same_place(pairs: Comparison) -> Bools:
    """Say for each pair whether volume and first page agree, and the issue does not differ."""
    return np.asarray((pairs.page == 1) & (pairs.volume == 1) & (pairs.issue != -1), dtype=bool)


def same_pages(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether first and last page agree, deep in a volume of proceedings.

    Reports on their own all begin at page 1, and those of a series are equally long.
    """
    first, last = records.first_pages, records.last_pages
    ends = zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)
    same = [first[a] == first[b] and last[a] == last[b] and first[a].isdigit()
            and int(first[a]) >= DEEP_PAGE and bool(last[a]) for a, b in ends]  # fmt: skip
    return np.asarray(np.array(same, dtype=bool) & (pairs.years_apart == 0), dtype=bool)


def same_issue(pairs: Comparison) -> Bools:
    """Say for each pair whether authors, journal, volume and issue agree and no place differs."""
    agrees = (pairs.authors >= 80) & (pairs.journal == 1) & (pairs.volume == 1)
    return np.asarray(agrees & (pairs.issue == 1) & no_place_differs(pairs), dtype=bool)


def in_one_journal(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether it is an article: same people, year and journal, and a place.

    At least one of the records has a volume and a page that is not the first; a report of a
    series, which begins at page 1, has not.
    """
    ends = zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)
    placed = [any(records.volumes[end] and begins_later(records, end) for end in pair)
              for pair in ends]  # fmt: skip
    agrees = (pairs.journal == 1) & (pairs.authors >= 80) & (pairs.years_apart == 0)
    return np.asarray(agrees & np.array(placed, dtype=bool), dtype=bool)


def begins_later(records: Prepared, record: int) -> bool:
    """Say whether a record's first page is known, and another than 1, S1 or the like."""
    return records.first_pages[record].lstrip("abcdefghijklmnopqrstuvwxyz") not in {"", "1"}


def no_place_differs(pairs: Comparison) -> Bools:
    """Say for each pair whether page, volume, issue and DOI agree or are missing."""
    places = (pairs.page, pairs.volume, pairs.issue, pairs.doi)
    return np.asarray(np.logical_and.reduce([place != -1 for place in places]), dtype=bool)


def are_equal(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether its records are exactly equal and have a title."""
    same = records.fingerprints[pairs.left] == records.fingerprints[pairs.right]
    says = np.array([bool(records.titles[place]) for place in pairs.left.tolist()], dtype=bool)
    return np.asarray(same & says, dtype=bool)


def say_enough(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether its left record has more than a short title of many works."""
    says_more = [
        records.years[place] > 0
        or any(
            column[place]
            for column in (
                records.authors,
                records.journals,
                records.dois,
                records.first_pages,
                records.abstracts,
            )
        )
        for place in pairs.left.tolist()
    ]
    return np.asarray(
        (records.content[pairs.left] >= 3) | np.array(says_more, dtype=bool), dtype=bool
    )
