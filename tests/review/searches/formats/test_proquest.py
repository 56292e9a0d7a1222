"""Text of ProQuest and EBSCOhost, and EBSCOhost's XML."""

import pytest

from review.searches.formats import Format, count_blocks, detect, read
from tests.review.searches.formats.format_cases import (
    EBSCO_TEXT,
    EBSCO_XML,
    PROQUEST,
    read_text,
)


@pytest.mark.parametrize(
    ("text", "accession"),
    [(PROQUEST, "1777777777"), (EBSCO_TEXT, "112345678"), (EBSCO_XML, "0912345")],
)
def test_exports_of_proquest_and_ebsco_give_their_fields(tmp_path, text, accession):
    first, second = (block.record for block in read_text(tmp_path, text))

    assert first.title.startswith("Paying for homes")
    assert first.authors == ("Roy, Michael", "Tan, Sue")
    assert first.abstract.startswith("We paid.")
    assert (first.journal, first.year) == ("Journal of Homes", 2016)
    assert (first.volume, first.issue, first.pages[:2]) == ("9", "2", "11")
    assert (first.doi, first.accession) == ("10.1000/homes.1", accession)
    assert first.keywords[0] == "Housing"
    assert (second.title, second.authors) == ("Second", ())


def test_affiliations_and_the_text_around_records_are_no_authors_and_no_blocks(tmp_path):
    first, second = read_text(tmp_path, PROQUEST)

    assert first.record.abstract == "We paid. Then we waited: for a year."
    assert first.record.language == "English"
    assert first.record.url == "https://proquest.example/docview/1777777777"
    assert "Contact us" not in second.raw


@pytest.mark.parametrize("text", [PROQUEST, EBSCO_TEXT])
def test_both_texts_are_detected_and_counted(tmp_path, text):
    path = tmp_path / "search.txt"
    path.write_text(text, encoding="utf-8")

    assert detect(path).format is Format.PROQUEST
    assert count_blocks(path, format=Format.PROQUEST, encoding="utf-8") == 2


def test_two_records_without_a_line_between_them_give_a_warning(tmp_path):
    path = tmp_path / "search.txt"
    text = PROQUEST.replace("Document 2 of 2\n", "").split("Database: ProQuest Central")
    path.write_text(text[0] + text[1].replace("_", ""), encoding="utf-8")

    (block,) = read(path, format=Format.PROQUEST, encoding="utf-8")

    assert "more than one title" in block.warnings[0]


def test_an_ebsco_book_and_an_identifier_without_a_type_are_read(tmp_path):
    text = EBSCO_XML.replace(
        "<bkinfo/><jinfo>", "<bkinfo><btl>A book</btl><isbn>9780000000002</isbn></bkinfo><jinfo>"
    ).replace('<ui type="doi">', "<ui>")

    record = read_text(tmp_path, text)[0].record

    assert (record.isbn, record.doi) == ("9780000000002", "10.1000/homes.1")


def test_a_sentence_that_there_is_no_abstract_is_none(tmp_path):
    text = PROQUEST.replace("We paid.\n\nThen we waited: for a year.", "None available.")

    assert read_text(tmp_path, text)[0].record.abstract is None


def test_the_heading_of_a_proquest_record_is_its_title_if_nothing_else_is(tmp_path):
    text = PROQUEST.replace("Title: Paying for homes\n", "")

    assert read_text(tmp_path, text)[0].record.title == "Paying for homes"
