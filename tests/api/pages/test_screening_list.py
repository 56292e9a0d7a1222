"""The list, labels, own terms and the schedule of a stage, on their pages."""

import re
from uuid import uuid4

import pytest

from review.vocabulary import Stage, Verdict
from tests.factories import decide_both, make_records

WORKS = [{"title": f"A bond in {place}", "abstract": "Paid for results."} for place in
         ("Peru", "Chile", "Niger")]  # fmt: skip


def words(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.text))


def given(database, people):
    with database.writing() as session:
        return make_records(session, people.review_id, WORKS)


def test_the_same_decision_is_saved_on_every_selected_record_once(database, people, sign_in):
    records = given(database, people)
    ana = sign_in(people.reviewer_a)
    address = f"/reviews/{people.slug}/screening/title_abstract/list"
    sent = {"record": [str(id_) for id_ in records[:2]], "verdict": "exclude", "key": str(uuid4()),
            "back": "sort=year&rows=25"}  # fmt: skip
    assert "A bond in Peru" in ana.get(address).text

    for _ in range(2):  # a form that is sent twice is one act
        answer = ana.post(address, data=sent, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].endswith("/list?sort=year&rows=25&done=2")

    left = ana.get(address).text
    assert "A bond in Niger" in left
    assert "A bond in Peru" not in left
    assert "A bond in Peru" in ana.get(f"{address}?show=decided").text
    history = words(ana.get(f"/reviews/{people.slug}/screening/title_abstract/history"))
    assert history.count("A bond in") == 2


def test_selecting_nothing_says_so(database, people, sign_in):
    given(database, people)
    ana = sign_in(people.reviewer_a)
    address = f"/reviews/{people.slug}/screening/title_abstract/list"

    answer = ana.post(address, data={"verdict": "include"})

    assert answer.status_code == 422
    assert "Select the records to decide on first." in answer.text


@pytest.mark.parametrize("closes_after", [2])
def test_no_more_is_decided_at_once_than_can_be_undone(database, people, sign_in):
    records = [str(id_) for id_ in given(database, people)]
    ana = sign_in(people.reviewer_a)
    address = f"/reviews/{people.slug}/screening/title_abstract/list"

    answer = ana.post(address, data={"record": records, "verdict": "exclude"})

    assert answer.status_code == 422
    assert "Select at most 2 records at a time" in answer.text
    assert ana.post(address, data={"record": records[:2], "verdict": "exclude"}).status_code == 303


def test_labels_on_the_page_of_a_record_are_added_shared_and_removed(database, people, sign_in):
    first, *_ = given(database, people)
    with database.writing() as session:
        decide_both(session, people, first, Verdict.EXCLUDE)
    page = f"/reviews/{people.slug}/records/{first}"
    ana, lead = sign_in(people.reviewer_a), sign_in(people.lead)
    ana.post(f"{page}/labels", data={"name": "key study", "is_shared": "true"})
    ana.post(f"{page}/labels", data={"name": "mine"})

    assert "key study Reviewer_A" in words(lead.get(page))
    assert "mine" not in words(lead.get(page))
    ana.post(f"{page}/labels", data={"name": "key study", "is_removed": "true"})
    assert "key study" not in words(lead.get(page))
    assert "mine" in words(ana.get(page))


def test_own_terms_are_marked_for_their_author_alone(database, people, sign_in):
    given(database, people)
    room = f"/reviews/{people.slug}/screening/title_abstract"
    ana, ben = sign_in(people.reviewer_a), sign_in(people.reviewer_b)
    ana.post(f"{room}/terms", data={"term": "result*"})

    assert '<mark class="own">results</mark>' in ana.get(room).text
    assert '<mark class="own">results</mark>' not in ben.get(room).text
    ana.post(f"{room}/terms", data={"term": "result*", "is_removed": "true"})
    assert '<mark class="own">results</mark>' not in ana.get(room).text


def test_the_schedule_is_shown_where_people_work(database, people, sign_in):
    given(database, people)
    lead, ana = sign_in(people.lead), sign_in(people.reviewer_a)
    form = f"/reviews/{people.slug}/progress/title_abstract/schedule"
    lead.post(form, data={"due_on": "2026-12-18", "note": "Before the holidays."})
    room = f"/reviews/{people.slug}/screening/title_abstract"

    assert "due 18 December 2026" in words(ana.get(room))
    overview = words(ana.get(f"/reviews/{people.slug}"))
    assert "Title and abstract: due on 18 December 2026. Before the holidays." in overview
    lead.post(form, data={"due_on": "2026-12-18", "note": "The criteria change.",
                          "is_paused": "true"})  # fmt: skip
    paused = words(ana.get(room))
    assert "This stage is paused" in paused
    assert "The criteria change." in paused
    assert "about 3 left" in paused
    assert lead.post(form, data={"due_on": "soon"}).status_code == 422
    assert "Title and abstract: paused." in words(lead.get(f"/reviews/{people.slug}"))


def test_what_a_source_says_beyond_known_fields_can_be_read(database, people, sign_in):
    with database.writing() as session:
        [record] = make_records(
            session,
            people.review_id,
            [
                {
                    "title": "A bond",
                    "extra": {
                        "N1": ["Peer reviewed", 'RAYYAN-INCLUSION: {"Ana"=>"Excluded"}', "Open"],
                        "C3": ["Leeds"],
                        "Decision": ["exclude"],
                        "Reviewer": ["Ana"],
                        "N2": ["ASReview_irrelevant", "Exclusion reason: date;"],
                    },
                }
            ],
        )
    for address in (f"records/{record}", f"screening/{Stage.TITLE_ABSTRACT}"):
        page = words(sign_in(people.reviewer_a).get(f"/reviews/{people.slug}/{address}"))
        assert "More from the source N1 Peer reviewed; Open C3 Leeds" in page
        card = page.partition("Original text in the file")[0]
        for word in ("RAYYAN", "Ana", "ASReview", "Exclusion reason"):
            assert word not in card
