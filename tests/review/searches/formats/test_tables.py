"""The headings of the programs that tables come from."""

import pytest

from review.searches.formats import Format
from tests.review.searches.formats.format_cases import read_text

TABLES = {
    "Scopus": (
        "Authors,Author full names,Author(s) ID,Title,Year,Source title,Volume,Issue,Art. No.,"
        "Page start,Page end,Page count,Cited by,DOI,Link,Abstract,Author Keywords,Document Type\n"
        '"Roy M.; Tan S.","Roy, Michael (1); Tan, Stephanie (2)",1;2,Bonds,2018,Policy,38,2,,316,'
        "333,18,5,10.1000/1,https://x.example,An abstract,a; b,Article\n"
    ),
    "Web of Science": (
        "PT\tAU\tAF\tTI\tSO\tLA\tDT\tDE\tAB\tSN\tPY\tVL\tIS\tBP\tEP\tDI\tUT\n"
        "J\tRoy, M; Tan, S\tRoy, Michael; Tan, Stephanie\tBonds\tPolicy\tEnglish\tArticle\ta; b\t"
        "An abstract\t1234-5678\t2018\t38\t2\t316\t333\t10.1000/1\tWOS:1\n"
    ),
    "PubMed": (
        "PMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,"
        'DOI\n1,Bonds,"Roy M, Tan S.",Policy. 2018,Roy M,Policy,2018,2018/05/01,,10.1000/1\n'
    ),
    "Lens": (
        "Lens ID,Title,Date Published,Publication Year,Publication Type,Source Title,ISSNs,Volume,"
        "Issue Number,Start Page,End Page,Author/s,Abstract,DOI,PMID\n"
        "000-1,Bonds,2018-05-01,2018,journal article,Policy,12345678,38,2,316,333,"
        "Michael Roy; Stephanie Tan,An abstract,10.1000/1,1\n"
    ),
    "OpenAlex": (
        "id,doi,title,display_name,publication_year,primary_location.source.display_name,"
        "authorships.author.display_name\nhttps://openalex.org/W1,https://doi.org/10.1000/1,Bonds,"
        "Bonds,2018,Policy,Michael Roy|Stephanie Tan\n"
    ),
    "Dimensions": (
        '"About the data: exported on May 1"\nRank,Publication ID,DOI,Title,Abstract,Source title,'
        "PubYear,Volume,Issue,Pagination,Authors\n1,pub.1,10.1000/1,Bonds,An abstract,Policy,2018,"
        '38,2,316-333,"Roy, Michael; Tan, Stephanie"\n'
    ),
    "Rayyan": (
        "key,title,year,month,day,journal,issn,volume,issue,pages,authors,url,language,abstract,"
        "notes,doi\nrayyan-1,Bonds,2018,5,1,Policy,1234-5678,38,2,316-333,"
        '"Roy, Michael and Tan, Stephanie",,eng,An abstract,,10.1000/1\n'
    ),
    "Covidence": (
        "Title,Authors,Abstract,Published Year,Published Month,Journal,Volume,Issue,Pages,"
        "Accession Number,DOI,Ref,Covidence #,Study,Notes,Tags\n"
        'Bonds,"Roy, Michael; Tan, Stephanie",An abstract,2018,May,Policy,38,2,316-333,A1,'
        "10.1000/1,7,#12,Roy 2018,,\n"
    ),
    "IEEE": (
        '"Document Title",Authors,"Publication Title","Publication Year","Volume","Issue",'
        '"Start Page","End Page","Abstract","ISSN",DOI\n'
        '"Bonds","M. Roy; S. Tan","Policy","2018","38","2","316","333","An abstract",'
        '"1234-5678","10.1000/1"\n'
    ),
    "ProQuest": (
        "Title,Abstract,StoreId,ArticleType,Authors,companies,digitalObjectIdentifier,issn,issue,"
        "language,pages,pubtitle,year,volume,DocumentURL\n"
        'Bonds,An abstract,1,Article,"Roy, Michael; Tan, Stephanie",,10.1000/1,12345678,2,English,'
        "316-333,Policy,2018,38,https://x.example\n"
    ),
}


@pytest.mark.parametrize("program", TABLES)
def test_the_headings_of_the_usual_programs_are_known(tmp_path, program):
    (block,) = read_text(tmp_path, TABLES[program])

    record = block.record
    assert record.title == "Bonds"
    assert [name.split(",")[0] for name in record.authors] == ["Roy", "Tan"]
    assert (record.year, record.journal, record.doi) == (2018, "Policy", "10.1000/1")
    assert record.pages in ("316-333", None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_delimiter_is_found(tmp_path, delimiter):
    rows = (("Title", "Year", "Authors"), ("A, b; c | d\te", "2018", "Roy, M."))
    text = "".join(delimiter.join(f'"{cell}"' for cell in row) + "\n" for row in rows)

    (block,) = read_text(tmp_path, text)

    assert block.record.year == 2018
    assert block.record.authors == ("Roy, M.",)


def test_repeated_headings_are_rejected_and_rows_above_them_give_a_warning(tmp_path):
    text = "Search of 3 May\nTitle,Year\nOne,2018\nTitle,Year\nTwo,2019\n"

    blocks = read_text(tmp_path, text, format=Format.CSV)

    assert [block.reason or block.record.title for block in blocks] == [
        "One", "The row repeats the headings.", "Two",
    ]  # fmt: skip
    assert blocks[0].warnings[0] == "1 row above the headings: Search of 3 May"


def test_a_record_that_lost_its_first_line_is_kept_and_a_legend_is_not_a_record(tmp_path):
    legend = "T1 Title Primary\nYR Publication Year\n\n"
    complete = "RT Journal Article\nT1 Two\nYR 2019\n"

    assert len(read_text(tmp_path, legend + complete, format=Format.REFWORKS)) == 1
    titles = [
        block.record.title
        for block in read_text(tmp_path, "T1 One\nYR 2018\n\n" + complete, format=Format.REFWORKS)
    ]
    assert titles == ["One", "Two"]


ABOUT = "\"About the data: Exported on May 03, 2024. Criteria: 'bonds' in full data\"\n"


@pytest.mark.parametrize(
    ("headings", "cells", "journal", "url"),
    [
        ("Source title/Anthology title,Dimensions URL", "Homes,https://d.example/1", "Homes",
         "https://d.example/1"),
        ("Source title,Anthology title,Source Linkout,Dimensions URL",
         "Homes,,https://p.example/1,https://d.example/1", "Homes", "https://d.example/1"),
        ("Source title,Anthology title,Source Linkout", ",A book on homes,https://p.example/1",
         "A book on homes", "https://p.example/1"),
    ],
)  # fmt: skip
def test_the_three_layouts_of_dimensions_are_read(tmp_path, headings, cells, journal, url):
    text = (
        f"{ABOUT}Publication ID,DOI,Title,PubYear,Volume,Issue,Pagination,Authors,{headings}\n"
        f'pub.1,10.1000/1,Paying for homes,2021,4,2,11-19,"Roy, Michael; Tan, Sue",{cells}\n'
    )

    (block,) = read_text(tmp_path, text)

    assert block.record.title == "Paying for homes"
    assert block.record.authors == ("Roy, Michael", "Tan, Sue")
    assert (block.record.year, block.record.pages) == (2021, "11-19")
    assert (block.record.journal, block.record.url) == (journal, url)
    assert block.record.accession == "pub.1"


def test_a_table_of_lens_is_read(tmp_path):
    text = (
        "Lens ID,Title,Date Published,Publication Year,Publication Type,Source Title,ISSNs,"
        "Author/s,Abstract,Volume,Issue Number,Start Page,End Page,Keywords,Source URLs,PMID,DOI\n"
        "000-111,Paying for homes,2021-02-03,2021,journal article,Homes,12345679,"
        "Michael Roy; Sue Tan,We paid.,4,2,11,19,bonds; homes,https://p.example/1,123,10.1000/1\n"
    )

    (block,) = read_text(tmp_path, text)

    assert block.record.authors == ("Roy, Michael", "Tan, Sue")
    assert (block.record.accession, block.record.pages) == ("000-111", "11-19")
    assert block.record.url == "https://p.example/1"
