"""How likely two records are one report, and what to do about it: merge, ask or neither.

The score adds up evidence in bits, the logarithm of how much oftener an agreement is seen among
duplicates than among other pairs of the same blocks (Fellegi & Sunter 1969,
doi:10.1080/01621459.1969.10501049).  Weights were set by hand from the tables of
agreement among true and false candidate pairs in the four labelled sets that
`tests/benchmarks/duplicates.py` measures; fields depend on one another, so the weights are below
the measured logarithms.  The score orders pairs and finds questions; merging without a person also
needs an anchor, the rule that removed most wrong merges when it was measured.
"""

from dataclasses import dataclass

import numpy as np

from review.duplicates.matching.compare import Comparison
from review.duplicates.matching.prepare import Bools, Floats, Ints, Prepared


@dataclass(frozen=True)
class Weight:
    """Bits of evidence when a field agrees and when it differs."""

    agrees: float
    differs: float


WEIGHTS = {
    "doi": Weight(8, -5),
    "pmid": Weight(8, -6),
    "page": Weight(5, -4),
    "volume": Weight(2, -2),
    "issue": Weight(1, -1),
    "journal": Weight(2, -3),
}
# Likeness (0-100) → bits; linear in between.
TITLE_BITS = ((0, -16), (55, -12), (70, -5), (80, 0), (90, 3), (97, 7), (100, 8))
ABSTRACT_BITS = ((0, -6), (50, -5), (75, 0), (90, 5), (100, 7))
AUTHOR_BITS = ((0, -6), (40, -5), (60, -2), (80, 2), (100, 3))
YEARS_APART_BITS = ((0, 1), (1, 0), (2, -3), (5, -5), (100, -6))
# Agreement of a short title is worth less: `Introduction` 1 bit, five meaningful words all 8.
TITLE_BITS_PER_WORD = ((0, 1), (1, 2), (2, 3.5), (5, 8))
# A title without its subtitle, as many indexes give it, reads as this likeness: where an
# identifier or the first page agrees (380 pairs of 380 true), and where neither is known.
CONTAINED_ANCHORED, CONTAINED = 92, 88
# A translated title has nothing in common with the original, but the place in print has.
TRANSLATED_BITS = -4
PRIOR_BITS = -9.5  # about one candidate pair in ten is true, and asking costs a person's time

ASK_FROM = 0.35


def score(records: Prepared, pairs: Comparison) -> Floats:
    """Return the score of each pair, 0-1, shape (m,), equal on every machine."""
    bits = _title_bits(records, pairs)
    bits = bits + np.where(pairs.abstract >= 0, _bits(pairs.abstract, ABSTRACT_BITS), 0)
    bits = bits + np.where(pairs.authors >= 0, _bits(pairs.authors, AUTHOR_BITS), 0)
    bits = bits + np.where(pairs.years_apart >= 0, _bits(pairs.years_apart, YEARS_APART_BITS), 0)
    for field, weight in WEIGHTS.items():
        found: Ints = getattr(pairs, field)
        bits = bits + np.where(found == 1, weight.agrees, 0)
        bits = bits + np.where(found == -1, weight.differs, 0)
    likely = np.round(1 / (1 + np.exp2(-(bits + PRIOR_BITS) / 3)), 6)
    likely = np.where(
        _equal(records, pairs), np.where(_telling(records, pairs), 1, ASK_FROM), likely
    )
    return np.asarray(likely, dtype=np.float64)


def _equal(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether its records are exactly equal and have a title."""
    same = records.fingerprints[pairs.left] == records.fingerprints[pairs.right]
    says = np.array([bool(records.titles[place]) for place in pairs.left.tolist()], dtype=bool)
    return np.asarray(same & says, dtype=bool)


def _telling(records: Prepared, pairs: Comparison) -> Bools:
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


def _title_bits(records: Prepared, pairs: Comparison) -> Floats:
    bits = np.minimum(
        _bits(_title(pairs), TITLE_BITS), _bits(_content(records, pairs), TITLE_BITS_PER_WORD)
    )
    same_place = _same_place(pairs) & (pairs.authors >= 80) & (pairs.years_apart <= 1)
    return np.where(same_place & (pairs.journal != -1), np.maximum(bits, TRANSLATED_BITS), bits)


def _title(pairs: Comparison) -> Floats:
    """Return the likeness of the titles, allowing for a missing subtitle."""
    is_anchored = (pairs.doi == 1) | (
        (pairs.page == 1) & ((pairs.volume == 1) | (pairs.journal == 1))
    )
    least = np.where(is_anchored, CONTAINED_ANCHORED, CONTAINED)
    return np.where(pairs.contained, np.maximum(pairs.title, least), pairs.title)


def _content(records: Prepared, pairs: Comparison) -> Ints:
    return np.minimum(records.content[pairs.left], records.content[pairs.right])


def _same_place(pairs: Comparison) -> Bools:
    return np.asarray((pairs.page == 1) & (pairs.volume == 1) & (pairs.issue != -1), dtype=bool)


def _bits(likeness: Floats | Ints, points: tuple[tuple[float, float], ...]) -> Floats:
    at, bits = zip(*points, strict=True)
    return np.asarray(np.interp(likeness.astype(np.float64), at, bits), dtype=np.float64)


def may_merge(records: Prepared, pairs: Comparison) -> Bools:
    """Return for each pair whether it may be merged without a person, vetoes aside.

    Merging needs the same identifier, the same first page, the same abstract, or a meaningful
    title with the whole context in agreement; and nothing that contradicts it.
    """
    is_mergeable = _by_identifier(pairs) | _by_page(pairs) | _by_abstract(pairs)
    is_mergeable |= _by_title(records, pairs) | (_equal(records, pairs) & _telling(records, pairs))
    return np.asarray(is_mergeable & ~_in_conflict(records, pairs), dtype=bool)


def _by_identifier(pairs: Comparison) -> Bools:
    # The abstracts of one supplement share its DOI (414 pairs in one set): titles must agree too.
    title = _title(pairs)
    by_doi = (pairs.doi == 1) & (title >= 80) & ((pairs.page != -1) | (title >= 97))
    return np.asarray(by_doi | ((pairs.pmid == 1) & (title >= 80)), dtype=bool)


def _by_page(pairs: Comparison) -> Bools:
    near = (pairs.years_apart <= 1) & ((pairs.authors >= 70) | (pairs.authors < 0))
    by_page = (pairs.page == 1) & (pairs.volume != -1) & (pairs.title >= 85)
    by_page &= pairs.journal != -1
    whole_place = _same_place(pairs) & (pairs.authors >= 80)
    cut = (pairs.contained | ((pairs.title >= 75) & (pairs.journal == 1))) & (pairs.issue != -1)
    return np.asarray(near & (by_page | (whole_place & cut)), dtype=bool)


def _by_abstract(pairs: Comparison) -> Bools:
    near = (pairs.years_apart <= 1) & ((pairs.authors >= 70) | (pairs.authors < 0))
    alike = (pairs.abstract >= 90) & (pairs.title >= 85)
    in_one_journal = (pairs.journal == 1) | (
        (pairs.journal == 0) & (pairs.page != -1) & (pairs.authors >= 70)
    )
    return np.asarray(near & alike & in_one_journal, dtype=bool)


def _by_title(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether it has the same meaningful title, people, year and journal.

    One of the three may be silent or a little off where the title is whole and long enough:
    authors missing or misspelt (850 pairs true, 3 false in the sets), the journal named
    unclearly, the year of the advance publication.
    """
    content, is_cut = _content(records, pairs), records.cut_short[pairs.left]
    is_cut = is_cut | records.cut_short[pairs.right]
    recurs = records.recurring[pairs.left] | records.recurring[pairs.right]
    same_people, same_year = pairs.authors >= 80, pairs.years_apart == 0
    same_journal, no_conflict = pairs.journal == 1, _no_place_differs(pairs)
    people = ((pairs.authors < 0) | (pairs.authors >= 50)) & same_year & same_journal
    journal = same_people & same_year & (pairs.journal == 0) & ~is_cut
    year = same_people & (pairs.years_apart == 1) & same_journal & ~recurs & ~is_cut
    whole = same_people & same_year & same_journal & (content >= np.where(is_cut, 5, 2))
    with_one_off = whole | ((content >= 5) & (people | journal | year))
    same_volume = same_people & (pairs.years_apart <= 1) & same_journal & (pairs.volume == 1)
    in_context = with_one_off | (same_volume & (content >= 3))
    return np.asarray((pairs.title >= 97) & no_conflict & in_context, dtype=bool)


def _no_place_differs(pairs: Comparison) -> Bools:
    places = (pairs.page, pairs.volume, pairs.issue, pairs.doi)
    return np.asarray(np.logical_and.reduce([place != -1 for place in places]), dtype=bool)


def _in_conflict(records: Prepared, pairs: Comparison) -> Bools:
    all_else_agrees = (
        _same_place(pairs) & (pairs.title >= 97) & (pairs.authors >= 80) & (pairs.issue != -1)
        & (_content(records, pairs) >= 3)
    )  # one article with two DOIs, or a DOI mistyped  # fmt: skip
    return np.asarray(((pairs.doi == -1) & ~all_else_agrees) | (pairs.pmid == -1), dtype=bool)
