"""Measure duplicate detection: errors and questions, time, memory, order; beside other tools.

    python tests/benchmarks/duplicates.py [--sets NAME …] [--data FOLDER] [--sizes N …] [--alone]
    python tests/benchmarks/duplicates.py --growth [--sizes N …]

A set is NAME.csv.gz with id, the fields, and the truth in cluster_id; made-up sets have names that
begin with "synth".  The sets belong to others and are outside the checkout.  Each measurement runs
in a separate process, to measure its own peak memory, on one processor and on the same rows.  The
totals are those of the real sets and of all sets.  ``--growth`` measures only how time and memory
grow up to 500,000 records.
"""

import argparse
import functools
import multiprocessing
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from review.duplicates.matching import cluster, find_pairs, questions  # noqa: E402
from tests.benchmarks import duplicate_growth, duplicate_peers  # noqa: E402
from tests.benchmarks.duplicate_table import (  # noqa: E402
    Line,
    add_up,
    line,
    load,
    peak_memory,
    print_table,
)

LARGEST = "synth_100000"
SIZES = (10_000, 50_000, 100_000)
PEER_LIMIT = 10_000  # records; above, bib-dedupe takes minutes and gigabytes
UPDATE = 1_000  # records that are added to a review of the largest set


def measure(path: Path, n: int | None = None) -> Line:
    """Return one line of the table for the set at ``path``."""
    fields, truth = load(path, n)
    started = time.perf_counter()
    pairs = find_pairs(fields)
    labels = cluster(len(fields), pairs)
    asked = questions(len(fields), labels, pairs)
    seconds = time.perf_counter() - started
    return line(truth, labels, list(zip(asked["left"], asked["right"], strict=True)), seconds)


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


def measure_update(path: Path, n_new: int = UPDATE) -> Line:
    """Return how long it takes to compare the last ``n_new`` records of a set with the others."""
    fields, _ = load(path)
    old, new = fields.iloc[:-n_new], fields.iloc[-n_new:]
    started = time.perf_counter()
    pairs = find_pairs(new, against=old)
    return {
        "new": n_new, "old": len(old), "seconds": round(time.perf_counter() - started, 1),
        "pairs": len(pairs), "MB": peak_memory(),
    }  # fmt: skip


def alone(function: Callable[..., Any], *arguments: object) -> Any:
    """Return the result of a function that runs in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def main() -> None:
    """Print errors and questions by set, time and memory by size, and the effect of order."""
    options = _options()
    sets = {path.name.removesuffix(".csv.gz"): path for path in options.data.glob("*.csv.gz")}
    names = [LARGEST] if options.growth else options.sets or sorted(set(sets) - {LARGEST})
    if not names or set(names) - set(sets):
        sys.exit(f"No such sets in {options.data}: {sorted(set(names) - set(sets))}")
    if options.growth:
        _print_growth(sets[LARGEST], options.sizes or duplicate_growth.SIZES)
        return
    tools = {"siftmap": measure} | ({} if options.alone else _peers())
    lines = {(name, tool): alone(run, sets[name]) for name in names for tool, run in tools.items()}
    print_table("Errors and questions", lines)
    print_table("Totals", _totals(lines))
    if LARGEST not in sets:
        return
    print_table(
        f"Time and memory, on the first records of {LARGEST}",
        {
            (f"{n:,}", tool): alone(run, sets[LARGEST], n)
            for n in options.sizes or SIZES
            for tool, run in tools.items()
            if tool == "siftmap" or n <= PEER_LIMIT
        },
    )
    print("\nAn update:", alone(measure_update, sets[LARGEST]))
    for name in names:
        same = alone(is_same_in_any_order, sets[name])
        print(f"{name}, shuffled: {'the same' if same else 'NOT the same'} clusters and questions")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", help="names; default: all but the largest")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/bench/duplicates")
    parser.add_argument("--sizes", nargs="*", type=int)
    parser.add_argument("--alone", action="store_true", help="without the other tools")
    parser.add_argument("--growth", action="store_true", help="only time and memory by size")
    return parser.parse_args()


def _peers() -> dict[str, Callable[..., Line]]:
    peers: dict[str, Callable[..., Line]] = {"bib-dedupe": duplicate_peers.measure_bib_dedupe}
    python = duplicate_peers.destiny_python()
    if python:
        peers["destiny-deduper"] = functools.partial(duplicate_peers.measure_destiny, python=python)
    return peers


def _totals(lines: dict[tuple[str, str], Line]) -> dict[tuple[str, str], Line]:
    """Return each tool's line for the real sets together, and for all sets."""
    real = {key: value for key, value in lines.items() if not key[0].startswith("synth")}
    tools = dict.fromkeys(tool for _, tool in lines)
    return {
        (title, tool): add_up([value for (_, name), value in some.items() if name == tool])
        for title, some in (("real sets", real), ("all sets", lines))
        for tool in tools
        if some
    }


def _print_growth(path: Path, sizes: Sequence[int]) -> None:
    measured = [alone(duplicate_growth.measure_growth, path, n) for n in sizes]
    lines = duplicate_growth.compare_with_smallest(measured)
    print_table(
        f"Time and memory, on {LARGEST} and copies of it about other works",
        {(f"{n:,}", "siftmap"): one for n, one in zip(sizes, lines, strict=True)},
        duplicate_growth.COLUMNS,
    )


if __name__ == "__main__":
    main()
