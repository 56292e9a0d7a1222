"""The page of assignments, and calibration sets as reviewers meet them."""

import re

import pytest
from sqlalchemy import select

from api.pages.assignments import numbers_in
from review.decisions.decisions import decide
from review.errors import Invalid
from review.reviews import add_member
from review.tables import Assignment, CalibrationSet
from review.vocabulary import Role, Stage, Verdict
from screening.queue.calibration import begin
from tests.factories import decide_both, disagree, make_records


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_a_lead_gives_somebody_a_share_and_a_language(sign_in, people, database):
    with database.writing() as session:
        make_records(session, people.review_id, [{"language": n} for n in ("eng", "spa", "spa")])
    lead, address = sign_in(people.lead), f"/reviews/{people.slug}/assignments"

    before = text_of(lead.get(address))
    saved = lead.post(address, {"account": str(people.reviewer_a.account_id), "workload": "2",
                                "language": ["en"]})  # fmt: skip
    after = text_of(lead.get(saved.headers["location"]))
    refused = lead.post(address, {"account": str(people.reviewer_a.account_id), "workload": "101"})

    assert before.count("3 records assigned first") == 2
    assert "Reviewer_A 1 record assigned first · workload 2 · reads English" in after
    assert "2 records have fewer reviewers than they need." in after
    assert refused.status_code == 422
    with database.reading() as session:
        assert session.scalars(select(Assignment)).one().languages == ["en"]


def test_a_round_is_begun_read_first_and_ended(sign_in, people, database):
    with database.writing() as session:
        records = make_records(session, people.review_id, 6)
    lead, address = sign_in(people.lead), f"/reviews/{people.slug}/calibrations"
    screening = f"/reviews/{people.slug}/screening/title_abstract"

    refused = lead.post(address, {"label": "A", "stage": "title_abstract", "how": "list",
                                  "numbers": "6, 99"})  # fmt: skip
    lead.post(address, {"label": "Chosen", "stage": "title_abstract", "how": "list",
                        "numbers": "5-6"})  # fmt: skip
    shown = text_of(sign_in(people.reviewer_a).get(screening))
    with database.writing() as session:
        for who in people.reviewers:
            decide(session, review_id=people.review_id, record_id=records[4], by=who,
                   stage=Stage.TITLE_ABSTRACT, verdict=Verdict.INCLUDE)  # fmt: skip
        made = session.scalars(select(CalibrationSet)).one().id
    page = text_of(lead.get(f"/reviews/{people.slug}/assignments"))
    lead.post(f"{address}/{made}/end", {})
    ended = text_of(lead.get(f"/reviews/{people.slug}/assignments"))

    assert "These records cannot be used: 99." in text_of(refused)
    assert "Calibration set Chosen : everyone screens these 2 records." in shown
    assert "You have decided on 0 so far." in shown
    assert "An outcomes contract, number 5" in shown
    assert "Chosen · chosen title and abstract 2 1 1.00" in page
    assert "ended" in ended
    later = text_of(sign_in(people.reviewer_a).get(screening))
    assert "Calibration set" not in later


def test_three_people_read_a_round_that_was_picked_at_random(sign_in, people, database):
    with database.writing() as session:
        make_records(session, people.review_id, 6)
        add_member(session, review_id=people.review_id, email=people.emails["outsider"],
                   role=Role.REVIEWER, by=people.lead)  # fmt: skip
    asked = {"label": "First", "stage": "title_abstract", "how": "random", "n": "3"}

    sign_in(people.lead).post(f"/reviews/{people.slug}/calibrations", asked)
    shown = {
        re.search(r"number (\d)", text_of(sign_in(who).get(
            f"/reviews/{people.slug}/screening/title_abstract")))[1]
        for who in (*people.reviewers, people.outsider)
    }  # fmt: skip

    assert len(shown) == 1


@pytest.mark.parametrize(
    ("said", "numbers"),
    [("12, 15, 20-22", [12, 15, 20, 21, 22]), ("3\n4;5", [3, 4, 5]), ("7 – 9", [7, 8, 9])],
)
def test_numbers_are_read_as_people_write_them(said, numbers):
    assert numbers_in(said) == numbers


@pytest.mark.parametrize("said", ["", "twelve", "1-", "1-100000", "-3", "1 to 2"])
def test_anything_else_is_refused(said):
    with pytest.raises(Invalid):
        numbers_in(said)


def test_a_sets_differences_are_a_link_away_with_a_place_to_talk(database, people, sign_in):
    with database.writing() as session:
        first, second = make_records(session, people.review_id, 2)
        begin(session, review_id=people.review_id, stage=Stage.TITLE_ABSTRACT, label="First",
              numbers=[1, 2], by=people.lead)  # fmt: skip
        disagree(session, people, first)
        decide_both(session, people, second, Verdict.INCLUDE)
    lead = sign_in(people.lead)
    page = lead.get(f"/reviews/{people.slug}/assignments").text
    address = re.search(r'href="([^"]*/calibrations/[^"]*)">First<', page)[1]

    shown = lead.get(address).text

    assert "Reviewers differed on <strong" in shown
    assert f"/records/{first}#discussion" in shown
    assert f"/records/{second}" not in shown
    assert "Reviewer_A: " in shown
    assert sign_in(people.reviewer_a).get(address).status_code == 403
