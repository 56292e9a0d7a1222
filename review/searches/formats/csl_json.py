"""CSL-JSON, as Zotero and citation processors write it: an array of items."""

from collections.abc import Iterator

from review.searches.formats.building import build_record
from review.searches.formats.json_items import Item, as_text, item_blocks
from review.searches.formats.records import Block, ParsedRecord
from review.searches.formats.source import TextSource

_READ_WORDS = (
    "title abstract author issued container-title container-title-short journalAbbreviation "
    "volume issue page DOI PMID ISSN ISBN URL type "
    "language keyword original-title"
)
_READ = frozenset(_READ_WORDS.split())


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a CSL-JSON file: the objects of its outermost array."""
    return item_blocks(source, "items", to_record=to_record)


def to_record(item: Item) -> ParsedRecord:
    """Return the record in an item; values of an unexpected type are read as text."""
    return build_record(
        title=as_text(item.get("title")),
        abstract=as_text(item.get("abstract")),
        authors=_names(item.get("author")),
        years=[as_text(item.get(name)) for name in ("issued", "published", "original-date")],
        journal=as_text(item.get("container-title")),
        journal_abbreviation=as_text(
            item.get("container-title-short") or item.get("journalAbbreviation")
        ),
        volume=as_text(item.get("volume")),
        issue=as_text(item.get("issue")),
        first_page=as_text(item.get("page")),
        doi=as_text(item.get("DOI")),
        pmid=as_text(item.get("PMID")),
        numbers=[as_text(item.get("ISSN")), as_text(item.get("ISBN"))],
        url=as_text(item.get("URL")),
        type=as_text(item.get("type")),
        language=as_text(item.get("language")),
        keywords=as_text(item.get("keyword")).replace(";", ",").split(","),
        translated_title=as_text(item.get("original-title")),
        extra={name: [as_text(value)] for name, value in item.items() if name not in _READ},
    )


def _names(authors: object) -> list[str]:
    names = []
    for author in authors if isinstance(authors, list) else []:
        if not isinstance(author, dict):
            names.append(as_text(author))
            continue
        particle = as_text(author.get("non-dropping-particle"))
        family = f"{particle} {as_text(author.get('family'))}".strip()
        given = f"{as_text(author.get('given'))} {as_text(author.get('suffix'))}".strip()
        group = as_text(author.get("literal") or author.get("name"))  # Crossref writes "name"
        names.append(f"{family}, {given}" if family else f"{group},")
    return names
