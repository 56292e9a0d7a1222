"""The labelled sets of duplicates, and the lines of the table that compares tools on them."""

import resource
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from review.duplicates.matching import cluster

COUNTS = (
    "records", "removable", "FP", "FN", "lost", "asked", "true", "FP_after", "FN_after", "seconds",
)  # fmt: skip
COLUMNS = (
    "records", "removable", "FP", "FN", "sensitivity", "lost", "asked", "true", "per_100",
    "FP_after", "FN_after", "after", "seconds", "MB",
)  # fmt: skip

Line = dict[str, float]


def load(path: Path, n: int | None = None) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the fields and the truth of a set, cut after ``n`` records in the order of works."""
    records = pd.read_csv(path, dtype=str, keep_default_na=False)
    if n is not None and n < len(records):
        first_of_work = records.groupby("cluster_id").ngroup(ascending=True)
        records = records.iloc[np.argsort(first_of_work, kind="stable")[:n]]
    truth = records["cluster_id"].to_numpy()
    fields = records.drop(columns=["cluster_id", "label"], errors="ignore")
    return fields.reset_index(drop=True), truth


def line(
    truth: np.ndarray, labels: np.ndarray, asked: Sequence[tuple[int, int]], seconds: float
) -> Line:
    """Return a tool's line for a set: its errors before and after its questions are answered."""
    duplicates = [(left, right) for left, right in asked if truth[left] == truth[right]]
    after = count_errors(truth, answer(labels, duplicates))
    return _with_rates(
        {
            **count_errors(truth, labels), "asked": len(asked), "true": len(duplicates),
            "FP_after": after["FP"], "FN_after": after["FN"], "seconds": round(seconds, 1),
            "MB": peak_memory(),
        }
    )  # fmt: skip


def count_errors(truth: np.ndarray, labels: np.ndarray) -> Line:
    """Return wrong merges, duplicates that remain, and works that no longer lead a cluster."""
    pairs = pd.DataFrame({"work": truth, "cluster": labels})
    n_works, n_clusters = pairs["work"].nunique(), pairs["cluster"].nunique()
    removable, removed = len(pairs) - n_works, len(pairs) - n_clusters
    wrong = int((pairs.groupby("cluster")["work"].nunique() - 1).sum())
    kept = pairs.drop_duplicates("cluster")["work"].nunique()
    return {
        "records": len(pairs), "removable": removable, "FP": wrong,
        "FN": removable - (removed - wrong), "lost": n_works - kept,
    }  # fmt: skip


def answer(labels: np.ndarray, duplicates: Iterable[tuple[int, int]]) -> np.ndarray:
    """Return the labels after every question has been answered correctly.

    "Not duplicates" leaves two clusters as they are, so only ``duplicates`` matter.
    """
    no_pairs = pd.DataFrame({"left": [], "right": [], "score": [], "band": []})
    merged = [(int(label), index) for index, label in enumerate(labels) if label != index]
    return cluster(len(labels), no_pairs, together=[*merged, *duplicates])


def add_up(lines: Sequence[Line]) -> Line:
    """Return the line of several sets together; its memory is that of the largest."""
    total = {name: sum(one[name] for one in lines) for name in COUNTS}
    return _with_rates(total | {"MB": max(one["MB"] for one in lines)})


def _with_rates(counts: Line) -> Line:
    def found(missed: float) -> float:
        return round(1 - missed / counts["removable"], 4) if counts["removable"] else 1.0

    return counts | {
        "sensitivity": found(counts["FN"]), "after": found(counts["FN_after"]),
        "per_100": round(100 * counts["asked"] / counts["records"], 2),
    }  # fmt: skip


def peak_memory() -> int:
    """Return the most memory that this process has used, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def print_table(
    title: str, lines: dict[tuple[str, str], Line], columns: Sequence[str] = COLUMNS
) -> None:
    """Print one row for each set and tool."""
    table = pd.DataFrame(lines, index=columns).T.convert_dtypes()  # counts without a point
    print(f"\n{title}\n{table.to_string()}", flush=True)
