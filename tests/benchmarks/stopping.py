"""Measure when each stopping rule would have stopped, and the recall at that point.

    .venv/bin/python tests/benchmarks/stopping.py --sets Sep_2021 Oud_2018 --seeds 2

Labelled reviews are simulated with siftmap's ranker from one relevant and one irrelevant record.
The recall test is checked after every record, as an eager lead would.  Its p-values are compared
with those of buscarpy (from the `bench` extra), by the authors of the test.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from screening.progress.recall_curve import TARGETS, stopping_points
from screening.progress.simulation import simulate
from screening.progress.stopping_rules import recall_test, relevant_left

DATA = Path(__file__).resolve().parents[3] / "shared" / "bench" / "screening"


def main() -> None:
    """Print for each rule how often its target was reached, and how much was screened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"There is no {DATA} here. Put the labelled sets there.")
    sets = {path.name.removesuffix(".csv.gz"): path for path in sorted(DATA.glob("*.csv.gz"))}
    runs = {
        (name, seed): run(sets[name], seed)
        for name in options.sets or sets
        for seed in range(options.seeds)
    }
    table = pd.DataFrame(
        [
            {"set": name, "seed": seed, "rule": stop.rule, "read": stop.n_read / len(labels),
             "recall": stop.recall}
            for (name, seed), labels in runs.items()
            for stop in stopping_points(labels)
        ]
    )  # fmt: skip
    points = stopping_points([1, 0])
    targets = {stop.rule: target for stop, (target, _) in zip(points, TARGETS, strict=False)}
    print(table.groupby(["set", "rule"], sort=False)[["read", "recall"]].mean().unstack().round(3))
    print(f"\n{len(runs)} simulations:")
    for rule, rows in table.groupby("rule", sort=False):
        target = targets.get(rule, 0.95)
        print(
            f"{rule}: read {rows['read'].mean():.3f} of the records, recall"
            f" {rows['recall'].mean():.3f} (least {rows['recall'].min():.3f}); recall of"
            f" {target:g} reached in {(rows['recall'] >= target).mean():.3f} of the simulations"
        )
    print_left(runs.values())
    print_beside_buscarpy(runs.values())


def run(path: Path, seed: int) -> list[int]:
    """Return the labels of a set in the order in which they would have been screened."""
    simulation = simulate(pd.read_csv(path), seed=seed)
    print(f"{path.name} {seed}: {simulation.metrics['seconds']:.0f} s", file=sys.stderr)
    return [int(label) for label in simulation.order["label"]]


def print_left(runs: Any) -> None:
    """Print the estimated and the real numbers of relevant records left."""
    print("\nRelevant records left, estimated and real, when recall had reached:")
    for recall in (0.5, 0.8, 0.95):
        pairs = []
        for labels in runs:
            n_needed = int(np.ceil(recall * sum(labels)))
            n_read = int(np.flatnonzero(np.cumsum(labels) >= n_needed)[0]) + 1
            estimate = relevant_left(labels[:n_read], n_total=len(labels))
            pairs.append((estimate, sum(labels[n_read:])))
        estimated, real = np.array(pairs, dtype=float).T
        print(
            f"{recall:g}: {np.median(estimated):.0f} estimated, {np.median(real):.0f} real"
            f" (medians); too low in {np.mean(estimated < real):.2f} of the simulations"
        )


def print_beside_buscarpy(runs: Any) -> None:
    """Print the greatest difference from the p-values of buscarpy."""
    try:
        from buscarpy import calculate_h0
    except ImportError:
        print("\nbuscarpy is not installed: pip install '.[bench]'")
        return
    greatest, n_compared = 0.0, 0
    for labels in runs:
        for share in (0.1, 0.3, 0.6, 0.9):
            seen = labels[: int(share * len(labels))]
            for target in (0.8, 0.9, 0.95):
                ours = recall_test(seen, n_total=len(labels), recall_target=target).p_value
                theirs = float(calculate_h0(seen, len(labels), recall_target=target))
                greatest = max(greatest, abs(ours - np.nan_to_num(theirs)))
                n_compared += 1
    print(f"\nbuscarpy: {n_compared} p-values, greatest difference {greatest:.2g}")


if __name__ == "__main__":
    main()
