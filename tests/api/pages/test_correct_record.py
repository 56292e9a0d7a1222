"""The page that corrects a record: filled in, refused in words, shown on the record, undone."""

import html
import re

import pytest

from review.states.flow import flow_states
from review.tables import Record
from review.vocabulary import Verdict
from tests.api.v1.conftest import program  # noqa: F401
from tests.factories import decide_both, make_records


@pytest.fixture
def record(database, people):
    with database.writing() as session:
        [record] = make_records(session, people.review_id, [{"title": "A pilto", "abstract": None}])
    return record


@pytest.fixture
def as_lead(sign_in, people):
    return sign_in(people.lead)


@pytest.fixture
def place(people, record):
    return f"/reviews/{people.slug}/records/{record}"


def fields_of(page):
    """Return what the form's fields hold, by name."""
    inputs = re.findall(r'<input id="(\w+)" name="\w+" type="text" value="([^"]*)"', page)
    areas = re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)</textarea>', page)
    return {name: html.unescape(text) for name, text in [*inputs, *areas]}


def test_the_lead_adds_an_abstract_and_undoes_it(as_lead, place, record, database):
    assert f'href="{place}/correct"' in as_lead.get(place).text
    fields = fields_of(as_lead.get(f"{place}/correct").text)
    assert (fields["title"], fields["authors"], fields["abstract"]) == ("A pilto", "Doe, Jane", "")

    fields |= {"title": "A pilot", "abstract": "What it came to.", "source": "The report itself."}
    answer = as_lead.post(f"{place}/correct", fields)
    assert answer.headers["location"] == f"{place}#corrections"
    page = as_lead.get(place).text
    assert "<h1>A pilot</h1>" in page
    assert "What it came to." in page
    assert "<del>A pilto</del>" in page
    assert "source: The report itself." in page

    [number] = re.findall(r"/corrections/(\d+)/undo", page)
    as_lead.post(f"{place}/corrections/{number}/undo")
    page = as_lead.get(place).text
    assert "<h1>A pilto</h1>" in page
    assert "This record has no abstract." in page


def test_what_was_typed_stays_where_it_cannot_be_used(as_lead, place, record, database):
    fields = fields_of(as_lead.get(f"{place}/correct").text)
    fields |= {"title": "A <pilot>", "year": "20", "source": "The report."}

    answer = as_lead.post(f"{place}/correct", fields)

    assert answer.status_code == 422
    assert "‘20’ is not a year" in answer.text
    assert fields_of(answer.text).items() >= fields.items()
    with database.reading() as session:
        assert session.get_one(Record, record).title == "A pilto"


def test_others_read_the_corrected_record_and_cannot_correct_it(
    as_lead, sign_in, place, people, database, record
):
    as_reviewer = sign_in(people.reviewer_a)
    with database.writing() as session:
        decide_both(session, people, record, Verdict.INCLUDE)
        before = session.execute(flow_states(session, review_id=people.review_id).select()).all()
    as_lead.post(f"{place}/correct", {"title": "A pilot", "source": "The report."})

    page = as_reviewer.get(place).text
    assert "<h1>A pilot</h1>" in page
    assert "Undo this correction" not in page
    assert f'href="{place}/correct"' not in page
    assert as_reviewer.get(f"{place}/correct").status_code == 403
    with database.reading() as session:
        after = session.execute(flow_states(session, review_id=people.review_id).select()).all()
    assert after == before


def test_programs_correct_and_undo_too(program, people, place, record):  # noqa: F811
    lead = program(people.lead)
    api = f"/reviews/{people.slug}/records/{record}"

    body = {"fields": {"title": "A pilot"}, "source": "The report."}
    event = lead.post(f"{api}/corrections", body).json()["event"]
    assert lead.get(api).json()["title"] == "A pilot"
    assert lead.post(f"{api}/corrections/{event}/undo", {}).status_code == 201
    assert lead.get(api).json()["title"] == "A pilto"
    refused = lead.post(f"{api}/corrections", {"fields": {"doi": "3"}, "source": "The report."})
    assert "not a DOI" in refused.text
