"""What to do about each candidate pair: merge it, ask about it, keep it apart, or drop it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from review.duplicates.matching.compare import Comparison, compare
from review.duplicates.matching.differences import Difference, title_differences
from review.duplicates.matching.merging import is_anchored, may_merge
from review.duplicates.matching.prepare import Floats, Ints, Prepared
from review.duplicates.matching.score import ASK_FROM, score
from review.duplicates.matching.veto import REGISTERED, PairKind, Veto, find_veto, is_hidden
from review.duplicates.partition import Band

# A record that fits two works equally well belongs to neither until a person has looked.
CLEARLY_BETTER = 0.1
# A report that differs in a word from three others or more belongs to a series.
SERIES_FROM = 3
IN_SERIES = Veto("reports of a series, whose titles differ in a word", PairKind.DIFFERENT)
CHUNK = 50_000  # pairs compared at a time, so that memory stays small and progress is seen

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Judged:
    """Pairs worth keeping, with what was found about each; all of length m."""

    pairs: Comparison
    scores: Floats
    bands: list[Band]
    vetoes: list[Veto | None]
    differences: Ints  # of the titles, as values of Difference

    def is_identified(self, place: int) -> bool:
        """Say whether the records of a pair have the same DOI or PubMed number."""
        return bool(self.pairs.doi[place] == 1 or self.pairs.pmid[place] == 1)

    def ends(self) -> list[tuple[int, int]]:
        """Return the positions of the two records of each pair."""
        return list(zip(self.pairs.left.tolist(), self.pairs.right.tolist(), strict=True))


def judge(records: Prepared, left: Ints, right: Ints, *, tell: Progress) -> Judged:
    """Compare, score and sort into bands, and keep what is not plainly distinct."""
    parts = []
    for start in range(0, max(len(left), 1), CHUNK):
        end = start + CHUNK
        parts.append(_judge_alone(records, left[start:end], right[start:end]))
        tell(min(end, len(left)) / max(len(left), 1))
    judged = Judged(
        pairs=Comparison.concatenate([part.pairs for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        bands=[band for part in parts for band in part.bands],
        vetoes=[veto for part in parts for veto in part.vetoes],
        differences=np.concatenate([part.differences for part in parts]),
    )
    for place in list(_fits_two_works(records, judged)):
        judged.bands[place] = Band.ASK
    for place in list(_within_series(records, judged)):
        judged.bands[place], judged.vetoes[place] = Band.APART, IN_SERIES
    return judged


def _judge_alone(records: Prepared, left: Ints, right: Ints) -> Judged:
    """Judge each pair by its two records, without the others."""
    pairs = compare(records, left, right)
    scores = score(records, pairs)
    of_one_trial = (pairs.registration == 1) & (records.entries[left] | records.entries[right])
    likely = np.flatnonzero((scores >= ASK_FROM) | of_one_trial)
    pairs, scores = pairs.take(likely), scores[likely]
    differences = title_differences(records, pairs)
    merges, anchored = may_merge(records, pairs, differences), is_anchored(pairs)
    vetoes = [find_veto(records, pairs, place) for place in range(len(pairs))]
    bands = []
    for place, veto in enumerate(vetoes):
        if veto:
            bands.append(Band.ASK if anchored[place] and veto is not REGISTERED else Band.APART)
        elif merges[place] and not is_hidden(pairs, records, place):
            bands.append(Band.MERGE)
        else:
            bands.append(Band.ASK)
    return Judged(pairs, scores, bands, vetoes, differences)


def _fits_two_works(records: Prepared, judged: Judged) -> Iterator[int]:
    """Yield the merges of records that fit another work as well: which one needs a person."""
    for first, second in _two_works(records, judged):
        for place, rival in ((first, second), (second, first)):
            better = judged.scores[place] - judged.scores[rival]
            if judged.bands[place] is Band.MERGE and better < CLEARLY_BETTER:
                yield place


def _two_works(records: Prepared, judged: Judged) -> Iterator[tuple[int, int]]:
    """Yield two pairs of one record, whose other records are two works.

    Two works are those that a rule keeps apart or whose titles differ in a telling word.  A title
    cut short fits every work that begins with it, so for such a record two works are any two that
    do not merge with each other.
    """
    merges: dict[int, dict[int, int]] = {}  # record → partner → position of the pair
    cut: dict[int, dict[int, int]] = {}
    for place, ends in enumerate(judged.ends()):
        for one, other in (ends, ends[::-1]):
            if judged.bands[place] is Band.MERGE:
                merges.setdefault(one, {})[other] = place
            if judged.bands[place] is not Band.APART and records.cut_short[one]:
                cut.setdefault(one, {})[other] = place
    for place, (a, b) in enumerate(judged.ends()):
        is_asked = judged.bands[place] is Band.ASK
        is_telling = is_asked and judged.differences[place] == Difference.TELLING
        if judged.bands[place] is Band.APART or is_telling:
            for shared in merges.get(a, {}).keys() & merges.get(b, {}).keys():
                pair = merges[a][shared], merges[b][shared]
                if not (is_telling and all(map(judged.is_identified, pair))):
                    yield pair
    for partners in cut.values():
        for (one, first), (other, second) in combinations(partners.items(), 2):
            if other not in merges.get(one, {}):
                yield first, second


def _within_series(records: Prepared, judged: Judged) -> Iterator[int]:
    """Yield the questions about the reports of a long series.

    Where many titles differ from one another in a word (a report for each country), that word is
    no mistake, and asking about every two of them would be a day's work.
    """
    ends, anchored = judged.ends(), is_anchored(judged.pairs)
    places = [
        place
        for place, band in enumerate(judged.bands)
        if band is Band.ASK
        and judged.differences[place] == Difference.TELLING
        and records.titles[ends[place][0]] != records.titles[ends[place][1]]
        and not anchored[place]
    ]
    partners = Counter(record for place in places for record in ends[place])
    for place in places:
        if max(partners[record] for record in ends[place]) >= SERIES_FROM:
            yield place
