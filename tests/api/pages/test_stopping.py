"""When to stop, said alike by the page, the JSON API, the overview and the stop that is kept."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from review.decisions.decisions import decide
from review.decisions.import_rules import ImportRules
from review.decisions.imported import import_decisions
from review.decisions.stopping import stop_in_force
from review.people.tokens import TokenScope, issue_token
from review.vocabulary import Stage, Verdict
from screening.ranking.random_sample import SAMPLE_STEP, random_order
from screening.ranking.runs import rank_records
from tests.factories import decide_both, make_records

STAGE = Stage.TITLE_ABSTRACT


@pytest.fixture
def said(app, database, people, sign_in):
    """Return a function that gives what the page, the API and the overview say now."""
    with database.writing() as session:
        token = issue_token(
            session, account_id=people.lead.account_id, name="test", scopes=(TokenScope.READ,)
        )

    def read():
        lead, base = sign_in(people.lead), f"/reviews/{people.slug}"
        api = TestClient(app).get(
            f"/api/v1{base}/screening/title_abstract/stopping",
            headers={"authorization": f"Bearer {token}"},
        )
        page, overview = (
            " ".join(html.unescape(re.sub(r"<[^>]+>", " ", lead.get(address).text)).split())
            for address in (f"{base}/stopping", base)
        )
        return page, api.json(), overview

    return read


def import_table(database, cast, tmp_path, rows):
    """Import decisions of two named authors on records, from (title, verdict)."""
    lines = [f'"{title}",{person},{word}' for title, word in rows for person in ("Ana", "Ben")]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["title,reviewer,decision", *lines]))
    import_decisions(
        database, path, review_id=cast.review_id, rules=ImportRules(STAGE), by=cast.lead,
        name=path.name, sha256="0" * 64,
    )  # fmt: skip


def rank(database, cast):
    rank_records(database, review_id=cast.review_id, stage=STAGE, by=cast.lead)


def test_an_empty_review_is_told_that_nothing_can_be_said(said):
    page, api, overview = said()

    why = "There are no records to screen, so nothing can be said about what is left."
    assert why in page
    assert (api["sentence"], api["methods"]) == (why, why)
    assert (api["is_reached"], api["p_value"], api["recall_floor"]) == (False, None, None)
    assert (api["consecutive_irrelevant"], api["n_sample"]) == (None, None)
    assert "have been found" not in page
    assert "If screening stopped now" not in overview


def test_before_anything_was_screened_the_page_says_so(said, database, people):
    with database.writing() as session:
        make_records(session, people.review_id, 60)
    rank(database, people)

    page, api, _ = said()

    assert "No record has been screened, so nothing can be said about what is left." in page
    assert api["methods"] == api["sentence"]
    assert f"0 of the first {SAMPLE_STEP} records in random order have all the decisions" in page


def test_imported_decisions_have_no_order_and_their_inclusions_are_not_denied(
    said, database, people, tmp_path
):
    with database.writing() as session:
        make_records(
            session, people.review_id, [{"title": f"Housing in town {n}"} for n in range(60)]
        )
    rank(database, people)
    rows = [(f"Housing in town {n}", "yes" if n < 20 else "no") for n in range(40)]
    import_table(database, people, tmp_path, rows)

    page, api, overview = said()

    assert "40 of 60 records are resolved. 20 of them are included." in page
    assert "No relevant record" not in page + overview
    for text in (page, api["sentence"], api["methods"], overview):
        assert "The order of screening says nothing about what is left." in text
        assert "Decisions on 40 records were imported" in text
    assert (api["is_reached"], api["n_imported"], api["n_included"]) == (False, 40, 20)


def test_records_screened_in_the_order_of_import_say_nothing(said, database, people):
    with database.writing() as session:
        for n, record in enumerate(make_records(session, people.review_id, 80)[:70]):
            decide_both(session, people, record, Verdict.INCLUDE if n < 5 else Verdict.EXCLUDE)

    page, api, overview = said()

    for text in (page, api["sentence"], api["methods"], overview):
        assert "70 records had not been ranked when they were screened" in text
    assert (api["p_value"], api["n_unranked"], api["relevant_left"]) == (None, 70, None)
    assert "65 irrelevant records in a row" in page


def test_one_conflict_does_not_hide_the_random_sample(said, database, people):
    with database.writing() as session:
        records = make_records(session, people.review_id, 2 * SAMPLE_STEP)
    rank(database, people)
    first = [records[number - 1] for number in random_order(range(1, len(records) + 1))]
    with database.writing() as session:
        for reviewer, verdict in zip(people.reviewers, ("include", "exclude"), strict=True):
            decide(session, review_id=people.review_id, record_id=first[0], stage=STAGE,
                   verdict=Verdict(verdict), by=reviewer)  # fmt: skip
        for record in first[1:SAMPLE_STEP]:
            decide_both(session, people, record, Verdict.EXCLUDE)

    page, api, _ = said()

    assert (
        f"Of {SAMPLE_STEP} records in random order, 0 are relevant. 1 more is in conflict" in page
    )
    assert (api["n_sample"], api["n_conflicts_in_sample"]) == (SAMPLE_STEP, 1)
    assert api["most_missed"] >= 1
    assert (
        "50 of the first 100 records in random order have all the decisions" in api["next_sample"]
    )


def test_a_stop_keeps_both_bounds_in_sentences_of_their_own(said, database, people, sign_in):
    with database.writing() as session:
        records = make_records(session, people.review_id, 200)
    rank(database, people)
    in_random_order = [records[number - 1] for number in random_order(range(1, 201))]
    with database.writing() as session:
        for n, record in enumerate(in_random_order[:100]):
            decide_both(session, people, record, Verdict.INCLUDE if n < 8 else Verdict.EXCLUDE)
    sign_in(people.lead).post(f"/reviews/{people.slug}/stopping", {"rule": "Enough."})

    with database.reading() as session:
        sentence = stop_in_force(session, people.review_id).sentence

    [by_order], [by_sample] = (
        [part for part in sentence.split(". ") if word in part]
        for word in ("order of screening", "random sample")
    )
    assert "at most" not in by_order
    assert re.search(r"at least \d+ % of the relevant records had been found", by_order)
    assert re.search(r"at most \d+ were left, so at least \d+ % had been found", by_sample)
