"""Parse search files into blocks: each is a record, or the reason why it is not one.

Each format has a module with a ``read``.  A new format needs that module, a member of ``Format``,
a line in ``_READERS``, and its mark in ``detection`` and ``counting``.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from review.errors import Invalid, Unreadable
from review.searches.formats import (
    bibtex,
    cnki,
    csl_json,
    ebsco_xml,
    endnote_xml,
    ictrp_xml,
    labelled,
    lens,
    nbib,
    openalex,
    ovid,
    proquest,
    pubmed_text,
    pubmed_xml,
    refer,
    refworks,
    ris,
    tables,
    trials_json,
    workbook,
    wos,
    zotero_rdf,
)
from review.searches.formats.claims import DecisionClaim, claims
from review.searches.formats.columns import FIELDS
from review.searches.formats.counting import count_blocks
from review.searches.formats.detection import detect
from review.searches.formats.languages import language_of
from review.searches.formats.records import (
    N_EXAMPLES,
    RECORD_LIMIT,
    Block,
    Detected,
    Format,
    ParsedRecord,
    TableColumn,
)
from review.searches.formats.source import TextSource
from review.searches.formats.typed import table_of_hits
from review.searches.limits import FILE_LIMIT, RECORDS_LIMIT, USUAL_LIMITS, FileLimits

__all__ = [
    "FIELDS",
    "FILE_LIMIT",
    "RECORDS_LIMIT",
    "RECORD_LIMIT",
    "USUAL_LIMITS",
    "Block",
    "DecisionClaim",
    "Detected",
    "FileLimits",
    "Format",
    "ParsedRecord",
    "TableColumn",
    "checked_encoding",
    "checked_mapping",
    "claims",
    "columns_of",
    "count_blocks",
    "detect",
    "language_of",
    "read",
    "table_of_hits",
]

_READERS: dict[Format, Callable[[TextSource], Iterator[Block]]] = {
    Format.RIS: ris.read,
    Format.NBIB: nbib.read,
    Format.PUBMED_XML: pubmed_xml.read,
    Format.BIBTEX: bibtex.read,
    Format.ENDNOTE_XML: endnote_xml.read,
    Format.OVID: ovid.read,
    Format.WOS: wos.read,
    Format.REFER: refer.read,
    Format.REFWORKS: refworks.read,
    Format.CSL_JSON: csl_json.read,
    Format.CNKI: cnki.read,
    Format.ZOTERO_RDF: zotero_rdf.read,
    Format.ICTRP_XML: ictrp_xml.read,
    Format.LABELLED: labelled.read,
    Format.PUBMED_TEXT: pubmed_text.read,
    Format.TRIALS_JSON: trials_json.read,
    Format.OPENALEX: openalex.read,
    Format.LENS: lens.read,
    Format.EBSCO_XML: ebsco_xml.read,
    Format.PROQUEST: proquest.read,
}


def read(
    path: Path,
    *,
    format: Format,  # noqa: A002 - the word that people use
    encoding: str,
    mapping: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
    limits: FileLimits = USUAL_LIMITS,
) -> Iterator[Block]:
    """Yield the blocks of a file in order, one in memory at a time.

    For tables, ``mapping`` says which heading means which of FIELDS ("" for none); it overrides
    the headings we know.  ``on_progress`` gets the number of bytes read so far.  Raises Unreadable
    if the file as a whole cannot be read or is over the ``limits``; damage inside it gives
    rejected blocks.
    """
    limits.check_size(path)
    for block in _blocks(path, format, encoding, mapping=mapping, on_progress=on_progress):
        limits.check_number(block.number)
        yield block


def columns_of(
    path: Path,
    *,
    format: Format,  # noqa: A002
    encoding: str,
    mapping: Mapping[str, str] | None = None,
) -> list[TableColumn]:
    """Return the columns of a table, each with the field it is read as; [] for other formats."""
    if format is Format.XLSX:
        columns, rows = workbook.first_rows(path, mapping, N_EXAMPLES)
    elif format in (Format.CSV, Format.TSV):
        source = TextSource(path, encoding=checked_encoding(encoding))
        columns, rows = tables.first_rows(source, mapping, N_EXAMPLES)
    else:
        return []
    return [
        TableColumn(
            heading=heading,
            field=field,
            examples=tuple(row[index] for row in rows if index < len(row) and row[index].strip()),
        )
        for index, (heading, field) in enumerate(zip(columns.names, columns.fields, strict=True))
    ]


def checked_encoding(name: str) -> str:
    """Return the encoding's name; raise Unreadable if Python has no text encoding of that name."""
    try:
        " ".encode(name)  # Python does not look the name up for an empty text
    except (LookupError, ValueError) as error:
        raise Unreadable(f"There is no encoding called {name}. Try utf-8 or cp1252.") from error
    return name


def checked_mapping(mapping: Mapping[str, str]) -> Mapping[str, str]:
    """Return the mapping; raise Invalid if it names a field that does not exist."""
    if unknown := sorted(set(mapping.values()) - {"", *FIELDS}):
        known = ", ".join(FIELDS)
        raise Invalid(f"A column cannot be '{unknown[0]}'. Choose one of {known}.")
    return mapping


def _blocks(
    path: Path,
    kind: Format,
    encoding: str,
    *,
    mapping: Mapping[str, str] | None,
    on_progress: Callable[[int], None] | None,
) -> Iterator[Block]:
    if kind is Format.XLSX:
        yield from workbook.read(path, mapping, on_progress)
        return
    source = TextSource(path, encoding=checked_encoding(encoding), on_progress=on_progress)
    if kind in (Format.CSV, Format.TSV):
        yield from tables.read(source, mapping)
    else:
        yield from _READERS[kind](source)
