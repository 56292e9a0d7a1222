"""Works of OpenAlex in JSON: one a line, a list, or responses of its API.

Form: https://docs.openalex.org/api-entities/works/work-object
"""

from collections.abc import Iterator

from review.searches.formats.building import build_record
from review.searches.formats.json_items import (
    Item,
    item_blocks,
    items_at,
    text_at,
    texts_at,
    value_at,
)
from review.searches.formats.records import Block, ParsedRecord
from review.searches.formats.source import TextSource

_WORDS_LIMIT = 50_000  # of an abstract
_READ_WORDS = "id doi title display_name publication_year publication_date language type"
_READ = frozenset(_READ_WORDS.split())


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a file: its works."""
    return item_blocks(source, "results", to_record=to_record)


def to_record(item: Item) -> ParsedRecord:
    """Return the record in a work; its lists, such as topics, stay in the raw block."""
    return build_record(
        title=text_at(item, "title") or text_at(item, "display_name"),
        abstract=abstract_of(item) or text_at(item, "abstract"),
        authors=[
            text_at(authorship, "author", "display_name") or text_at(authorship, "raw_author_name")
            for authorship in items_at(item, "authorships")
        ],
        years=[text_at(item, "publication_year"), text_at(item, "publication_date")],
        journal=text_at(item, "primary_location", "source", "display_name")
        or text_at(item, "host_venue", "display_name"),
        volume=text_at(item, "biblio", "volume"),
        issue=text_at(item, "biblio", "issue"),
        first_page=text_at(item, "biblio", "first_page"),
        last_page=text_at(item, "biblio", "last_page"),
        doi=text_at(item, "doi") or text_at(item, "ids", "doi"),
        pmid=text_at(item, "ids", "pmid").rstrip("/").rpartition("/")[2],
        numbers=[
            text_at(item, "primary_location", "source", "issn_l"),
            *texts_at(item, "primary_location", "source", "issn"),
        ],
        url=text_at(item, "primary_location", "landing_page_url"),
        type=text_at(item, "type"),
        language=text_at(item, "language"),
        accession=text_at(item, "id"),
        keywords=[text_at(word, "display_name") for word in items_at(item, "keywords")],
        extra={
            name: [text_at(item, name)]
            for name, value in item.items()
            if name not in _READ and isinstance(value, str | int | float)
        },
    )


def abstract_of(item: Item) -> str:
    """Return the abstract rebuilt from `abstract_inverted_index`, the positions of each word."""
    index = value_at(item, "abstract_inverted_index")
    words = [
        (position, word)
        for word, positions in (index.items() if isinstance(index, dict) else ())
        for position in (positions if isinstance(positions, list) else ())
        if isinstance(position, int)
    ]
    return " ".join(word for _, word in sorted(words)[:_WORDS_LIMIT])
