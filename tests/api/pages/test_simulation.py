"""A replay of the review's own decisions, from the button to the page."""

import re

import pytest

from review.vocabulary import Verdict
from tests.api.conftest import work_off
from tests.factories import decide_both, make_records

BONDS = "An impact bond that pays for outcomes of young people"
ALGAE = "Marine algae and the tides of the northern sea"


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def read_some(database, people, n=40, n_between=4):
    with database.writing() as session:
        is_bond = [place % n_between == 0 for place in range(n)]
        fields = [{"title": f"{BONDS if one else ALGAE}, {n}"} for n, one in enumerate(is_bond)]
        for place, record in enumerate(make_records(session, people.review_id, fields)):
            verdict = Verdict.INCLUDE if is_bond[place] else Verdict.EXCLUDE
            decide_both(session, people, record, verdict)
        make_records(session, people.review_id, [{"title": "An unread one"}])


def test_a_lead_replays_what_was_read(app, sign_in, people, database):
    read_some(database, people)
    lead, address = sign_in(people.lead), f"/reviews/{people.slug}/simulation"

    before = lead.get(address)
    missing = lead.get(f"{address}.svg")
    lead.post(address, {"start": "question"})
    work_off(app)
    after = text_of(lead.get(address))
    drawn = lead.get(f"{address}.svg")

    assert "No simulation has been run yet." in before.text
    assert missing.status_code == 404
    assert "40 records, 10 of them included" in after  # not the unread one
    assert "100 % of the relevant records (RRF@10)" not in after  # a tenth is four of ten
    assert "40 % of the relevant records (RRF@10)" in after
    assert "Recall 95 % at 95 % confidence" in after
    assert drawn.text.startswith("<svg")
    assert "sandbox" in drawn.headers["content-security-policy"]

    lead.post(address, {"start": "records"})
    work_off(app)
    assert "started from two known records" in text_of(lead.get(address))


@pytest.mark.parametrize("how", [{"n": 8}, {"n": 25, "n_between": 25}])
def test_too_little_to_replay_is_said_and_the_page_stays(app, sign_in, people, database, how):
    read_some(database, people, **how)
    lead, address = sign_in(people.lead), f"/reviews/{people.slug}/simulation"

    asked = lead.post(address, {"start": "records"})
    work_off(app)

    said = text_of(lead.get(asked.headers["location"].split("?")[0]))
    assert "A simulation needs at least 20 resolved records" in said
    assert "No simulation has been run yet." in lead.get(address).text
