"""What kind of file this is, told from its content; its name only decides between equals."""

import codecs
import re
import zipfile
from pathlib import Path

from review.errors import Unreadable
from review.searches.formats import bibtex, cnki, ovid, refer, refworks, ris, wos
from review.searches.formats.decoding import Encoding, find_encoding
from review.searches.formats.records import FILE_LIMIT, Detected, Format
from review.searches.formats.tables import Layout, find_layout
from review.searches.formats.tagged import line_start
from review.searches.formats.workbook import check_zip

_SAMPLE = 256 * 1024
_MAGIC = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"\x1f\x8b", "a compressed file; unpack it first"),
    (b"7z\xbc\xaf", "a compressed file; unpack it first"),
    (b"Rar!", "a compressed file; unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save it as .xlsx or .csv"),
    (b"{\\rtf", "a word processor's document; save it as plain text"),
    (b"SQLite format 3", "a database"),
)
_MARKS = (
    (Format.RIS, ris.MARK),
    (Format.NBIB, re.compile(r"(?:PMID|PMCR?|OWN)[ \t]{0,3}-")),
    (Format.WOS, wos.MARK),
    (Format.OVID, ovid.MARK),
    (Format.REFWORKS, refworks.MARK),
    (Format.BIBTEX, bibtex.ENTRY),
    (Format.REFER, refer.MARK),
    (Format.CNKI, cnki.MARK),
)
_LEFT_OVERS = (
    (Format.NBIB, re.compile(r"^(?:FAU |JT  |DP  |STAT|LID |AID |DCOM|MHDA)- ", re.MULTILINE)),
    (Format.RIS, re.compile(r"^(?:TI|T1|AU|A1|AB|N2|JO|JF|PY|Y1|ER|KW)  - ", re.MULTILINE)),
    (Format.WOS, re.compile(r"^(?:TI|AU|SO|PY|UT) \S", re.MULTILINE)),
)
_ENDNOTE_PARTS = re.compile(r"<(?:ref-type|titles|contributors|rec-number|source-app|periodical)\b")
_ZOTERO = re.compile(r"zotero\.org/namespaces/export#")
_PUBMED_PARTS = re.compile(r"<Pubmed(?:Book)?Article(?:Set)?[\s>/]")
_RECOGNISED = "Recognised by its content."


def detect(path: Path, *, name: str | None = None) -> Detected:
    """The format and encoding of a file, for a person to confirm or correct.

    Raises Unreadable for an empty file, one over the limit, and anything that is no reference
    file; the sentence says what it is instead where that can be told.
    """
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("This file is empty.")
    if size > FILE_LIMIT:
        raise Unreadable(f"This file is larger than {FILE_LIMIT // 1024 // 1024} MB; split it.")
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    _refuse_other_files(head)
    if head.startswith(b"PK\x03\x04"):
        return _detect_workbook(path)
    encoding = find_encoding(path)
    text = _decode(head, encoding)
    if not text.strip("\ufeff \t\r\n\x00\x1a"):
        raise Unreadable("This file holds nothing but blanks.")
    found, note = _find_format(text, (name or path.name).lower())
    encoding = _declared(text, encoding) if text.lstrip("\ufeff ").startswith("<?xml") else encoding
    return Detected(format=found, encoding=encoding.name, note=f"{note} {encoding.note}".strip())


def _refuse_other_files(head: bytes) -> None:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            raise Unreadable(f"This is not a reference file but {kind}.")


def _detect_workbook(path: Path) -> Detected:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Unreadable("This is a damaged zip archive, not a reference file.") from error
    if "xl/workbook.xml" not in names:
        raise Unreadable("This is a zip archive, not a reference file; unpack it first.")
    check_zip(path)
    return Detected(format=Format.XLSX, encoding="utf-8", note=_RECOGNISED)


def _decode(head: bytes, encoding: Encoding) -> str:
    text = codecs.getincrementaldecoder(encoding.name)(errors="replace").decode(head)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    n_odd = sum(map(text.count, map(chr, (*range(1, 9), *range(14, 26), *range(27, 32)))))
    if n_odd + text.count("\x00") > 0.02 * len(text) + 8:
        raise Unreadable("This is a binary file, not a reference file.")
    return text


def _declared(text: str, encoding: Encoding) -> Encoding:
    """The encoding that an XML declaration names, where the bytes left it to a guess."""
    found = re.match(
        r"\s*<\?xml[^>]{0,100}encoding=[\"']([\w.-]{1,40})[\"']", text.lstrip("\ufeff")
    )
    if found is None or "Not Unicode" not in encoding.note:
        return encoding
    try:
        name = codecs.lookup(found.group(1)).name
    except LookupError:
        return encoding
    is_unicode = name.startswith("utf")
    return encoding if is_unicode else Encoding("cp1252" if name == "iso8859-1" else name)


def _find_format(text: str, name: str) -> tuple[Format, str]:
    start = text.lstrip("\ufeff \t\n")
    if re.match(r"<[!?A-Za-z]", start):
        return _find_xml(start), _RECOGNISED
    if re.match(r"[\[{]", start) and re.search(r'"(?:title|type|author|id|DOI)"\s*:', start):
        return Format.CSL_JSON, _RECOGNISED
    layout = find_layout([f"{line}\n" for line in text.split("\n")[:200]])
    if layout is not None and layout.columns.n_sure >= 2:
        return _table(layout), _RECOGNISED
    if marked := _find_marked(text):
        return marked, _RECOGNISED
    is_named_table = name.endswith((".csv", ".tsv"))
    if layout is not None and (is_named_table or len(layout.columns.names) > 1):
        return _table(layout), "A table of which one column was recognised."
    if is_named_table and _is_rectangular(text):
        found = Format.TSV if name.endswith(".tsv") else Format.CSV
        return found, "A table whose headings are not known: say which column is which."
    raise Unreadable("This does not look like an export of references: no record was found in it.")


def _find_xml(text: str) -> Format:
    if re.search(r"<!ENTITY\b", text, re.IGNORECASE):
        raise Unreadable("This XML file declares entities, which exports of references never do.")
    if _PUBMED_PARTS.search(text):
        return Format.PUBMED_XML
    if _ZOTERO.search(text):
        return Format.ZOTERO_RDF
    if re.search(r"<record[\s>]", text) and _ENDNOTE_PARTS.search(text):
        return Format.ENDNOTE_XML
    if re.search(r"<(?:!doctype html|html|head|body|script)\b", text[:5000], re.IGNORECASE):
        raise Unreadable("This is a web page, not a reference file; export the references instead.")
    raise Unreadable("This XML file holds neither PubMed articles nor EndNote or Zotero records.")


def _find_marked(text: str) -> Format | None:
    """The format whose mark of a new record comes first, or whose tags are left of a torn file."""
    firsts = [
        (place, found) for found, mark in _MARKS if (place := _first_place(mark, text)) is not None
    ]
    if firsts:
        return min(firsts)[1]
    counts = [(len(left.findall(text)), found) for found, left in _LEFT_OVERS]
    n, found = max(counts, key=lambda count: count[0])
    return found if n >= 2 else None


def _first_place(mark: re.Pattern[str], text: str) -> int | None:
    places = (line_start(text, found.start()) for found in mark.finditer(text))
    return next((place for place in places if place is not None), None)


def _table(layout: Layout) -> Format:
    return Format.TSV if layout.delimiter == "\t" else Format.CSV


def _is_rectangular(text: str) -> bool:
    lines = [line for line in text.split("\n")[:20] if line.strip()]
    return any(min(line.count(sign) for line in lines) > 0 for sign in ",;\t|") if lines else False
