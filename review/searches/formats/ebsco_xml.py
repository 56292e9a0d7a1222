"""EBSCOhost XML: `<records><rec>`, with a header that has the journal and the article."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from review.searches.formats.building import build_record, element_blocks
from review.searches.formats.elements import first_text, text_of, texts_of
from review.searches.formats.fields import doi_alone, unescaped
from review.searches.formats.records import Block, ParsedAbstract, ParsedRecord
from review.searches.formats.source import TextSource

_TITLES = ("artinfo/tig/atl", "chapinfo/tig/atl", "dissinfo/disstl", "bkinfo/btl")
_AUTHORS = ("artinfo/aug/au", "chapinfo/aug/au", "dissinfo/aug/au", "bkinfo/aug/au")
_KEYWORDS = ("artinfo/sug/subj", "artinfo/su", "artinfo/keyword")
_NUMBERS = ("jinfo/issn", "bkinfo/isbn", "pubinfo/isbn")
_EXTRA = {
    "publisher": "pubinfo/pub",
    "place": "pubinfo/place",
    "affiliation": "artinfo/aug/affil",
    "number of pages": "artinfo/ppct",
}


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a file: its `rec` elements."""
    return element_blocks(source, "rec", to_record=to_record)


def to_record(element: Element) -> ParsedRecord:
    """Return the record in a `rec` element."""
    header, date = element.find("header"), element.find(".//pubinfo/dt")
    info = next(element.iter("controlInfo"), element)
    abstracts = texts_of(info, "artinfo/ab")
    names = next(filter(None, (texts_of(info, path) for path in _AUTHORS)), [])
    database = "" if header is None else header.get("longDbName") or header.get("shortDbName") or ""
    number = "" if header is None else header.get("uiTerm") or ""
    return build_record(
        title=first_text(info, *_TITLES),
        abstract=abstracts[0] if abstracts else None,
        other_abstracts=[ParsedAbstract(None, text) for text in abstracts[1:]],
        authors=[part for name in names for part in unescaped(name).split(";")],
        years=[] if date is None else [date.get("year") or "", text_of(date)],
        journal=first_text(info, "jinfo/jtl", "bkinfo/btl", "jinfo/jabb"),
        volume=first_text(info, "pubinfo/vid"),
        issue=first_text(info, "pubinfo/iid"),
        first_page=first_text(info, "artinfo/pages", "artinfo/ppf"),
        doi=_identifier(info, "doi"),
        pmid=_identifier(info, "pmid") or (number if "medline" in database.lower() else None),
        numbers=[text for path in _NUMBERS for text in texts_of(info, path)],
        url=first_text(element, ".//pLink/url", ".//url"),
        type=first_text(info, "artinfo/doctype", "artinfo/pubtype"),
        language=first_text(info, "language"),
        accession=number,
        keywords=[text for path in _KEYWORDS for text in texts_of(info, path)],
        extra={"database": [database]}
        | {name: texts_of(info, path) for name, path in _EXTRA.items()},
    )


def _identifier(info: Element, kind: str) -> str | None:
    """Return the article's identifier of a kind; a DOI may have no kind named."""
    for identifier in info.findall("artinfo/ui"):
        text = text_of(identifier)
        named = (identifier.get("type") or "").lower()
        if named == kind or (kind == "doi" and not named and doi_alone(text)):
            return text
    return None
