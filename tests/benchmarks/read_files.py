"""Read every file of a folder of real exports and print the results by format.

    python tests/benchmarks/read_files.py [--folder ../shared/bench/imports] [--speed 20000]

The folder's MANIFEST.csv gives the format of each file, and its number of records by an
independent count.  With ``--speed``, made-up RIS records are read instead, by siftmap and by rispy
in turns, so that the ratio of their times does not depend on the machine.
"""

import argparse
import csv
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import rispy

from review.errors import Unreadable
from review.searches.formats import Format, count_blocks, detect, read

TURNS = 5
WORDS = ("outcomes", "contracts", "social", "impact", "payment", "of", "results", "in", "care")
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


def made_record(number: int, chance: random.Random) -> str:
    """Return a RIS record of the usual size: about 38 lines and 2.6 kB."""

    def words(n: int) -> str:
        return " ".join(chance.choices(WORDS, k=n))

    authors = [f"AU  - {chance.choice(WORDS).title()}, A.B." for _ in range(chance.randint(1, 8))]
    keywords = [f"KW  - {words(2)}" for _ in range(chance.randint(3, 14))]
    lines = [
        "TY  - JOUR", *authors, f"TI  - {words(12)}", f"T2  - Journal of {words(3)}",
        f"J2  - J. {words(2)}", f"PY  - {chance.randint(1990, 2024)}", "VL  - 9", "IS  - 2",
        f"SP  - {number}", f"EP  - {number + 9}", f"DO  - 10.5555/j.{number}",
        f"AB  - {words(230)}", *keywords, f"UR  - https://example.org/record?id={number}",
        "DB  - Made up", "LA  - English", "N1  - Export Date: 3 May 2024", "M3  - Article",
        "SN  - 1234-5678 (ISSN)", f"AD  - {words(20)}", "N1  - Cited By: 4", "ER  - ", "",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def compare_speed(n: int) -> None:
    """Print the CPU time for ``n`` made-up RIS records, and the memory that siftmap needed."""
    chance = random.Random(5)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.ris"
        path.write_text("".join(made_record(number, chance) for number in range(n)))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sum(1 for _ in read(path, format=Format.RIS, encoding="utf-8"))
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) // 1024
        ours, theirs = [], []
        for _ in range(TURNS):
            started = time.process_time()
            sum(1 for _ in read(path, format=Format.RIS, encoding="utf-8"))
            ours.append(time.process_time() - started)
            started = time.process_time()
            rispy.loads(path.read_text(encoding="utf-8"))
            theirs.append(time.process_time() - started)
    print(f"siftmap {min(ours):.2f} CPU s, rispy {min(theirs):.2f}: {min(ours) / min(theirs):.2f}x")
    print(f"siftmap's memory grew by {grown} MB")


def main() -> int:
    """Print the table, or the speed; return 1 if a file raised an exception, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "../shared/bench/imports")
    parser.add_argument("--speed", type=int, metavar="RECORDS")
    arguments = parser.parse_args()
    if arguments.speed:
        compare_speed(arguments.speed)
        return 0
    folder = arguments.folder
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
