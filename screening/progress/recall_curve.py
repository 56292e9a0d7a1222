"""What a simulation found as it went on, and where each stopping rule would have ended it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from screening.progress.stopping_rules import consecutive_irrelevant, percent, recall_test

MAX_CHECKS = 200  # of the stopping rules, over a whole simulation
TARGETS = ((0.95, 0.95), (0.9, 0.9))  # recall, confidence
RUN_LENGTHS = (50, 100, 200)  # irrelevant records in a row
INK, SOFT_INK, ACCENT = "#1b1d22", "#8a8f98", "#0b5f6b"

FONT = "Source Sans Pro, system-ui, sans-serif"

Rule = Callable[[Sequence[int], int], bool]


@dataclass(frozen=True)
class StoppingPoint:
    """Where a rule would have ended a simulation: after how many records, with which recall."""

    rule: str
    n_read: int
    recall: float
    has_stopped: bool  # False if the rule was never met before the last record


def recall_curve(labels: Sequence[int]) -> pd.DataFrame:
    """Return a row for each number of records screened, from 0: columns read, found and recall."""
    found = np.concatenate(([0], np.cumsum(labels)))
    n_relevant = max(int(found[-1]), 1)
    return pd.DataFrame(
        {"read": np.arange(len(found)), "found": found, "recall": found / n_relevant}
    )


def stopping_points(labels: Sequence[int]) -> list[StoppingPoint]:
    """Return where each rule would have ended screening, from ``labels`` in its order, shape (n,).

    The rules are the test of recall (see `screening.progress.stopping_rules`) at two targets, and
    three numbers of irrelevant records in a row.  They are checked after every 200th part of the
    records.
    """
    rules: dict[str, Rule] = {
        f"recall {percent(target)} at {percent(confidence)} confidence": _by_test(
            target, confidence
        )
        for target, confidence in TARGETS
    }
    rules |= {f"{n} irrelevant in a row": _by_run(n) for n in RUN_LENGTHS}
    return [_stopping_point(name, labels, is_met) for name, is_met in rules.items()]


def draw(labels: Sequence[int]) -> str:
    """Return the recall curve as SVG, with the stopping points and the curve of a random order."""
    whole, n = recall_curve(labels), len(labels)
    curve = whole[(whole["found"].diff() != 0) | (whole["read"] == n)]
    ends = pd.DataFrame(
        [
            {"read": point.n_read, "recall": point.recall, "rule": point.rule}
            for point in stopping_points(labels)
        ]
    )
    by_chance = pd.DataFrame({"read": [0, n], "recall": [0.0, 1.0]})
    x = alt.X("read:Q", title="records screened").scale(domain=[0, n])
    y = alt.Y("recall:Q", title="recall").axis(format="%").scale(domain=[0, 1])
    chart = (
        alt.layer(
            alt.Chart(by_chance).mark_line(color=SOFT_INK, strokeDash=[4, 4]).encode(x, y),
            alt.Chart(curve).mark_line(color=ACCENT, interpolate="step-after").encode(x, y),
            alt.Chart(ends)
            .mark_point(filled=True, size=70, color=INK, opacity=1)
            .encode(
                x,
                y,
                shape=alt.Shape("rule:N", title="would have stopped", sort=None).legend(
                    orient="bottom", columns=2
                ),
            ),
        )
        .properties(
            width=560, height=320, title="Recall as records were screened (dashed: in random order)"
        )
        .configure_view(stroke=None)
        .configure(font=FONT)
    )
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def _stopping_point(name: str, labels: Sequence[int], is_met: Rule) -> StoppingPoint:
    n, step = len(labels), max(len(labels) // MAX_CHECKS, 1)
    stopped_at = next((m for m in range(step, n, step) if is_met(labels[:m], n)), None)
    n_read = n if stopped_at is None else stopped_at
    return StoppingPoint(
        rule=name,
        n_read=n_read,
        recall=sum(labels[:n_read]) / max(sum(labels), 1),
        has_stopped=stopped_at is not None,
    )


def _by_test(target: float, confidence: float) -> Rule:
    return lambda seen, n: (
        any(seen)
        and (recall_test(seen, n_total=n, recall_target=target, confidence=confidence).is_reached)
    )


def _by_run(n_in_a_row: int) -> Rule:
    return lambda seen, _: consecutive_irrelevant(seen) >= n_in_a_row
