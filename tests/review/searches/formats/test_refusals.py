"""What people are told about files that have no references to read."""

import io
import sqlite3
import zipfile

import pytest

from review.errors import Unreadable
from review.searches.formats import detect


def archive(*names):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        for name in names:
            zipped.writestr(name, "x")
    return data.getvalue()


def database(folder, table):
    with sqlite3.connect(folder / "made.sqlite") as made:
        made.execute(f"CREATE TABLE {table} (id INTEGER)")
    made.close()
    return (folder / "made.sqlite").read_bytes()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.pdf", b"%PDF-1.7", "a PDF. Export the references as RIS"),
        ("a.docx", archive("[Content_Types].xml", "word/document.xml"), "a Word document"),
        ("a.pptx", archive("ppt/presentation.xml"), "a PowerPoint file"),
        ("a.ods", archive("mimetype", "content.xml"), "OpenDocument file. Save a table as .xlsx"),
        ("a.numbers", archive("Index/Document.iwa"), "Export a table as CSV"),
        ("a.enlx", archive("My.enl", "My.Data/sdb/sdb.eni"), "EndNote library. In EndNote"),
        ("a.zip", archive("a.ris"), "zip archive, not a reference file. Unpack it first"),
        ("a.doc", b"\xd0\xcf\x11\xe0" + b"\x00" * 600 + "WordDocument".encode("utf-16-le"),
         "a Word document"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "Save it as .xlsx or .csv"),
        ("a.enl", b"\x01\x00\x00\x00library", "EndNote library. In EndNote choose"),
        ("a.mdb", b"\x00\x01\x00\x00Standard Jet DB\x00", "Access database"),
        ("a.webarchive", b"bplist00\xd1\x01", "a saved web page"),
        ("a.mht", b"From: <Saved by Blink>\nSubject: PubMed\n\nhttps://pubmed.ncbi.example",
         "web page, not a reference file. On PubMed press Save"),
        ("a.html", b"<!DOCTYPE html><html><body><a href='https://www.scopus.com'>x</a></body></html>",
         "In Scopus press Export"),
        ("a.xml", b"<?xml version='1.0'?><eSearchResult><IdList/></eSearchResult>", "PubMed ids"),
        ("a.xml", b"<clinical_study><brief_title>x</brief_title></clinical_study>",
         "Download the studies as CSV or JSON"),
        ("a.xml", b"<sparql xmlns='x'><head/></sparql>", "result of a query. Save it as CSV"),
        ("a.json", b'{"header": {"type": "esearch"}, "esearchresult": {"idlist": ["1"]}}',
         "PubMed ids"),
        ("a.json", b'{"head": {"vars": ["a"]}, "results": {"bindings": [{"a": {"type": "uri"}}]}}',
         "result of a query"),
        ("a.rq", b"SELECT ?item WHERE { ?item wdt:P31 wd:Q5 }", "a query. Run it"),
        ("a.txt", b"29334345\n30000001\n", "a list of PubMed ids. Search PubMed"),
        ("a.txt", b"10.1000/1, 10.1000/2\nhttps://doi.org/10.1000/3\n", "a list of DOIs"),
        ("a.txt", b"NCT01234567\nISRCTN12345678\n", "a list of registration numbers"),
        ("a.txt", b"Roy M (2018). Homes.\n\nTan S (2019). Jobs.\n\nLee K (2020a). Both.\n",
         "a formatted bibliography"),
        ("a.txt", b"Dear all, please find attached.\n", "Export the references as RIS, NBIB"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_the_file_is_and_what_to_export(tmp_path, name, data, says):
    path = tmp_path / name
    path.write_bytes(data)

    with pytest.raises(Unreadable) as refusal:
        detect(path)

    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("itemDataValues", "Zotero database. In Zotero choose File, Export Library, RIS"),
        ("enl_refs", "EndNote library"),
        ("DocumentContributors", "Mendeley database"),
        ("things", "a database. Export the references as RIS"),
    ],
)
def test_the_database_of_a_reference_manager_is_named(tmp_path, table, says):
    path = tmp_path / "file"
    path.write_bytes(database(tmp_path, table))

    with pytest.raises(Unreadable) as refusal:
        detect(path)

    assert says in str(refusal.value)


def test_a_reference_file_with_the_name_of_a_library_is_read(tmp_path):
    path = tmp_path / "export.enl"
    path.write_text("TY  - JOUR\nTI  - Homes\nER  - \n", encoding="utf-8")

    assert detect(path).format == "ris"
