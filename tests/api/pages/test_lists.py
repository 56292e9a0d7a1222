"""Every list as a file, opened again by a reader that is not ours."""

import csv
import io

import openpyxl
import pytest
import rispy

from api.pages.lists import LISTS
from review.corrections.searches import withdraw_search
from review.lists.tables import ListFormat
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Record
from tests.factories import include_fully, make_records

FORMULA = '=HYPERLINK("https://evil.example")'
LONG = "A very long abstract. " * 2000


@pytest.fixture
def filled(database, people):
    with database.writing() as session:
        records = make_records(session, people.review_id, [
            {"title": FORMULA, "abstract": LONG, "authors": ["Doe, Jane", "Roe, Rita"]},
            {"title": "Ünïcödé; \"quotes\", and\nlines", "doi": "10.1/x"}, {}, {},
        ])  # fmt: skip
        include_fully(session, people, records[2])
        study = add_study(session, review_id=people.review_id, label="Doe 2001",
                          reports=[records[2]], by=people.lead)  # fmt: skip
        contract = add_contract(session, review_id=people.review_id, label="A bond",
                                by=people.lead)  # fmt: skip
        link_contract(session, review_id=people.review_id, study_id=study.id,
                      contract_id=contract.id, by=people.lead)  # fmt: skip
        [gone] = make_records(session, people.review_id, source="A wrong one")
        withdraw_search(session, review_id=people.review_id, by=people.lead, why="Wrong.",
                        search_id=session.get_one(Record, gone).search_id)  # fmt: skip
    return people


def read_csv(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def read_xlsx(answer):
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    heading, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(heading, row, strict=True)) for row in rows]


def get(browser, people, rest):
    answer = browser.get(f"/reviews/{people.slug}/lists/{rest}")
    assert answer.status_code == 200, answer.text
    return answer


def test_records_are_the_same_in_each_format_and_nothing_of_them_runs(sign_in, filled):
    browser = sign_in(filled.lead)

    in_csv = read_csv(get(browser, filled, "records.csv"))
    in_xlsx = read_xlsx(get(browser, filled, "records.xlsx"))
    in_ris = rispy.loads(get(browser, filled, "records.ris").text)

    assert len(in_csv) == len(in_xlsx) == len(in_ris) == 4  # that of the withdrawn search is out
    assert [row["title"] for row in in_xlsx][:2] == [
        FORMULA, "Ünïcödé; \"quotes\", and\nlines",
    ]  # fmt: skip
    assert in_csv[0]["title"] == f"'{FORMULA}"
    assert in_csv[1]["title"] == 'Ünïcödé; "quotes", and\nlines'
    assert in_csv[0]["authors"] == in_xlsx[0]["authors"] == "Doe, Jane; Roe, Rita"
    assert in_ris[0]["authors"] == ["Doe, Jane", "Roe, Rita"]
    assert in_csv[0]["abstract"] == LONG
    assert in_xlsx[0]["abstract"].endswith("in the CSV]")
    assert {row["status"] for row in in_csv} == {row["status"] for row in in_xlsx}
    sheet = openpyxl.load_workbook(io.BytesIO(get(browser, filled, "records.xlsx").content)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def test_a_box_has_its_own_records_and_no_others(sign_in, filled):
    browser = sign_in(filled.lead)

    included = read_csv(get(browser, filled, "records.csv?box=new_reports"))

    assert [row["status"] for row in included] == ["included"]
    assert included[0]["source"] == "Scopus"


def test_searches_studies_contracts_and_full_texts_say_what_the_pages_say(sign_in, filled):
    browser = sign_in(filled.lead)

    searches = read_xlsx(get(browser, filled, "searches.xlsx"))
    assert [(row["source"], row["imported"], row["withdrawn"]) for row in searches] == [
        ("Scopus", 4, "no"), ("A wrong one", 0, "yes"),
    ]  # fmt: skip
    (study,) = read_csv(get(browser, filled, "studies.csv"))
    assert (study["study"], study["reports"]) == ("Doe 2001", "1")
    (contract,) = read_csv(get(browser, filled, "contracts.csv"))
    assert (contract["contract"], contract["names of its studies"]) == ("A bond", "Doe 2001")
    (report,) = read_csv(get(browser, filled, "full-texts.csv"))
    assert report["status"] == "retrieved"
    agreement = read_csv(get(browser, filled, "agreement.csv"))
    assert (agreement[0]["stage"], agreement[0]["records"]) == ("title abstract", "1")


@pytest.mark.parametrize("which", [*LISTS, "records", "agreement"])
@pytest.mark.parametrize("format_", [ListFormat.CSV, ListFormat.XLSX])
def test_an_empty_list_has_its_heading(sign_in, people, which, format_):
    answer = get(sign_in(people.lead), people, f"{which}.{format_}")

    if format_ is ListFormat.CSV:
        heading = next(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    else:
        heading = [cell.value for cell in openpyxl.load_workbook(
            io.BytesIO(answer.content)).active[1]]  # fmt: skip
    assert len(heading) > 3
    assert all(heading)


def test_a_list_without_records_has_no_ris(sign_in, people):
    browser = sign_in(people.lead)
    assert browser.get(f"/reviews/{people.slug}/lists/studies.ris").status_code == 422
    assert browser.get(f"/reviews/{people.slug}/lists/studies.pdf").status_code == 404
    assert browser.get(f"/reviews/{people.slug}/lists/nothing.csv").status_code == 404


def test_records_without_an_abstract_are_listed_alone(sign_in, database, people):
    with database.writing() as session:
        make_records(session, people.review_id, [
            {"title": "With one", "abstract": "It pays."}, {"title": "Without", "abstract": None},
        ])  # fmt: skip
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/records"

    page = lead.get(place, params={"no_abstract": "yes"}).text
    assert "Without" in page
    assert "With one" not in page
    assert "Download all of them" not in page  # which would be more than these
    page = lead.get(place, params={"no_abstract": "yes", "q": "With one"}).text
    assert "No such record lacks an abstract." in page
