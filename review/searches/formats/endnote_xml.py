"""EndNote XML, as EndNote, Zotero and Mendeley write it: `<records><record>…`."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from review.searches.formats.building import build_record, element_blocks
from review.searches.formats.elements import first_text, text_of, texts_of
from review.searches.formats.fields import doi_alone, doi_in_url, unescaped
from review.searches.formats.records import Block, ParsedRecord
from review.searches.formats.source import TextSource

_READ_WORDS = (
    "contributors titles periodical pages volume number issue dates electronic-resource-num "
    "abstract keywords urls ref-type language isbn accession-num"
)
_READ = frozenset(_READ_WORDS.split())


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of an EndNote XML file: its `record` elements."""
    return element_blocks(source, "record", to_record=to_record)


def to_record(element: Element) -> ParsedRecord:
    """Return the record in a `record` element."""
    kind = element.find("ref-type")
    links = texts_of(element, "urls//url")
    resource = first_text(element, "electronic-resource-num")
    return build_record(
        title=first_text(element, "titles/title", "titles/short-title"),
        abstract=first_text(element, "abstract"),
        authors=_authors(element),
        years=texts_of(element, "dates/year") + texts_of(element, "dates/pub-dates/date"),
        journal=first_text(
            element,
            "periodical/full-title",
            "titles/secondary-title",
            "alt-periodical/full-title",
            "titles/alt-title",
            "periodical/abbr-1",
        ),
        journal_abbreviation=first_text(element, "periodical/abbr-1", "alt-periodical/abbr-1"),
        volume=first_text(element, "volume"),
        issue=first_text(element, "number", "issue"),
        first_page=first_text(element, "pages"),
        doi=_doi(resource, texts_of(element, "notes"), links),
        pmid=_pmid(element),
        numbers=texts_of(element, "isbn"),
        url=links[0] if links else None,
        type=kind.get("name") or text_of(kind) if kind is not None else None,
        language=first_text(element, "language"),
        accession=first_text(element, "accession-num"),
        keywords=[
            word
            for keyword in element.findall("keywords/keyword")
            for word in "".join(keyword.itertext()).split("\n")
        ],
        translated_title=first_text(element, "titles/translated-title"),
        extra=_extra(element),
    )


def _authors(element: Element) -> list[str]:
    texts = texts_of(element, "contributors/authors/author")
    return [name.strip() for text in texts for name in unescaped(text).split(";")]


def _doi(resource: str | None, notes: list[str], links: list[str]) -> str | None:
    for text in [resource or "", *notes]:
        if doi := doi_alone(text):
            return doi
    return next((doi for link in links if (doi := doi_in_url(link))), resource)


def _pmid(element: Element) -> str | None:
    provider = " ".join(
        (first_text(element, name) or "")
        for name in ("remote-database-provider", "remote-database-name")
    ).lower()
    accession = first_text(element, "accession-num") or ""
    is_pubmed = any(name in provider for name in ("nlm", "pubmed", "medline"))
    return accession if is_pubmed and accession.isdigit() else None


def _extra(element: Element) -> dict[str, list[str]]:
    extra: dict[str, list[str]] = {}
    for child in element:
        if child.tag not in _READ and (text := text_of(child)):
            extra.setdefault(child.tag, []).append(text)
    for path in (
        "contributors/secondary-authors/author",
        "contributors/tertiary-authors/author",
        "contributors/subsidiary-authors/author",
        "titles/tertiary-title",
        "titles/short-title",
    ):
        if texts := texts_of(element, path):
            extra[path.split("/")[1]] = texts
    return extra
