"""Say what a file is that has no references to read, and what to export instead."""

import re
from collections.abc import Collection

from review.searches.formats.fields import doi_alone
from review.searches.registrations import registration_number

_RIS = "Export the references as RIS"
_ENDNOTE = (
    "an EndNote library. In EndNote choose File, Export, with the output style RefMan (RIS) Export"
)
_MAGIC = (
    (b"%PDF", f"a PDF. {_RIS} where you found them"),
    (b"\x89PNG", f"an image. {_RIS}"),
    (b"\xff\xd8\xff", f"an image. {_RIS}"),
    (b"GIF8", f"an image. {_RIS}"),
    (b"II*\x00", f"an image. {_RIS}"),
    (b"MM\x00*", f"an image. {_RIS}"),
    (b"\x1f\x8b", "a compressed file. Unpack it first"),
    (b"7z\xbc\xaf", "a compressed file. Unpack it first"),
    (b"Rar!", "a compressed file. Unpack it first"),
    (b"{\\rtf", f"a word processor document. {_RIS}, or save it as plain text"),
    (b"bplist00", f"a saved web page. {_RIS} instead of saving the page"),
    (b"\x00\x01\x00\x00Standard ", "an Access database. Export its table of references as CSV"),
)
_NO_RECORD = "No record was found in this file."
_OLD_TABLE = "an old Office file. Save it as .xlsx or .csv"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_SQLITE = b"SQLite format 3"
# Tables of the databases of reference managers.
_DATABASES = (
    (b"enl_refs", _ENDNOTE),
    (b"itemDataValues", "a Zotero database. In Zotero choose File, Export Library, RIS"),
    (b"DocumentContributors", "a Mendeley database. In Mendeley choose File, Export, RIS"),
)
_LIBRARIES = {
    ".enl": _ENDNOTE,
    ".enlx": _ENDNOTE,
    ".enlp": _ENDNOTE,
    ".rmx": "a Reference Manager database. In Reference Manager choose File, Export, RIS",
    ".ctv5": "a Citavi project. In Citavi choose File, Export, RIS",
    ".ctv6": "a Citavi project. In Citavi choose File, Export, RIS",
}
_IN_ARCHIVES = (
    (re.compile(r"word/document\.xml"), f"a Word document. {_RIS}"),
    (re.compile(r"ppt/presentation\.xml"), f"a PowerPoint file. {_RIS}"),
    (re.compile(r".*\.(?:enl|eni)"), _ENDNOTE),
    (re.compile(r"Index/.*\.iwa"), "a file of Numbers or Pages. Export a table as CSV"),
    (re.compile(r"content\.xml"), "an OpenDocument file. Save a table as .xlsx or .csv"),
    (re.compile(r"META-INF/container\.xml"), f"an electronic book. {_RIS}"),
)
_WEB_PAGE = re.compile(r"<(?:!doctype html|html|head|body|script)\b", re.IGNORECASE)
_SAVED_PAGE = re.compile(r"(?:From: <Saved by|MIME-Version:|Snapshot-Content-Location:)")
# What to press on pages that people save instead of an export.
_SITES = (
    ("pubmed.ncbi", "On PubMed press Save and choose the format PubMed"),
    ("cochranelibrary", "In the Cochrane Library press Export and choose RIS"),
    ("clinicaltrials.gov", "On ClinicalTrials.gov press Download and choose CSV"),
    ("scholar.google", "Save the hits of Google Scholar in your library there, and export BibTeX"),
    ("scopus.com", "In Scopus press Export and choose RIS or CSV"),
    ("webofscience", "In Web of Science press Export and choose RIS or plain text"),
    ("ebscohost", "In EBSCOhost add the results to the folder, and export them as RIS"),
    ("proquest", "In ProQuest press All save and export options and choose RIS"),
)
_XML_ROOTS = (
    ("eSearchResult", "a list of PubMed ids. On PubMed press Save and choose the format PubMed"),
    ("clinical_study", "a study of ClinicalTrials.gov. Download the studies as CSV or JSON"),
    ("sparql", "the result of a query. Save it as CSV"),
    ("rss", f"a news feed. {_RIS}"),
    ("OAI-PMH", f"a catalogue. {_RIS}"),
    ("mods(?:Collection)?", f"a catalogue. {_RIS}, for example with Zotero, which reads MODS"),
    ("(?:marc:)?collection", f"a catalogue. {_RIS}, for example with Zotero, which reads MARC"),
)
_QUERY = re.compile(
    r"(?:PREFIX\s+\w*:|SELECT\s+(?:DISTINCT\s+)?[?*])[\s\S]{0,5000}\bWHERE\b", re.IGNORECASE
)
_PUBMED_IDS = (
    "This is a list of PubMed ids. Search PubMed for them, press Save and choose the format PubMed."
)
_YEAR = re.compile(r"\((?:19|20)\d\d[a-z]?\)|\b(?:19|20)\d\d;\d")
_LEAST_REFERENCES = 3  # lines with a year, in a bibliography


def about_binary(head: bytes, name: str) -> str | None:
    """Return what a file is if its first bytes show that it is no text, else None."""
    kind = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    if head.startswith(_OLD_OFFICE):
        is_word = "WordDocument".encode("utf-16-le") in head
        kind = f"a Word document. {_RIS}" if is_word else _OLD_TABLE
    elif head.startswith(_SQLITE):
        known = (kind for table, kind in _DATABASES if table in head)
        kind = next(known, f"a database. {_RIS}")
    if b"\x00" in head[:2000]:
        kind = _LIBRARIES.get(name[name.rfind(".") :], kind)
    return _not_references(kind) if kind else None


def about_archive(names: Collection[str]) -> str:
    """Return what a zip archive is that is no workbook."""
    for pattern, kind in _IN_ARCHIVES:
        if any(map(pattern.fullmatch, names)):
            return _not_references(kind)
    return "This is a zip archive, not a reference file. Unpack it first."


def about_xml(text: str) -> str:
    """Return what XML or HTML is that has no references we can read."""
    for root, kind in _XML_ROOTS:
        if re.search(rf"<{root}[\s>]", text[:5000]):
            return _not_references(kind)
    if _WEB_PAGE.search(text, 0, 5000):
        return _about_page(text)
    return f"This XML file has neither PubMed articles nor EndNote or Zotero records. {_RIS}."


def about_json(text: str) -> str | None:
    """Return what JSON is that has keys like those of references, but no references, else None."""
    if re.search(r'"esearchresult"\s*:', text):
        return _PUBMED_IDS
    if re.search(r'"bindings"\s*:', text) and re.search(r'"vars"\s*:', text):
        return _not_references("the result of a query. Save it as CSV")
    return None


def about_text(text: str) -> str:
    """Return what a text is in which no format was found."""
    if _SAVED_PAGE.match(text):
        return _about_page(text)
    if _QUERY.match(text):
        return _not_references("a query. Run it and save its result as CSV")
    entries = [entry.strip(",;") for entry in text.split()]
    if all(entry.isdigit() and len(entry) <= 8 for entry in entries):
        return _PUBMED_IDS
    if all(map(doi_alone, entries)):
        return f"This is a list of DOIs. {_RIS}, for example with Zotero: Add Item by Identifier."
    if all(map(registration_number, entries)):
        return _not_references(
            "a list of registration numbers. Search the register for them and export the results"
        )
    if sum(bool(_YEAR.search(line)) for line in text.split("\n")) >= _LEAST_REFERENCES:
        return f"{_NO_RECORD} It may be a formatted bibliography. {_RIS} where it was made."
    return f"{_NO_RECORD} Export the references as RIS, NBIB, BibTeX or CSV."


def _about_page(text: str) -> str:
    lower = text.lower()
    hints = (hint for site, hint in _SITES if site in lower)
    hint = next(hints, f"{_RIS} instead of saving the page")
    return f"This is a web page, not a reference file. {hint}."


def _not_references(kind: str) -> str:
    return f"This is not a reference file but {kind}."
