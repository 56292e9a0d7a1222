"""Search files in, blocks out: each block a record, or the reason why it is none.

A format is one module with a ``read``; adding one means a member of ``Format``, that module, its
line in ``_READERS`` and its mark in ``detection`` and ``counting``.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from review.errors import Invalid, Unreadable
from review.searches.formats import (
    bibtex,
    cnki,
    csl_json,
    endnote_xml,
    nbib,
    ovid,
    pubmed_xml,
    refer,
    refworks,
    ris,
    tables,
    workbook,
    wos,
    zotero_rdf,
)
from review.searches.formats.claims import Claim, claims
from review.searches.formats.columns import FIELDS
from review.searches.formats.counting import count_blocks
from review.searches.formats.detection import detect
from review.searches.formats.languages import language_of
from review.searches.formats.records import (
    FILE_LIMIT,
    N_EXAMPLES,
    RECORD_LIMIT,
    RECORDS_LIMIT,
    Block,
    Column,
    Detected,
    Format,
    ParsedRecord,
)
from review.searches.formats.source import Source
from review.searches.formats.typed import table_of_hits

__all__ = [
    "FIELDS",
    "FILE_LIMIT",
    "RECORDS_LIMIT",
    "RECORD_LIMIT",
    "Block",
    "Claim",
    "Column",
    "Detected",
    "Format",
    "ParsedRecord",
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

_READERS: dict[Format, Callable[[Source], Iterator[Block]]] = {
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
}


def read(
    path: Path,
    *,
    format: Format,  # noqa: A002 - the word that people use
    encoding: str,
    mapping: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Iterator[Block]:
    """The blocks of a file in order, with no more than one of them in memory at a time.

    ``mapping`` says for tables which heading stands for which of FIELDS ("" for none) and goes
    before what is known; ``on_progress`` hears the number of bytes read so far.  Raises Unreadable
    where the file as a whole cannot be read; damage inside it gives rejected blocks.
    """
    if path.stat().st_size > FILE_LIMIT:
        raise Unreadable(f"This file is larger than {FILE_LIMIT // 1024 // 1024} MB; split it.")
    for block in _blocks(path, format, encoding, mapping, on_progress):
        if block.number > RECORDS_LIMIT:
            raise Unreadable(f"This file has more than {RECORDS_LIMIT:,} records; split it.")
        yield block


def columns_of(
    path: Path,
    *,
    format: Format,  # noqa: A002
    encoding: str,
    mapping: Mapping[str, str] | None = None,
) -> list[Column]:
    """The columns of a table, with the field that each would be read as; none for other formats."""
    if format is Format.XLSX:
        columns, rows = workbook.first_rows(path, mapping, N_EXAMPLES)
    elif format in (Format.CSV, Format.TSV):
        source = Source(path, encoding=checked_encoding(encoding))
        columns, rows = tables.first_rows(source, mapping, N_EXAMPLES)
    else:
        return []
    return [
        Column(
            heading=heading,
            field=field,
            examples=tuple(row[place] for row in rows if place < len(row) and row[place].strip()),
        )
        for place, (heading, field) in enumerate(zip(columns.names, columns.fields, strict=True))
    ]


def checked_encoding(name: str) -> str:
    """The encoding's name; raises Unreadable where Python knows none of that name for text."""
    try:
        " ".encode(name)  # for an empty text Python does not look at all
    except (LookupError, ValueError) as error:
        raise Unreadable(f"There is no encoding called {name}.") from error
    return name


def checked_mapping(mapping: Mapping[str, str]) -> Mapping[str, str]:
    """The mapping; raises Invalid for a field that there is none of."""
    if unknown := sorted(set(mapping.values()) - {"", *FIELDS}):
        known = ", ".join(FIELDS)
        raise Invalid(f"A column cannot be '{unknown[0]}'; it can be one of {known}.")
    return mapping


def _blocks(
    path: Path,
    kind: Format,
    encoding: str,
    mapping: Mapping[str, str] | None,
    on_progress: Callable[[int], None] | None,
) -> Iterator[Block]:
    if kind is Format.XLSX:
        yield from workbook.read(path, mapping, on_progress)
        return
    source = Source(path, encoding=checked_encoding(encoding), on_progress=on_progress)
    if kind in (Format.CSV, Format.TSV):
        yield from tables.read(source, mapping)
    else:
        yield from _READERS[kind](source)
