"""Detect the format of a file from its content; its name only breaks ties."""

import codecs
import re
import zipfile
from pathlib import Path

from review.errors import Unreadable
from review.searches.formats import (
    bibtex,
    cnki,
    labelled,
    ovid,
    proquest,
    pubmed_text,
    refer,
    refusals,
    refworks,
    ris,
    wos,
)
from review.searches.formats.decoding import Encoding, find_encoding
from review.searches.formats.records import Detected, Format
from review.searches.formats.tables import TableLayout, find_layout
from review.searches.formats.tagged import line_start
from review.searches.formats.workbook import check_zip

_SAMPLE = 256 * 1024
_MARKS = (
    (Format.RIS, ris.MARK),
    (Format.NBIB, re.compile(r"(?:PMID|PMCR?|OWN)[ \t]{0,3}-")),
    (Format.WOS, wos.MARK),
    (Format.OVID, ovid.MARK),
    (Format.REFWORKS, refworks.MARK),
    (Format.BIBTEX, bibtex.ENTRY),
    (Format.REFER, refer.MARK),
    (Format.CNKI, cnki.MARK),
    (Format.LABELLED, labelled.MARK),
)
_TORN_TAGS = (
    (Format.NBIB, re.compile(r"^(?:FAU |JT  |DP  |STAT|LID |AID |DCOM|MHDA)- ", re.MULTILINE)),
    (Format.RIS, re.compile(r"^(?:TI|T1|AU|A1|AB|N2|JO|JF|PY|Y1|ER|KW)  - ", re.MULTILINE)),
    (Format.WOS, re.compile(r"^(?:TI|AU|SO|PY|UT) \S", re.MULTILINE)),
    (Format.LABELLED, re.compile(r"^(?:TI|AU|AB|SO|PY|YR|AN): +\S", re.MULTILINE)),
)
_JSON_KEYS = (
    (Format.TRIALS_JSON, re.compile(r'"protocolSection"\s*:')),
    (Format.OPENALEX, re.compile(r'"(?:authorships|abstract_inverted_index)"\s*:')),
    (Format.OPENALEX, re.compile(r'"id"\s*:\s*"https://openalex\.org/W')),
    (Format.LENS, re.compile(r'"lens_id"\s*:')),
    (Format.CSL_JSON, re.compile(r'"(?:title|type|author|id|DOI)"\s*:')),
)
_ENDNOTE_PARTS = re.compile(r"<(?:ref-type|titles|contributors|rec-number|source-app|periodical)\b")
_ZOTERO = re.compile(r"zotero\.org/namespaces/export#")
_ICTRP = re.compile(r"<(?:Trials_downloaded_from_ICTRP|TrialID)[\s/>]")
_PUBMED_PARTS = re.compile(r"<Pubmed(?:Book)?Article(?:Set)?[\s>/]")
_RECOGNISED = "Recognised by its content."


def detect(path: Path, *, name: str | None = None) -> Detected:
    """Return the format and encoding of a file, for a person to confirm or correct.

    Raises Unreadable for an empty file and anything that is not a reference
    file; the message says what it is instead, if we know.
    """
    if path.stat().st_size == 0:
        raise Unreadable("This file is empty. Choose another file.")
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    name = (name or path.name).lower()
    if sentence := refusals.about_binary(head, name):
        raise Unreadable(sentence)
    if head.startswith(b"PK\x03\x04"):
        return _detect_workbook(path)
    encoding = find_encoding(path)
    text = _decode(head, encoding)
    if not text.strip("\ufeff \t\r\n\x00\x1a"):
        raise Unreadable("This file contains only spaces and blank lines. Choose another file.")
    format_, note = _find_format(text, name)
    encoding = _declared(text, encoding) if text.lstrip("\ufeff ").startswith("<?xml") else encoding
    return Detected(format=format_, encoding=encoding.name, note=f"{note} {encoding.note}".strip())


def _detect_workbook(path: Path) -> Detected:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Unreadable("This is a damaged zip archive. Export the references again.") from error
    if "xl/workbook.xml" not in names:
        raise Unreadable(refusals.about_archive(names))
    check_zip(path)
    return Detected(format=Format.XLSX, encoding="utf-8", note=_RECOGNISED)


def _decode(head: bytes, encoding: Encoding) -> str:
    text = codecs.getincrementaldecoder(encoding.name)(errors="replace").decode(head)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    n_odd = sum(map(text.count, map(chr, (*range(1, 9), *range(14, 26), *range(27, 32)))))
    if n_odd + text.count("\x00") > 0.02 * len(text) + 8:
        raise Unreadable("This is a binary file. Export the references as text.")
    return text


def _declared(text: str, encoding: Encoding) -> Encoding:
    """Return the encoding that an XML declaration names, if ours is only a guess."""
    match = re.match(
        r"\s*<\?xml[^>]{0,100}encoding=[\"']([\w.-]{1,40})[\"']", text.lstrip("\ufeff")
    )
    if match is None or "Not Unicode" not in encoding.note:
        return encoding
    try:
        name = codecs.lookup(match.group(1)).name
    except LookupError:
        return encoding
    is_unicode = name.startswith("utf")
    return encoding if is_unicode else Encoding("cp1252" if name == "iso8859-1" else name)


def _find_format(text: str, name: str) -> tuple[Format, str]:
    start = text.lstrip("\ufeff \t\n")
    if re.match(r"<[!?A-Za-z]", start):
        return _find_xml(start), _RECOGNISED
    if re.match(r"[\[{]", start) and (json_format := _find_json(start)):
        return json_format, _RECOGNISED
    if pubmed_text.looks_like(start):
        return Format.PUBMED_TEXT, _RECOGNISED
    if proquest.looks_like(start):
        return Format.PROQUEST, _RECOGNISED
    layout = find_layout([f"{line}\n" for line in text.split("\n")[:200]])
    if layout is not None and layout.columns.n_sure >= 2:
        return _table(layout), _RECOGNISED
    if format_ := _find_marked(text):
        return format_, _RECOGNISED
    is_named_table = name.endswith((".csv", ".tsv"))
    if layout is not None and (is_named_table or len(layout.columns.names) > 1):
        return _table(layout), "A table. Only one column was recognised."
    if is_named_table and _is_rectangular(text):
        format_ = Format.TSV if name.endswith(".tsv") else Format.CSV
        return format_, "A table whose headings are not known. Say which column is which."
    raise Unreadable(refusals.about_text(text.strip("\ufeff \t\n")))


def _find_json(text: str) -> Format | None:
    if sentence := refusals.about_json(text):
        raise Unreadable(sentence)
    return next((format_ for format_, key in _JSON_KEYS if key.search(text)), None)


def _find_xml(text: str) -> Format:
    if re.search(r"<!ENTITY\b", text, re.IGNORECASE):
        raise Unreadable(
            "This XML file declares entities, which exports of references never do."
            " Export the references again."
        )
    if _PUBMED_PARTS.search(text):
        return Format.PUBMED_XML
    if _ZOTERO.search(text):
        return Format.ZOTERO_RDF
    if re.search(r"<rec[\s>]", text) and "<controlInfo" in text:
        return Format.EBSCO_XML
    if _ICTRP.search(text):
        return Format.ICTRP_XML
    if re.search(r"<record[\s>]", text) and _ENDNOTE_PARTS.search(text):
        return Format.ENDNOTE_XML
    raise Unreadable(refusals.about_xml(text))


def _find_marked(text: str) -> Format | None:
    """Return the format whose mark of a new record comes first, or whose tags a torn file has."""
    firsts = [
        (position, format_)
        for format_, mark in _MARKS
        if (position := _first_position(mark, text)) is not None
    ]
    if firsts:
        return min(firsts)[1]
    counts = [(len(tag.findall(text)), format_) for format_, tag in _TORN_TAGS]
    n, format_ = max(counts, key=lambda count: count[0])
    return format_ if n >= 2 else None


def _first_position(mark: re.Pattern[str], text: str) -> int | None:
    positions = (line_start(text, match.start()) for match in mark.finditer(text))
    return next((position for position in positions if position is not None), None)


def _table(layout: TableLayout) -> Format:
    return Format.TSV if layout.delimiter == "\t" else Format.CSV


def _is_rectangular(text: str) -> bool:
    lines = [line for line in text.split("\n")[:20] if line.strip()]
    return any(min(line.count(sign) for line in lines) > 0 for sign in ",;\t|") if lines else False
