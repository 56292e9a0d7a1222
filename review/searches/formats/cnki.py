"""Exports of CNKI and Wanfang: NoteExpress `{Title}: …`, and CNKI's own `Title-题名: …`."""

import re
from collections.abc import Iterator

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.fields import unescaped
from review.searches.formats.name_lists import names_in
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.source import TextSource
from review.searches.formats.tagged import Tags, cut, parse_tags, starts_of_records

MARK = re.compile(
    r"(?:\{(?:Reference Type|Title)\}|(?:SrcDatabase|Title)-[^\x00-\xff]{1,20})[ \t]?[:：]"
)
_TAG = r"(?:\{([^{}\n]{2,40})\}|([A-Z][A-Za-z]{1,20})-[^\s:：]{1,20})[ \t]?[:：]"
_TAG_LINE = re.compile(_TAG)
_LINE = re.compile(rf"[ \t\ufeff]*{_TAG}(.*)")
_KINDS = frozenset(("Reference Type", "SrcDatabase"))
_BETWEEN = re.compile(r"[;；，、\n]")


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a file in either form; `SrcDatabase` may come first or last."""
    blocks = Blocks()
    for line, text in cut(source, starts_of_records(_TAG_LINE, kinds=_KINDS, title="Title")):
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
            continue
        text, faults = source.clean(text)
        if tags := parse_tags(text, _split_line):
            yield blocks.block(to_record(tags), line=line, raw=text.strip("\n"), warnings=faults)


def _split_line(line: str) -> tuple[str, str] | None:
    match = _LINE.match(line)
    return (match.group(1) or match.group(2), match.group(3)) if match else None


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these tags describe."""
    return build_record(
        title=tags.take_first("Title"),
        abstract=tags.take_first("Abstract", "Summary"),
        authors=[
            name
            for value in tags.take_all("Author")
            for name in names_in(_BETWEEN.split(unescaped(value)))
        ],
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
        language=(tags.take_first("Language") or "").rstrip(";；"),
        accession=tags.take_first("Accession Number"),
        keywords=[
            word
            for value in tags.take_all("Keywords", "Keyword")
            for word in _BETWEEN.split(unescaped(value))
        ],
        translated_title=tags.take_first("Translated Title"),
        extra=tags,
    )
