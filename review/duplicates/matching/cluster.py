"""Build clusters from pairs, and find the questions that remain between clusters."""

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from review.duplicates.matching.bands import Band

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
    _check_positions(n, together, apart)
    groups = _Groups(n)
    for left, right in apart:
        groups.keep_apart(left, right)
    for left, right in sorted(together):
        if not groups.merge(left, right):
            raise ValueError(f"Records {left} and {right} are both together and apart.")
    for left, right in _positions(pairs[pairs["band"] == Band.APART]):
        groups.keep_apart(left, right)
    for left, right in _positions(_best_first(pairs[pairs["band"] == Band.MERGE])):
        groups.merge(left, right)
    return groups.labels()


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


def _check_positions(n: int, *answers: Collection[tuple[int, int]]) -> None:
    for left, right in (pair for pairs in answers for pair in pairs):
        if not (0 <= left < n and 0 <= right < n):
            raise ValueError(f"Pair ({left}, {right}) is outside the {n} records.")


def _best_first(pairs: pd.DataFrame) -> pd.DataFrame:
    by = ["minus_score", *[name for name in ("tie", "left", "right") if name in pairs.columns]]
    return pairs.assign(minus_score=-pairs["score"]).sort_values(by).drop(columns="minus_score")


def _positions(pairs: pd.DataFrame) -> Iterable[tuple[int, int]]:
    return zip(pairs["left"].tolist(), pairs["right"].tolist(), strict=True)


def _between(labels: Label, left: int, right: int) -> tuple[int, int]:
    one, other = int(labels[left]), int(labels[right])
    return min(one, other), max(one, other)


class _Groups:
    """Disjoint groups of 0 … n-1 that know which other groups they must not merge with."""

    def __init__(self, n: int) -> None:
        self.parent = list(range(n))
        self.size = [1] * n
        self.enemies: dict[int, set[int]] = {}

    def find(self, member: int) -> int:
        root = member
        while self.parent[root] != root:
            root = self.parent[root]
        while self.parent[member] != root:
            self.parent[member], member = root, self.parent[member]
        return root

    def keep_apart(self, left: int, right: int) -> None:
        one, other = self.find(left), self.find(right)
        if one != other:
            self.enemies.setdefault(one, set()).add(other)
            self.enemies.setdefault(other, set()).add(one)

    def merge(self, left: int, right: int) -> bool:
        """Merge two groups; return whether they are one group now."""
        keep, gone = self.find(left), self.find(right)
        if keep == gone:
            return True
        if gone in self.enemies.get(keep, ()):
            return False
        if self.size[keep] < self.size[gone]:
            keep, gone = gone, keep
        self.parent[gone] = keep
        self.size[keep] += self.size[gone]
        for enemy in self.enemies.pop(gone, set()):
            self.enemies[enemy].discard(gone)
            self.enemies[enemy].add(keep)
            self.enemies.setdefault(keep, set()).add(enemy)
        return True

    def labels(self) -> Label:
        roots = np.array([self.find(member) for member in range(len(self.parent))], dtype=np.int64)
        if not len(roots):
            return roots
        _, first, group = np.unique(roots, return_index=True, return_inverse=True)
        return np.asarray(first[group], dtype=np.int64)
