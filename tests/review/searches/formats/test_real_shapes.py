"""What programs really write, beyond the sample of each format."""

import pytest

from review.errors import Unreadable
from review.searches.formats import count_blocks, detect, read

ABSTRACT_TEXT = """1. J Trials. 2001 Jun 2;322(7296):1301.

Stopping early.

%s

We stopped early.

PMID: 11111112
"""
CHAPTER = """1. Sailors.

Ngata L(1), Oduya SF(2).

In: Handbook of Ports [Internet]. Lagos: Ports Press; 2024 Jan–.
2022 Nov 12.

Author information:
(1)A University
(2)B University

Sailors are old.

PMID: 29999239
"""
EBSCO_TEXT = """Record: 1
Title:
Habits of ports.
Authors:
%s
Source:
Port Letters. Mar2014, Vol. 12 Issue 3, p101-120. 20p.
Abstract:
We study habits.
Accession Number:
95000001
Database:
Academic Search Premier
"""
ESCAPED = "O&amp;amp;apos;Dea, K."


def first_record(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    found = detect(path)
    blocks = list(read(path, format=found.format, encoding=found.encoding))
    assert len(blocks) == count_blocks(path, format=found.format, encoding=found.encoding)
    return blocks[0].record


@pytest.mark.parametrize(
    ("paragraph", "authors"),
    [
        ("SHIP-IT Investigators.", ("SHIP-IT Investigators",)),
        ("Lee Á(#)(1), O'Dea P(#)(2), D'Souza RK(3).", ("Lee, Á", "O'Dea, P", "D'Souza, RK")),
        ("[No authors listed]", ()),
        ("[Article in French; Abstract available in French from us]\n\nRoe A(1), Doe B(1).",
         ("Roe, A", "Doe, B")),
    ],
    ids=["a group", "equal contribution", "no authors", "another language"],
)  # fmt: skip
def test_the_authors_of_a_pubmed_abstract_are_never_in_the_abstract(tmp_path, paragraph, authors):
    record = first_record(tmp_path, "a.txt", ABSTRACT_TEXT % paragraph)

    assert (record.authors, record.abstract) == (authors, "We stopped early.")


def test_a_chapter_in_pubmed_has_its_title_before_its_book(tmp_path):
    record = first_record(tmp_path, "a.txt", CHAPTER)

    assert (record.title, record.authors) == ("Sailors", ("Ngata, L", "Oduya, SF"))
    assert (record.abstract, record.year) == ("Sailors are old.", 2022)


def test_a_book_in_pubmed_has_a_year(tmp_path):
    text = "1: Health Union. Guideline on ports. Geneva: Health Union; 2019. PMID: 31000001.\n"

    assert first_record(tmp_path, "a.txt", text).year == 2019


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        ("Ng, Ann\nOh, Bo\nLi, C. D.", ("Ng, Ann", "Oh, Bo", "Li, C. D.")),
        ("Ng, Ann1 (AUTHOR) ann@x.example\nOh, Bo2,3 (AUTHOR)", ("Ng, Ann", "Oh, Bo")),
    ],
)
def test_each_line_below_authors_of_ebscohost_is_a_name(tmp_path, lines, authors):
    assert first_record(tmp_path, "e.txt", EBSCO_TEXT % lines).authors == authors


@pytest.mark.parametrize(
    "text",
    [
        f'<xml><records><record><ref-type name="Journal Article">17</ref-type><contributors>'
        f"<authors><author>{ESCAPED}</author></authors></contributors><titles><title>A</title>"
        "</titles></record></records></xml>",
        f'<records><rec resultID="1"><header shortDbName="a"><controlInfo><artinfo><tig><atl>A'
        f"</atl></tig><aug><au>{ESCAPED}</au></aug></artinfo></controlInfo></header></rec></records>",
    ],
    ids=["EndNote", "EBSCOhost"],
)
def test_a_name_is_unescaped_before_a_list_of_names_is_split(tmp_path, text):
    assert first_record(tmp_path, "e.xml", text).authors == ("O'Dea, K.",)


def test_the_address_of_a_register_is_no_journal(tmp_path):
    address = "https://trials.example/show/NCT01111111"
    text = f"TY  - JOUR\nAN  - CN-01111112\nTI  - Gum at work\nT2  - {address}\nER  - \n"

    record = first_record(tmp_path, "c.ris", text)

    assert (record.journal, record.url) == (None, address)


def test_a_wrapped_line_that_begins_with_ty_is_text_after_single_blanks_too(tmp_path):
    text = "TY - JOUR\nTI - Alpha\nAB - Blood, or\nTY-1 cells\nand more.\nER -\n"

    assert first_record(tmp_path, "a.ris", text).abstract == "Blood, or TY-1 cells and more."


def test_an_article_number_of_web_of_science_is_a_page(tmp_path):
    text = "PT\tAU\tTI\tSO\tAR\tBP\tPY\tUT\nJ\tNg, A\tAlpha\tJ\te17\t\t2001\tWOS:1\n"

    assert first_record(tmp_path, "w.txt", text).pages == "e17"


def test_the_citation_in_a_table_of_pubmed_has_volume_issue_and_pages(tmp_path):
    text = (
        "PMID,Title,Authors,Citation,Journal/Book,Publication Year\n"
        '33445566,Alpha.,"Ng A, Oh B.",J Ports. 2020 May 3;4(2):11-19. doi: 10.5/x.,J Ports,2020\n'
    )

    record = first_record(tmp_path, "p.csv", text)

    assert (record.volume, record.issue, record.pages) == ("4", "2", "11-19")


def test_pages_lose_the_p_before_them(tmp_path):
    text = '@article{1,\nTitle = "A",\nPages = "p17 - 31",\nYear = "2009"}\n'

    assert first_record(tmp_path, "e.bib", text).pages == "17-31"


def test_a_table_of_numbers_alone_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="Export"):
        first_record(tmp_path, "p.csv", "PMID\n33445566\n33445567\n")
