"""The address at which a library's link resolver looks for a report (ANSI/NISO Z39.88, OpenURL)."""

from urllib.parse import urlencode

from review.tables import Record

BOOKS = ("BOOK", "CHAP", "RPRT", "THES", "EBOOK")


def open_url(resolver: str, record: Record) -> str:
    """Return the resolver's address with what the record says, as keys and values."""
    first_page = (record.pages or "").split("-")[0]
    kind = "book" if record.type in BOOKS else "journal"
    fields = {
        "url_ver": "Z39.88-2004",
        "rft_val_fmt": f"info:ofi/fmt:kev:mtx:{kind}",
        "rft_id": f"info:doi/{record.doi}" if record.doi else "",
        "rft.btitle" if kind == "book" else "rft.atitle": record.title,
        "rft.jtitle": record.journal if kind == "journal" else "",
        "rft.pub": record.journal if kind == "book" else "",
        "rft.au": record.authors[0] if record.authors else "",
        "rft.date": record.year,
        "rft.volume": record.volume,
        "rft.issue": record.issue,
        "rft.spage": first_page,
        "rft.issn": record.issn,
        "rft.isbn": record.isbn,
    }
    joint = "&" if "?" in resolver else "?"
    return resolver + joint + urlencode({name: value for name, value in fields.items() if value})
