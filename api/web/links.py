"""Where a record can be read or looked up elsewhere; plain links, nothing is fetched."""

from collections.abc import Sequence
from urllib.parse import quote

from review.reports.open_url import open_url
from review.tables import Record


def links(record: Record, resolver: str = "") -> Sequence[tuple[str, str]]:
    """Return (label, address) of the places that know a record by its DOI, address or title.

    ``resolver`` is the address of the library's link resolver, if it has one.
    """
    found = []
    doi = quote(record.doi) if record.doi else ""
    if doi:
        found.append(("DOI", f"https://doi.org/{doi}"))
    if record.url and record.url.startswith(("http://", "https://")):
        found.append(("Publisher" if doi else "Link", record.url))
    if resolver:
        found.append(("Library", open_url(resolver, record)))
    if wanted := record.doi or record.title:
        found.append(("Google Scholar", f"https://scholar.google.com/scholar?q={quote(wanted)}"))
    if doi:
        found.append(("OpenAlex", f"https://openalex.org/works?filter=doi:{doi}"))
    return found
