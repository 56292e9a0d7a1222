"""How likely two records are one report, and what to do about it: merge, ask or neither.

The score adds up evidence in bits, the logarithm of how much oftener an agreement is seen among
duplicates than among other pairs of the same blocks (Fellegi & Sunter 1969,
doi:10.1080/01621459.1969.10501049).  Weights were set by hand from the tables of
agreement among true and false candidate pairs in the four labelled sets that
`tests/benchmarks/duplicates.py` measures; fields depend on one another, so the weights are below
the measured logarithms.  The score orders pairs and finds questions; what may be merged
without a person is another question (`merging`).
"""

from dataclasses import dataclass

import numpy as np

from review.duplicates.matching.agreements import (
    are_equal,
    content,
    likeness_of_titles,
    same_place,
    say_enough,
)
from review.duplicates.matching.compare import Comparison
from review.duplicates.matching.prepare import Floats, Ints, Prepared


@dataclass(frozen=True)
class Weight:
    """Bits of evidence when a field agrees and when it differs."""

    agrees: float
    differs: float


WEIGHTS = {
    "doi": Weight(8, -5),
    "pmid": Weight(8, -6),
    "registration": Weight(3, -6),
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
        are_equal(records, pairs), np.where(say_enough(records, pairs), 1, ASK_FROM), likely
    )
    return np.asarray(likely, dtype=np.float64)


def _title_bits(records: Prepared, pairs: Comparison) -> Floats:
    by_words = _bits(content(records, pairs), TITLE_BITS_PER_WORD)
    bits = np.minimum(_bits(likeness_of_titles(pairs), TITLE_BITS), by_words)
    in_place = same_place(pairs) & (pairs.authors >= 80) & (pairs.years_apart <= 1)
    return np.where(in_place & (pairs.journal != -1), np.maximum(bits, TRANSLATED_BITS), bits)


def _bits(likeness: Floats | Ints, points: tuple[tuple[float, float], ...]) -> Floats:
    at, bits = zip(*points, strict=True)
    return np.asarray(np.interp(likeness.astype(np.float64), at, bits), dtype=np.float64)
