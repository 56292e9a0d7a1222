"""Why a cell is empty: each empty cell has one kind, and what is known about it."""

from dataclasses import dataclass
from enum import StrEnum


class GapKind(StrEnum):
    """Why a cell shows no included study; where several hold, the first in this order."""

    FILTERED_OUT = "filtered_out"  # some without the filters
    EXCLUDED = "excluded"  # studies were coded there and then excluded
    AWAITING_CODING = "awaiting_coding"  # its row or column has some whose other value is missing
    KNOWN = "known"  # contracts are known to exist, and none is studied
    OUTSIDE_SEARCHES = "outside_searches"
    NONE_FOUND = "none_found"


@dataclass(frozen=True)
class Gap:
    """Why one cell is empty."""

    kind: GapKind
    n: int = 0  # units that filters hide, that await coding or are known; studies excluded
    why: str | None = None  # in the protocol's words, where it was not searched for
