"""How far two reviewers agreed, beyond agreement by chance."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal, NamedTuple

INCLUDE = "include"
EXCLUDE = "exclude"
MAYBE = "maybe"

Z_95 = 1.959963984540054  # the normal deviate for a two-sided 95 % interval


class _Table(NamedTuple):
    """The 2 × 2 table of two reviewers' verdicts, with the usual names of its cells."""

    a: int  # both included
    b: int  # only the first included
    c: int  # only the second included
    d: int  # both excluded

    @property
    def n(self) -> int:
        return self.a + self.b + self.c + self.d


@dataclass(frozen=True)
class Agreement:
    """The agreement of two reviewers who decided on the same ``n`` records.

    Shares are 0 to 1 and coefficients -1 to 1.  A number that is not defined is None, and
    ``kappa_reason`` says in a sentence why there is no kappa.
    """

    n: int
    both_include: int
    first_only: int  # records that the first included and the second excluded
    second_only: int
    both_exclude: int
    raw: float | None
    kappa: float | None
    kappa_interval: tuple[float, float] | None
    kappa_reason: str | None
    pabak: float | None
    ac1: float | None
    positive: float | None
    negative: float | None

    @property
    def table(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The 2 × 2 table: rows are the first reviewer's verdicts, include before exclude."""
        return (self.both_include, self.first_only), (self.second_only, self.both_exclude)


def agreement(
    pairs: Sequence[tuple[str, str]], *, maybe: Literal["include", "exclude"] = "include"
) -> Agreement:
    """Return the agreement over ``pairs`` of verdicts, (first reviewer's, second reviewer's).

    "maybe" counts as ``maybe`` says.  Raises ValueError for any word other than include, exclude
    and maybe.

    References
    ----------
    Kappa: Cohen 1960, doi:10.1177/001316446002000104; its standard error: Fleiss, Cohen & Everitt
    1969, doi:10.1037/h0028106.  Prevalence and bias adjusted kappa (PABAK): Byrt, Bishop & Carlin
    1993, doi:10.1016/0895-4356(93)90018-V.  AC1: Gwet 2008, doi:10.1348/000711006X126600.
    Positive and negative agreement: Cicchetti & Feinstein 1990,
    doi:10.1016/0895-4356(90)90159-M.
    """
    cells = Counter(
        (_is_include(first, maybe=maybe), _is_include(second, maybe=maybe))
        for first, second in pairs
    )
    table = _Table(cells[True, True], cells[True, False], cells[False, True], cells[False, False])
    a, b, c, d = table
    n = table.n
    kappa = _kappa(table)
    return Agreement(
        n=n,
        both_include=a,
        first_only=b,
        second_only=c,
        both_exclude=d,
        raw=(a + d) / n if n else None,
        kappa=kappa,
        kappa_interval=None if kappa is None else _kappa_interval(table, kappa),
        kappa_reason=_why_no_kappa(table),
        pabak=2 * (a + d) / n - 1 if n else None,
        ac1=_ac1(table) if n else None,
        positive=2 * a / (2 * a + b + c) if a + b + c else None,
        negative=2 * d / (2 * d + b + c) if d + b + c else None,
    )


def _is_include(verdict: str, *, maybe: str) -> bool:
    counted = maybe if verdict == MAYBE else verdict
    if counted not in (INCLUDE, EXCLUDE):
        raise ValueError(f"{verdict!r} is not a verdict. Use include, exclude or maybe.")
    return counted == INCLUDE


def _why_no_kappa(table: _Table) -> str | None:
    a, b, c, d = table
    if table.n == 0:
        return "Kappa is not defined: no two reviewers have decided on the same record."
    if b + c == 0 and (a == 0 or d == 0):
        verdict = EXCLUDE if a == 0 else INCLUDE
        return f"Kappa is not defined: reviewers always agreed, and every decision was {verdict}."
    return None


def _kappa(table: _Table) -> float | None:
    """Return (observed - expected) / (1 - expected), both sides times n squared (Cohen 1960)."""
    if _why_no_kappa(table):
        return None
    a, b, c, d = table
    n = table.n
    expected = (a + b) * (a + c) + (c + d) * (b + d)
    return (n * (a + d) - expected) / (n * n - expected)


def _kappa_interval(table: _Table, kappa: float) -> tuple[float, float]:
    """Return the large-sample interval, cut at -1 and 1 (Fleiss, Cohen & Everitt 1969)."""
    a, b, c, d = table
    n = table.n
    first, second = (a + b) / n, (a + c) / n
    expected = first * second + (1 - first) * (1 - second)
    rest = 1 - kappa
    diagonal = a / n * (1 - (first + second) * rest) ** 2
    diagonal += d / n * (1 - (2 - first - second) * rest) ** 2
    # Off the diagonal the margins cross: the column's share of the row's verdict, and vice versa.
    crossed = b / n * (second + 1 - first) ** 2 + c / n * (1 - second + first) ** 2
    variance = diagonal + rest**2 * crossed - (kappa - expected * rest) ** 2
    half = Z_95 * sqrt(max(variance, 0.0) / n) / (1 - expected)
    return max(kappa - half, -1.0), min(kappa + half, 1.0)


def _ac1(table: _Table) -> float:
    """Return AC1, whose chance agreement is 2 q (1 - q) for a mean share q included (Gwet 2008)."""
    a, b, c, d = table
    n = table.n
    included = (2 * a + b + c) / (2 * n)
    expected = 2 * included * (1 - included)
    return ((a + d) / n - expected) / (1 - expected)
