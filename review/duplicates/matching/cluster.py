"""Build clusters from pairs, and find the questions that remain between clusters."""

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from review.duplicates.partition import Band, partition

Label = NDArray[np.int64]


def cluster(
    n: int,
    pairs: pd.DataFrame,
    *,
    apart: Collection[tuple[int, int]] = (),
    together: Collection[tuple[int, int]] = (),
) -> Label:
    """Return the cluster of each of n records, shape (n,): its smallest member's position.

    ``together``, a person's "duplicate" answers, is applied first; then the pairs whose band is
    `merge`, best score first and equal scores by ``tie``, so that the partition is the same
    whatever the order of the records.  No union is made that would bring together a pair of
    ``apart`` (a person's "distinct" answers) or one whose band is `apart`.

    Raises ValueError where ``together`` itself contradicts ``apart``.
    """
    labels = partition(
        n,
        apart=apart,
        together=together,
        vetoed=_positions(pairs[pairs["band"] == Band.APART]),
        best_first=_positions(_best_first(pairs[pairs["band"] == Band.MERGE])),
    )
    return np.array(labels, dtype=np.int64)


def questions(
    n: int,
    labels: Label,
    pairs: pd.DataFrame,
    *,
    apart: Collection[tuple[int, int]] = (),
) -> pd.DataFrame:
    """Return one possible duplicate for each pair of clusters, the most informative first.

    The pair with the best score speaks for its two clusters.  Nothing is asked between clusters
    that a person has found distinct (``apart``) or that a rule keeps apart.  The order is by
    score (an answer "duplicate" is likelier, and saves more work), then by ``tie``.
    """
    if len(labels) != n:
        raise ValueError(f"{len(labels)} labels for {n} records.")
    kept_apart = {_between(labels, *pair) for pair in apart}
    kept_apart |= {
        _between(labels, *pair) for pair in _positions(pairs[pairs["band"] == Band.APART])
    }
    asked: set[tuple[int, int]] = set()
    chosen = []
    possible = _best_first(pairs[pairs["band"].isin([Band.ASK, Band.MERGE])])
    for place, pair in enumerate(_positions(possible)):
        clusters = _between(labels, *pair)
        if clusters[0] != clusters[1] and clusters not in kept_apart and clusters not in asked:
            asked.add(clusters)
            chosen.append(place)
    return possible.iloc[chosen].reset_index(drop=True)


def _best_first(pairs: pd.DataFrame) -> pd.DataFrame:
    by = ["minus_score", *[name for name in ("tie", "left", "right") if name in pairs.columns]]
    return pairs.assign(minus_score=-pairs["score"]).sort_values(by).drop(columns="minus_score")


def _positions(pairs: pd.DataFrame) -> Iterable[tuple[int, int]]:
    return zip(pairs["left"].tolist(), pairs["right"].tolist(), strict=True)


def _between(labels: Label, left: int, right: int) -> tuple[int, int]:
    one, other = int(labels[left]), int(labels[right])
    return min(one, other), max(one, other)
