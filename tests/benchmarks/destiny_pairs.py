"""Compare the records of a CSV file with destiny-deduper, in its own environment.

    python destiny_pairs.py RECORDS.csv PAIRS.csv

Writes each candidate pair (left, right: the column recordid) with its label, and prints the
seconds and the memory that it took, as JSON.  ``duplicate_peers.py`` runs it.
"""

import csv
import json
import re
import sys
import time
from pathlib import Path

from destiny_deduper.algorithm.candidate_selection import build_blocked_pairs
from destiny_deduper.algorithm.import_references import CsvLoadConfig, load_reference_csv
from destiny_deduper.dedupe import Deduper
from loguru import logger


def main(records: str, found: str) -> None:
    """Read, block and compare as destiny-deduper does by default."""
    logger.disable("destiny_deduper")  # it logs a line for each pair
    started = time.perf_counter()
    papers = load_reference_csv(records, CsvLoadConfig(include_record_id=True))
    candidates = build_blocked_pairs(papers)
    deduper = Deduper(reference=papers[0], candidates=[])
    rows = [
        (papers[a].recordid, papers[b].recordid, deduper.score_pair(papers[a], papers[b]).label)
        for a, b in zip(candidates["index_a"], candidates["index_b"], strict=True)
    ]
    seconds = round(time.perf_counter() - started, 1)
    with Path(found).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("left", "right", "label"), *rows])
    print(json.dumps({"seconds": seconds, "MB": _peak_memory()}))


def _peak_memory() -> int:
    # `getrusage` would count the memory of the process that started this one.
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
