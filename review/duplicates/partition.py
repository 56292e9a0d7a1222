"""Which records belong together, given what is known about pairs of them; plain Python.

`review.duplicates.matching` finds the pairs; commands that only read stored judgements need no
more than this.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum

Positions = tuple[int, int]  # of two records


class Band(StrEnum):
    """What to do with a pair."""

    MERGE = "merge"
    ASK = "ask"
    APART = "apart"  # looks alike, but a rule says that it must not be merged


def partition(
    n: int,
    *,
    apart: Collection[Positions] = (),
    together: Collection[Positions] = (),
    vetoed: Iterable[Positions] = (),
    best_first: Iterable[Positions] = (),
) -> list[int]:
    """Return the cluster of each of n records: its smallest member's position.

    ``together``, a person's "duplicate" answers, is applied first; then the pairs that the model
    would merge, ``best_first``.  No union is made that would bring together a pair of ``apart``
    (a person's "distinct" answers) or of ``vetoed`` (the model's rules).

    Raises ValueError where ``together`` itself contradicts ``apart``.
    """
    _check_positions(n, together, apart)
    groups = _Groups(n)
    for left, right in apart:
        groups.keep_apart(left, right)
    for left, right in sorted(together):
        if not groups.merge(left, right):
            raise ValueError(f"Records {left} and {right} are both together and apart.")
    for left, right in vetoed:
        groups.keep_apart(left, right)
    for left, right in best_first:
        groups.merge(left, right)
    return groups.labels()


def _check_positions(n: int, *answers: Collection[tuple[int, int]]) -> None:
    for left, right in (pair for pairs in answers for pair in pairs):
        if not (0 <= left < n and 0 <= right < n):
            raise ValueError(f"Pair ({left}, {right}) is outside the {n} records.")


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

    def labels(self) -> list[int]:
        roots = [self.find(member) for member in range(len(self.parent))]
        first: dict[int, int] = {}
        return [first.setdefault(root, member) for member, root in enumerate(roots)]
