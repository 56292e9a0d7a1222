"""The duplicates pages: many pairs at once, looked through first and taken back as one."""

import re

import pytest

from review.duplicates import questions
from review.vocabulary import Judgement
from tests.factories import make_records
from tests.review.test_clusters import ask_model


@pytest.fixture
def pairs(database, people):
    with database.writing() as session:
        records = make_records(
            session,
            people.review_id,
            [{"title": f"A bond in {town}"} for town in ("Leeds", "Leeds", "Ghent", "Gent")],
        )
        a, b, c, d = records
        ask_model(
            session, people,
            [(a, b, 0.96, Judgement.DOUBTFUL), (c, d, 0.85, Judgement.DOUBTFUL)],
        )  # fmt: skip
    return records


def pending(database, people):
    with database.reading() as session:
        return len(questions(session, review_id=people.review_id))


def test_the_pairs_above_a_score_are_shown_joined_and_taken_back(sign_in, database, people, pairs):
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/duplicates"

    shown = lead.get(f"{place}/above?score=0.8")
    assert "Join these 2 pairs" in shown.text
    assert shown.text.index("Ghent") < shown.text.index("Leeds")  # the less likely first
    narrower = lead.get(f"{place}/above?score=0.95")
    assert "Join this pair" in narrower.text

    lead.post(f"{place}/above", {"score": "0.8"})
    after = lead.get(place)
    assert "joined 2 duplicates" in after.text
    assert pending(database, people) == 0

    event = re.search(r'name="event" value="(\d+)"', after.text)[1]
    lead.post(f"{place}/undo", {"event": event})
    assert pending(database, people) == 2


def test_nothing_above_a_score_is_said_and_nothing_is_joined(sign_in, database, people, pairs):
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/duplicates"

    assert "No doubtful pair scores 0.99" in lead.get(f"{place}/above?score=0.99").text
    assert lead.post(f"{place}/above", {"score": "0.99"}).status_code == 409
    assert lead.post(f"{place}/above", {"score": "1.5"}).status_code == 422
    assert pending(database, people) == 2
