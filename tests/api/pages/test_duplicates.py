"""The duplicates pages: many pairs at once, looked through first and taken back as one."""

import re

import pytest

from review.duplicates.questions import questions
from review.vocabulary import Judgement
from tests.factories import make_records
from tests.review.duplicates.test_judgements import add_model_judgements


@pytest.fixture
def pairs(database, people):
    with database.writing() as session:
        records = make_records(
            session,
            people.review_id,
            [{"title": f"A bond in {town}"} for town in ("Leeds", "Leeds", "Ghent", "Gent")],
        )
        a, b, c, d = records
        add_model_judgements(
            session, people,
            [(a, b, 0.96, Judgement.POSSIBLE), (c, d, 0.85, Judgement.POSSIBLE)],
        )  # fmt: skip
    return records


def pending(database, people):
    with database.reading() as session:
        return len(questions(session, review_id=people.review_id))


def test_the_pairs_above_a_score_are_shown_joined_and_taken_back(sign_in, database, people, pairs):
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/duplicates"

    shown = lead.get(f"{place}/above?score=0.8")
    assert "Merge these 2 pairs" in shown.text
    assert shown.text.index("Ghent") < shown.text.index("Leeds")  # the less likely first
    narrower = lead.get(f"{place}/above?score=0.95")
    assert "Merge this pair" in narrower.text

    lead.post(f"{place}/above", {"score": "0.8"})
    after = lead.get(place)
    assert "merged 2 duplicates" in after.text
    assert pending(database, people) == 0

    event = re.search(r'name="event" value="(\d+)"', after.text)[1]
    lead.post(f"{place}/undo", {"event": event})
    assert pending(database, people) == 2


def test_nothing_above_a_score_is_said_and_nothing_is_joined(sign_in, database, people, pairs):
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/duplicates"

    assert "No possible duplicate scores 0.99" in lead.get(f"{place}/above?score=0.99").text
    assert lead.post(f"{place}/above", {"score": "0.99"}).status_code == 409
    assert lead.post(f"{place}/above", {"score": "1.5"}).status_code == 422
    assert pending(database, people) == 2


def test_a_reviewer_marks_a_duplicate_while_screening_and_takes_it_back(
    sign_in, database, people, pairs
):
    reviewer, place = sign_in(people.reviewer_a), f"/reviews/{people.slug}"
    queue = f"{place}/screening/title_abstract"
    first = re.search(r'name="record" value="([^"]+)"', reviewer.get(queue).text)[1]

    offered = reviewer.get(f"{place}/records/{first}/duplicate?stage=title_abstract")
    other = re.search(r'href="[^"]+\?other=([0-9a-f-]+)', offered.text)[1]
    beside = reviewer.get(f"{place}/records/{first}/duplicate?stage=title_abstract&other={other}")
    assert "title same" in beside.text
    asked = reviewer.post(
        f"{place}/records/{first}/duplicate", {"other": other, "stage": "title_abstract"}
    )

    page = reviewer.get(asked.headers["location"])
    assert "merged ✓" in page.text
    assert {first, other} == set(map(str, pairs[:2]))
    event = re.search(r'name="event" value="(\d+)"', page.text)[1]
    back = reviewer.post(
        f"{place}/duplicates/undo", {"event": event, "record": first, "stage": "title_abstract"}
    )
    assert back.headers["location"] == f"{queue}?record={first}"
    assert pending(database, people) == 2


def test_another_record_is_found_by_words_of_its_title_or_its_doi(sign_in, people, pairs):
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/records/{pairs[0]}/duplicate"

    assert "A bond in Ghent" in lead.get(f"{place}?q=ghent").text
    assert "A bond in Leeds</a>" not in lead.get(f"{place}?q=ghent").text
    assert "No other record has that" in lead.get(f"{place}?q=Quito").text


def test_signs_are_shown_as_they_are_where_two_records_are_compared(sign_in, database, people):
    with database.writing() as session:
        a, b = make_records(session, people.review_id, [{"title": "L'impact d'un <bon> & co"}] * 2)
    lead = sign_in(people.lead)

    page = lead.get(f"/reviews/{people.slug}/records/{a}/duplicate?other={b}").text

    assert "L&#39;impact d&#39;un &lt;bon&gt; &amp; co" in page
    assert "&amp;#39;" not in page


def test_a_sample_is_looked_through_by_the_lead(sign_in, people, pairs):
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/duplicates"

    page = lead.get(f"{place}/sample?size=1").text
    assert "was not merged" in page
    names = {
        name: re.search(rf'name="{name}" value="([^"]+)"', page)[1]
        for name in ("left", "right", "sampled")
    }
    after = lead.post(place, names | {"verdict": "distinct", "size": "1"})

    assert after.headers["location"] == f"{place}/sample?size=1"
    assert "Make it twice as large" in lead.get(after.headers["location"]).text
