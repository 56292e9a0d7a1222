"""Text with labels: the Cochrane Library, EconLit and their kind."""

import pytest

from review.searches.formats import Format, count_blocks, detect
from review.searches.formats.sources import SourceLine, split_source
from tests.review.searches.formats.format_cases import COCHRANE, ECONLIT, read_text


def test_text_of_the_cochrane_library_is_read(tmp_path):
    article, entry = (block.record for block in read_text(tmp_path, COCHRANE))

    assert article.title == "Paying providers for homes: a randomised trial"
    assert article.authors == ("Roy, M", "Tan, S", "Outcomes Trial Group")
    assert (article.year, article.journal, article.volume) == (2016, "Journal of homes", "9")
    assert (article.issue, article.pages, article.pmid) == ("2", "11-19", "27777777")
    assert (article.doi, article.accession) == ("10.1000/homes.2016.9", "CN-00777777")
    assert article.keywords == ("Adult", "*Housing")
    assert (entry.authors, entry.doi, entry.journal) == ((), None, None)
    assert entry.extra["registration number"] == ["ISRCTN11112222"]
    assert (entry.accession, entry.year) == ("CN-00777778", 2019)


def test_a_wrapped_line_that_looks_like_a_label_is_text(tmp_path):
    record = read_text(tmp_path, COCHRANE)[0].record

    assert record.abstract.endswith("More were housed OR: 2.1 (95% CI 1.2 to 3.4).")
    assert record.url.endswith("CN-00777777/full")


def test_a_lost_record_line_costs_no_record(tmp_path):
    blocks = read_text(tmp_path, COCHRANE.replace("Record #2 of 2\n", ""))

    assert [block.record.accession for block in blocks] == ["CN-00777777", "CN-00777778"]


def test_records_without_numbers_begin_with_their_first_label_after_an_empty_line(tmp_path):
    first, second = read_text(tmp_path, ECONLIT)

    assert first.record.title == "Paying for jobs: evidence from coaching"
    assert first.record.authors == ("Roy, Michael", "Tan, Sue")
    assert first.record.journal == "Journal of Public Money"
    assert (first.record.volume, first.record.pages) == ("31", "101-19")
    assert first.record.abstract == "Coaches were paid for each job. A second paragraph."
    assert (second.record.title, second.record.year) == ("Second", 2014)
    path = tmp_path / "search.txt"
    assert detect(path).format is Format.LABELLED
    assert count_blocks(path, format=Format.LABELLED, encoding="utf-8") == 2


def test_records_that_begin_with_the_title_or_the_authors_are_kept_apart(tmp_path):
    for first in ("TI: One\nAU: Roy M\nAU: Tan S", "AU: Roy M\nAU: Tan S\nTI: One"):
        text = f"{first}\nPY: 2001\n\n{first.replace('One', 'Two')}\nPY: 2002\n"

        blocks = read_text(tmp_path, text)

        assert [block.record.title for block in blocks] == ["One", "Two"]
        assert all(block.record.authors == ("Roy, M", "Tan, S") for block in blocks)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Public Money, June 2019, v. 109, iss. 6, pp. 2153-80",
         ("Public Money", "109", "6", "2153-80")),
        ("Public Money, 31(2), 2013, pp. 101-19", ("Public Money", "31", "2", "101-19")),
        ("Health, Work & Home. Jun2019, Vol. 109 Issue 6, p2153-2180. 28p.",
         ("Health, Work & Home", "109", "6", "2153-2180")),
        ("Public Money 2010;340:c332", ("Public Money", "340", None, "c332")),
        ("Public Money 12 (2019): 1-9", ("Public Money", None, None, "1-9")),
        ("Public Money", ("Public Money", None, None, None)),
        ("Policy Research Working Paper 1234",
         ("Policy Research Working Paper 1234", None, None, None)),
        ("", (None, None, None, None)),
    ],
)  # fmt: skip
def test_a_source_line_gives_its_parts(text, parts):
    assert split_source(text) == SourceLine(*parts)


def test_a_pubmed_id_among_the_other_numbers_is_read(tmp_path):
    text = COCHRANE.replace("PM: PUBMED 27777777\n", "").replace("XR: EMBASE", "XR: PUBMED")

    assert read_text(tmp_path, text.replace("610000000", "27777777"))[0].record.pmid == "27777777"
