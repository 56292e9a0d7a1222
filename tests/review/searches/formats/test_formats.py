"""The fields that each format gives, and the blocks that it rejects."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from review.errors import Unreadable
from review.searches.formats import Block, Format, count_blocks, detect, read
from tests.review.searches.formats.format_cases import (
    BIBTEX,
    CNKI,
    CNKI_OWN,
    PUBMED_XML,
    RIS,
    SAMPLES,
    read_text,
)


@pytest.mark.parametrize("kind", list(SAMPLES))
def test_every_format_is_detected_from_its_content(tmp_path, kind):
    path = tmp_path / "unnamed"
    path.write_text(SAMPLES[kind], encoding="utf-8")

    assert detect(path).format is kind


@pytest.mark.parametrize("kind", list(SAMPLES))
def test_the_independent_count_agrees_with_the_blocks(tmp_path, kind):
    path = tmp_path / "unnamed"
    path.write_text(SAMPLES[kind], encoding="utf-8")

    blocks = list(read(path, format=kind, encoding="utf-8"))

    assert count_blocks(path, format=kind, encoding="utf-8") == len(blocks)
    assert [block.number for block in blocks] == list(range(1, len(blocks) + 1))


@pytest.mark.parametrize("kind", [kind for kind in SAMPLES if kind is not Format.CSV])
def test_every_format_gives_its_two_records_with_a_title(tmp_path, kind):
    blocks = read_text(tmp_path, SAMPLES[kind])

    assert len(blocks) == 2
    assert all(block.record and block.record.title for block in blocks)


def test_ris_gives_every_field(tmp_path):
    record = read_text(tmp_path, RIS)[0].record

    assert record.title == "Evidence on payment by results"
    assert record.authors == ("Fraser, A.", "Tan, S.")
    assert (record.year, record.journal) == (2018, "BMC Health Services Research")
    assert (record.volume, record.issue, record.pages) == ("18", "1", "100-112")
    assert record.doi == "10.1186/s12913-018-3456-7"
    assert (record.issn, record.type) == ("1472-6963", "JOUR")
    assert record.keywords == ("payment by results", "commissioning")


@pytest.mark.parametrize(
    ("line", "doi"),
    [
        ("DO  - doi:10.1000/ABC", "10.1000/abc"),
        ("L2  - http://dx.doi.org/10.1000%2Fabc", "10.1000/abc"),
        ("L3  - 10.1000/abc", "10.1000/abc"),
        ("M3  - doi: 10.1000/abc", "10.1000/abc"),
        ("N1  - doi:10.1000/abc", "10.1000/abc"),
        ("UR  - https://example.com/record?eid=2&doi=10.1000%2fabc&md5=1", "10.1000/abc"),
        ("UR  - https://onlinelibrary.example/doi/full/10.1000/abc", "10.1000/abc"),
        ("DO  - 10.1016/S0027-9684(15)31340-7", "10.1016/s0027-9684(15)31340-7"),
        ("N1  - References: Smith (2001), doi: 10.9999/cited", None),
        ("M3  - Article", None),
    ],
)
def test_a_doi_is_found_where_ris_dialects_put_it(tmp_path, line, doi):
    blocks = read_text(tmp_path, f"TY  - JOUR\nTI  - A title\n{line}\nER  - \n")

    assert blocks[0].record.doi == doi


def test_ris_without_er_loses_no_record(tmp_path):
    text = "TY  - JOUR\nTI  - One\nTY  - JOUR\nT1  - Two\nTY  - BOOK\nTI  - Thr"

    blocks = read_text(tmp_path, text)

    assert [block.record.title for block in blocks] == ["One", "Two", "Thr"]
    assert all("ER" in block.warnings[0] for block in blocks)


def test_a_ris_record_that_lost_its_ty_line_is_still_a_record(tmp_path):
    lost = RIS.replace("TY  - RPRT\n", "")

    blocks = read_text(tmp_path, lost)

    assert [block.record.year for block in blocks] == [2018, 2018]
    assert "TY" in blocks[1].warnings[0]


def test_lines_between_ris_records_are_not_blocks(tmp_path):
    text = "Record #1 of 2\nProvider: X\n1.\n" + RIS.replace("\n\n", "\nNL  - abbreviated\n\n2.\n")

    assert len(read_text(tmp_path, text)) == 2


def test_wrapped_lines_of_ris_belong_to_the_tag_above(tmp_path):
    text = (
        "TY - JOUR\nTI - Long\n   title\nKW  - one\ntwo\nAB  - T1-weighted images\n"
        "UK - based cohort\nER  -\n"
    )

    record = read_text(tmp_path, text)[0].record

    assert record.title == "Long title"
    assert record.keywords == ("one", "two")
    assert record.abstract == "T1-weighted images UK - based cohort"


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ("SP  - No\nEP  - Specified", None),
        ("SP  - 1535-41", "1535-41"),
        ("SP  - 5\nEP  - 5", "5"),
        ("SP  - e12", "e12"),
        ("SP  - 10 – 12", "10-12"),
    ],
)
def test_pages_come_as_one_range(tmp_path, pages, expected):
    assert read_text(tmp_path, f"TY  - JOUR\nTI  - A\n{pages}\nER  - ")[0].record.pages == expected


def test_a_copyright_notice_is_not_taken_for_the_abstract(tmp_path):
    text = "TY  - JOUR\nTI  - A\nAB  - Copyright 2019 Wiley\nAB  - The abstract.\nER  - \n"

    record = read_text(tmp_path, text)[0].record

    assert record.abstract == "The abstract."
    assert record.extra["AB"] == ["Copyright 2019 Wiley"]


def test_a_record_without_title_needs_a_doi_or_an_abstract(tmp_path):
    text = "TY  - JOUR\nDO  - 10.1000/1\nTY  - JOUR\nAU  - Roy, M.\nTY  - GEN\nER  - \n"

    with_doi, with_author, empty = read_text(tmp_path, text)

    assert with_doi.record.title == ""
    assert "The record has no title." in with_doi.warnings
    assert "no title" in with_author.reason
    assert "empty" in empty.reason


def test_nbib_gives_every_field(tmp_path):
    record = read_text(tmp_path, SAMPLES[Format.NBIB])[0].record

    assert record.title == "Social impact bonds: a wolf in sheep's clothing?"
    assert record.authors == ("Roy, Michael J", "McHugh, Neil")
    assert (record.pmid, record.doi) == ("29334345", "10.1177/0261018317706219")
    assert (record.year, record.journal) == (2018, "Critical social policy")
    assert (record.volume, record.issue, record.pages) == ("38", "2", "316-333")


def test_eric_records_without_pmid_are_split_at_empty_lines(tmp_path):
    text = "OWN - ERIC\nTI  - One\nDP  - 2001\n\nOWN - ERIC\nTI  - Two\nDP  - 2002\n"

    assert [block.record.title for block in read_text(tmp_path, text)] == ["One", "Two"]


def test_pubmed_xml_keeps_labels_and_reads_its_own_doi(tmp_path):
    article, book = (block.record for block in read_text(tmp_path, PUBMED_XML))

    assert article.title == "Effects of cash on H2O."
    assert article.abstract == "AIM: To learn. RESULTS: We did, p < 0.05."
    assert article.authors == ("Silva, Ana B", "The Trial Group")
    assert (article.doi, article.pmid, article.year) == ("10.1000/xyz.1", "111", 2011)
    assert (book.title, book.isbn, book.year) == ("A Guide", "9781860163593", 2009)


def test_endnote_xml_reads_through_its_styles(tmp_path):
    record = read_text(tmp_path, SAMPLES[Format.ENDNOTE_XML])[0].record

    assert record.title == "Wolf or sheep"
    assert record.abstract == "Bonds & policy."
    assert (record.doi, record.pages) == ("10.1177/0261018317706219", "316-333")


def test_a_damaged_xml_record_costs_only_itself(tmp_path):
    text = PUBMED_XML.replace("<Volume>4</Volume>", "<Volume>4</Volu")

    blocks = read_text(tmp_path, text)

    assert "well-formed" in blocks[0].reason
    assert blocks[1].record.title == "A Guide"


def test_plain_faults_of_xml_are_repaired(tmp_path):
    text = SAMPLES[Format.ENDNOTE_XML].replace(
        "Bonds &amp; policy.", "Bonds & policy\x0b &eacute;&#x1F; p < 0.05"
    )

    record = read_text(tmp_path, text)[0].record

    assert record.abstract == "Bonds & policy é p < 0.05"


def test_bibtex_expands_macros_and_accents_and_keeps_equal_keys(tmp_path):
    first, second = (block.record for block in read_text(tmp_path, BIBTEX))

    assert first.title == "Pagos por Resultados: una revisión"
    assert first.authors == ("Silva, José", "World Health Organization", "van Dam, Ann M.")
    assert (first.journal, first.pages, first.doi) == (
        "Journal of Public Policy",
        "1-9",
        "10.1000/abc.9",
    )
    assert second.title == "Second entry with the same key"


def test_an_unbalanced_bibtex_entry_costs_only_itself(tmp_path):
    text = (
        "@article{a,\n title = {One {unclosed},\n year = {2001}\n}\n\n"
        "@article{b,\n title = {Two}, year = 2002}\n@misc{c, title={Three"
    )

    blocks = read_text(tmp_path, text)

    assert [block.record.title for block in blocks] == ["One unclosed", "Two", "Three"]
    assert [block.record.year for block in blocks] == [2001, 2002, None]
    assert "balance" in blocks[0].warnings[0]


def test_a_table_is_read_below_its_headings_row_by_row(tmp_path):
    first, second, untitled = read_text(tmp_path, SAMPLES[Format.CSV])

    assert first.record.title == "A first, with comma"
    assert first.record.abstract == "Two lines"
    assert first.record.authors == ("Roy, M.", "Tan, S.")
    assert first.line == 4
    assert second.record.authors == ("Liu, R.",)
    assert "no title" in untitled.reason


def test_a_mapping_overrides_known_headings(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("Titel des Werks,Title\nRecht,Wrong\n", encoding="utf-8")
    mapping = {"Titel des Werks": "title", "Title": ""}

    (block,) = read(path, format=Format.CSV, encoding="utf-8", mapping=mapping)

    assert block.record.title == "Recht"
    assert block.record.extra == {"Title": ["Wrong"]}


def test_a_quote_that_is_never_closed_swallows_no_rows(tmp_path):
    rows = "".join(f"Title {n},Roy M.,{2000 + n}\n" for n in range(9))
    text = "title,authors,year\n" + rows.replace("Title 3", '"Title 3')

    blocks = read_text(tmp_path, text)

    assert [block.record.title for block in blocks] == [f"Title {n}" for n in range(9)]


def test_ragged_rows_are_kept_with_a_warning(tmp_path):
    blocks = read_text(tmp_path, "title;year;doi\nOne\nTwo;2001;;surplus\n")

    assert [block.record.title for block in blocks] == ["One", "Two"]
    assert all("heading row has" in block.warnings[0] for block in blocks)


@pytest.mark.parametrize("kind", [Format.WOS, Format.REFER, Format.OVID, Format.REFWORKS])
def test_other_tagged_formats_give_authors_year_and_journal(tmp_path, kind):
    record = read_text(tmp_path, SAMPLES[kind])[0].record

    assert record.authors
    assert record.year
    assert record.journal


def test_csl_json_reads_names_and_dates(tmp_path):
    record = read_text(tmp_path, SAMPLES[Format.CSL_JSON])[0].record

    assert record.title == 'Models {and} "braces"'
    assert record.authors == ("Bachar, Mostafa", "World Bank")
    assert (record.year, record.doi) == (2013, "10.1000/1")


def test_zotero_rdf_completes_items_from_their_journals(tmp_path):
    first, second = (block.record for block in read_text(tmp_path, SAMPLES[Format.ZOTERO_RDF]))

    assert first.title == "Homes and outcomes"
    assert first.authors == ("Fraser, Alec", "World Bank")
    assert (first.journal, first.volume, first.issue) == ("Journal of Homes", "44", "5")
    assert (first.doi, first.issn, first.pmid) == ("10.1000/1", "1234-5679", "1234567")
    assert (first.year, first.pages, first.language) == (2020, "448-452", "en")
    assert first.abstract == "We paid for homes."
    assert first.keywords == ("outcomes", "payment by results")
    assert (first.type, first.url) == ("journalArticle", "https://example.org/a?b=1&c=2")
    assert first.journal_abbreviation == "J. Homes"
    assert (second.title, second.journal, second.year) == ("Second", "Working papers", 2015)
    assert (second.extra["publisher"], second.extra["place"]) == (["A ministry"], ["Leeds"])


def test_a_zotero_item_that_lost_its_first_line_is_rejected_and_the_others_stay(tmp_path):
    text = SAMPLES[Format.ZOTERO_RDF].replace('    <bib:Report rdf:about="#item_9">\n', "")

    accepted, lost = read_text(tmp_path, text)

    assert accepted.record.title == "Homes and outcomes"
    assert "lost its first line" in lost.reason
    assert "<dc:title>Second</dc:title>" in lost.raw


def test_a_book_that_no_zotero_item_is_part_of_is_an_item(tmp_path):
    book = (
        '    <bib:Book rdf:about="urn:isbn:9780000000001">\n        <dc:title>A book</dc:title>\n'
        "    </bib:Book>\n"
    )
    text = SAMPLES[Format.ZOTERO_RDF].replace("    <bib:Memo", f"{book}    <bib:Memo")

    titles = [block.record.title for block in read_text(tmp_path, text)]

    assert titles == ["Homes and outcomes", "Second", "A book"]


@pytest.mark.parametrize("shift", range(0, 260, 40))
def test_the_item_after_one_that_is_too_long_is_read(tmp_path, shift):
    long = "x" * (11 * 1024 * 1024 + shift)
    address = "https://example.org/" + "a" * 120
    text = SAMPLES[Format.ZOTERO_RDF].replace("We paid", long).replace("#item_9", address)

    too_long, second = read_text(tmp_path, text)

    assert "MB" in too_long.reason
    assert second.record.title == "Second"


def test_languages_of_other_abstracts_are_not_guessed_by_order(tmp_path):
    text = (
        "PMID- 1\nTI  - A title\nAB  - In English.\nOAB - En espanol.\nOAB - Auf Deutsch.\n"
        "OABL- ger\n"
    )

    record = read_text(tmp_path, text)[0].record

    assert [abstract.language for abstract in record.other_abstracts] == [None, None]


def test_a_notice_that_an_abstract_is_available_is_not_an_abstract(tmp_path):
    text = (
        "PMID- 1\nTI  - A title\nAB  - In English.\nOAB - Abstract available from the publisher.\n"
        "OABL- spa\n"
    )

    record = read_text(tmp_path, text)[0].record

    assert record.other_abstracts == ()
    assert record.extra["abstract elsewhere"] == ["Abstract available from the publisher."]


@pytest.mark.parametrize("brackets", ["{}", "{{}}"])
def test_oversized_and_empty_entries_raise_nothing(tmp_path, brackets):
    assert [block.reason for block in read_text(tmp_path, f"@article{{a, title = {brackets}}}")]


@pytest.mark.parametrize("text", [CNKI, CNKI_OWN])
def test_both_forms_of_chinese_exports_give_their_fields(tmp_path, text):
    blocks = read_text(tmp_path, text)
    record = blocks[0].record

    assert len(blocks) == 2
    assert record.title == "社会影响力债券的国际经验"
    assert record.authors == ("张三", "李四")
    assert (record.journal, record.year, record.issue) == ("中国行政管理", 2019, "05")
    assert record.pages == "10-15"
    assert record.keywords == ("社会影响力债券", "按效果付费")
    assert record.abstract.startswith("本文分析了社会影响力债券。")
    assert count_blocks(tmp_path / "search.txt", format=Format.CNKI, encoding="utf-8") == 2


def test_lines_outside_any_ris_record_give_a_warning_on_the_next_one(tmp_path):
    text = "Scopus\nEXPORT DATE: 22 November 2026\n\n" + RIS + "\nThe end\n"

    blocks = read_text(tmp_path, text)

    assert "2 lines outside any record: Scopus" in blocks[0].warnings
    assert "1 line outside any record: The end" in blocks[-1].warnings
    warnings = [warning for block in read_text(tmp_path, RIS) for warning in block.warnings]
    assert not any("outside" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("end", "notice"),
    [
        (" © 2019 Elsevier Ltd", "© 2019 Elsevier Ltd"),
        (
            " (C) 2011 Elsevier Ltd. All rights reserved.",
            "(C) 2011 Elsevier Ltd. All rights reserved.",
        ),
        (" Copyright © 2016 Buchanan, Rahm and Williams.", None),
        (" (PsycINFO Database Record (c) 2019 APA, all rights reserved)", None),
        (" (c) 2008 The Authors. Published by Elsevier.", None),
    ],
)
def test_a_copyright_notice_is_cut_off_an_abstract_and_kept_in_extra(tmp_path, end, notice):
    abstract = "We compared nine contracts and what they came to over six years."
    text = f"TY  - JOUR\nTI  - Bonds\nAB  - {abstract}{end}\nER  - \n"

    (block,) = read_text(tmp_path, text, format=Format.RIS)

    assert block.record.abstract == abstract
    assert block.record.extra["copyright"] == [notice or end.strip()]


@pytest.mark.parametrize(
    "abstract",
    [
        "© 2019 Elsevier Ltd",
        "The Act (c. 2011) changed what reviewers may read of the contracts they compare.",
        "Contracts were compared. Copyright law of 1911 was found to matter in each of them.",
        "A long abstract of what was found. (C) 2011 was the year. " + "More was found. " * 20,
    ],
)
def test_what_only_looks_like_a_notice_stays_in_the_abstract(tmp_path, abstract):
    (block,) = read_text(
        tmp_path, f"TY  - JOUR\nTI  - Bonds\nAB  - {abstract}\nER  - \n", format=Format.RIS
    )

    assert block.record.abstract == abstract.strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "PMID- 1\nTI  - A title\nAB  - In English.\nOAB - En espanol.\nOABL- spa\n",
            [("spa", "En espanol.")],
        ),
        (
            "TY  - JOUR\nTI  - A title\nAB  - In English.\nAB  - En espanol.\nAB  - (c) 2020\n"
            "N2  - In English.\nER  - \n",
            [(None, "En espanol.")],
        ),
        (
            "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>"
            "<ArticleTitle>A title</ArticleTitle><Abstract><AbstractText>In English."
            "</AbstractText></Abstract></Article><OtherAbstract Language='spa'><AbstractText>"
            "En espanol.</AbstractText></OtherAbstract></MedlineCitation></PubmedArticle>"
            "</PubmedArticleSet>",
            [("spa", "En espanol.")],
        ),
    ],
)
def test_abstracts_in_other_languages_are_kept_with_the_first(tmp_path, text, expected):
    record = read_text(tmp_path, text)[0].record

    assert record.abstract == "In English."
    assert [(further.language, further.text) for further in record.other_abstracts] == expected
    assert "OAB" not in record.extra


@pytest.mark.parametrize(
    "text",
    [
        "TY  - JOUR\nTI  - A title\nJF  - Public Money\nJA  - Publ. Mon.\nER  - \n",
        "PMID- 1\nTI  - A title\nJT  - Public Money\nTA  - Publ. Mon.\n",
        "title,source title,abbreviated source title\nA title,Public Money,Publ. Mon.\n",
        "@article{a, title={A title}, journal={Public Money}, shortjournal={Publ. Mon.}}",
    ],
)
def test_a_journals_abbreviation_is_kept_with_its_name(tmp_path, text):
    record = read_text(tmp_path, text)[0].record

    assert (record.journal, record.journal_abbreviation) == ("Public Money", "Publ. Mon.")


def test_a_journal_known_by_its_abbreviation_alone_has_that_as_its_name(tmp_path):
    record = read_text(tmp_path, "TY  - JOUR\nTI  - A title\nJA  - Publ. Mon.\nER  - \n")[0].record

    assert (record.journal, record.journal_abbreviation) == ("Publ. Mon.", None)


@pytest.mark.parametrize("format_", Format)
def test_every_format_is_complete(tmp_path: Path, format_: Format) -> None:
    """A sample, a mark by which it is detected, a parser, an independent counter, a docs row."""
    path = tmp_path / "sample"
    if format_ is Format.XLSX:
        book = Workbook()
        book.active.append(["title", "doi"])
        book.active.append(["One", "10.1000/1"])
        book.save(path)
    else:
        assert format_ in SAMPLES, "add a sample to format_cases.py"
        path.write_text(SAMPLES[format_], encoding="utf-8")

    blocks = parse(path, format_)

    assert detected_format(path) is format_, "add what it is recognised by to detection.py"
    assert counted(path, format_) == len(blocks) > 0, "add how its records count to counting.py"
    docs = Path(__file__).parents[4] / "docs" / "formats.md"
    assert f"| `{format_}` |" in docs.read_text(encoding="utf-8"), "add its row to docs/formats.md"


def parse(path: Path, format_: Format) -> list[Block]:
    try:
        return list(read(path, format=format_, encoding="utf-8"))
    except KeyError:
        pytest.fail("add its parser to _READERS in formats/__init__.py")


def detected_format(path: Path) -> Format | None:
    try:
        return detect(path).format
    except Unreadable:
        return None


def counted(path: Path, format_: Format) -> int | None:
    try:
        return count_blocks(path, format=format_, encoding="utf-8")
    except KeyError:
        return None
