"""Hits of a web search as a person types or pastes them, made a table that is read as any other."""

import csv
import io
import re

from review.errors import Invalid
from review.searches.formats.records import RECORDS_LIMIT

_LINK = re.compile(r"https?://[^\s<>\"]+")
_AROUND = " \t|·–—-:;,<>()[]\"'"


def table_of_hits(text: str) -> str:
    """Return a CSV of title and URL with a row for each line of ``text`` that is not blank.

    A line holds a title, an address, or both in either order; where it has no title the address
    stands for it, so that the hit is kept and can be opened.  Raises Invalid for no hit at all.
    """
    hits = [_hit(line) for line in text.splitlines() if line.strip()]
    if not hits or len(hits) > RECORDS_LIMIT:
        raise Invalid("Type or paste one hit a line: a title, an address, or both.")
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("title", "url"))
    rows.writerows(hits)
    return table.getvalue()


def _hit(line: str) -> tuple[str, str]:
    found = _LINK.search(line)
    if found is None:
        return line.strip(), ""
    url = found.group().rstrip(".,;)]")
    title = (
        line[: found.start()].strip(_AROUND) + " " + line[found.end() :].strip(_AROUND)
    ).strip()
    return title or url, url
