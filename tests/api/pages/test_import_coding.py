"""The page that imports a coding sheet: preview, columns, people, import, and the sheet again."""

import io
import re

import pytest
from openpyxl import load_workbook

from protocols.loader import read_shipped
from tests.api.conftest import work_off
from tests.factories import make_review
from tests.review.studies.coding_sheets.sheets import rows_of_sheet, write_workbook


@pytest.fixture
def people(database):
    with database.writing() as session:
        return make_review(session, text=read_shipped("social-outcomes-contracting"))


@pytest.fixture
def place(people):
    return f"/reviews/{people.slug}/coding-sheets"


def send(browser, place, name, content):
    return browser.post(f"{place}/files", files={"file": (name, content)})


def kept(page):
    """The name of the file that a preview kept, as its form sends it."""
    return re.search(r'name="file" value="([^"]+)"', page.text)[1]


def test_a_workbook_is_previewed_imported_and_on_the_map(app, people, sign_in, place, tmp_path):
    lead = sign_in(people.lead)
    path = write_workbook(tmp_path / "in.xlsx", rows_of_sheet(6, 10))

    shown = send(lead, place, "coding.xlsx", path.read_bytes())
    form = {"file": kept(shown), "include": "true", "are_agreed": "true"}
    job = lead.post(place, form)
    work_off(app)
    done = lead.follow(job).text
    mapped = lead.get(f"/reviews/{people.slug}/map?unit=study").text
    again = send(lead, place, "coding.xlsx", path.read_bytes()).text

    assert "6 studies" in shown.text
    assert "6 studies have no record here" in shown.text
    assert "is not one of its values" in shown.text
    assert "K issn" in shown.text.split("columns will not be imported")[1]
    assert "<strong>6</strong> studies are new" in done
    assert "6 studies" in " ".join(re.sub(r"<[^>]+>", " ", mapped).split())
    assert "The reports of 6 studies are in this review already." in again
    sheet = lead.get(f"/reviews/{people.slug}/lists/coding-sheet.xlsx").content
    rows = list(load_workbook(io.BytesIO(sheet)).active.iter_rows(values_only=True))
    assert len(rows) == 2 + 10


def test_the_columns_of_another_sheet_are_chosen_and_a_sheet_without_titles_says_so(
    people, sign_in, place
):
    lead = sign_in(people.lead)

    unknown = send(lead, place, "own.csv", "Heading,Land\nPaying for results here,Kenia\n")
    form = {"file": kept(unknown), "place": ["0", "1"], "means": ["title", "country"]}
    chosen = lead.post(f"{place}/preview", form)

    assert unknown.status_code == 422
    assert "Say which column has the titles" in unknown.text
    assert "Paying for results here" in chosen.text
    assert chosen.status_code == 200


def test_a_file_that_is_no_sheet_is_refused_and_nothing_is_lost(people, sign_in, place):
    lead = sign_in(people.lead)

    broken = send(lead, place, "coding.xlsx", b"PK\x03\x04 and no more")
    gone = lead.post(place, {"file": "x"})

    assert broken.status_code == 422
    assert "damaged" in broken.text
    assert gone.status_code in (403, 422)
