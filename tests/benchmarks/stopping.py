"""Measure when each stopping rule would have stopped, and what had been found by then.

    .venv/bin/python tests/benchmarks/stopping.py --sets Sep_2021 Oud_2018 --seeds 2

Labelled reviews are replayed with the product's ranker from one relevant and one irrelevant
record.  The test of recall is looked at after every record, as an eager lead would; its p-values
are compared with buscarpy's (of the `bench` extra), which its authors wrote.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from screening.simulate import simulate
from screening.stopping import consecutive_irrelevant, recall_test, relevant_left

DATA = Path(__file__).resolve().parents[3] / "shared" / "bench" / "screening"
TARGETS = ((0.95, 0.95), (0.9, 0.9))  # recall, confidence
RUNS = (50, 100, 200)  # irrelevant records in a row
LOOKS = 200  # at most, over a whole review


def main() -> None:
    """Print, rule by rule, how often enough had been found, and how much had been read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"There is no {DATA} here.")
    found = {path.name.removesuffix(".csv.gz"): path for path in sorted(DATA.glob("*.csv.gz"))}
    replays = {
        (name, seed): replay(found[name], seed)
        for name in options.sets or found
        for seed in range(options.seeds)
    }
    rules = {f"recall {r:g} at {c:g}": by_test(r, c) for r, c in TARGETS}
    rules |= {f"{n} irrelevant in a row": by_run(n) for n in RUNS}
    table = pd.DataFrame(
        [
            {"set": name, "seed": seed, "rule": rule, **outcome(labels, stop)}
            for (name, seed), labels in replays.items()
            for rule, stop in rules.items()
        ]
    )
    print(table.groupby(["set", "rule"], sort=False)[["read", "recall"]].mean().unstack().round(3))
    print(f"\n{len(replays)} replays:")
    for rule, rows in table.groupby("rule", sort=False):
        wanted = next((r for r, c in TARGETS if rule == f"recall {r:g} at {c:g}"), 0.95)
        print(
            f"{rule}: read {rows['read'].mean():.3f} of the records, recall"
            f" {rows['recall'].mean():.3f} (least {rows['recall'].min():.3f}); recall of"
            f" {wanted:g} reached in {(rows['recall'] >= wanted).mean():.3f} of the replays"
        )
    print_left(replays.values())
    print_beside_buscarpy(replays.values())


def replay(path: Path, seed: int) -> list[int]:
    """Return the labels of a set in the order in which they would have been read."""
    found = simulate(pd.read_csv(path), seed=seed)
    print(f"{path.name} {seed}: {found.metrics['seconds']:.0f} s", file=sys.stderr)
    return [int(label) for label in found.order["label"]]


def outcome(labels: Sequence[int], stop: Callable[[Sequence[int], int], bool]) -> dict[str, float]:
    """Return which share had been read and found when a rule first said stop."""
    n, step = len(labels), max(len(labels) // LOOKS, 1)
    at = next((m for m in range(step, n, step) if stop(labels[:m], n)), n)
    return {"read": at / n, "recall": sum(labels[:at]) / sum(labels)}


def by_test(target: float, confidence: float) -> Callable[[Sequence[int], int], bool]:
    """Return the rule that the test of recall makes."""
    return lambda seen, n: (
        recall_test(seen, n_total=n, recall_target=target, confidence=confidence).is_reached
        and any(seen)
    )


def by_run(n_wanted: int) -> Callable[[Sequence[int], int], bool]:
    """Return the rule of so many irrelevant records in a row."""
    return lambda seen, _: consecutive_irrelevant(seen) >= n_wanted


def print_left(replays: Any) -> None:
    """Print how the estimate of what is left compares with what was left."""
    print("\nThe estimate of relevant records left, and what was left, when recall had reached:")
    for recall in (0.5, 0.8, 0.95):
        pairs = []
        for labels in replays:
            n_wanted = int(np.ceil(recall * sum(labels)))
            at = int(np.flatnonzero(np.cumsum(labels) >= n_wanted)[0]) + 1
            pairs.append((relevant_left(labels[:at], n_total=len(labels)), sum(labels[at:])))
        said, true = np.array(pairs, dtype=float).T
        print(
            f"{recall:g}: {np.median(said):.0f} said and {np.median(true):.0f} left (medians);"
            f" too few in {np.mean(said < true):.2f} of the replays"
        )


def print_beside_buscarpy(replays: Any) -> None:
    """Print the greatest difference from the p-values of the test's authors."""
    try:
        from buscarpy import calculate_h0
    except ImportError:
        print("\nbuscarpy is not installed: pip install '.[bench]'")
        return
    worst, n_compared = 0.0, 0
    for labels in replays:
        for share in (0.1, 0.3, 0.6, 0.9):
            seen = labels[: int(share * len(labels))]
            for target in (0.8, 0.9, 0.95):
                ours = recall_test(seen, n_total=len(labels), recall_target=target).p_value
                theirs = float(calculate_h0(seen, len(labels), recall_target=target))
                worst, n_compared = max(worst, abs(ours - np.nan_to_num(theirs))), n_compared + 1
    print(f"\nbuscarpy: {n_compared} p-values, greatest difference {worst:.2g}")


if __name__ == "__main__":
    main()
