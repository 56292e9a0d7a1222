"""The address at which a library's link resolver looks for a report (ANSI/NISO Z39.88, OpenURL)."""

import re
from urllib.parse import urlencode

from review.tables import Record

_BOOKS = re.compile(r"book|chap|thes|dissertation|report|rprt|monograph", re.IGNORECASE)
_PARTS = re.compile(r"chap|section", re.IGNORECASE)


def open_url(resolver: str, record: Record) -> str:
    """Return the resolver's address with what the record says, as keys and values."""
    kind = "book" if _BOOKS.search(record.type or "") else "journal"
    is_part = kind == "book" and bool(_PARTS.search(record.type or ""))
    is_book = kind == "book" and not is_part
    of = "rft.btitle" if is_part else "rft.pub" if is_book else "rft.jtitle"
    fields = {
        "url_ver": "Z39.88-2004",
        "rft_val_fmt": f"info:ofi/fmt:kev:mtx:{kind}",
        "rft_id": f"info:doi/{record.doi}" if record.doi else "",
        "rft.btitle" if is_book else "rft.atitle": record.title,
        of: record.journal,
        "rft.au": record.authors[0] if record.authors else "",
        "rft.date": record.year,
        "rft.volume": record.volume,
        "rft.issue": record.issue,
        "rft.spage": re.split("[-\u2013\u2014]", record.pages or "")[0],
        "rft.issn": record.issn,
        "rft.isbn": record.isbn,
    }
    joint = "&" if "?" in resolver else "?"
    return resolver + joint + urlencode({name: value for name, value in fields.items() if value})
