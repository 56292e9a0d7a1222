"""A reference library that was exported with its files says which report each of them is."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from review.errors import Unreadable
from review.reports.library_files import LibraryEntry, library_entries
from review.reports.matching import Sought, candidates_of

RDF = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:bib="http://purl.org/net/biblio#" xmlns:foaf="http://xmlns.com/foaf/0.1/"
 xmlns:link="http://purl.org/rss/1.0/modules/link/">
    <bib:Report rdf:about="#item_10">
        <z:itemType>report</z:itemType>
        <bib:authors><rdf:Seq><rdf:li><foaf:Person>
            <foaf:surname>Doe</foaf:surname><foaf:givenName>Jane</foaf:givenName>
        </foaf:Person></rdf:li></rdf:Seq></bib:authors>
        <link:link rdf:resource="#item_11"/>
        <link:link rdf:resource="#item_12"/>
        <dc:title>A bond for homes: what six years taught</dc:title>
        <dc:date>2001</dc:date>
    </bib:Report>
    <z:Attachment rdf:about="#item_11">
        <z:itemType>attachment</z:itemType>
        <rdf:resource rdf:resource="files/11/Doe &amp; Ro\u00e9 2001.pdf"/>
        <dc:title>Full Text PDF</dc:title>
    </z:Attachment>
    <z:Attachment rdf:about="#item_12">
        <z:itemType>attachment</z:itemType>
        <dc:title>A snapshot without a file</dc:title>
    </z:Attachment>
</rdf:RDF>
"""
RIS = """TY  - RPRT
AU  - Doe, Jane
TI  - A bond for homes: what six years taught
PY  - 2001
DO  - 10.5555/bond
L1  - files/11/Doe%202001.pdf
ER  -

TY  - JOUR
AU  - Roe, Ann
TI  - Another title altogether
L1  - C:\\Users\\ann\\main.pdf
L4  - internal-pdf://12/Roe.pdf;internal-pdf://13/extra.pdf
ER  -

TY  - JOUR
TI  - A third title, whose file has the same name
L1  - files/14/main.pdf
ER  -

TY  - JOUR
AU  - Poe, Ed
L1  - files/15/Smith%3B Jones.pdf
ER  -
"""
BOND, OTHER = UUID(int=1), UUID(int=2)
TITLE = "A bond for homes: what six years taught"
SOUGHT = [
    Sought(BOND, TITLE, ["Doe, J."], 2001, None),
    Sought(OTHER, "Another title altogether", ["Roe, Ann"], 2002, "10.5555/other"),
]
ENTRY = LibraryEntry(TITLE, ("Doe, Jane",), 2001, None)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_zoteros_rdf_names_the_entry_of_each_file(tmp_path):
    found = library_entries(written(tmp_path, "library.rdf", RDF), "library.rdf")

    assert found == {"doe & ro\u00e9 2001.pdf": ENTRY}


def test_a_file_without_an_entry_takes_its_name_out_of_question(tmp_path):
    alone = """<z:Attachment rdf:about="#item_20">
        <z:itemType>attachment</z:itemType>
        <rdf:resource rdf:resource="files/20/DOE &amp; Ro\u00e9 2001.pdf"/>
    </z:Attachment>
</rdf:RDF>"""
    path = written(tmp_path, "library.rdf", RDF.replace("</rdf:RDF>", alone))

    assert library_entries(path, "library.rdf") == {"doe & ro\u00e9 2001.pdf": None}


def test_ris_has_paths_of_every_kind_and_a_name_of_two_entries_says_nothing(tmp_path):
    found = library_entries(written(tmp_path, "library.ris", RIS), "library.ris")

    assert {name: entry and entry.title for name, entry in found.items()} == {
        "doe 2001.pdf": TITLE,
        "roe.pdf": "Another title altogether",
        "extra.pdf": "Another title altogether",
        "main.pdf": None,
        "smith; jones.pdf": None,  # its entry has no title
    }
    assert found["doe 2001.pdf"].doi == "10.5555/bond"
    assert found["doe 2001.pdf"].is_only_file
    assert not found["roe.pdf"].is_only_file


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="neither RIS nor Zotero RDF"):
        library_entries(written(tmp_path, "x.ris", "title,doi\nA title,10.5555/1\n"), "x.ris")


@pytest.mark.parametrize(
    ("text", "is_sure"),
    [
        ("", True),  # a scan
        ("A Bond for Homes: what six years taught. By somebody", True),
        ("A Bond for Homes: what six years have taught", False),  # the title in other words
        ("Data dictionary of https://doi.org/10.5555/bond", False),
        ("Something else altogether, with many words of its own on many other things", False),
        ("Appendix to: A bond for homes: what six years taught", False),
    ],
)
def test_the_librarys_word_counts_where_the_text_has_the_title_or_there_is_none(text, is_sure):
    entry = replace(ENTRY, doi="10.5555/bond")
    sought = [replace(SOUGHT[0], doi="10.5555/bond"), SOUGHT[1]]
    found = candidates_of("main.pdf", [text], sought, entry=entry)[0]

    assert (found.record_id, found.is_sure) == (BOND, is_sure)
    assert "library" in found.agrees
    assert not any(one.is_sure for one in candidates_of("main.pdf", [text], sought))


def test_a_scan_beside_other_files_of_its_entry_is_asked_about():
    [found] = candidates_of("scan.pdf", [""], SOUGHT, entry=replace(ENTRY, is_only_file=False))

    assert (found.record_id, found.is_sure) == (BOND, False)


def test_another_doi_or_first_author_is_another_report():
    for entry in (
        LibraryEntry("Another title altogether", ("Roe, Ann",), 2002, "10.5555/not-this"),
        LibraryEntry(TITLE, ("Poe, Ed",), 2001, None),
        LibraryEntry("A bond", ("Doe, Jane",), 2001, None),
        LibraryEntry(TITLE, ("Doe, Jane",), 2009, None),  # another year's report
        LibraryEntry(TITLE, ("Doe, Jane",), None, None),
        LibraryEntry(TITLE, (), 2001, None),
    ):
        assert candidates_of("main.pdf", [""], SOUGHT, entry=entry) == []


def test_a_supplement_in_the_library_is_asked_about():
    [found] = candidates_of("supplement.pdf", [""], SOUGHT, entry=ENTRY)

    assert not found.is_sure
