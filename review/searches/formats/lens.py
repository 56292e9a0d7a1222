"""Works and patents of The Lens in JSON: one a line, a list, or responses of its API.

Form: https://docs.api.lens.org/response-scholar.html
"""

from collections.abc import Iterator, Sequence

from review.searches.formats.building import build_record
from review.searches.formats.json_items import (
    Item,
    as_text,
    item_blocks,
    items_at,
    text_at,
    texts_at,
    value_at,
)
from review.searches.formats.records import Block, ParsedAbstract, ParsedRecord
from review.searches.formats.source import TextSource

_READ_WORDS = (
    "lens_id title abstract year_published date_published publication_type volume issue "
    "start_page end_page"
)
_READ = frozenset(_READ_WORDS.split())


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a file: its works or patents."""
    return item_blocks(source, "data", to_record=to_record)


def to_record(item: Item) -> ParsedRecord:
    """Return the record in a work or patent; its lists of citations stay in the raw block."""
    titles = _versions(item, ("title",), ("biblio", "invention_title"))
    abstracts = _versions(item, ("abstract",))
    languages = texts_at(item, "languages") or [text_at(item, "lang")]
    return build_record(
        title=titles[0].text if titles else None,
        abstract=abstracts[0].text if abstracts else None,
        other_abstracts=abstracts[1:],
        authors=_names(item),
        years=[
            text_at(item, "year_published"),
            text_at(item, "date_published"),
            text_at(item, "biblio", "publication_reference", "date"),
        ],
        journal=text_at(item, "source", "title"),
        volume=text_at(item, "volume"),
        issue=text_at(item, "issue"),
        first_page=text_at(item, "start_page"),
        last_page=text_at(item, "end_page"),
        doi=_number(item, "doi"),
        pmid=_number(item, "pmid"),
        numbers=[
            *(text_at(issn, "value") for issn in items_at(item, "source", "issn")),
            *texts_at(item, "isbns"),
        ],
        url=next((text_at(url, "url") for url in items_at(item, "source_urls")), None),
        type=text_at(item, "publication_type"),
        language=languages[0],
        accession=text_at(item, "lens_id"),
        keywords=[*texts_at(item, "keywords"), *texts_at(item, "fields_of_study")],
        translated_title=titles[1].text if len(titles) > 1 else None,
        extra={
            name: [as_text(value)]
            for name, value in item.items()
            if name not in _READ and isinstance(value, str | int | float)
        },
    )


def _versions(item: Item, *paths: Sequence[str]) -> list[ParsedAbstract]:
    """Return the texts at the first path that has any, the English one first, with languages.

    A work has one text; a patent has a list with a language each.
    """
    for path in paths:
        if texts := items_at(item, *path):
            versions = [ParsedAbstract(text_at(t, "lang"), text_at(t, "text")) for t in texts]
            return sorted(versions, key=lambda version: version.language != "en")
        if text := text_at(item, *path):
            return [ParsedAbstract(None, text)]
    return []


def _names(item: Item) -> list[str]:
    people = items_at(item, "authors")
    inventors = items_at(item, "biblio", "parties", "inventors")
    return [
        ", ".join(filter(None, (text_at(person, "last_name"), text_at(person, "first_name"))))
        or text_at(person, "collective_name")
        or text_at(person, "display_name")
        for person in people
    ] + [text_at(person, "extracted_name", "value") for person in inventors]


def _number(item: Item, kind: str) -> str | None:
    """Return the work's number of a kind, such as its DOI."""
    numbers = items_at(item, "external_ids")
    found = (text_at(number, "value") for number in numbers if number.get("type") == kind)
    return next(found, None) or as_text(value_at(item, kind)) or None
