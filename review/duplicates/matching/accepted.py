"""Which pairs to merge if so many wrong merges in 10,000 are accepted."""

import pandas as pd

from review.duplicates.partition import Band

# Wrong merges in 10,000 → the band and the lowest score that gave no more than so many in any of
# three measurements: 100,000 synthetic records that no rule was tuned on, 10,000 others and 10,296
# real ones (ADR 0027).
RATES = (
    (2, Band.MERGE, 0.7), (7, Band.MERGE, 0.0),
    (8, Band.ASK, 0.9), (9, Band.ASK, 0.8), (17, Band.ASK, 0.7), (21, Band.ASK, 0.6),
    (35, Band.ASK, 0.5), (57, Band.ASK, 0.35),
)  # fmt: skip
IDENTICAL = (0, Band.MERGE, 1.0)


def bands_accepting(pairs: pd.DataFrame, wrong_in_10_000: int) -> pd.Series:
    """Return the band of each pair if so many wrong merges in 10,000 are accepted.

    Pairs that a rule keeps apart, or that may be two reports of a series, are never merged.
    """
    _, band, lowest = [IDENTICAL, *(row for row in RATES if row[0] <= wrong_in_10_000)][-1]
    is_sure, is_asked = pairs["band"] == Band.MERGE, pairs["band"] == Band.ASK
    if band is Band.MERGE:
        return pairs["band"].mask(is_sure & (pairs["score"] < lowest), Band.ASK)
    is_likely = is_asked & (pairs["score"] >= lowest) & pairs["is_mergeable"]
    return pairs["band"].mask(is_likely, Band.MERGE)
