"""PubMed's Summary (text) and Abstract (text)."""

import pytest

from review.searches.formats import Format, count_blocks, detect, read
from review.searches.formats.pubmed_text import to_record
from tests.review.searches.formats.format_cases import PUBMED_ABSTRACT, PUBMED_SUMMARY, read_text


@pytest.mark.parametrize("text", [PUBMED_SUMMARY, PUBMED_ABSTRACT])
def test_both_texts_of_pubmed_give_their_fields(tmp_path, text):
    first, second = (block.record for block in read_text(tmp_path, text))

    assert first.title.startswith("Paying providers for homes: ")
    assert first.authors[:2] == ("Roy, M", "van Dam, AM")
    assert (first.journal, first.year) == ("Public Money Manag", 2016)
    assert (first.volume, first.issue, first.pages) == ("9", "2", "11-19")
    assert (first.doi, first.pmid) == ("10.1000/homes.2016.9", "27777777")
    assert first.accession == "PMC5555555"
    assert (second.title, second.authors) == ("Second", ())
    assert (second.journal, second.year, second.pmid) == ("Homes", 2019, "27777778")
    path = tmp_path / "search.txt"
    assert detect(path).format is Format.PUBMED_TEXT
    assert count_blocks(path, format=Format.PUBMED_TEXT, encoding="utf-8") == 2


def test_a_group_and_a_suffix_are_kept_in_a_summary(tmp_path):
    record = read_text(tmp_path, PUBMED_SUMMARY)[0].record

    assert record.authors[2:] == ("Tan, S Jr", "Outcomes Trial Group")


def test_a_numbered_paragraph_of_an_abstract_begins_no_record(tmp_path):
    record = read_text(tmp_path, PUBMED_ABSTRACT)[0].record

    assert record.abstract == (
        "BACKGROUND: Little is known. RESULTS: More were housed. 1. This paragraph begins with a "
        "number."
    )
    assert record.language == "Spanish"
    assert record.extra["related records"] == [
        "Comment in Homes. 2017;1(1):1-2. doi: 10.1000/comment."
    ]
    assert record.extra["copyright"] == ["Copyright © 2016 The Authors."]


@pytest.mark.parametrize(
    ("summary", "authors", "title", "journal", "year"),
    [
        ("Roy M. U.S. homes in 2010: a study. Who pays? J Homes. 2016;9:1-2. PMID: 1.",
         ("Roy, M",), "U.S. homes in 2010: a study. Who pays?", "J Homes", 2016),
        ("Correction to: Homes. J Homes. 2016 Jan;9(1):1. PMID: 1.",
         (), "Correction to: Homes", "J Homes", 2016),
        ("Outcomes Study Group. Homes first. J Homes. 2016;9:1. PMID: 1.",
         ("Outcomes Study Group",), "Homes first", "J Homes", 2016),
        ("Şen Ç, García-López MA. [Vivienda]. Rev Esp. 2016 Spring;9:S1. Spanish. PMID: 1.",
         ("Şen, Ç", "García-López, MA"), "[Vivienda]", "Rev Esp", 2016),
        ("Roy M. Homes. 2023 Aug 8. In: Handbook of Homes [Internet]. Leeds: A Press; 2024 Jan–. "
         "PMID: 1.", ("Roy, M",), "Homes", "Handbook of Homes", 2023),
        ("[No authors listed]. Homes. J Homes. 2016;9:1. PMID: 1.", (), "Homes", "J Homes", 2016),
        ("Roy M, Outcomes Study Group. Homes. J Homes. 2016;9:1. PMID: 1.",
         ("Roy, M", "Outcomes Study Group"), "Homes", "J Homes", 2016),
        ("Homes for the whole Society. A review. J Homes. 2016;9:1. PMID: 1.",
         (), "Homes for the whole Society. A review", "J Homes", 2016),
        ('Roy M. "A quoted title." J Homes. 2016;9:1. PMID: 1.',
         ("Roy, M",), '"A quoted title."', "J Homes", 2016),
        ("Roy M. Something else entirely PMID: 1.",
         ("Roy, M",), "Something else entirely", None, None),
    ],
)  # fmt: skip
def test_a_summary_is_split_where_that_is_sure(summary, authors, title, journal, year):
    record = to_record(f"7: {summary}\n")

    assert (record.authors, record.title) == (authors, title)
    assert (record.journal, record.year) == (journal, year)


def test_a_summary_that_lost_its_number_is_still_a_record(tmp_path):
    path = tmp_path / "search.txt"
    path.write_text(PUBMED_SUMMARY.replace("1: ", "", 1), encoding="utf-8")

    blocks = list(read(path, format=Format.PUBMED_TEXT, encoding="utf-8"))

    assert [block.record.pmid for block in blocks] == ["27777777", "27777778"]
