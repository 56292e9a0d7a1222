"""Measure how long commands take to start, compared with importing what every command needs.

    python tests/benchmarks/start_up.py [--runs 7]

Times are CPU seconds (user and system) of whole processes, on a new empty database.  The runs of
all commands alternate, so that other load on the machine slows all of them; the ratio is the median
over the runs.  `siftmap --help` has a limit in seconds, `verify` and `prisma` have one as a ratio.
Returns 1 if a limit is exceeded.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

SIFTMAP = str(Path(sys.executable).with_name("siftmap"))
LIBRARIES = "sqlalchemy.orm, typer, pydantic_settings"
COMMANDS = {
    "the libraries": [sys.executable, "-c", f"import {LIBRARIES}"],
    "siftmap --help": [SIFTMAP, "--help"],
    "siftmap verify": [SIFTMAP, "verify"],
    "siftmap prisma": [SIFTMAP, "prisma", "--help"],
    "siftmap import": [SIFTMAP, "import", "--help"],
    "siftmap dedupe": [SIFTMAP, "dedupe", "--help"],
    "siftmap rank": [SIFTMAP, "rank", "--help"],
    "siftmap serve": [SIFTMAP, "serve", "--help"],
}
MAX_SECONDS = {"siftmap --help": 0.3}
MAX_RATIO = {"siftmap verify": 1.5, "siftmap prisma": 1.5}


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    """Return the CPU time of a process, which must end well."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(runs: int) -> dict[str, list[float]]:
    """Return the CPU seconds of every run of each command."""
    seconds = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"SIFTMAP_DATA_DIR": folder}
        cpu_seconds([SIFTMAP, "migrate"], environment)
        for _ in range(runs):
            for name, command in COMMANDS.items():
                seconds[name].append(cpu_seconds(command, environment))
    return seconds


def main() -> int:
    """Print the table; return 1 if a command starts too slowly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    seconds = measure(parser.parse_args().runs)
    libraries = seconds["the libraries"]
    is_slow = False
    print(f"{'':16}{'CPU s':>8}{'ratio':>8}{'limit':>10}")
    for name, times in seconds.items():
        ratio = median(own / base for own, base in zip(times, libraries, strict=True))
        limit = f"{MAX_SECONDS[name]} s" if name in MAX_SECONDS else str(MAX_RATIO.get(name, ""))
        print(f"{name:16}{median(times):8.3f}{ratio:8.2f}{limit:>10}")
        is_slow |= median(times) > MAX_SECONDS.get(name, median(times))
        is_slow |= ratio > MAX_RATIO.get(name, ratio)
    return int(is_slow)


if __name__ == "__main__":
    sys.exit(main())
