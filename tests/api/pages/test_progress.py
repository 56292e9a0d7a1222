"""The pages on whether enough was read: numbers side by side, the decision, and agreement."""

import re

import pytest
from sqlalchemy import select

from review.decisions.decisions import decide
from review.decisions.stopping import stop_screening
from review.prisma.counts import count_flow
from review.reviews import add_member
from review.tables import Stop
from review.verify import verify
from review.vocabulary import Role, Stage, Verdict
from screening.ranking.random_sample import SAMPLE_STEP
from screening.ranking.runs import rank_records
from tests.factories import decide_both, make_records


def decided(session, cast, records, n_included):
    """Let both reviewers decide on the records, and include the first ones."""
    for place, record in enumerate(records):
        verdict = Verdict.INCLUDE if place < n_included else Verdict.EXCLUDE
        decide_both(session, cast, record, verdict)


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_a_lead_stops_with_the_numbers_of_the_moment_and_goes_on_again(sign_in, people, database):
    with database.writing() as session:
        records = make_records(session, people.review_id, 80)
    rank_records(database, review_id=people.review_id, stage=Stage.TITLE_ABSTRACT, by=people.lead)
    with database.writing() as session:
        decided(session, people, records[:40], 6)
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/stopping"

    shown = text_of(lead.get(place))
    refused = lead.post(place, {"rule": "  "})
    stopped = lead.post(place, {"rule": "34 in a row were irrelevant."})
    page = text_of(lead.get(stopped.headers["location"]))
    left = lead.get(f"/reviews/{people.slug}/records?box=not_screened").text

    assert "40 of 80 records are resolved. 6 of them are included." in shown
    assert "34 irrelevant records in a row" in shown
    assert "About 5 among 40 records, at the recent rate" in shown
    assert refused.status_code == 422
    assert "34 in a row were irrelevant. Screening stopped early, on" in page
    assert "Record 41" in left or "41" in left
    with database.reading() as session:
        stop = session.scalars(select(Stop)).one()
        assert stop.numbers["n_resolved"] == 40
        assert stop.numbers["consecutive_irrelevant"] == 34
        assert list(verify(session)) == []

    lead.post(place, {"rule": "More money came.", "resume": "true"})

    assert "was stopped by" not in lead.get(place).text


def test_what_is_left_counts_as_automation_marked_it_where_the_lead_says_so(
    sign_in, people, database
):
    with database.writing() as session:
        decided(session, people, make_records(session, people.review_id, 80)[:40], 6)
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/stopping"

    lead.post(place, {"rule": "Enough.", "by_automation": "true"})
    with database.reading() as session:
        stopped = count_flow(session, review_id=people.review_id).counts
        problems = list(verify(session))
    lead.post(place, {"rule": "More money came.", "resume": "true", "by_automation": "true"})
    with database.reading() as session:
        resumed = count_flow(session, review_id=people.review_id).counts

    assert (stopped["excluded_automatic"], stopped["not_screened"]) == (40, 0)
    assert stopped["records_screened"] == 40
    assert problems == []
    assert (resumed["excluded_automatic"], resumed["awaiting_title_abstract"]) == (0, 40)


def test_the_random_sample_counts_once_it_is_known_whole(sign_in, people, database):
    with database.writing() as session:
        records = make_records(session, people.review_id, SAMPLE_STEP + 10)
        for place, record in enumerate(records):
            decide_both(
                session, people, record, Verdict.INCLUDE if place % 10 == 0 else Verdict.EXCLUDE
            )

    page = text_of(sign_in(people.lead).get(f"/reviews/{people.slug}/stopping"))

    # Everything is known, so that the sample is all there is and nothing can be missed.
    assert "Of 60 records in random order, 6 are relevant." in page
    assert "At 95 % confidence, at most 0 are left" in page


def test_agreement_is_shown_by_stage_and_by_two_people(sign_in, people, database):
    with database.writing() as session:
        decided(session, people, make_records(session, people.review_id, 20)[:10], 3)

    page = text_of(sign_in(people.lead).get(f"/reviews/{people.slug}/agreement"))

    assert "10 3 0 7 1.00 1.00" in page
    assert "No record has decisions from two reviewers yet." in page  # full texts


@pytest.mark.parametrize("closes_after", [20])
def test_a_record_in_conflict_speaks_against_stopping_and_is_told_to_no_lead_who_screens(
    sign_in, people, database
):
    with database.writing() as session:
        (record, *_) = make_records(session, people.review_id, 4)
        for reviewer, verdict in zip(
            people.reviewers, (Verdict.INCLUDE, Verdict.EXCLUDE), strict=True
        ):
            decide(session, review_id=people.review_id, record_id=record, verdict=verdict,
                   stage=Stage.TITLE_ABSTRACT, by=reviewer)  # fmt: skip
        add_member(
            session, review_id=people.review_id, email=people.emails["reviewer_a"],
            role=Role.LEAD, by=people.lead,
        )  # fmt: skip
    lead, address = sign_in(people.lead), f"/reviews/{people.slug}/agreement"

    agreement = text_of(lead.get(address))
    shown_to_a_reviewer = text_of(sign_in(people.reviewer_a).get(address))
    stopping = text_of(lead.get(f"/reviews/{people.slug}/stopping"))

    assert "1 0 1 0 0.00" in agreement
    assert shown_to_a_reviewer.count("No record has decisions from two reviewers yet.") == 2
    assert "1 more is in conflict" in stopping
    assert "0 irrelevant records in a row" in stopping


@pytest.mark.parametrize(
    "numbers",
    [
        {"recall_floor": "95 %"},
        {"n_total": 100, "n_resolved": None},
        {"recall_floor": 0.9, "confidence": None},
        {"most_missed": 3, "n_sample": None},
        {"n_total": "1,200", "n_resolved": True},
        {"n_total": 1e300, "n_resolved": 2, "recall_floor": float(10**20), "confidence": 0.95},
    ],
)
def test_a_stop_with_a_programs_own_numbers_breaks_no_page(sign_in, people, database, numbers):
    with database.writing() as session:
        make_records(session, people.review_id, 2)
        stop_screening(session, review_id=people.review_id, rule="Ours.", numbers=numbers,
                       by=people.lead)  # fmt: skip
    lead, base = sign_in(people.lead), f"/reviews/{people.slug}"

    assert lead.get(f"{base}/stopping").status_code == 200
    assert "not estimated" in lead.get(f"{base}/map.json").json()["stopped"]


def test_languages_without_words_are_named_before_anything_is_ranked(sign_in, people, database):
    with database.writing() as session:
        make_records(session, people.review_id, [{"language": "tr"}] * 3)
    base = f"/reviews/{people.slug}"

    for address in (base, f"{base}/fairness"):
        shown = text_of(sign_in(people.lead).get(address))
        assert "3 records are in Turkish. The protocol has no words in this language" in shown
    assert "Turkish" not in text_of(sign_in(people.reviewer_a).get(base))
