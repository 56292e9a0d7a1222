"""Which pairs may be merged without a person.

The score alone does not decide: merging needs an anchor, something that no other report shares.
This rule removed most wrong merges when it was measured on the labelled sets.
"""

import numpy as np

from review.duplicates.matching.agreements import (
    LONG_BEGINNING,
    are_equal,
    begins_later,
    content,
    in_one_journal,
    likeness_of_titles,
    no_place_differs,
    same_issue,
    same_pages,
    same_place,
    say_enough,
)
from review.duplicates.matching.compare import Comparison
from review.duplicates.matching.differences import Difference
from review.duplicates.matching.prepare import Bools, Ints, Prepared


def may_merge(records: Prepared, pairs: Comparison, differences: Ints) -> Bools:
    """Return for each pair whether it may be merged without a person, vetoes aside.

    ``differences``, shape (m,), says how the titles differ (``Difference``).  Merging needs the
    same identifier, the same first page, the same abstract, or a meaningful title with the whole
    context in agreement; and nothing that contradicts it.  Without an identifier a word that may
    distinguish two reports keeps them from being merged.
    """
    is_mergeable = _by_page(records, pairs) | _by_abstract(pairs) | _by_title(records, pairs)
    is_mergeable |= _by_issue(records, pairs) | _by_whole_place(records, pairs)
    is_mergeable &= differences <= _difference_allowed(records, pairs)
    is_mergeable |= _by_identifier(records, pairs) | (
        are_equal(records, pairs) & say_enough(records, pairs)
    )
    return np.asarray(is_mergeable & ~_in_conflict(records, pairs), dtype=bool)


def is_anchored(pairs: Comparison) -> Bools:
    """Say for each pair whether an identifier, or a place in one journal, is the same.

    Such a pair is at least asked about, whatever else differs.
    """
    in_place = (pairs.journal == 1) & same_place(pairs) & (pairs.doi != -1)
    in_issue = same_issue(pairs) & ((pairs.title >= 97) | pairs.contained)
    return np.asarray((pairs.doi == 1) | (pairs.pmid == 1) | in_place | in_issue, dtype=bool)


def _difference_allowed(records: Prepared, pairs: Comparison) -> Ints:
    """Return the greatest difference of titles with which each pair may still be merged."""
    in_place = (pairs.page == 1) & (pairs.volume == 1) & (pairs.journal != -1)
    # Each report of a series begins at page 1, and many are equally long.
    in_place &= np.array([begins_later(records, a) for a in pairs.left.tolist()], dtype=bool)
    in_place |= same_pages(records, pairs) & (pairs.journal == 1) & (pairs.authors >= 80)
    in_issue = same_issue(pairs) & (pairs.years_apart == 0)
    is_anchored = in_place | (in_issue & pairs.contained)
    is_article = in_one_journal(records, pairs)
    allowed = np.where(is_article, int(Difference.LIKELY_SLIP), int(Difference.SLIP))
    return np.where(is_anchored, int(Difference.EXTRA), allowed)


def _by_identifier(records: Prepared, pairs: Comparison) -> Bools:
    # The abstracts of one supplement share its DOI (414 pairs in one set): titles must agree too,
    # and on other pages so must the people.
    title = likeness_of_titles(pairs)
    same_people = (pairs.authors < 0) | (pairs.authors >= 80)
    elsewhere = (pairs.page == -1) & ((title < 97) | ~same_people)
    translated = same_pages(records, pairs) & (pairs.authors >= 80)
    by_doi = (pairs.doi == 1) & ((title >= 80) | translated) & ~elsewhere
    by_entry = (pairs.registration == 1) & _are_entries(records, pairs) & (title >= 80)
    return np.asarray(by_doi | by_entry | ((pairs.pmid == 1) & (title >= 80)), dtype=bool)


def _are_entries(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether both records are entries of registers."""
    return np.asarray(records.entries[pairs.left] & records.entries[pairs.right], dtype=bool)


def _by_page(records: Prepared, pairs: Comparison) -> Bools:
    near = (pairs.years_apart <= 1) & ((pairs.authors >= 70) | (pairs.authors < 0))
    by_page = (pairs.page == 1) & (pairs.volume != -1) & (pairs.title >= 85)
    by_page &= pairs.journal != -1
    whole_place = same_place(pairs) & (pairs.authors >= 80)
    whole_place |= same_pages(records, pairs) & (pairs.journal == 1) & (pairs.authors >= 80)
    # The volume may be mistyped where one issue of one year has the page.
    by_page |= (
        (pairs.page == 1) & (pairs.issue == 1) & (pairs.journal == 1) & (pairs.authors >= 80)
        & (pairs.title >= 97) & (pairs.years_apart == 0) & (content(records, pairs) >= 5)
    )  # fmt: skip
    cut = (pairs.contained | ((pairs.title >= 75) & (pairs.journal == 1))) & (pairs.issue != -1)
    return np.asarray(near & (by_page | (whole_place & cut)), dtype=bool)


def _by_issue(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether one issue has the title: whole, or cut before or after a colon.

    Years may be two apart: that of the volume and that of the publication in advance.
    """
    whole = (pairs.title >= 95) & (pairs.years_apart <= 2)
    cut = pairs.contained & (pairs.years_apart == 0)
    return np.asarray(
        same_issue(pairs) & (whole | cut) & (content(records, pairs) >= 3), dtype=bool
    )


def _by_whole_place(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether one title is in one place, even if its authors differ.

    Indexes give a report to the organisation or to its people.
    """
    place = same_place(pairs) & (pairs.journal == 1) & (pairs.years_apart <= 1)
    long_title = (pairs.title >= 97) & (content(records, pairs) >= 5)
    return np.asarray(place & long_title, dtype=bool)


def _by_abstract(pairs: Comparison) -> Bools:
    near = (pairs.years_apart <= 1) & ((pairs.authors >= 70) | (pairs.authors < 0))
    alike = (pairs.abstract >= 90) & (pairs.title >= 85)
    in_one_journal = (pairs.journal == 1) | (
        (pairs.journal == 0) & (pairs.page != -1) & (pairs.authors >= 70)
    )
    no_other_place = (pairs.page == 1) | ((pairs.page != -1) & (pairs.volume != -1))
    return np.asarray(near & alike & in_one_journal & no_other_place, dtype=bool)


def _by_title(records: Prepared, pairs: Comparison) -> Bools:
    """Say for each pair whether it has the same meaningful title, people, year and journal.

    One of the three may be silent or a little off where the title is whole and long enough:
    authors missing or misspelt (850 pairs true, 3 false in the sets), the journal named
    unclearly, the year of the advance publication.
    """
    n_words, is_cut = content(records, pairs), records.cut_short[pairs.left]
    is_cut = is_cut | records.cut_short[pairs.right]
    recurs = records.recurring[pairs.left] | records.recurring[pairs.right]
    same_people, same_year = pairs.authors >= 80, pairs.years_apart == 0
    same_journal, no_conflict = pairs.journal == 1, no_place_differs(pairs)
    people = ((pairs.authors < 0) | (pairs.authors >= 50)) & same_year & same_journal
    is_seen = ~is_cut | (n_words >= LONG_BEGINNING)
    journal = same_people & same_year & (pairs.journal == 0) & is_seen
    year = same_people & (pairs.years_apart == 1) & same_journal & ~recurs & is_seen
    whole = same_people & same_year & same_journal & (n_words >= np.where(is_cut, 5, 2))
    with_one_off = whole | ((n_words >= 5) & (people | journal)) | ((n_words >= 4) & year)
    same_volume = same_people & (pairs.years_apart <= 1) & same_journal & (pairs.volume == 1)
    in_context = with_one_off | (same_volume & (n_words >= 3))
    return np.asarray((pairs.title >= 97) & no_conflict & in_context, dtype=bool)


def _in_conflict(records: Prepared, pairs: Comparison) -> Bools:
    all_else_agrees = (
        same_place(pairs) & (pairs.title >= 97) & (pairs.authors >= 80) & (pairs.issue != -1)
        & (content(records, pairs) >= 3)
    )  # one article with two DOIs, or a DOI mistyped  # fmt: skip
    other_identifier = (pairs.pmid == -1) | (pairs.registration == -1)
    return np.asarray(((pairs.doi == -1) & ~all_else_agrees) | other_identifier, dtype=bool)
