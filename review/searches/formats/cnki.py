"""Exports of CNKI and Wanfang: NoteExpress `{Title}: …`, and CNKI's own `Title-题名: …`."""

import re
from collections.abc import Iterable, Iterator

from review.searches.formats.building import build_record, marked_blocks
from review.searches.formats.records import Block, ParsedRecord
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags

MARK = re.compile(r"(?:\{Reference Type\}|SrcDatabase-[^\s:：]{1,20})[ \t]?[:：]")
_LINE = re.compile(
    r"[ \t\ufeff]*(?:\{([^{}\n]{2,40})\}|([A-Z][A-Za-z]{1,20})-[^\s:：]{1,20})[ \t]?[:：](.*)"
)
_BETWEEN = re.compile(r"[;；，\n]")


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a file in either form."""
    return marked_blocks(source, MARK, _split_line, to_record=to_record)


def _split_line(line: str) -> tuple[str, str] | None:
    match = _LINE.match(line)
    return (match.group(1) or match.group(2), match.group(3)) if match else None


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these tags describe."""
    return build_record(
        title=tags.take_first("Title"),
        abstract=tags.take_first("Abstract", "Summary"),
        authors=_split_values(tags.take_all("Author")),
        years=[
            value
            for tag in ("Year", "PubTime", "Publication Date", "Date")
            for value in tags.get(tag, ())
        ],
        journal=tags.take_first("Journal", "Source", "Secondary Title", "Book Title"),
        volume=tags.take_first("Volume", "Roll"),
        issue=tags.take_first("Issue", "Period"),
        first_page=tags.take_first("Pages", "Page", "PageCount"),
        doi=tags.take_first("DOI"),
        numbers=tags.get("ISBN/ISSN", []) + tags.get("ISSN", []) + tags.get("ISBN", []),
        url=tags.take_first("URL", "Link"),
        type=tags.take_first("Reference Type", "SrcDatabase"),
        language=tags.take_first("Language"),
        accession=tags.take_first("Accession Number"),
        keywords=_split_values(tags.take_all("Keywords", "Keyword")),
        translated_title=tags.take_first("Translated Title"),
        extra=tags,
    )


def _split_values(values: Iterable[str]) -> list[str]:
    return [part for value in values for part in _BETWEEN.split(value)]
