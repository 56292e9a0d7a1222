"""The pages of searches: corrected, moved, withdrawn and put back, logged, and typed by hand."""

import csv
import io

import pytest
from sqlalchemy import select

from review.corrections.searches import withdraw_file
from review.decisions.conflicts import summary
from review.duplicates.judgements import judge
from review.events import OPERATOR
from review.reviews import add_member, amend_protocol
from review.studies.studies import add_study
from review.tables import ImportFile, Record, Search
from review.verify import verify
from review.vocabulary import Judgement, Role, Stage, Verdict
from tests.api.conftest import work_off
from tests.api.v1.conftest import program  # noqa: F401
from tests.factories import (
    decide_both,
    disagree,
    include_fully,
    make_records,
    protocol_text,
)


class Lead:
    """A lead at the pages of searches, with a first search of three records and a second of one."""

    def __init__(self, browser, people, database):
        self.browser, self.database, self.people = browser, database, people
        self.place = f"/reviews/{people.slug}"
        with database.writing() as session:
            first = make_records(session, people.review_id, 3, source="Scopsu")
            [second] = make_records(session, people.review_id, source="Embase")
            self.first, self.second = (
                session.get_one(Record, record).search_id for record in (first[0], second)
            )
            self.file = session.get_one(Record, first[0]).import_file_id

    def get(self, rest="/searches"):
        return self.browser.get(self.place + rest).text

    def post(self, rest, **fields):
        return self.browser.post(self.place + rest, fields)

    def search(self, search_id):
        with self.database.reading() as session:
            return session.get_one(Search, search_id)

    def identified(self):
        answer = self.browser.get(f"{self.place}/prisma.csv").text
        rows = {row["data"]: row for row in csv.DictReader(io.StringIO(answer))}
        return int(rows["database_results"]["n"])

    def undo(self):
        """Press the first Undo of the page of searches."""
        number = self.get().split("/corrections/")[1].split("/")[0]
        return self.post(f"/searches/corrections/{number}/undo")


@pytest.fixture
def lead(sign_in, people, database):
    return Lead(sign_in(people.lead), people, database)


FIELDS = {"source": "Scopus", "kind": "database", "platform": "", "query": "a\nb", "hits": "3",
          "run_on": "2026-10-01", "limits": "2021 to 2026"}  # fmt: skip


def test_what_was_typed_wrong_is_corrected_and_shown_from_what_to_what(lead):
    answer = lead.post(f"/searches/{lead.first}/correct", **FIELDS, why="A slip.")

    assert answer.status_code == 303
    found = lead.search(lead.first)
    assert (found.source, found.n_hits, str(found.run_on)) == ("Scopus", 3, "2026-10-01")
    page = lead.get(f"/searches/{lead.first}")
    for words in ("Scopsu", "Scopus", "A slip.", "2021 to 2026", "1 October 2026"):
        assert words in page
    assert "2021 to 2026" in lead.get()  # limits are shown in the list, too
    lead.undo()
    assert lead.search(lead.first).source == "Scopsu"


def test_a_correction_that_moves_numbers_is_previewed(lead):
    fields = FIELDS | {"source": "Scopsu", "kind": "register"}

    page = lead.post(f"/searches/{lead.first}/correct", **fields)

    assert page.status_code == 200
    assert "Numbers move between the boxes" in page.text
    assert lead.search(lead.first).kind == "database"
    assert (
        lead.post(f"/searches/{lead.first}/correct", **fields, confirmed="yes").status_code == 303
    )
    assert lead.search(lead.first).kind == "register"
    assert lead.identified() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"source": " "}, {"hits": "many"}, {"run_on": "yesterday"}, {"kind": "oracle"},
     {"update_of": "OWN"}],
)  # fmt: skip
def test_a_correction_that_makes_no_sense_changes_nothing(lead, wrong):
    wrong = {name: str(lead.first) if value == "OWN" else value for name, value in wrong.items()}
    assert lead.post(f"/searches/{lead.first}/correct", **FIELDS | wrong).status_code == 422
    assert lead.search(lead.first).source == "Scopsu"


def test_a_search_is_withdrawn_with_its_effect_shown_first_and_put_back(lead, database):
    page = lead.post(f"/searches/{lead.first}/withdraw").text
    assert "3 records will be withdrawn" in page
    assert "−3" in page
    assert lead.identified() == 4  # nothing has happened yet

    refused = lead.post(f"/searches/{lead.first}/withdraw", confirmed="yes", why=" ")
    assert refused.status_code == 422
    done = lead.post(f"/searches/{lead.first}/withdraw", confirmed="yes", why="Wrong export.")
    assert done.status_code == 303
    assert lead.identified() == 1
    assert "Wrong export." in lead.get()
    assert lead.post(f"/searches/{lead.first}/withdraw").status_code == 409

    lead.undo()
    assert lead.identified() == 4
    lead.undo()  # undoing the undoing
    assert lead.identified() == 1
    with database.reading() as session:
        assert list(verify(session)) == []


def test_a_file_is_moved_to_the_search_that_it_is_from(lead):
    page = lead.post(f"/searches/{lead.first}/move", file=lead.file, to=lead.second)

    assert page.status_code == 303  # no number of the diagram changes
    assert "search.ris" in lead.get(f"/searches/{lead.second}")
    again = lead.post(f"/searches/{lead.first}/move", file=lead.file, to=lead.second)
    assert again.status_code == 409
    lead.undo()
    assert "search.ris" in lead.get(f"/searches/{lead.first}")


def test_an_older_correction_cannot_be_undone_under_a_newer_one(lead):
    lead.post(f"/searches/{lead.first}/correct", **FIELDS)
    number = lead.get().split("/corrections/")[1].split("/")[0]
    lead.post(f"/searches/{lead.first}/correct", **FIELDS | {"source": "Scopus (Elsevier)"})

    answer = lead.post(f"/searches/corrections/{number}/undo")

    assert answer.status_code == 409
    assert "changed again since" in lead.get()


def test_an_update_is_linked_to_the_search_that_it_repeats(lead):
    lead.post(f"/searches/{lead.second}/correct",
              **FIELDS | {"source": "Embase", "update_of": str(lead.first)})  # fmt: skip

    page = " ".join(lead.get(f"/searches/{lead.second}").split())

    assert "Update of" in page
    assert "1 record is new since then" in page
    assert "Updated by" in lead.get(f"/searches/{lead.first}")


LOG = (
    "Query\tEngine\tCountry\tPages seen\tHits shown\tDate\n"
    "social impact bond\tGoogle\tUnited Kingdom\t1–3\tabout 1,240,000\t2026-10-12\n"
    "pago por resultados\tGoogle\tColombia\t1–2\tnot shown\t2026-10-13\n"
)


def test_a_log_of_web_searches_is_previewed_and_added(lead, database):
    preview = lead.post("/search-log/table", table=LOG, kind="website")
    assert "2 searches will be added" in preview.text
    with database.reading() as session:
        assert len(session.scalars(select(Search)).all()) == 2

    added = lead.post("/search-log/table", table=LOG, kind="website", confirmed="yes")

    assert added.status_code == 303
    with database.reading() as session:
        rows = session.scalars(select(Search).order_by(Search.event_number)).all()[2:]
    assert [(row.source, row.query, row.limits, row.n_hits, str(row.run_on)) for row in rows] == [
        ("Google", "social impact bond", "United Kingdom; 1–3", 1_240_000, "2026-10-12"),
        ("Google", "pago por resultados", "Colombia; 1–2", None, "2026-10-13"),
    ]
    assert "social impact bond" in lead.get("/searches")


@pytest.mark.parametrize(
    ("table", "said"),
    [("", "Paste a table"), ("a;b\n1;2", "The table has no query column"),
     ("query;date\nx;12.10.2026", "Row 2: “12.10.2026” is not a date"),
     ("query;hits\nx;lots", "“lots” is not a number of hits"),
     ("query;hits\nx;3", "no source")],
)  # fmt: skip
def test_a_log_that_cannot_be_read_adds_nothing_and_loses_nothing(lead, database, table, said):
    source = "" if "no source" in said else "Google"
    answer = lead.post("/search-log/table", table=table, source=source, confirmed="yes")

    assert answer.status_code == 422
    assert said in answer.text
    assert table.split("\n")[-1] in answer.text
    with database.reading() as session:
        assert len(session.scalars(select(Search)).all()) == 2


def test_one_more_web_search_is_like_the_last(lead):
    lead.post("/search-log/one", source="Google", query="impact bond", limits="UK; pages 1 to 3")

    page = lead.get("/search-log?added=1")

    assert "1 search added." in page
    assert "UK; pages 1 to 3" in page


def test_many_searches_of_one_source_are_folded_into_one_line(lead):
    for number in range(5):
        lead.post("/search-log/one", source="Google", query=f"query {number}")

    page = " ".join(lead.get().split())

    assert "5 searches, 0 with records kept" in page
    assert "Show all 5" in page


def test_one_record_is_typed_into_a_new_source_and_into_an_old_one(lead, app, database):
    typed = {"title": "A letter from an expert", "authors": "Doe, Jane\r\nRoe, Rita",
             "year": "2019", "type": "RPRT", "abstract": "What she wrote."}  # fmt: skip
    lead.post("/type-record", **typed, source="Experts", kind="contact")
    lead.post("/type-record", **typed | {"title": "Another"}, search=str(lead.first))
    work_off(app)

    with database.reading() as session:
        first, second = session.scalars(select(Record).order_by(Record.number)).all()[-2:]
        assert (first.title, first.authors, first.year) == (
            "A letter from an expert", ["Doe, Jane", "Roe, Rita"], 2019,
        )  # fmt: skip
        assert session.get_one(Search, first.search_id).source == "Experts"
        assert second.search_id == lead.first


@pytest.mark.parametrize("wrong", [{"title": " "}, {"year": "soon"}, {"source": ""}])
def test_a_typed_record_without_what_it_needs_is_refused(lead, database, wrong):
    fields = {"title": "A title", "source": "Experts"} | wrong
    assert lead.post("/type-record", **fields).status_code == 422


def test_a_withdrawn_file_is_not_imported_a_second_time(lead, app, database, sign_in, people):
    ris = b"TY  - JOUR\nTI  - A title\nER  - \n"

    def send():
        page = lead.browser.post(f"{lead.place}/searches/files", files={"files": ("a.ris", ris)})
        sealed = page.text.split('name="file" value="')[1].split('"')[0]
        lead.post("/searches", file=sealed, source="Scopus", kind="database")
        work_off(app)

    send()
    with database.reading() as session:
        file = session.scalars(select(ImportFile).order_by(ImportFile.event_number)).all()[-1]
    lead.post(f"/searches/{file.search_id}/withdraw", file=str(file.id), confirmed="yes", why="No.")
    send()

    assert "then withdrawn" in lead.get("/jobs")
    lead.undo()
    assert lead.identified() == 5


def test_the_copy_that_stays_has_the_full_text_and_the_place_of_the_withdrawn_one(
    lead, database, people, sign_in
):
    review = {"review_id": people.review_id}
    with database.writing() as session:
        [gone] = make_records(session, people.review_id, [{"title": "From the wrong file"}])
        [stays] = make_records(session, people.review_id, [{"title": "From the right file"}])
        judge(session, **review, left_id=gone, right_id=stays, verdict=Judgement.DUPLICATE,
              by=people.lead)  # fmt: skip
        include_fully(session, people, gone)
        add_study(session, **review, label="Doe 2001", reports=[gone], by=people.lead)
        file = session.get_one(Record, gone).import_file_id
        withdraw_file(session, **review, file_id=file, why="Wrong.", by=people.lead)

    (row,) = csv.DictReader(io.StringIO(lead.get("/lists/full-texts.csv").lstrip("\ufeff")))
    assert (row["title"], row["status"]) == ("From the right file", "retrieved")
    assert "From the right file" in lead.get("/map/references.ris")
    assert "From the wrong file" not in lead.get("/map/references.ris")


def test_a_conflict_about_a_withdrawn_record_is_nobodys_to_resolve(lead, database, people):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
        disagree(session, people, record)
        file = session.get_one(Record, record).import_file_id
        counts = summary(session, review_id=people.review_id, by=people.lead)
        assert counts.n[Stage.TITLE_ABSTRACT] == 1
        withdraw_file(session, review_id=people.review_id, file_id=file, why="Wrong.",
                      by=people.lead)  # fmt: skip
        counts = summary(session, review_id=people.review_id, by=people.lead)
        assert counts.n[Stage.TITLE_ABSTRACT] == 0


def test_the_preview_shows_a_lead_who_screens_no_hidden_decision(lead, database, people, sign_in):
    with database.writing() as session:
        for role in (Role.REVIEWER,):
            add_member(session, review_id=people.review_id, email=people.emails["lead"],
                       role=role, by=OPERATOR)  # fmt: skip
        amend_protocol(session, review_id=people.review_id, why="Decisions stay open.",
                       protocol_text=protocol_text(closes_after=20), by=people.lead)  # fmt: skip
        [record] = make_records(session, people.review_id, source="A letter")
        decide_both(session, people, record, Verdict.EXCLUDE)
        search = session.get_one(Record, record).search_id

    page = lead.post(f"/searches/{search}/withdraw").text

    assert "Records excluded" not in page
    assert "Awaiting screening" in page


def test_a_file_cannot_come_back_into_a_search_that_is_withdrawn(lead):
    lead.post(f"/searches/{lead.first}/withdraw", file=str(lead.file), confirmed="yes", why="No.")
    number = lead.get().split("/corrections/")[1].split("/")[0]
    lead.post(f"/searches/{lead.first}/withdraw", confirmed="yes", why="All of it.")

    answer = lead.post(f"/searches/corrections/{number}/undo")

    assert answer.status_code == 409
    assert "has been withdrawn. Undo that first" in answer.text
    fields = FIELDS | {"confirmed": "yes"}
    assert lead.post(f"/searches/{lead.first}/correct", **fields).status_code == 409
    lead.undo()
    assert lead.search(lead.first).is_withdrawn is False


def test_what_is_pasted_is_kept_exactly_quotation_marks_too(lead, database):
    query = '"social impact bond" OR "pay for success" site:gov.uk'
    table = f"query\tsource\thits\n{query}\tGoogle\t1.240"
    lead.post("/search-log/table", table=table, kind="website", confirmed="yes")
    with database.reading() as session:
        added = session.scalars(select(Search).order_by(Search.event_number)).all()[-1]
    assert (added.query, added.n_hits) == (query, 1240)


def test_the_api_says_which_searches_and_files_are_withdrawn(lead, program, people):  # noqa: F811
    lead.post(f"/searches/{lead.first}/withdraw", confirmed="yes", why="Wrong.")

    answer = program(people.lead).ask("GET", f"/reviews/{people.slug}/searches/{lead.first}").json()

    assert (answer["is_withdrawn"], answer["files"][0]["is_withdrawn"]) == (True, True)
