"""Write search files as five programs would export them; each text is deterministic."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from html import escape

from api.demonstration.copies import SourceEntry

Writer = Callable[[Sequence[SourceEntry]], str]

# The remains of an interrupted download: people and a journal, but no title.
DAMAGED = "TY  - JOUR\nAU  - Cut, Off\nJO  - Journal of Invented Policy\nPY  - 2014\nER  - \n"


def write(entries: Sequence[SourceEntry], *, ending: str, n_damaged: int = 0) -> str:
    """Return the text of a search file, with any damaged blocks spread over it."""
    text = WRITERS[ending](entries)
    if not n_damaged:
        return text
    blocks = text.split("\n\n")
    step = len(blocks) // (n_damaged + 1)
    for number in range(n_damaged, 0, -1):
        blocks.insert(number * step, DAMAGED)
    return "\n\n".join(blocks)


def _ris(entries: Sequence[SourceEntry]) -> str:
    return "\n\n".join("\n".join(_ris_lines(entry)) for entry in entries) + "\n"


def _ris_lines(entry: SourceEntry) -> list[str]:
    first, last = entry.pages or (None, None)
    pairs = [
        ("TI", entry.title),
        *(("AU", author) for author in entry.authors),
        ("PY", entry.year),
        ("JO", entry.journal),
        ("VL", entry.volume),
        ("IS", entry.issue),
        ("SP", first),
        ("EP", last),
        ("DO", entry.doi),
        ("LA", entry.language),
        *(("KW", keyword) for keyword in entry.work.keywords),
        ("AB", entry.abstract),
    ]
    kind = "JOUR" if entry.type == "Journal Article" else "RPRT"
    lines = [f"{tag}  - {value}" for tag, value in pairs if value is not None]
    return [f"TY  - {kind}", *lines, "ER  - "]


def _nbib(entries: Sequence[SourceEntry]) -> str:
    return "\n\n".join("\n".join(_nbib_lines(entry)) for entry in entries) + "\n"


def _nbib_lines(entry: SourceEntry) -> list[str]:
    pairs = [
        ("PMID", 98_000_000 + entry.work.number),  # far beyond the numbers in use
        ("TI", entry.title),
        *(("FAU", author) for author in entry.authors),
        ("DP", entry.year),
        ("JT", entry.journal),
        ("VI", entry.volume),
        ("IP", entry.issue),
        ("PG", _range(entry)),
        ("LID", f"{entry.doi} [doi]" if entry.doi else None),
        ("LA", entry.language),
        ("PT", entry.type),
        *(("OT", keyword) for keyword in entry.work.keywords),
        ("AB", entry.abstract),
    ]
    return [f"{tag:<4}- {value}" for tag, value in pairs if value is not None]


def _bibtex(entries: Sequence[SourceEntry]) -> str:
    return "\n\n".join(_bibtex_entry(entry) for entry in entries) + "\n"


def _bibtex_entry(entry: SourceEntry) -> str:
    fields: Mapping[str, object] = {
        "title": entry.title,
        "author": " and ".join(entry.authors),
        "year": entry.year,
        "journal": entry.journal,
        "volume": entry.volume,
        "number": entry.issue,
        "pages": (_range(entry) or "").replace("-", "--") or None,
        "doi": entry.doi,
        "language": entry.language,
        "keywords": ", ".join(entry.work.keywords),
        "abstract": entry.abstract,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value is not None]
    return "\n".join([f"@article{{invented{entry.work.number},", *lines, "}"])


def _endnote(entries: Sequence[SourceEntry]) -> str:
    records = "\n".join(_endnote_record(entry) for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<xml><records>\n{records}\n</records></xml>\n'


def _endnote_record(entry: SourceEntry) -> str:
    def tag(name: str, value: object) -> str:
        return "" if value is None else f"<{name}>{escape(str(value), quote=False)}</{name}>"

    authors = "".join(tag("author", author) for author in entry.authors)
    keywords = "".join(tag("keyword", keyword) for keyword in entry.work.keywords)
    return (
        f'<record><ref-type name="{entry.type}">17</ref-type>'
        f"<contributors><authors>{authors}</authors></contributors>"
        f"<titles>{tag('title', entry.title)}{tag('secondary-title', entry.journal)}</titles>"
        f"{tag('pages', _range(entry))}{tag('volume', entry.volume)}{tag('number', entry.issue)}"
        f"<keywords>{keywords}</keywords><dates>{tag('year', entry.year)}</dates>"
        f"{tag('electronic-resource-num', entry.doi)}{tag('abstract', entry.abstract)}"
        f"{tag('language', entry.language)}</record>"
    )


def _csv(entries: Sequence[SourceEntry]) -> str:
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["Title", "Authors", "Year", "Journal", "Volume", "Issue", "Pages", "DOI",
                    "Language", "Document Type", "Keywords", "Abstract"])  # fmt: skip
    for entry in entries:
        table.writerow([
            entry.title, "; ".join(entry.authors), entry.year, entry.journal, entry.volume,
            entry.issue, _range(entry), entry.doi, entry.language, entry.type,
            "; ".join(entry.work.keywords), entry.abstract,
        ])  # fmt: skip
    return file.getvalue()


def _range(entry: SourceEntry) -> str | None:
    return f"{entry.pages[0]}-{entry.pages[1]}" if entry.pages else None


WRITERS: Mapping[str, Writer] = {
    "ris": _ris,
    "nbib": _nbib,
    "bib": _bibtex,
    "xml": _endnote,
    "csv": _csv,
}
