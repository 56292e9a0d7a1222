"""Turn the hits of a web search, typed or pasted, into a table that is read like any other."""

import csv
import io
import re

from review.errors import Invalid
from review.searches.limits import RECORDS_LIMIT

_LINK = re.compile(r"https?://[^\s<>\"]+")
_SEPARATORS = " \t|·–—-:;,<>()[]\"'"


def table_of_hits(text: str) -> str:
    """Return a CSV of title and URL with a row for each line of ``text`` that is not blank.

    A line has a title, an address, or both in either order.  Without a title, the address becomes
    the title, so that the hit is kept and can be opened.  Raises Invalid for no hits, or too many.
    """
    hits = [_hit(line) for line in text.splitlines() if line.strip()]
    if not hits or len(hits) > RECORDS_LIMIT:
        raise Invalid("Type or paste one hit per line: a title, an address, or both.")
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("title", "url"))
    rows.writerows(hits)
    return table.getvalue()


def _hit(line: str) -> tuple[str, str]:
    match = _LINK.search(line)
    if match is None:
        return line.strip(), ""
    url = match.group().rstrip(".,;)]")
    title = (
        line[: match.start()].strip(_SEPARATORS) + " " + line[match.end() :].strip(_SEPARATORS)
    ).strip()
    return title or url, url
