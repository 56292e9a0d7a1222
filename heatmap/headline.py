"""The finding at the top of a map: derived by rule from its numbers, never written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from heatmap.cells import HeatMap
from heatmap.gaps import GapKind

NEAR_THE_MOST = 2 / 3


@dataclass(frozen=True)
class Headline:
    """What stands out on a map."""

    most: Sequence[str]  # the one or two rows with most evidence, as a sentence names them
    n_gaps: int  # cells without any included study, whatever the filters
    n_empty: int  # cells without any under the filters
    n_combinations: int


def headline(heatmap: HeatMap) -> Headline:
    """Return what stands out: the one or two fullest rows, and how many cells are empty.

    The second row is named only if it has at least two thirds as many units as the first.  Rows
    with the same number are all named or none, so that with a tie of three none stands out.
    """
    plain = [
        row
        for row in heatmap.rows
        if any(heatmap.is_plain(row.key, column.key) for column in heatmap.columns)
    ]
    totals = {row.key: heatmap.row_totals.get(row.key, 0) for row in plain}
    is_open = heatmap.axes.rows.entries is None  # countries keep their capitals
    gaps = heatmap.gaps
    n_hidden = sum(gap.kind is GapKind.FILTERED_OUT for gap in gaps.values())
    return Headline(
        most=[
            row.label if is_open else in_sentence(row.label)
            for row in sorted(plain, key=lambda row: -totals[row.key])
            if row.key in _fullest(totals)
        ],
        n_gaps=len(gaps) - n_hidden,
        n_empty=len(gaps),
        n_combinations=heatmap.n_combinations,
    )


def in_sentence(label: str) -> str:
    """Return a label as it is written within a sentence: *Health* is health, *SDG 3* stays."""
    is_word = label[:1].isupper() and label[1:2].islower()
    return label[:1].lower() + label[1:] if is_word else label


def _fullest(totals: Mapping[str, int]) -> set[str]:
    """Return the one or two rows with most units; none if three or more share the place."""
    numbers = sorted(set(totals.values()) - {0}, reverse=True)
    named: set[str] = set()
    for number in numbers[:2]:
        tied = {key for key, n in totals.items() if n == number}
        if len(named | tied) > 2 or number < NEAR_THE_MOST * numbers[0]:
            break
        named |= tied
    return named
