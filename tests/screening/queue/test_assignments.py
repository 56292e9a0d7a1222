"""Assignments: every record gets the reviewers it needs, and none is out of reach."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, true

from review.decisions.decisions import decide
from review.errors import Invalid, NotAllowed, NotFound
from review.reviews import add_member, amend_protocol
from review.tables import Account, Record, Search
from review.tables.base import utc_now
from review.verify import verify
from review.vocabulary import Role, Stage, Verdict
from screening.queue.assignments import assign, n_left_over, queue_tiers, workloads
from screening.queue.next_records import n_left, next_records
from tests.factories import make_account, make_records, make_review, protocol_text

STAGE = Stage.TITLE_ABSTRACT
LANGUAGES = ("eng", "Spanish", "fr", None)


def make_team(session, n, needed=2):
    """Make a review with ``n`` reviewers; return it and them."""
    cast = make_review(session, text=protocol_text(needed=needed))
    reviewers = [*cast.reviewers]
    for number in range(2, n):
        actor, email = make_account(session, f"reviewer-{number}")
        add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)
        reviewers.append(actor)
    return cast, reviewers


def make_assignment(session, cast, reviewer, **assignment):
    return assign(session, review_id=cast.review_id, account_id=reviewer.account_id, by=cast.lead,
                  **assignment)  # fmt: skip


def numbers_by_tier(session, cast, reviewer):
    """Return the numbers of the records that a reviewer screens first, second and third."""
    conditions = queue_tiers(
        session, review_id=cast.review_id, stage=STAGE, account_id=reviewer.account_id
    ) or [true()]
    query = select(Record.number).where(Record.review_id == cast.review_id).order_by(Record.number)
    return [session.scalars(query.where(condition)).all() for condition in conditions]


def assigned_numbers(session, cast, reviewers):
    """Return the numbers of the records assigned to each reviewer, by the reviewer's index."""
    return {
        index: set(numbers_by_tier(session, cast, reviewer)[0])
        for index, reviewer in enumerate(reviewers)
    }


def test_workloads_are_as_large_as_assigned_and_everybody_is_paired_with_everybody(session):
    cast, reviewers = make_team(session, 4)
    make_records(session, cast.review_id, 400)
    for reviewer, workload in zip(reviewers, (1, 1, 2, 4), strict=True):
        make_assignment(session, cast, reviewer, workload=workload)

    assigned = assigned_numbers(session, cast, reviewers)

    assert [len(own) for own in assigned.values()] == [100, 100, 200, 400]
    assert Counter(n for own in assigned.values() for n in own) == dict.fromkeys(range(1, 401), 2)
    assert all(assigned[a] & assigned[b] for a, b in [(0, 3), (1, 3), (2, 3)])


def test_equal_reviewers_have_equal_workloads_in_every_pair(session):
    cast, reviewers = make_team(session, 5)
    make_records(session, cast.review_id, 200)

    assigned = assigned_numbers(session, cast, reviewers)

    assert {len(own) for own in assigned.values()} == {80}
    assert {len(assigned[a] & assigned[b]) for a, b in combinations(range(5), 2)} == {20}


def test_records_in_a_language_go_to_those_who_read_it(session):
    cast, reviewers = make_team(session, 3)
    make_records(session, cast.review_id, [{"language": LANGUAGES[n % 4]} for n in range(40)])
    make_assignment(session, cast, reviewers[0], languages=["en"])
    french = set(range(3, 41, 4))

    assigned = assigned_numbers(session, cast, reviewers)

    assert not assigned[0] & french
    assert french <= assigned[1]  # the two others screen all of it
    assert french <= assigned[2]
    assert set(range(4, 41, 4)) & assigned[0]  # anybody may screen an unknown language
    assert n_left_over(session, review_id=cast.review_id, stage=STAGE, by=cast.lead) == 0


def test_records_that_too_few_may_screen_come_last_for_all_and_the_lead_sees_how_many(session):
    cast, reviewers = make_team(session, 2)
    records = make_records(session, cast.review_id, [{"language": n} for n in ("en", "tr", "en")])
    for reviewer in reviewers:
        make_assignment(session, cast, reviewer, languages=["en"])

    queue = next_records(session, review_id=cast.review_id, stage=STAGE, by=reviewers[0], limit=9)

    assert [record.id for record in queue] == [records[0], records[2], records[1]]
    assert n_left_over(session, review_id=cast.review_id, stage=STAGE, by=cast.lead) == 1


def test_a_record_that_was_started_under_an_earlier_rule_stays_in_reach(session):
    cast, (ana, ben) = make_team(session, 2)
    [spanish] = make_records(session, cast.review_id, [{"language": "es"}])
    decide(session, review_id=cast.review_id, record_id=spanish, stage=STAGE,
           verdict=Verdict.INCLUDE, by=ana)  # fmt: skip
    amend_protocol(session, review_id=cast.review_id, protocol_text=protocol_text(needed=1),
                   why="Less time.", by=cast.lead)  # fmt: skip
    make_assignment(session, cast, ben, languages=["en"])

    queue = next_records(session, review_id=cast.review_id, stage=STAGE, by=ben)

    assert [record.id for record in queue] == [spanish]


def test_languages_are_recognised_in_any_spelling_and_several_are_no_language(session):
    cast, reviewers = make_team(session, 3)
    words = ["中文", "Simplified Chinese", "mul", "Multiple languages", "zh"]
    make_records(session, cast.review_id, [{"language": word} for word in words])
    make_assignment(session, cast, reviewers[0], languages=["zh"])
    make_assignment(session, cast, reviewers[1], languages=["en"])

    for_chinese = [n for tier in numbers_by_tier(session, cast, reviewers[0]) for n in tier]
    for_english = [n for tier in numbers_by_tier(session, cast, reviewers[1])[:2] for n in tier]

    assert sorted(for_chinese) == [1, 2, 3, 4, 5]
    assert sorted(for_english) == [1, 3, 4]  # an unknown language is for everybody


def test_a_search_goes_to_those_it_was_assigned_to(session):
    cast, reviewers = make_team(session, 3)
    from_eric = make_records(session, cast.review_id, 6, source="ERIC")
    others = make_records(session, cast.review_id, 6)
    eric = session.scalar(select(Search.id).where(Search.source == "ERIC"))
    make_assignment(session, cast, reviewers[2], searches=[eric])

    queue = next_records(session, review_id=cast.review_id, stage=STAGE, by=reviewers[2], limit=20)

    assert {record.id for record in queue} == set(from_eric)
    assert assigned_numbers(session, cast, reviewers)[0] >= {7, 8, 9, 10, 11, 12}
    assert len(others) == 6


def test_a_reviewer_with_no_workload_screens_what_others_leave(session):
    cast, reviewers = make_team(session, 3)
    make_records(session, cast.review_id, 10)
    make_assignment(session, cast, reviewers[2], workload=0)

    assert assigned_numbers(session, cast, reviewers) == {
        0: {*range(1, 11)},
        1: {*range(1, 11)},
        2: set(),
    }
    assert n_left(session, review_id=cast.review_id, stage=STAGE, by=reviewers[2]) == 10
    queue = next_records(session, review_id=cast.review_id, stage=STAGE, by=reviewers[2], limit=20)
    assert len(queue) == 10


def test_somebody_whose_account_is_closed_has_no_workload(session):
    cast, reviewers = make_team(session, 3)
    make_records(session, cast.review_id, 6)
    session.get_one(Account, reviewers[2].account_id).disabled_at = utc_now()

    assert assigned_numbers(session, cast, reviewers[:2]) == {0: {*range(1, 7)}, 1: {*range(1, 7)}}


def test_the_lead_sees_how_much_each_starts_with_and_the_log_keeps_it(session):
    cast, reviewers = make_team(session, 3)
    make_records(session, cast.review_id, 9)
    make_assignment(session, cast, reviewers[0], workload=0)
    make_assignment(session, cast, reviewers[0], workload=1, languages=["es", "en", "es"])

    [first, *_] = workloads(session, review_id=cast.review_id, stage=STAGE, by=cast.lead)

    reviewer = first.reviewer
    assert (reviewer.workload, reviewer.languages, first.n_first) == (1, ["en", "es"], 6)
    assert list(verify(session)) == []


def test_impossible_assignments_are_refused(session):
    cast, reviewers = make_team(session, 2)
    other, _ = make_team(session, 2)
    [_] = make_records(session, other.review_id, 1)
    foreign = session.scalar(select(Search.id).where(Search.review_id == other.review_id))

    for assignment in ({"workload": 101}, {"workload": -1}, {"languages": ["klingon"]}):
        with pytest.raises(Invalid):
            make_assignment(session, cast, reviewers[0], **assignment)
    with pytest.raises(NotFound):
        make_assignment(session, cast, reviewers[0], searches=[foreign])
    with pytest.raises(NotFound):
        make_assignment(session, cast, cast.lead)
    with pytest.raises(NotAllowed):
        assign(
            session, review_id=cast.review_id, account_id=reviewers[0].account_id, by=reviewers[1]
        )


def drawn_assignments():
    languages = st.lists(st.sampled_from(["en", "es", "fr"]), max_size=2, unique=True)
    return st.lists(st.tuples(st.integers(0, 5), languages), min_size=2, max_size=6)


@settings(max_examples=settings.default.max_examples // 2, phases=[Phase.explicit, Phase.generate])
@given(assignments=drawn_assignments(), needed=st.sampled_from([1, 2]))
def test_whatever_is_assigned_each_reviewer_gets_every_record_they_may_screen_once(
    session, assignments, needed
):
    with session.begin_nested() as savepoint:
        cast, reviewers = make_team(session, len(assignments), needed)
        make_records(session, cast.review_id, [{"language": LANGUAGES[n % 4]} for n in range(24)])
        for reviewer, (workload, languages) in zip(reviewers, assignments, strict=True):
            make_assignment(session, cast, reviewer, workload=workload, languages=languages)
        tags = {1: "en", 2: "es", 3: "fr", 0: None}
        readable = [
            {n for n in range(1, 25) if not spoken or tags[n % 4] in (None, *spoken)}
            for _, spoken in assignments
        ]
        n_reviewers = Counter(n for own in readable for n in own)
        n_assigned = Counter[int]()
        for reviewer, own in zip(reviewers, readable, strict=True):
            first, *later = numbers_by_tier(session, cast, reviewer)
            in_queue = [*first, *(n for tier in later for n in tier)]
            too_few = {n for n in range(1, 25) if n_reviewers[n] < needed}
            assert sorted(in_queue) == sorted(own | too_few)
            assert set(first) <= own
            n_assigned.update(first)
        assert all(n <= needed for n in n_assigned.values())
        savepoint.rollback()
