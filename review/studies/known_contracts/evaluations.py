"""The evaluation reports that a list names, as a search that can be imported."""

import csv
import io
from collections.abc import Sequence

from review.studies.known_contracts.projects import KnownProject

COLUMNS = ("title", "url", "year", "keywords", "type")


def evaluations_csv(projects: Sequence[KnownProject]) -> tuple[str, int]:
    """Return the evaluation reports of projects as a table to import, and how many there are.

    Each has the number of its contract as a keyword; its name may have to be deleted one day.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    rows = [
        (one.title, one.url, one.date[:4], project.key, "report")
        for project in projects
        for one in project.evaluations
    ]
    writer.writerows(rows)
    return text.getvalue(), len(rows)
