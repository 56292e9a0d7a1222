"""The page of known contracts: a list is uploaded, questions are answered by key, words undone."""

import re
from random import Random

import pytest
from sqlalchemy import select

from review.studies.contracts import add_contract
from review.studies.known_contracts.matches import matches_of
from review.tables import Contract, Record, Search
from review.vocabulary import SearchKind
from tests.api.conftest import work_off
from tests.review.studies.coding_review import CodingReview
from tests.review.studies.known_contracts.invented import invented_projects, write_zip


@pytest.fixture
def projects():
    return invented_projects(Random(5), 40, "places")  # noqa: S311


@pytest.fixture
def upload(projects, tmp_path):
    """Return a function that uploads the list, or the part of it that is still public."""

    def uploaded(browser, place, chosen=None):
        path = write_zip(tmp_path / "all.zip", projects if chosen is None else chosen)
        files = {"file": ("all_data.zip", path.read_bytes(), "application/zip")}
        return browser.post(place, files=files)

    return uploaded


@pytest.fixture
def place(people):
    return f"/reviews/{people.slug}/known-contracts"


def add(database, people, *labels):
    with database.writing() as session:
        return [
            add_contract(session, review_id=people.review_id, label=label, by=people.lead).id
            for label in labels
        ]


def matched(database, people):
    with database.reading() as session:
        return {
            contract: match.key
            for contract, match in matches_of(session, review_id=people.review_id).items()
        }


def test_a_list_is_uploaded_matched_asked_about_and_taken_back(
    sign_in, database, people, projects, upload, place
):
    lead, first, second = sign_in(people.lead), projects[0], projects[1]
    sure, asked = add(database, people, first.name, f"{second.name} phase 9")
    assert "Upload a list" in lead.get(place).text

    assert upload(lead, place).headers["location"] == place

    page = lead.get(place).text
    assert "40 contracts on the list" in page
    assert "1 matched without a question, 0 by a person, 1 to confirm" in page
    assert "The names have different numbers" in page
    assert second.key in page
    assert matched(database, people) == {sure: first.key}

    lead.post(f"{place}/matches", {"contract": str(asked), "key": second.key})
    page = lead.get(place).text
    assert "There is nothing to confirm." in page
    assert matched(database, people)[asked] == second.key

    lead.post(f"{place}/matches", {"contract": str(asked), "key": "open"})
    assert "1 to confirm" in lead.get(place).text
    lead.post(f"{place}/matches", {"contract": str(asked), "number": f" {second.key.lower()} "})
    assert matched(database, people)[asked] == second.key


def test_what_turned_private_is_said_and_gone(sign_in, database, people, projects, upload, place):
    lead = sign_in(people.lead)
    add(database, people, projects[0].name)
    upload(lead, place)

    upload(lead, place, projects[1:])

    page = lead.get(place).text
    assert "1 is no longer public and was deleted here." in page
    assert f"{projects[0].key}, no longer public" in page
    table = lead.get(f"/reviews/{people.slug}/lists/known-contracts.csv").text
    assert projects[0].key not in table
    assert projects[1].key in table


def test_those_added_since_are_matched_on_request(
    sign_in, database, people, projects, upload, place
):
    lead = sign_in(people.lead)
    upload(lead, place)
    [contract] = add(database, people, projects[3].name)

    lead.post(f"{place}/again")

    assert matched(database, people) == {contract: projects[3].key}


def test_a_wrong_file_and_a_wrong_number_are_refused_with_what_to_do(
    sign_in, database, people, upload, place
):
    lead = sign_in(people.lead)
    [contract] = add(database, people, "A bond")
    wrong = lead.post(place, files={"file": ("a.zip", b"no zip")})
    assert (wrong.status_code, "neither a zip nor JSON" in wrong.text) == (422, True)
    upload(lead, place)

    missing = lead.post(f"{place}/matches", {"contract": str(contract), "number": "X-1"})
    assert (missing.status_code, "no X-1 on the list" in missing.text) == (404, True)
    empty = lead.post(f"{place}/matches", {"contract": str(contract)})
    assert empty.status_code == 422


def test_the_evaluation_reports_become_a_search_of_an_organisation(
    app, sign_in, database, people, projects, upload, place
):
    lead = sign_in(people.lead)
    upload(lead, place)

    lead.post(f"{place}/evaluations")
    work_off(app)

    with database.reading() as session:
        [search] = session.scalars(select(Search).where(Search.source == "INDIGO"))
        records = session.scalars(select(Record).where(Record.search_id == search.id)).all()
    assert search.kind is SearchKind.ORGANISATION
    assert {record.title for record in records} == {
        f"Evaluation of {one.name}" for one in projects[::10]
    }
    assert {" ".join(record.keywords) for record in records} == {one.key for one in projects[::10]}


def test_the_map_and_the_coding_form_know_the_list(
    sign_in, database, people, projects, upload, place
):
    lead = sign_in(people.lead)
    [one] = [project for project in projects if project.sectors == ("Homelessness",)][:1]
    with database.writing() as session:
        review = CodingReview(session, people)
        label = session.get_one(Contract, review.contract).label
        for reviewer in people.reviewers:
            review.code("area", "home", by=reviewer, contract_id=review.contract)
    upload(lead, place)
    lead.post(f"{place}/matches", {"contract": str(review.contract), "key": one.key})

    n = sum(project.sectors == ("Homelessness",) for project in projects)
    page = lead.get(f"/reviews/{people.slug}/map").text
    assert f"1 of {n} known" in re.sub(r"\s+", " ", page)
    form = lead.get(f"/reviews/{people.slug}/coding/{review.study}?contract={review.contract}").text
    assert label in form
    assert "Country" in form


def test_reviewers_and_advisors_do_not_see_it(sign_in, people, place):
    for who in (people.reviewer_a, people.advisor):
        assert sign_in(who).get(place).status_code == 403
