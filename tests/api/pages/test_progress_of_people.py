"""How much each person has screened, what awaits a second decision, and one's own decisions."""

import re

from review.decisions.decisions import decide
from review.vocabulary import Stage, Verdict
from screening.queue.people import stage_progress
from tests.factories import decide_both, make_records

TITLE_ABSTRACT = Stage.TITLE_ABSTRACT


def words(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.text))


def screen(database, people):
    """Two records are resolved, one awaits a second decision, one has none."""
    with database.writing() as session:
        first, second, third, _new = make_records(session, people.review_id, [
            {"title": f"A bond in {place}"} for place in ("Peru", "Chile", "Niger", "Togo")
        ])  # fmt: skip
        for record in (first, second):
            decide_both(session, people, record, Verdict.INCLUDE)
        decide(session, review_id=people.review_id, record_id=third, stage=TITLE_ABSTRACT,
               verdict=Verdict.EXCLUDE, note="Loans only.", by=people.reviewer_a)  # fmt: skip
    return third


def test_the_lead_sees_each_persons_decisions_and_how_many_are_needed(database, people, sign_in):
    screen(database, people)
    with database.reading() as session:
        now = stage_progress(session, review_id=people.review_id, stage=TITLE_ABSTRACT,
                             by=people.lead)  # fmt: skip

    assert [(person.name, person.n, person.n_week) for person in now.people] == [
        ("Reviewer_A", 3, 3), ("Reviewer_B", 2, 2),
    ]  # fmt: skip
    assert (now.n_unscreened, now.n_awaiting_second, now.n_decisions_left) == (1, 1, 3)
    assert now.days_left == 3 / (5 / 7)
    lead = sign_in(people.lead)
    page = lead.get(f"/reviews/{people.slug}/progress")
    assert "3 more decisions are needed. About 5 days" in words(page)
    address = re.search(r'href="([^"]*state=awaiting_second)"', page.text)[1]
    listed = lead.get(address)
    assert "A bond in Niger" in listed.text
    assert "A bond in Togo" not in listed.text


def test_every_page_about_screening_has_the_tabs(people, sign_in):
    lead = sign_in(people.lead)
    first = lead.get(f"/reviews/{people.slug}/progress").text
    tabs = re.search(r'<nav class="tabs".*?</nav>', first, re.DOTALL)[0]

    for address in re.findall(r'href="([^"]*)"', tabs):
        page = lead.get(address).text
        assert f'href="{address}" aria-current="page"' in page
        assert page.count('<nav class="tabs"') == 1


def test_ones_own_decisions_are_found_by_words_of_the_title_and_the_note(database, people, sign_in):
    screen(database, people)
    address = f"/reviews/{people.slug}/screening/title_abstract/history"
    ana, ben = sign_in(people.reviewer_a), sign_in(people.reviewer_b)

    assert [place in words(ana.get(address)) for place in ("Peru", "Chile", "Niger", "Togo")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert "Niger" not in words(ben.get(address))
    assert "Peru" not in words(ana.get(f"{address}?q=loans"))
    assert "Niger" in words(ana.get(f"{address}?q=loans"))
    assert "Niger" not in words(ana.get(f"{address}?verdict=include"))
    assert "No decision of yours matches" in words(ana.get(f"{address}?q=nothing"))


def test_earlier_decisions_are_on_further_pages(database, people, sign_in):
    with database.writing() as session:
        rows = [{"title": f"Number {n}."} for n in range(120)]
        for record in make_records(session, people.review_id, rows):
            decide(session, review_id=people.review_id, record_id=record, stage=TITLE_ABSTRACT,
                   verdict=Verdict.EXCLUDE, by=people.reviewer_a)  # fmt: skip
    ana = sign_in(people.reviewer_a)
    address, seen = f"/reviews/{people.slug}/screening/title_abstract/history", []
    while address:
        page = ana.get(address).text
        seen += re.findall(r"Number (\d+)\.", page)
        link = re.search(r'href="([^"]*before=[^"]*)"', page)
        address = link[1].replace("&amp;", "&") if link else ""

    assert seen == [str(n) for n in reversed(range(120))]
