"""Measure when each stopping rule would have stopped, and what had been found by then.

    .venv/bin/python tests/benchmarks/stopping.py --sets Sep_2021 Oud_2018 --seeds 2

Labelled reviews are replayed with the product's ranker from one relevant and one irrelevant
record.  The test of recall is looked at after every record, as an eager lead would; its p-values
are compared with buscarpy's (of the `bench` extra), which its authors wrote.
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
    table = pd.DataFrame(
        [
            {"set": name, "seed": seed, "rule": one.rule, "read": one.n_read / len(labels),
             "recall": one.recall}
            for (name, seed), labels in replays.items()
            for one in stopping_points(labels)
        ]
    )  # fmt: skip
    points = stopping_points([1, 0])
    wanted = {one.rule: target for one, (target, _) in zip(points, TARGETS, strict=False)}
    print(table.groupby(["set", "rule"], sort=False)[["read", "recall"]].mean().unstack().round(3))
    print(f"\n{len(replays)} replays:")
    for rule, rows in table.groupby("rule", sort=False):
        target = wanted.get(rule, 0.95)
        print(
            f"{rule}: read {rows['read'].mean():.3f} of the records, recall"
            f" {rows['recall'].mean():.3f} (least {rows['recall'].min():.3f}); recall of"
            f" {target:g} reached in {(rows['recall'] >= target).mean():.3f} of the replays"
        )
    print_left(replays.values())
    print_beside_buscarpy(replays.values())


def replay(path: Path, seed: int) -> list[int]:
    """Return the labels of a set in the order in which they would have been read."""
    found = simulate(pd.read_csv(path), seed=seed)
    print(f"{path.name} {seed}: {found.metrics['seconds']:.0f} s", file=sys.stderr)
    return [int(label) for label in found.order["label"]]


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
