"""How far two reviewers agreed, beyond what chance would give."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

INCLUDE = "include"
EXCLUDE = "exclude"
MAYBE = "maybe"

Z_95 = 1.959963984540054  # the normal deviate of a two-sided 95 % interval


@dataclass(frozen=True)
class Agreement:
    """The agreement of two reviewers who judged the same ``n`` records.

    Shares are 0 to 1 and coefficients -1 to 1.  One that is not defined is None, and
    ``kappa_reason`` says in a sentence why there is no kappa.
    """

    n: int
    both_include: int
    first_only: int  # the first included what the second excluded
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

    "maybe" counts as ``maybe``.  Raises ValueError for any other word than include, exclude and
    maybe.

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
    a, b = cells[True, True], cells[True, False]
    c, d = cells[False, True], cells[False, False]
    n = a + b + c + d
    kappa = _kappa(a, b, c, d)
    return Agreement(
        n=n,
        both_include=a,
        first_only=b,
        second_only=c,
        both_exclude=d,
        raw=(a + d) / n if n else None,
        kappa=kappa,
        kappa_interval=None if kappa is None else _kappa_interval(a, b, c, d, kappa=kappa),
        kappa_reason=_why_no_kappa(a, b, c, d),
        pabak=2 * (a + d) / n - 1 if n else None,
        ac1=_ac1(a, b, c, d) if n else None,
        positive=2 * a / (2 * a + b + c) if a + b + c else None,
        negative=2 * d / (2 * d + b + c) if d + b + c else None,
    )


def _is_include(verdict: str, *, maybe: str) -> bool:
    counted = maybe if verdict == MAYBE else verdict
    if counted not in (INCLUDE, EXCLUDE):
        raise ValueError(f"A verdict is include, exclude or maybe, not {verdict!r}.")
    return counted == INCLUDE


def _why_no_kappa(a: int, b: int, c: int, d: int) -> str | None:
    if a + b + c + d == 0:
        return "Kappa is not defined: no record was judged by both."
    if b + c == 0 and (a == 0 or d == 0):
        verdict = EXCLUDE if a == 0 else INCLUDE
        return f"Kappa is not defined: all agreed, and every verdict was {verdict}."
    return None


def _kappa(a: int, b: int, c: int, d: int) -> float | None:
    """Cohen 1960: (observed - expected) / (1 - expected), both sides times n squared."""
    if _why_no_kappa(a, b, c, d):
        return None
    n = a + b + c + d
    expected = (a + b) * (a + c) + (c + d) * (b + d)
    return (n * (a + d) - expected) / (n * n - expected)


def _kappa_interval(a: int, b: int, c: int, d: int, *, kappa: float) -> tuple[float, float]:
    """Fleiss, Cohen & Everitt 1969: the large-sample interval, cut at -1 and 1."""
    n = a + b + c + d
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


def _ac1(a: int, b: int, c: int, d: int) -> float:
    """Gwet 2008: chance agreement is 2 q (1 - q), q being the mean share of includes."""
    n = a + b + c + d
    included = (2 * a + b + c) / (2 * n)
    expected = 2 * included * (1 - included)
    return ((a + d) / n - expected) / (1 - expected)
