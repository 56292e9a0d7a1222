"""The page of conflicts: one at a time or as a list, undoing, consensus, and comments."""

import re
from typing import Any

import pytest

from review.decisions.closing import close_decisions
from review.decisions.conflicts import open_conflicts
from review.events import OPERATOR
from review.reviews import add_member, amend_protocol
from review.states.resolution import stage_state
from review.vocabulary import Role, Stage
from tests.factories import disagree, make_account, make_records, protocol_text

TITLE_ABSTRACT, ADJUDICATOR = Stage.TITLE_ABSTRACT, Role.ADJUDICATOR
HTMX = {"HX-Request": "true"}


@pytest.fixture
def records(database, people):
    """Three records in conflict."""
    with database.writing() as session:
        made = make_records(session, people.review_id, [
            {"title": f"A bond in {place}"} for place in ("Peru", "Chile", "Niger")
        ])  # fmt: skip
        for record in made:
            disagree(session, people, record)
    return made


def title(answer) -> str:
    return re.search(r"<h1[^>]*>([^<]*)</h1>", answer.text)[1].strip()


def form_of(text: str, marker: str) -> dict[str, Any]:
    """Return the hidden fields of the form that has a text in it."""
    form = next(part for part in re.findall(r"<form.*?</form>", text, re.DOTALL) if marker in part)
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(value)
    fields.pop("form_token")
    return fields


def resolution(database, people, record) -> str:
    with database.reading() as session:
        return stage_state(
            session, review_id=people.review_id, stage=TITLE_ABSTRACT, cluster=[record]
        ).resolution


def test_a_conflict_is_resolved_as_one_of_the_reviewers_did_and_the_next_one_follows(
    database, people, sign_in, records
):
    browser, address = sign_in(people.adjudicator), f"/reviews/{people.slug}/conflicts"
    page = browser.get(address)
    fields = form_of(page.text, 'id="resolve"')
    with database.reading() as session:
        [conflict, *_] = open_conflicts(session, review_id=people.review_id, by=people.adjudicator)
    excluding = next(one for one in conflict.decisions if one.verdict == "exclude")

    sent = browser.post(address, fields | {"take": str(excluding.id)}, headers=HTMX)
    answer = browser.get(sent.headers["location"], headers=HTMX)

    assert title(page) == "A bond in Peru"
    assert title(answer) == "A bond in Chile"
    assert answer.text.lstrip().startswith('<div id="conflict-desk">')
    assert "Resolved as" in answer.text
    assert resolution(database, people, records[0]) == "exclude"

    sent = browser.post(f"{address}/undo", form_of(answer.text, "/conflicts/undo"), headers=HTMX)
    undone = browser.get(sent.headers["location"], headers=HTMX)
    assert title(undone) == "A bond in Peru"
    assert resolution(database, people, records[0]) == "conflict"


def test_without_a_script_the_filters_stay_and_the_next_conflict_is_a_page(
    people, sign_in, records
):
    browser, address = sign_in(people.adjudicator), f"/reviews/{people.slug}/conflicts"
    page = browser.get(address, params={"order": "title", "stage": "", "search": "", "days": "0"})
    action = re.search(r'id="resolve" method="post" action="([^"]*)"', page.text)[1]

    answer = browser.post(action, form_of(page.text, 'id="resolve"') | {"verdict": "include"})

    assert title(page) == "A bond in Chile"
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{address}?order=title"
    assert title(browser.get(answer.headers["location"])) == "A bond in Niger"


def test_after_a_resolution_the_next_one_follows_and_not_the_first(people, sign_in, records):
    browser, address = sign_in(people.adjudicator), f"/reviews/{people.slug}/conflicts"
    page = browser.get(f"{address}?record={records[1]}")

    fields = form_of(page.text, 'id="resolve"') | {"verdict": "include"}
    answer = browser.post(address, fields)

    assert title(browser.get(answer.headers["location"])) == "A bond in Niger"


@pytest.mark.parametrize("closes_after", [20])
def test_what_a_reviewer_may_not_know_is_not_in_the_page_after_an_act_either(
    database, people, sign_in
):
    with database.writing() as session:
        third, email = make_account(session, "third", "three plain words")
        for address, role in ((email, Role.REVIEWER), (people.emails["reviewer_b"], ADJUDICATOR)):
            add_member(session, review_id=people.review_id, email=address, role=role, by=OPERATOR)
        others = people.reviewer_a, third
        mine, hidden = make_records(session, people.review_id, 2)
        for record in (mine, hidden):
            disagree(session, people, record, people=others)
        for reviewer in others:
            close_decisions(session, review_id=people.review_id, stage=TITLE_ABSTRACT, by=reviewer)
        [open_one] = make_records(session, people.review_id, 1)
        disagree(session, people, open_one, people=others)
    ben, address = sign_in(people.reviewer_b), f"/reviews/{people.slug}/conflicts"
    page = ben.get(address)
    fields = form_of(page.text, 'id="resolve"') | {"verdict": "include"}

    sent = ben.post(address, fields, headers=HTMX)
    after = ben.get(sent.headers["location"], headers=HTMX)

    assert "more once the reviewers" not in page.text
    assert "more once the reviewers" not in after.text


def test_every_conflict_can_be_reached(database, people, sign_in):
    with database.writing() as session:
        for record in make_records(session, people.review_id, 25):
            disagree(session, people, record)
    browser, address = sign_in(people.adjudicator), f"/reviews/{people.slug}/conflicts"

    page, shown = browser.get(address), 1
    while link := re.search(r'href="([^"]*)" data-key="j"', page.text):
        page, shown = browser.get(link[1].replace("&amp;", "&")), shown + 1
    listed = browser.get(f"{address}?view=list").text

    assert shown == 25
    assert "25 of 25" in page.text
    assert listed.count('<th scope="row"') == 25


@pytest.mark.parametrize(
    ("query", "n"), [("q=PERU", 1), ("q=bond", 3), ("days=1", 0), ("stage=full_text", 0)]
)
def test_filters_narrow_the_list(people, sign_in, records, query, n):
    page = sign_in(people.adjudicator).get(f"/reviews/{people.slug}/conflicts?view=list&{query}")

    assert page.text.count('<th scope="row"') == n
    assert ("No conflict matches" in page.text) == (n == 0)


def test_a_lead_without_the_role_sees_how_many_there_are_and_who_resolves_them(
    people, sign_in, records
):
    page = sign_in(people.lead).get(f"/reviews/{people.slug}/conflicts")

    assert page.status_code == 200
    assert re.search(r'class="figure">3</strong>\s*<span>at title and abstract', page.text)
    assert "Adjudicator can resolve them" in page.text
    assert "Peru" not in page.text


def test_reviewers_do_not_see_their_conflicts_unless_they_may_agree_on_them(
    database, people, sign_in, records
):
    ana = sign_in(people.reviewer_a)
    assert "Peru" not in ana.get(f"/reviews/{people.slug}/conflicts").text
    assert "Resolve a conflict with the other" not in ana.get(f"/reviews/{people.slug}").text

    with database.writing() as session:
        amend_protocol(
            session, review_id=people.review_id, protocol_text=protocol_text(consensus=True),
            why="We talk.", by=people.lead,
        )  # fmt: skip
        [record] = make_records(session, people.review_id, [{"title": "A bond in Togo"}])
        disagree(session, people, record)
    ben, address = sign_in(people.reviewer_b), f"/reviews/{people.slug}/conflicts"
    page = ana.get(address)
    assert title(page) == "A bond in Togo"
    assert "Resolve a conflict with the other" in ana.get(f"/reviews/{people.slug}").text

    proposing = form_of(page.text, "/conflicts/proposals") | {
        "verdict": "exclude",
        "note": "Loans.",
    }
    ana.post(f"{address}/proposals", proposing)
    waiting, asked = ana.get(address), ben.get(address)
    answering = re.search(r'action="([^"]*/answer)"', asked.text)[1]
    done = ben.post(answering, {"agrees": "yes"})

    assert "Waiting for the other reviewer" in waiting.text
    assert "/answer" not in waiting.text
    assert "Loans." in asked.text
    assert done.status_code == 303
    assert resolution(database, people, record) == "exclude"


def test_a_comment_reaches_the_other_reviewer_without_a_name(people, sign_in, records):
    ana, ben = sign_in(people.reviewer_a), sign_in(people.reviewer_b)
    page = f"/reviews/{people.slug}/records/{records[0]}"
    sent = form_of(ana.get(page).text, "/comments") | {"text": "Is <b>a loan</b> a contract?"}

    answer = ana.post(f"/reviews/{people.slug}/comments", sent)
    seen, overview = ben.get(page).text, ben.get(f"/reviews/{people.slug}").text

    assert answer.headers["location"] == f"{page}#discussion"
    assert "Is &lt;b&gt;a loan&lt;/b&gt; a contract?" in seen
    assert "Reviewer_A" not in seen
    assert re.search(r"Reviewer [12]", seen)
    assert "Read what others wrote" in overview
    ben.post(f"/reviews/{people.slug}/comments", sent | {"text": "No."})
    assert "Read what others wrote" not in ben.get(f"/reviews/{people.slug}").text
