"""Decided records that look like the other kind."""

import pytest
from sqlalchemy import null, update

from review.reviews import add_member
from review.tables import Rank
from review.vocabulary import Role, Stage, Verdict
from screening.ranking.runs import rank_records
from tests.factories import decide_both, make_records

BONDS = "An impact bond that pays for outcomes of young people"
ALGAE = "Marine algae and the tides of the northern sea"
SLIPS = (3, 15)


def decide_with_slips(session, people):
    """Twenty resolved records, two of them against what they look like; returns their titles."""
    titles = [f"{text}, part {place}" for place, text in enumerate([BONDS] * 10 + [ALGAE] * 10)]
    fields = [{"title": title, "abstract": title} for title in titles]
    for place, record in enumerate(make_records(session, people.review_id, fields)):
        is_bond = (place < 10) != (place in SLIPS)
        decide_both(session, people, record, Verdict.INCLUDE if is_bond else Verdict.EXCLUDE)
    return titles


def test_slips_are_shown_and_records_that_are_like_their_kind_are_not(sign_in, people, database):
    with database.writing() as session:
        titles = decide_with_slips(session, people)
    lead, address = sign_in(people.lead), f"/reviews/{people.slug}/screening-check"
    assert "Nothing has been ranked at this stage yet" in lead.get(address).text

    rank_records(database, review_id=people.review_id, stage=Stage.TITLE_ABSTRACT, by=people.lead)
    included, excluded = lead.get(address).text.split("Excluded, but look like included ones")

    assert titles[15] in included
    assert titles[3] in excluded
    assert sum(title in included for title in titles) == 1
    assert sum(title in excluded for title in titles) == 1
    assert "Nothing has been ranked" in lead.get(f"{address}?stage=full_text").text


def test_a_lead_who_screens_is_not_shown_what_they_decided_on(sign_in, people, database):
    with database.writing() as session:
        titles = decide_with_slips(session, people)
        add_member(
            session, review_id=people.review_id, email=people.emails["reviewer_a"],
            role=Role.LEAD, by=people.lead,
        )  # fmt: skip
    rank_records(database, review_id=people.review_id, stage=Stage.TITLE_ABSTRACT, by=people.lead)

    page = sign_in(people.reviewer_a).get(f"/reviews/{people.slug}/screening-check").text

    assert "Nothing to compare yet" in page
    assert titles[3] not in page


@pytest.mark.parametrize("why", [None, {"raised": ["impact bond"], "is_random": True}])
def test_an_order_of_an_older_release_is_explained_as_far_as_it_goes(
    sign_in, people, database, why
):
    with database.writing() as session:
        make_records(session, people.review_id, [{"title": BONDS}])
    rank_records(database, review_id=people.review_id, stage=Stage.TITLE_ABSTRACT, by=people.lead)
    with database.writing() as session:
        session.execute(update(Rank).values(why=null() if why is None else why))

    page = sign_in(people.reviewer_a).get(f"/reviews/{people.slug}/screening/title_abstract")

    assert page.status_code == 200
    assert "Ranked 1 of 1" in page.text
    assert ("Picked at random" in page.text) == (why is not None)
