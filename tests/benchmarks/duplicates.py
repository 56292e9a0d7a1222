"""Measure duplicate detection on labelled sets: errors, questions, time and memory.

    python tests/benchmarks/duplicates.py [--sets NAME …] [--data FOLDER] [--incremental]

A set is NAME.csv.gz with id, the fields and cluster_id, the truth.  The sets belong to others
and live outside the checkout.  Each set runs in a process of its own, so that peak memory is its.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from review.matching import cluster, find_pairs, questions  # noqa: E402

TOO_LARGE_BY_DEFAULT = {"synth_100000"}
COLUMNS = (
    "records", "removable", "FP", "FN", "sensitivity", "lost", "asked", "true", "per_100",
    "after", "FP_after", "seconds", "MB",
)  # fmt: skip


def count_errors(truth: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return wrong joins, copies left behind and works that no longer lead a cluster."""
    pairs = pd.DataFrame({"work": truth, "cluster": labels})
    n_works, n_clusters = pairs["work"].nunique(), pairs["cluster"].nunique()
    removable, removed = len(pairs) - n_works, len(pairs) - n_clusters
    wrong = int((pairs.groupby("cluster")["work"].nunique() - 1).sum())
    missed = removable - (removed - wrong)
    kept = pairs.drop_duplicates("cluster")["work"].nunique()
    sensitivity = round(1 - missed / removable, 4) if removable else 1.0
    return {
        "removable": removable, "FP": wrong, "FN": missed, "sensitivity": sensitivity,
        "lost": n_works - kept,
    }  # fmt: skip


def measure(path: Path) -> dict[str, float]:
    """Return one line of the table for the set at ``path``."""
    records = pd.read_csv(path, dtype=str, keep_default_na=False)
    truth = records["cluster_id"].to_numpy()
    fields = records.drop(columns=["cluster_id", "label"], errors="ignore")
    n = len(records)
    started = time.perf_counter()
    pairs = find_pairs(fields)
    labels = cluster(n, pairs)
    asked = questions(n, labels, pairs)
    seconds = time.perf_counter() - started
    is_true = truth[asked["left"]] == truth[asked["right"]]
    ends = list(zip(asked["left"].tolist(), asked["right"].tolist(), strict=True))
    yes = [pair for pair, same in zip(ends, is_true, strict=True) if same]
    answered = count_errors(truth, answer(n, labels, yes))
    return {
        "records": n, **count_errors(truth, labels), "asked": len(asked),
        "true": int(is_true.sum()), "per_100": round(100 * len(asked) / n, 2),
        "after": answered["sensitivity"], "FP_after": answered["FP"],
        "seconds": round(seconds, 1),
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def answer(n: int, labels: np.ndarray, duplicates: Iterable[tuple[int, int]]) -> np.ndarray:
    """Return the labels once every question has been answered rightly.

    A right "distinct" leaves two clusters as they are, so only ``duplicates`` matter.
    """
    nothing = pd.DataFrame({"left": [], "right": [], "score": [], "band": []})
    stars = [(int(label), place) for place, label in enumerate(labels) if label != place]
    return cluster(n, nothing, together=[*stars, *duplicates])


def measure_update(path: Path, n_new: int = 1000) -> str:
    """Return how long the last ``n_new`` records of a set take against all the others."""
    records = pd.read_csv(path, dtype=str, keep_default_na=False)
    old, new = records.iloc[:-n_new], records.iloc[-n_new:]
    started = time.perf_counter()
    pairs = find_pairs(new, against=old)
    seconds = time.perf_counter() - started
    return f"{n_new} new against {len(old)}: {seconds:.1f} s, {len(pairs)} pairs"


def main() -> None:
    """Print one line per set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", help="names; default: all but the largest")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/bench/duplicates")
    parser.add_argument("--incremental", action="store_true", help="time an update as well")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {path.name.removesuffix(".csv.gz"): path for path in options.data.glob("*.csv.gz")}
    names = options.sets or sorted(set(found) - TOO_LARGE_BY_DEFAULT)
    if not names or set(names) - set(found):
        sys.exit(f"No such sets in {options.data}: {sorted(set(names) - set(found))}")
    rows = {}
    for name in names:
        with multiprocessing.get_context("spawn").Pool(1) as alone:
            rows[name] = alone.apply(measure, (found[name],))
            if options.incremental:
                print(f"{name}: {alone.apply(measure_update, (found[name],))}")
    print(json.dumps(rows) if options.json else pd.DataFrame(rows, index=COLUMNS).T.to_string())


if __name__ == "__main__":
    main()
