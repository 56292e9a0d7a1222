"""How time and memory grow with the number of records, on made-up records of other works."""

import string
import time
from pathlib import Path

import pandas as pd

from review.duplicates.matching import cluster, find_pairs, questions
from tests.benchmarks.duplicate_table import Line, load, peak_memory

SIZES = (10_000, 50_000, 100_000, 200_000, 500_000)
COLUMNS = (
    "records", "pairs", "asked", "seconds", "CPU", "MB", "seconds_ratio", "CPU_ratio", "MB_ratio",
)  # fmt: skip
SHIFTED = ("author", "title", "journal", "abstract", "volume")
IDENTIFIERS = ("doi", "pmid", "isbn")


def measure_growth(path: Path, n: int) -> Line:
    """Return what it takes to find the duplicates among ``n`` records."""
    records = enlarge(load(path, n)[0], n)
    started, started_cpu = time.perf_counter(), time.process_time()
    pairs = find_pairs(records)
    labels = cluster(len(records), pairs)
    asked = questions(len(records), labels, pairs)
    return {
        "records": len(records), "pairs": len(pairs), "asked": len(asked),
        "seconds": round(time.perf_counter() - started, 1),
        "CPU": round(time.process_time() - started_cpu, 1), "MB": peak_memory(),
    }  # fmt: skip


def compare_with_smallest(lines: list[Line]) -> list[Line]:
    """Add time and memory per record, as ratios to those of the first line."""

    def ratio(line: Line, name: str) -> float:
        first = lines[0]
        return round(line[name] / line["records"] / (first[name] / first["records"]), 2)

    return [
        line | {f"{name}_ratio": ratio(line, name) for name in ("seconds", "CPU", "MB")}
        for line in lines
    ]


def enlarge(records: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return ``n`` records: those given, then as many about other works, and so on.

    Each further copy of the records has other words, names, volumes and identifiers, with the same
    damage in the same places.  Years and pages remain.  Each copy has a vocabulary of its own, so
    from there on records share fewer words than in a real search of that size, and more is asked:
    the words that keep records apart (reply, part, women …) are only in the first copy.
    """
    n_copies = -(-n // len(records))
    copies = [records, *(_of_other_works(records, step) for step in range(1, n_copies))]
    return pd.concat(copies, ignore_index=True).iloc[:n]


def _of_other_works(records: pd.DataFrame, step: int) -> pd.DataFrame:
    """Shift letters and volumes by ``step``: words differ, misspellings remain misspellings."""
    shifted = {name: records[name].str.translate(_shift(step)) for name in SHIFTED}
    identifiers = {
        name: records[name].where(records[name] == "", records[name] + str(step))
        for name in IDENTIFIERS
    }
    return records.assign(**shifted, **identifiers)


def _shift(step: int) -> dict[int, int]:
    alphabets = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    shifted = (signs[step % len(signs) :] + signs[: step % len(signs)] for signs in alphabets)
    return str.maketrans("".join(alphabets), "".join(shifted))
