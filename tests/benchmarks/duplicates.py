"""Measure duplicate detection: errors and questions (also bib-dedupe's), time, memory, order.

    python tests/benchmarks/duplicates.py [--sets NAME …] [--data FOLDER] [--sizes N …] [--alone]

A set is NAME.csv.gz with id, the fields, and the truth in cluster_id.  The sets belong to others
and are outside the checkout.  Each measurement runs in a separate process, to measure its own peak
memory; bib-dedupe (from the ``bench`` extra) runs on one processor like siftmap, on the same rows.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from review.duplicates.matching import cluster, find_pairs, questions  # noqa: E402

LARGEST = "synth_100000"
SIZES = (10_000, 50_000, 100_000)
PEER_LIMIT = 10_000  # records; above, bib-dedupe takes minutes and gigabytes
UPDATE = 1_000  # records that are added to a review of the largest set
COLUMNS = (
    "records", "removable", "FP", "FN", "sensitivity", "lost", "asked", "true", "per_100",
    "after", "FP_after", "seconds", "MB",
)  # fmt: skip


def count_errors(truth: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Return wrong merges, duplicates that remain, and works that no longer lead a cluster."""
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


def load(path: Path, n: int | None = None) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the fields and the truth of a set, cut after ``n`` records in the order of works."""
    records = pd.read_csv(path, dtype=str, keep_default_na=False)
    if n is not None and n < len(records):
        first_of_work = records.groupby("cluster_id").ngroup(ascending=True)
        records = records.iloc[np.argsort(first_of_work, kind="stable")[:n]]
    truth = records["cluster_id"].to_numpy()
    fields = records.drop(columns=["cluster_id", "label"], errors="ignore")
    return fields.reset_index(drop=True), truth


def measure(path: Path, n: int | None = None) -> dict[str, float]:
    """Return one line of the table for the set at ``path``."""
    fields, truth = load(path, n)
    started = time.perf_counter()
    pairs = find_pairs(fields)
    labels = cluster(len(fields), pairs)
    asked = questions(len(fields), labels, pairs)
    seconds = time.perf_counter() - started
    return _line(truth, labels, list(zip(asked["left"], asked["right"], strict=True)), seconds)


def measure_peer(path: Path, n: int | None = None) -> dict[str, float]:
    """Return the same line for bib-dedupe, with its "maybe" pairs as questions."""
    from bib_dedupe import bib_dedupe as peer

    fields, truth = load(path, n)
    renamed = fields.rename(columns={"id": "ID"}).assign(ENTRYTYPE="article")
    position = {key: number for number, key in enumerate(renamed["ID"])}
    started = time.perf_counter()
    prepared = peer.prep(renamed, verbosity_level=0, cpu=1)
    pairs = peer.block(prepared, verbosity_level=0, cpu=1)
    matched = peer.match(pairs, verbosity_level=0, cpu=1)
    clusters = peer.cluster(matched, verbosity_level=0)
    seconds = time.perf_counter() - started
    labels = np.arange(len(fields))
    for ids in clusters:
        members = sorted(position[key] for key in ids)
        labels[members] = members[0]
    maybe = matched[matched["duplicate_label"] == "maybe"]
    asked = [(position[a], position[b]) for a, b in zip(maybe["ID_1"], maybe["ID_2"], strict=True)]
    return _line(truth, labels, asked, seconds)


def _line(
    truth: np.ndarray, labels: np.ndarray, asked: list[tuple[int, int]], seconds: float
) -> dict[str, float]:
    n = len(truth)
    duplicates = [(left, right) for left, right in asked if truth[left] == truth[right]]
    answered = count_errors(truth, answer(n, labels, duplicates))
    return {
        "records": n, **count_errors(truth, labels), "asked": len(asked), "true": len(duplicates),
        "per_100": round(100 * len(asked) / n, 2), "after": answered["sensitivity"],
        "FP_after": answered["FP"], "seconds": round(seconds, 1),
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def answer(n: int, labels: np.ndarray, duplicates: Iterable[tuple[int, int]]) -> np.ndarray:
    """Return the labels after every question has been answered correctly.

    "Not duplicates" leaves two clusters as they are, so only ``duplicates`` matter.
    """
    no_pairs = pd.DataFrame({"left": [], "right": [], "score": [], "band": []})
    merged = [(int(label), index) for index, label in enumerate(labels) if label != index]
    return cluster(n, no_pairs, together=[*merged, *duplicates])


def is_same_in_any_order(path: Path, seed: int = 7) -> bool:
    """Return whether the records give the same clusters and questions when shuffled."""
    fields, _ = load(path)
    shuffled = fields.sample(frac=1, random_state=seed)
    return _clusters_and_questions(fields) == _clusters_and_questions(
        shuffled.reset_index(drop=True)
    )


def _clusters_and_questions(
    fields: pd.DataFrame,
) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    pairs = find_pairs(fields)
    labels = cluster(len(fields), pairs)
    clusters = pd.Series(fields["id"]).groupby(labels).agg(frozenset)
    asked = questions(len(fields), labels, pairs)
    cluster_of = dict(enumerate(clusters[labels]))
    # A question is about two clusters; which pair of them is shown may differ.
    return set(clusters), {
        frozenset((cluster_of[left], cluster_of[right]))
        for left, right in zip(asked["left"], asked["right"], strict=True)
    }


def measure_update(path: Path, n_new: int = UPDATE) -> dict[str, float]:
    """Return how long it takes to compare the last ``n_new`` records of a set with the others."""
    fields, _ = load(path)
    old, new = fields.iloc[:-n_new], fields.iloc[-n_new:]
    started = time.perf_counter()
    pairs = find_pairs(new, against=old)
    return {
        "new": n_new, "old": len(old), "seconds": round(time.perf_counter() - started, 1),
        "pairs": len(pairs), "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def alone(function: Callable[..., Any], *arguments: object) -> Any:
    """Return the result of a function that runs in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def main() -> None:
    """Print errors and questions by set, time and memory by size, and the effect of order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", help="names; default: all but the largest")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/bench/duplicates")
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--alone", action="store_true", help="without bib-dedupe")
    options = parser.parse_args()
    sets = {path.name.removesuffix(".csv.gz"): path for path in options.data.glob("*.csv.gz")}
    names = options.sets or sorted(set(sets) - {LARGEST})
    if not names or set(names) - set(sets):
        sys.exit(f"No such sets in {options.data}: {sorted(set(names) - set(sets))}")
    tools = {"siftmap": measure} | ({} if options.alone else {"bib-dedupe": measure_peer})
    _print_table(
        "Errors and questions",
        {(name, tool): alone(run, sets[name]) for name in names for tool, run in tools.items()},
    )
    if LARGEST not in sets:
        return
    _print_table(
        f"Time and memory, on the first records of {LARGEST}",
        {
            (f"{n:,}", tool): alone(run, sets[LARGEST], n)
            for n in options.sizes
            for tool, run in tools.items()
            if tool == "siftmap" or n <= PEER_LIMIT
        },
    )
    print("\nAn update:", alone(measure_update, sets[LARGEST]))
    for name in names:
        same = alone(is_same_in_any_order, sets[name])
        print(f"{name}, shuffled: {'the same' if same else 'NOT the same'} clusters and questions")


def _print_table(title: str, rows: dict[tuple[str, str], dict[str, float]]) -> None:
    print(f"\n{title}\n{pd.DataFrame(rows, index=COLUMNS).T.to_string()}", flush=True)


if __name__ == "__main__":
    main()
