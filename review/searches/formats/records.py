"""What the readers return: blocks and the records in them."""

from dataclasses import dataclass, field
from enum import StrEnum

RECORD_LIMIT = 10 * 1024 * 1024
"""Characters in one block; a longer block is rejected with a reason."""

RAW_LIMIT = 200_000
"""Characters of an oversized block that are kept to show how it began."""

N_EXAMPLES = 3
"""Rows of a table that are shown with its headings."""


class Format(StrEnum):
    """The formats that can be read."""

    RIS = "ris"
    NBIB = "nbib"
    PUBMED_XML = "pubmed_xml"
    BIBTEX = "bibtex"
    ENDNOTE_XML = "endnote_xml"
    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    OVID = "ovid"
    WOS = "wos"
    REFER = "refer"
    REFWORKS = "refworks"
    CSL_JSON = "csl_json"
    CNKI = "cnki"
    ZOTERO_RDF = "zotero_rdf"
    ICTRP_XML = "ictrp_xml"
    LABELLED = "labelled"
    PUBMED_TEXT = "pubmed_text"
    TRIALS_JSON = "trials_json"
    OPENALEX = "openalex"
    LENS = "lens"
    EBSCO_XML = "ebsco_xml"
    PROQUEST = "proquest"


@dataclass(frozen=True, slots=True)
class ParsedAbstract:
    """A further abstract of a record, with the code or name of its language, if known."""

    language: str | None
    text: str


@dataclass(slots=True, kw_only=True)  # not frozen, since that takes four times as long to make
class ParsedRecord:
    """A record as its block gives it: white space tidied, nothing looked up or guessed.

    ``authors`` are "Family, Given" in the order of the block.  ``translated_title`` is the title
    in another language.  ``extra`` has every other field, under its name in the file.
    """

    title: str
    abstract: str | None = None
    authors: tuple[str, ...] = ()
    year: int | None = None
    journal: str | None = None
    journal_abbreviation: str | None = None
    volume: str | None = None
    issue: str | None = None
    pages: str | None = None
    doi: str | None = None
    pmid: str | None = None
    isbn: str | None = None
    issn: str | None = None
    url: str | None = None
    type: str | None = None
    language: str | None = None
    accession: str | None = None
    keywords: tuple[str, ...] = ()
    translated_title: str | None = None
    other_abstracts: tuple[ParsedAbstract, ...] = ()
    extra: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Block:
    """A part of the file that should be a record: either the record, or the reason why it is not.

    ``number`` counts from 1; ``line`` is the block's first line (in a table, the row number).
    """

    number: int
    line: int
    raw: str
    record: ParsedRecord | None = None
    reason: str | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.record is None) == (self.reason is None):
            raise ValueError("A block has either a record or a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """A column of a table: its heading, the field it is read as, if any, and its first cells."""

    heading: str
    field: str | None
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """The format and encoding detected for a file, and a sentence on how sure that is."""

    format: Format
    encoding: str
    note: str
