"""What a replay found as it went on, and where each stopping rule would have ended it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from screening.progress.stopping_rules import consecutive_irrelevant, percent, recall_test

LOOKS = 200  # at most, over a whole replay
TARGETS = ((0.95, 0.95), (0.9, 0.9))  # recall, confidence
RUNS = (50, 100, 200)  # irrelevant records in a row
INK, SOFT, ACCENT = "#1b1d22", "#8a8f98", "#0b5f6b"

Rule = Callable[[Sequence[int], int], bool]


@dataclass(frozen=True)
class StoppedAt:
    """Where a rule would have ended a replay: after how many records, with which recall."""

    rule: str
    n_read: int
    recall: float
    has_stopped: bool  # or everything had been read before it said so


def recall_curve(labels: Sequence[int]) -> pd.DataFrame:
    """Return columns read (from 0), found and recall, a line a record of the order of reading."""
    found = np.concatenate(([0], np.cumsum(labels)))
    total = max(int(found[-1]), 1)
    return pd.DataFrame({"read": np.arange(len(found)), "found": found, "recall": found / total})


def stops(labels: Sequence[int]) -> list[StoppedAt]:
    """Return where each rule would have ended the reading of ``labels``, in order, shape (n,).

    The rules are the test of recall (see `screening.progress.stopping_rules`) at two targets,
    and three lengths of a run of irrelevant records.  They are checked after every 200th part of
    the records.
    """
    rules: dict[str, Rule] = {
        f"recall {percent(target)} at {percent(confidence)} confidence": _by_test(
            target, confidence
        )
        for target, confidence in TARGETS
    }
    rules |= {f"{n} irrelevant in a row": _by_run(n) for n in RUNS}
    return [_stop(rule, labels, is_enough) for rule, is_enough in rules.items()]


def draw(labels: Sequence[int]) -> str:
    """Return the recall curve with the rules' stops and reading at random, as SVG."""
    whole, n = recall_curve(labels), len(labels)
    curve = whole[(whole["found"].diff() != 0) | (whole["read"] == n)]
    ends = pd.DataFrame(
        [{"read": one.n_read, "recall": one.recall, "rule": one.rule} for one in stops(labels)]
    )
    by_chance = pd.DataFrame({"read": [0, n], "recall": [0.0, 1.0]})
    x = alt.X("read:Q", title="records read").scale(domain=[0, n])
    y = alt.Y("recall:Q", title="recall").axis(format="%").scale(domain=[0, 1])
    chart = (
        alt.layer(
            alt.Chart(by_chance).mark_line(color=SOFT, strokeDash=[4, 4]).encode(x, y),
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
        .properties(width=560, height=320, title="Recall as records were read; dashed: at random")
        .configure_view(stroke=None)
    )
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def _stop(rule: str, labels: Sequence[int], is_enough: Rule) -> StoppedAt:
    n, step = len(labels), max(len(labels) // LOOKS, 1)
    at = next((m for m in range(step, n, step) if is_enough(labels[:m], n)), None)
    n_read = n if at is None else at
    return StoppedAt(rule, n_read, sum(labels[:n_read]) / max(sum(labels), 1), at is not None)


def _by_test(target: float, confidence: float) -> Rule:
    return lambda seen, n: (
        any(seen)
        and (recall_test(seen, n_total=n, recall_target=target, confidence=confidence).is_reached)
    )


def _by_run(n_wanted: int) -> Rule:
    return lambda seen, _: consecutive_irrelevant(seen) >= n_wanted
