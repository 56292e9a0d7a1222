"""XML of the WHO's ICTRP: `<Trials_downloaded_from_ICTRP>` with a `<Trial>` for each trial."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from review.searches.formats.building import element_blocks
from review.searches.formats.columns import match_columns, row_record
from review.searches.formats.elements import text_of
from review.searches.formats.records import Block, ParsedRecord
from review.searches.formats.source import TextSource


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a file: its `Trial` elements."""
    return element_blocks(source, "Trial", to_record=to_record)


def to_record(element: Element) -> ParsedRecord:
    """Return the record in a `Trial`, whose elements are named like the columns of the tables."""
    columns = match_columns([child.tag for child in element])
    return row_record(columns, [text_of(child) for child in element])
