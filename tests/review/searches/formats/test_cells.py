"""Tables that R, spreadsheets and Web of Science wrote: NA, errors, dates, quotes, Mac Roman."""

from datetime import date

import pytest
from openpyxl import Workbook

from review.searches.formats import Format, count_blocks, detect, read
from tests.review.searches.formats.format_cases import read_bytes, read_text

HEADINGS = "author,year,title,journal,volume,pages,doi\n"
OF_R = HEADINGS + (
    '"Roy, M.",2018,"Bonds","Notes",NA,NA,NA\nNA,NA,{},NA,NA,NA,NA\nNA,NA,NA,NA,NA,NA,NA\n'
)


def test_na_of_r_is_empty_and_a_row_of_na_is_rejected(tmp_path):
    first, second, third = read_text(tmp_path, OF_R.format('"A report"'))

    assert (first.record.volume, first.record.pages, first.record.doi) == (None, None, None)
    assert (second.record.title, second.record.authors, second.record.journal) == (
        "A report",
        (),
        None,
    )
    assert "empty" in third.reason
    assert count_blocks(tmp_path / "search.txt", format=Format.CSV, encoding="utf-8") == 3


def test_the_text_na_in_quotes_is_text_where_r_leaves_its_own_without(tmp_path):
    _, second, third = read_text(tmp_path, OF_R.format('"NA"'))

    assert second.record.title == "NA"
    assert third.reason


@pytest.mark.parametrize(
    "rows",
    [
        '"Na, Li",2018,NA,Notes,1,2-9,10.1000/1\n"Roy, M.",2018,Bonds,Notes,,,\n',
        '"Na, Li",2018,NA,Notes,,,\n',
        '"Na, Li",2018,NA,NA,1,2-9,10.1000/1\n',
    ],
)
def test_a_title_that_is_na_stays_where_no_habit_of_r_is_seen(tmp_path, rows):
    blocks = read_text(tmp_path, HEADINGS + rows)

    assert blocks[0].record.title == "NA"
    assert blocks[0].record.authors == ("Na, Li",)


def test_na_is_never_a_volume_or_a_doi(tmp_path):
    (block,) = read_text(tmp_path, HEADINGS + '"Na",2018,Bonds,Notes,NA,,NA\n')

    assert (block.record.authors, block.record.volume, block.record.doi) == (("Na",), None, None)


@pytest.mark.parametrize(
    "error",
    ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#NV", "#WERT!", "#####"],
)
def test_errors_of_spreadsheets_are_no_values(tmp_path, error):
    row = f"Bonds,{error},2018,{error},{error},{error},{error}\n"

    (block,) = read_text(tmp_path, "Title,Authors,Year,Journal,Pages,DOI,Abstract\n" + row)

    record = block.record
    assert (record.authors, record.journal, record.pages, record.abstract) == ((), None, None, None)
    assert record.doi is None
    assert any("#REF!" in warning for warning in block.warnings)


@pytest.mark.parametrize("title", ["#MeToo", "#1 in what?", "C# and F#", "Why #N/A matters"])
def test_a_title_with_a_number_sign_stays(tmp_path, title):
    (block,) = read_text(tmp_path, f"Title,Year\n{title},2018\n")

    assert block.record.title == title
    assert block.warnings == ()


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ("01-Jun", "1-6"),
        ("1-Jun", "1-6"),
        ("6-Jan", "1-6"),
        ("Jun-01", "1-6"),
        ("12-Oct", "10-12"),
        ("Jan-45", "1-45"),
        ("10-Mai", "5-10"),
        ("2012-01-06 00:00:00", "1-6"),
        ("2012-06-01", "1-6"),
    ],
)
def test_pages_that_became_a_date_are_read_as_pages_with_a_warning(tmp_path, pages, expected):
    (block,) = read_text(tmp_path, f"Title,Year,Pages\nBonds,2018,{pages}\n")

    assert block.record.pages == expected
    assert any(pages in warning and expected in warning for warning in block.warnings)


@pytest.mark.parametrize("pages", ["316-333", "e12", "S1-S6", "1-6", "A1-Mar", "12", "May"])
def test_other_pages_stay(tmp_path, pages):
    (block,) = read_text(tmp_path, f"Title,Year,Pages\nBonds,2018,{pages}\n")

    assert (block.record.pages, block.warnings) == (pages, ())


@pytest.mark.parametrize(
    ("issue", "expected"), [("02-Mar", "2-3"), ("15-Jun", "15-Jun"), ("Jun", "Jun")]
)
def test_an_issue_is_undone_only_if_it_can_be_a_double_issue(tmp_path, issue, expected):
    (block,) = read_text(tmp_path, f"Title,Year,Issue\nBonds,2018,{issue}\n")

    assert block.record.issue == expected


def test_workbooks_are_repaired_like_other_tables(tmp_path):
    book = Workbook()
    book.active.append(["title", "authors", "journal", "volume", "pages", "doi"])
    book.active.append(["Bonds", "NA", "#N/A", "NA", date(2012, 1, 6), "NA"])
    book.active.append(["NA", "NA", "NA", "NA", "NA", "NA"])
    book.save(tmp_path / "a.xlsx")

    first, second = read(tmp_path / "a.xlsx", format=Format.XLSX, encoding="utf-8")

    assert (first.record.authors, first.record.journal, first.record.volume) == ((), None, None)
    assert first.record.pages == "1-6"
    assert "empty" in second.reason


WEB_OF_SCIENCE = "PT\tAU\tTI\tSO\tAB\tPY\tDI\tUT\n"


@pytest.mark.parametrize(
    "title", ['"Big Society" and outcomes', '"Never closed', 'The "best" of "all', '"Whole"']
)
def test_quotes_in_tables_of_web_of_science_are_text(tmp_path, title):
    text = WEB_OF_SCIENCE + "".join(
        f'J\tRoy, M; Tan, S\t{title}\tNotes\tIn "short" {n}\t2018\t10.1000/{n}\tWOS:{n}\n'
        for n in range(3)
    )

    blocks = read_text(tmp_path, text)

    assert [block.record.title for block in blocks] == [title] * 3
    assert [block.record.doi for block in blocks] == [f"10.1000/{n}" for n in range(3)]
    assert count_blocks(tmp_path / "search.txt", format=Format.TSV, encoding="utf-8") == 3


def test_cells_in_quotes_of_other_tables_with_tabs_are_unquoted(tmp_path):
    text = 'Title\tYear\tAbstract\n"One, ""two"""\t2001\t"First\nsecond"\n"Three"\t2002\tx\n'

    first, second = read_text(tmp_path, text)

    assert (first.record.title, first.record.abstract) == ('One, "two"', "First second")
    assert second.record.title == "Three"


MAC_ROMAN = [
    "Étude sur la santé à l’école",
    "L'évaluation des contrats à impact « pilotes »",
    "Evaluación de los años de atención según la niñez",
    "Über die Größe öffentlicher Verträge",
    "Avaliação dos contratos: uma revisão da educação",
    "Måling av resultater i Tromsø",
    "The government’s “big society” – a review",
]


@pytest.mark.parametrize("encoding", ["mac_roman", "cp1252"])
@pytest.mark.parametrize("title", MAC_ROMAN)
@pytest.mark.parametrize(
    "form",
    ['Title,Year\r"{}",2019\r', "TY  - JOUR\rTI  - {}\rER  - \r", "title\tdoi\r{}\t10.1/1\r"],
)
def test_mac_roman_and_cp1252_are_told_apart(tmp_path, encoding, title, form):
    (block,) = read_bytes(tmp_path, form.format(title).encode(encoding))

    assert block.record.title == title
    detected = detect(tmp_path / "search.txt")
    assert detected.encoding == encoding
    assert encoding in detected.note
