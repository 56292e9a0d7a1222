"""Try rows of the table in docs/reliability.md, and write what they showed into it.

    python tests/soak/run.py [LD1,DU1]     (make soak ROWS=LD1,DU1)

Without names every row is tried that can be.  Each row is tried on SQLite and PostgreSQL, one row
after the other, with the numbers of the soak profile.  A row is met only with the goal's own
numbers: where the tests use fewer, the result says so and is not called met.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from tests.soak import table
from tests.soak.results import ROOT, keep
from tests.soak.rows import BOTH, BY_ID, NONE, ROWS, Row

FAMILY = "junit_family=xunit1"  # the one that has room for the figures
FEWER = "with smaller numbers: "


def main() -> None:
    """Try the rows that are named, and write the table again."""
    names = [name for name in " ".join(sys.argv[1:]).replace(",", " ").split() if name]
    if unknown := set(names) - BY_ID.keys():
        raise SystemExit(f"There is no row {', '.join(sorted(unknown))}.")
    for row in [BY_ID[name] for name in names] or ROWS:
        try_out(row)
        table.write()


def try_out(row: Row) -> None:
    """Run what tries a row and keep what it showed."""
    present = [test for test in row.tests if (ROOT / test.split("::")[0]).exists()]
    if row.program:
        subprocess.run([sys.executable, *row.program, "--row", row.id], cwd=ROOT, check=False)
    elif present:
        _run_tests(row, present)
    else:
        print(f"{row.id}: nothing here tries it.")


def _run_tests(row: Row, tests: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["-q", "-m", "soak or not soak", f"--junitxml={report}", "-o", FAMILY]
        subprocess.run(
            [sys.executable, "-m", "pytest", *options, *tests],
            cwd=ROOT, env=os.environ | {"SIFTMAP_TEST_PROFILE": "soak"}, check=False,
        )  # fmt: skip
        cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 - our own file
    for database in row.databases:
        own = [case for case in cases if _database_of(case) in (database, *NONE)]
        met, figure = judge(row, own)
        keep(row=row.id, database=database, met=met, figure=figure,
             command=f"make soak ROWS={row.id}")  # fmt: skip
        print(f"{row.id} {database}: {'met' if met else 'not met'}: {figure}")


def judge(row: Row, cases: Sequence[ElementTree.Element]) -> tuple[bool, str]:
    """Return whether a row is met, and its figure, from what pytest wrote about its tests."""
    outcomes: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        outcomes[_outcome(case)].append(case.attrib["name"])
    figures = [figure for case in cases for figure in _figures(row.id, case)]
    if bad := outcomes["failed"]:
        failed = f"{len(bad)} of {len(cases)} tests failed, such as {bad[0]}"
        return False, "; ".join([failed, *(figure for _, figure in figures)])
    if not outcomes["passed"]:
        return False, "no test ran"
    if figures:
        return all(met for met, _ in figures), "; ".join(figure for _, figure in figures)
    passed = f"{len(outcomes['passed'])} tests passed"
    return row.is_whole, passed if row.is_whole else FEWER + passed


def _outcome(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def _database_of(case: ElementTree.Element) -> str:
    words = case.attrib["name"].partition("[")[2].rstrip("]").split("-")
    return next((kind for kind in BOTH if kind in words), *NONE)


def _figures(row: str, case: ElementTree.Element) -> Iterator[tuple[bool, str]]:
    """Yield (met, figure) that a test recorded with `record_row`."""
    for found in case.iter("property"):
        if found.attrib["name"] == row:
            value = json.loads(found.attrib["value"])
            yield value["met"], value["figure"]


if __name__ == "__main__":
    main()
