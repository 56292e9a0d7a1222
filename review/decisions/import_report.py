"""The report of an import of decisions: what became of each row of the file."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from review.safe_text import safe_cell

IMPORTED = "imported"
NO_RECORD = "no certain match among the records here"
NO_DECISION = "no decision in the file"
NOT_UNDERSTOOD = "the word for the decision is unknown"
# One sentence, whatever the cause: the cause may reveal what others decided.
NOT_NEEDED = "the record does not need this person's decision"
NO_REASON = "an exclusion at full text needs one of the protocol's reasons"


@dataclass(frozen=True)
class ReportRow:
    """One decision of the file, as the file has it, and what became of it."""

    line: int
    title: str
    author: str
    verdict: str
    result: str
    record: int | None  # the number of the record here


@dataclass(frozen=True)
class ImportReport:
    """What an import of decisions did with each row of its file."""

    event_number: int | None  # None where no decision was imported
    rows: Sequence[ReportRow]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows had each result."""
        return dict(Counter(row.result for row in self.rows))


def write_report(report: ImportReport, file: TextIO) -> None:
    """Write what became of every row as CSV."""
    table = csv.writer(file)
    table.writerow(("line", "title", "decided by", "decision in the file", "result", "record"))
    for row in report.rows:
        words = map(safe_cell, (row.title, row.author, row.verdict))
        table.writerow((row.line, *words, row.result, row.record))
