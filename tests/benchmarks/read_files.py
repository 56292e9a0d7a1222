"""Read every file of a folder of real exports and print the results by format.

    python tests/benchmarks/read_files.py [--folder ../shared/bench/imports] [--verbose]

The folder's MANIFEST.csv gives the format of each file, and its number of records by an
independent count.
"""

import argparse
import csv
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from review.errors import Unreadable
from review.searches.formats import count_blocks, detect, read

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass
class Tally:
    """The totals for the files of one format."""

    files: int = 0
    expected: int = 0
    accepted: int = 0
    rejected: int = 0
    exceptions: int = 0
    mismatches: list[str] = field(default_factory=list)


def read_one(path: Path, expected: int, tally: Tally) -> None:
    """Add one file to ``tally``; refusing a file without records is right."""
    tally.files += 1
    tally.expected += expected
    accepted = rejected = counted = 0
    result = "unreadable"
    try:
        detected = detect(path)
        result = detected.format
        counted = count_blocks(path, format=detected.format, encoding=detected.encoding)
        for block in read(path, format=detected.format, encoding=detected.encoding):
            accepted += block.record is not None
            rejected += block.record is None
    except Unreadable as error:
        result = f"unreadable: {error}"
    except Exception as error:  # the benchmark counts every exception
        tally.exceptions += 1
        result = f"{type(error).__name__}: {error}"
    tally.accepted += accepted
    tally.rejected += rejected
    if not accepted + rejected == counted == expected:
        tally.mismatches.append(
            f"{path.name} ({result}): expected {expected}, counted {counted}, "
            f"accepted {accepted}, rejected {rejected}"
        )


def main() -> int:
    """Print the table; return 1 if a file raised an exception, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "../shared/bench/imports")
    folder = parser.parse_args().folder
    tallies: dict[str, Tally] = defaultdict(Tally)
    started = time.process_time()
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as manifest:
        for row in csv.DictReader(manifest):
            tally = tallies[row["format"]]
            read_one(folder / row["file"], int(row["expected_records"]), tally)
    print(
        f"{'format':16}{'files':>7}{'expected':>10}{'accepted':>10}{'rejected':>10}{'exceptions':>12}"
    )
    for name, tally in sorted(tallies.items()):
        print(
            f"{name:16}{tally.files:7}{tally.expected:10}{tally.accepted:10}{tally.rejected:10}"
            f"{tally.exceptions:12}"
        )
        for mismatch in tally.mismatches:
            print(f"    {mismatch}")
    print(f"{time.process_time() - started:.1f} CPU seconds")
    return 1 if any(tally.exceptions for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
