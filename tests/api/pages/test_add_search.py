"""Adding a search: what a file is read as can be corrected before anything is committed."""

import csv
import io
import re
from html import unescape

import openpyxl
import pytest
from sqlalchemy import select

from review.tables import Decision, ImportFile, Record
from review.verify import verify
from tests.api.conftest import work_off
from tests.factories import make_records

TABLE = "Kop,Samenvatting,Jaar\nEen obligatie,Over werk,2019\nNog een,,2020\n"
ACCENTS = "TY  - JOUR\nTI  - Évaluation d’un contrat à impact\nER  - \n".encode("cp1252")


class Lead:
    """A lead who adds a search, page by page."""

    def __init__(self, browser, people):
        self.browser, self.place = browser, f"/reviews/{people.slug}/searches"

    def send(self, name, data):
        return self.shown(self.browser.post(f"{self.place}/files", files={"files": (name, data)}))

    def look(self, form):
        return self.shown(self.browser.post(f"{self.place}/preview", form))

    def shown(self, page):
        """Keep the page, and return its form as a browser would send it."""
        self.page = page
        text = page.text
        chosen = r'<select [^>]*name="{}">(.*?)</select>'
        selects = {
            name: [
                unescape(found[1]) if (found := re.search(r'value="([^"]*)" selected', one)) else ""
                for one in re.findall(chosen.format(name), text, re.DOTALL)
            ]
            for name in ("format", "column")
        }
        hidden = {
            name: [
                unescape(one) for one in re.findall(rf'name="{name}"[^>]* value="([^"]*)"', text)
            ]
            for name in ("file", "heading", "encoding")
        }
        return hidden | selects | {"source": "Scopus", "kind": "database"}

    def read(self, form):
        asked = self.browser.post(self.place, form)
        assert asked.status_code == 303, asked.text
        work_off(self.browser.client.app)
        return self.browser.get(asked.headers["location"])


@pytest.fixture
def lead(sign_in, people):
    return Lead(sign_in(people.lead), people)


def records(database):
    with database.reading() as session:
        query = select(Record.title, Record.abstract, Record.year).order_by(Record.number)
        return [tuple(row) for row in session.execute(query)]


def test_a_table_whose_headings_nobody_knows_is_read_by_what_the_lead_says(lead, database):
    form = lead.send("export.csv", TABLE.encode())
    assert "Say which column is which." in lead.page.text
    assert form["heading"] == ["0:Kop", "0:Samenvatting", "0:Jaar"]

    corrected = lead.look(form | {"column": ["title", "abstract", "year"]})
    assert "Een obligatie" in lead.page.text
    lead.read(corrected)

    assert records(database) == [("Een obligatie", "Over werk", 2019), ("Nog een", None, 2020)]
    with database.reading() as session:
        assert list(verify(session)) == []


def test_a_table_with_the_same_headings_is_read_as_the_last_one_was(lead, database):
    form = lead.send("export.csv", TABLE.encode())
    lead.read(form | {"column": ["title", "abstract", ""]})

    again = lead.send("another.csv", TABLE.replace("Een", "Ander").encode())

    assert again["column"] == ["title", "abstract", ""]
    assert "Ander obligatie" in lead.page.text


def test_a_wrong_encoding_is_corrected_and_shown_before_anything_is_read(lead, database):
    form = lead.send("export.ris", ACCENTS)

    wrong = lead.look(form | {"encoding": ["cp1251"]})
    assert "Évaluation" not in lead.page.text
    right = lead.look(wrong | {"encoding": ["cp1252"]})
    assert "Évaluation" in lead.page.text
    assert records(database) == []
    lead.read(right)

    assert records(database)[0][0] == "Évaluation d’un contrat à impact"
    with database.reading() as session:
        assert session.scalars(select(ImportFile.encoding)).one() == "cp1252"


def test_a_wrong_format_is_said_and_another_one_tried(lead):
    form = lead.send("export.ris", ACCENTS)

    lead.look(form | {"format": ["xlsx"]})
    assert lead.page.status_code == 422
    assert "damaged" in lead.page.text
    assert 'name="file"' in lead.page.text  # the file is still there to be read as something else

    lead.look(form | {"encoding": ["klingon"]})
    assert lead.page.status_code == 422
    assert "no encoding called klingon" in lead.page.text


def test_what_was_typed_of_the_search_is_still_there_after_looking_again(lead):
    form = lead.send("export.ris", ACCENTS)

    lead.look(form | {"source": "EconLit", "query": "impact AND bond", "hits": "12"})

    for typed in ("EconLit", "impact AND bond", 'value="12"'):
        assert typed in lead.page.text


def test_a_column_is_a_field_or_nothing(lead):
    form = lead.send("export.csv", TABLE.encode())

    lead.look(form | {"column": ["title", "password", ""]})

    assert lead.page.status_code == 422
    assert "A column cannot be" in lead.page.text
    assert "password" in lead.page.text


def test_hits_of_a_web_search_are_pasted_a_line_each(lead, database):
    hits = """Annual report on outcomes contracts - https://example.org/report.pdf

https://example.org/only-an-address
A working paper without an address
"""
    form = lead.shown(lead.browser.post(f"{lead.place}/hits", {"hits": hits}))
    assert 'value="website" selected' in lead.page.text

    lead.read(form | {"kind": "website", "source": "Google", "limits": "Ghana, 3 pages"})

    with database.reading() as session:
        found = session.execute(select(Record.title, Record.url).order_by(Record.number)).all()
    assert [tuple(one) for one in found] == [
        ("Annual report on outcomes contracts", "https://example.org/report.pdf"),
        ("https://example.org/only-an-address", "https://example.org/only-an-address"),
        ("A working paper without an address", None),
    ]


def test_no_hit_at_all_is_refused(lead):
    answer = lead.browser.post(f"{lead.place}/hits", {"hits": " \n "})

    assert answer.status_code == 422
    assert "one hit per line" in answer.text


def test_rejected_blocks_are_saved_with_their_place_and_reason(lead, database):
    form = lead.send("s.ris", b"TY  - JOUR\nTI  - Bonds\nER  - \nTY  - JOUR\nAU  - =Doe\nER  - \n")

    lead.read(form)
    with database.reading() as session:
        search = session.scalars(select(ImportFile.search_id)).one()
    page = lead.browser.get(f"{lead.place}/{search}")
    link = re.search(r'href="([^"]+/rejected.csv)"', page.text).group(1)
    rows = list(csv.reader(lead.browser.get(link).content.decode("utf-8-sig").splitlines(True)))

    assert rows[0] == ["file", "block", "line", "reason", "as the file had it"]
    assert [row[:3] for row in rows[1:]] == [["s.ris", "2", "4"]]
    assert rows[1][4].startswith("TY  - JOUR\nAU  - =Doe")


def test_decisions_of_another_program_are_looked_into_and_taken_over(lead, database, people):
    with database.writing() as session:
        make_records(session, people.review_id, [{"title": "Homes before jobs in Leeds"}])
    place = f"/reviews/{people.slug}/decisions"
    assert "<h1>Import decisions</h1>" in lead.browser.get(place).text
    data = (
        "title,notes\nHomes before jobs in Leeds,"
        '"RAYYAN-INCLUSION: {""Reviewer_A""=>""Included"", ""Zoë""=>""Nope""}"\n'
    )

    page = lead.browser.post(f"{place}/files", files={"file": ("r.csv", data.encode())}).text
    sealed = re.search(r'name="file" value="([^"]+)"', page)[1]
    assert re.search(r'<option value="include" selected>', page)
    assert f'<option value="{people.emails["reviewer_a"]}" selected>' in page  # by their name
    asked = lead.browser.post(
        place,
        {
            "file": sealed, "stage": "title_abstract", "all_are": "",
            "word": ["Included", "Nope"], "verdict": ["include", "exclude"],
            "person": ["Reviewer_A", "Zoë"], "email": [people.emails["reviewer_a"], ""],
        },
    )  # fmt: skip
    work_off(lead.browser.client.app)
    done = lead.browser.get(asked.headers["location"]).text

    assert "<strong>2</strong> imported" in done
    saved = lead.browser.get(re.search(r'href="([^"]+/file)"', done)[1])
    rows = list(csv.reader(saved.content.decode("utf-8-sig").splitlines()))
    assert rows[1] == [
        "2",
        "Homes before jobs in Leeds",
        "Reviewer_A",
        "Included",
        "imported",
        "1",
    ]
    with database.reading() as session:
        assert sorted(session.scalars(select(Decision.verdict))) == ["exclude", "include"]
        assert list(verify(session)) == []


def test_words_that_are_no_verdicts_and_files_that_are_none_are_refused(lead, people):
    place = f"/reviews/{people.slug}/decisions"
    page = lead.browser.post(
        f"{place}/files", files={"file": ("r.csv", b"title,decision\nA bond,yes\n")}
    ).text
    sealed = re.search(r'name="file" value="([^"]+)"', page)[1]
    form = {"file": sealed, "stage": "title_abstract", "word": ["yes"]}

    assert lead.browser.post(place, form | {"verdict": ["withdrawn"]}).status_code == 422
    assert lead.browser.post(place, form | {"stage": "later"}).status_code == 422
    assert lead.browser.post(place, form | {"file": "made-up"}).status_code == 403
    assert lead.browser.post(place, form | {"file": [sealed, sealed]}).status_code == 422
    junk = lead.browser.post(f"{place}/files", files={"file": ("x.bin", b"\x00\x01\x02" * 99)})
    assert junk.status_code == 422


def decided(database):
    with database.reading() as session:
        return sorted(session.scalars(select(Decision.verdict)))


def test_an_export_is_looked_into_as_the_same_file_was_read_as_a_search(lead, database, people):
    table = b"Kop,Decision\nEen obligatie,yes\nNog een,no\n"
    lead.read(lead.send("export.csv", table) | {"column": ["title", ""]})
    place = f"/reviews/{people.slug}/decisions"

    form = lead.shown(lead.browser.post(f"{place}/files", files={"file": ("e.csv", table)}))
    asked = lead.browser.post(place, form | {"person": "nobody named", "email": ""})
    work_off(lead.browser.client.app)

    assert form["column"] == ["title", ""]
    assert "<strong>2</strong> imported" in lead.browser.get(asked.headers["location"]).text
    assert decided(database) == ["exclude", "include"]


def test_a_workbook_is_read_like_any_table(lead, database):
    book, data = openpyxl.Workbook(), io.BytesIO()
    for row in (("Title", "Year"), ("A bond for homes", 2019), ("Another bond", 2020)):
        book.active.append(row)
    book.save(data)

    lead.read(lead.send("Scopus export.xlsx", data.getvalue()))

    assert records(database) == [("A bond for homes", None, 2019), ("Another bond", None, 2020)]


def test_what_an_export_is_read_as_can_be_corrected(lead, database, people):
    with database.writing() as session:
        make_records(session, people.review_id, [{"title": "Homes before jobs in Leeds"}])
    place = f"/reviews/{people.slug}/decisions"
    table = b"Kop,Decision\nHomes before jobs in Leeds,kept\n"
    form = lead.shown(lead.browser.post(f"{place}/files", files={"file": ("e.csv", table)}))
    assert "Say which column is which." in lead.page.text
    assert ">Import</button>" not in lead.page.text

    said = {"word": "kept", "verdict": "maybe", "stage": "title_abstract", "all_are": "exclude"}
    form = lead.shown(
        lead.browser.post(f"{place}/preview", form | said | {"column": ["title", ""]})
    )
    assert ">Import</button>" in lead.page.text
    assert '<option value="maybe" selected>' in lead.page.text  # what was said stays said
    lead.browser.post(place, form | said)
    work_off(lead.browser.client.app)

    assert decided(database) == ["maybe"]


def test_an_abstract_in_another_language_comes_along_and_is_told(lead, database):
    spanish = "Este estudio examina los contratos de impacto social y sus resultados en Colombia."
    lead.read(lead.send("s.ris", (
        "TY  - JOUR\nTI  - Impact bonds in Colombia and what they came to\nAB  - We looked at it.\n"
        f"AB  - {spanish}\nJF  - Journal of Bonds\nJ2  - J. Bonds\nER  - \n"
    ).encode()))  # fmt: skip

    with database.reading() as session:
        record = session.scalars(select(Record)).one()
        assert list(verify(session)) == []
    page = lead.browser.get(f"{lead.place.removesuffix('/searches')}/records/{record.id}").text

    assert record.other_abstracts == [{"language": "es", "text": spanish}]
    assert record.journal_abbreviation == "J. Bonds"
    assert "Abstract in Spanish" in page
    assert spanish in page
