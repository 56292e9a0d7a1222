"""Search files in, blocks out: each block a record, or the reason why it is none.

A format is one module with a ``read``; adding one means a member of ``Format``, that module, its
line in ``_READERS`` and its mark in ``detection`` and ``counting``.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from review.errors import Unreadable
from review.reading import (
    bibtex,
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
)
from review.reading.columns import FIELDS
from review.reading.counting import count_blocks
from review.reading.detection import detect
from review.reading.records import (
    FILE_LIMIT,
    RECORD_LIMIT,
    RECORDS_LIMIT,
    Block,
    Detected,
    Format,
    ParsedRecord,
)
from review.reading.source import Source

__all__ = [
    "FIELDS",
    "FILE_LIMIT",
    "RECORDS_LIMIT",
    "RECORD_LIMIT",
    "Block",
    "Detected",
    "Format",
    "ParsedRecord",
    "count_blocks",
    "detect",
    "read",
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


def _blocks(
    path: Path,
    kind: Format,
    encoding: str,
    mapping: Mapping[str, str] | None,
    on_progress: Callable[[int], None] | None,
) -> Iterator[Block]:
    if kind is Format.XLSX:
        yield from workbook.read(path, mapping)
        if on_progress is not None:
            on_progress(path.stat().st_size)
        return
    try:
        b"".decode(encoding)
    except LookupError as error:
        raise Unreadable(f"There is no encoding called {encoding}.") from error
    source = Source(path, encoding=encoding, on_progress=on_progress)
    if kind in (Format.CSV, Format.TSV):
        yield from tables.read(source, mapping)
    else:
        yield from _READERS[kind](source)
