"""Calibration rounds: the same records for everybody, and no result before all have decided."""

import pytest
from sqlalchemy import select

from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.duplicates.judgements import judge
from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.reviews import add_member, remove_member
from review.states.resolution import stage_state
from review.storage.database import Database
from review.tables import Record
from review.verify import verify
from review.vocabulary import Judgement, Role, Stage, Verdict
from screening.queue.calibration import begin, can_be_settled, end, rounds, turn_of
from screening.queue.next_records import n_left, next_records
from screening.ranking.random_sample import random_order
from screening.ranking.runs import rank_records
from tests.factories import make_account, make_records, make_review

STAGE = Stage.TITLE_ABSTRACT


@pytest.fixture
def team(session, cast):
    """A third reviewer beside the two; all three."""
    actor, email = make_account(session, "reviewer-c")
    add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)
    return [*cast.reviewers, actor]


def began(session, cast, label="First round", **how):
    return begin(session, review_id=cast.review_id, stage=STAGE, label=label, by=cast.lead, **how)


def queue(session, cast, who):
    found = next_records(session, review_id=cast.review_id, stage=STAGE, by=who, limit=50)
    return [record.id for record in found]


def decided(session, cast, record, who, verdict=Verdict.INCLUDE):
    return decide(session, review_id=cast.review_id, record_id=record, stage=STAGE,
                  verdict=verdict, by=who)  # fmt: skip


def stands(session, cast, records):
    cluster = records if isinstance(records, list) else [records]
    return stage_state(session, review_id=cast.review_id, stage=STAGE, cluster=cluster).resolution


def test_everybody_begins_with_the_rounds_records_in_the_order_given(session, cast, team):
    records = make_records(session, cast.review_id, 8)

    began(session, cast, numbers=[6, 2, 4])

    for who in team:
        found = queue(session, cast, who)
        assert found[:3] == [records[5], records[1], records[3]]
        assert sorted(found, key=records.index) == records  # each once, and nothing is lost
        assert n_left(session, review_id=cast.review_id, stage=STAGE, by=who) >= 3


def test_records_picked_by_chance_are_the_next_of_the_random_order(session, cast, team):
    records = make_records(session, cast.review_id, 12)
    number = dict(zip(records, range(1, 13), strict=True))
    first, second, *rest = random_order(range(1, 13))
    decided(session, cast, records[first - 1], team[0])

    began(session, cast, n=3)
    began(session, cast, "Second round", n=2)

    found = [number[one] for one in queue(session, cast, team[1])]
    assert found[:5] == [second, *rest[:4]]


def test_a_record_of_a_round_comes_to_a_result_once_all_have_decided(session, cast, team):
    one, other = make_records(session, cast.review_id, 2)
    began(session, cast, numbers=[1, 2])
    for who in team[:2]:
        decided(session, cast, one, who)
    decided(session, cast, other, team[0], Verdict.INCLUDE)
    decided(session, cast, other, team[1], Verdict.EXCLUDE)

    assert stands(session, cast, one) == "awaiting_second"
    assert stands(session, cast, other) == "awaiting_second"  # and no conflict that would tell
    assert queue(session, cast, team[2]) == [one, other]

    for record in (one, other):
        decided(session, cast, record, team[2])

    assert stands(session, cast, one) == "include"
    assert stands(session, cast, other) == "conflict"
    assert list(verify(session)) == []


def test_a_round_that_is_ended_needs_no_more_than_the_protocol_asks_for(session, cast, team):
    one, other = make_records(session, cast.review_id, 2)
    made = began(session, cast, numbers=[1, 2])
    for who in team[:2]:
        decided(session, cast, one, who)

    end(session, review_id=cast.review_id, calibration_set_id=made.id, by=cast.lead)

    assert stands(session, cast, one) == "include"
    assert queue(session, cast, team[2]) == [other]
    with pytest.raises(Conflicting, match="not need your decision"):
        decided(session, cast, one, team[2])
    with pytest.raises(Conflicting, match="ended already"):
        end(session, review_id=cast.review_id, calibration_set_id=made.id, by=cast.lead)


def test_a_rounds_agreement_is_that_of_every_two(session, cast, team):
    records = make_records(session, cast.review_id, 4)
    began(session, cast, numbers=[1, 2, 3])
    said = {0: "iii", 1: "eee", 2: "iie", 3: "ei"}  # the last one is not of the round
    for place, verdicts in said.items():
        for who, verdict in zip(team, verdicts, strict=False):
            decided(session, cast, records[place], who,
                    Verdict.INCLUDE if verdict == "i" else Verdict.EXCLUDE)  # fmt: skip

    [found] = rounds(session, review_id=cast.review_id, by=cast.lead)

    assert (found.n_records, found.n_complete, found.is_open) == (3, 3, True)
    agreed = found.agreement
    assert (agreed.n, agreed.both_include, agreed.both_exclude) == (9, 4, 3)
    assert agreed.first_only + agreed.second_only == 2


def test_a_lead_who_screens_is_told_after_the_end_of_settled_records_alone(session, cast, team):
    one, other = make_records(session, cast.review_id, 2)
    add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_a"], role=Role.LEAD,
               by=cast.lead)  # fmt: skip
    made = began(session, cast, numbers=[1, 2])
    for who, verdict in zip(team, (Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.INCLUDE), strict=True):
        decided(session, cast, one, who, verdict)
        decided(session, cast, other, who)

    def told(who):
        [found] = rounds(session, review_id=cast.review_id, by=who)
        return found.n_complete, found.agreement.n

    assert (told(cast.reviewer_a), told(cast.lead)) == ((None, 0), (2, 6))
    end(session, review_id=cast.review_id, calibration_set_id=made.id, by=cast.lead)
    assert (told(cast.reviewer_a), told(cast.lead)) == ((2, 3), (2, 6))


def test_what_a_round_came_to_stays_when_its_records_are_reopened(session, cast, team):
    [one] = make_records(session, cast.review_id, 1)
    made = began(session, cast, numbers=[1])
    for who, verdict in zip(team, (Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.INCLUDE), strict=True):
        decided(session, cast, one, who, verdict)
    end(session, review_id=cast.review_id, calibration_set_id=made.id, by=cast.lead)
    [before] = rounds(session, review_id=cast.review_id, by=cast.lead)

    reopen(session, review_id=cast.review_id, record_id=one, stage=STAGE, why="We talked.",
           by=cast.lead)  # fmt: skip
    for who in team[:2]:
        decided(session, cast, one, who)

    [after] = rounds(session, review_id=cast.review_id, by=cast.lead)
    assert after.agreement == before.agreement
    assert (before.agreement.n, before.agreement.raw, before.n_complete) == (3, 1 / 3, 1)


def test_a_decision_on_a_copy_is_refused_while_its_record_is_in_a_round(session, cast, team):
    first, copy = make_records(session, cast.review_id, 2)
    began(session, cast, numbers=[1])
    decided(session, cast, first, team[0])
    judge(session, review_id=cast.review_id, left_id=first, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip

    with pytest.raises(Conflicting, match="not need your decision"):
        decided(session, cast, copy, team[1], Verdict.EXCLUDE)

    assert stands(session, cast, [first, copy]) == "awaiting_second"
    assert queue(session, cast, team[1]) == [first]


def test_who_takes_a_decision_back_after_the_end_may_decide_again(session, cast, team):
    [one] = make_records(session, cast.review_id, 1)
    made = began(session, cast, numbers=[1])
    mine, *_ = [decided(session, cast, one, who) for who in team]
    end(session, review_id=cast.review_id, calibration_set_id=made.id, by=cast.lead)

    decide(session, review_id=cast.review_id, record_id=one, stage=STAGE, by=team[0],
           verdict=Verdict.WITHDRAWN, supersedes_id=mine.id)  # fmt: skip
    decided(session, cast, one, team[0], Verdict.EXCLUDE)

    assert stands(session, cast, one) == "conflict"
    assert list(verify(session)) == []


def test_a_reviewer_is_told_of_the_round_and_of_their_own_progress_alone(session, cast, team):
    one, other, outside = make_records(session, cast.review_id, 3)
    made = began(session, cast, numbers=[1, 2])
    decided(session, cast, one, team[0])

    def turn(record, who):
        return turn_of(session, review_id=cast.review_id, record_id=record, stage=STAGE, by=who)

    assert (turn(other, team[0]).label, turn(other, team[0]).n_own) == ("First round", 1)
    assert (turn(other, team[1]).n_records, turn(other, team[1]).n_own) == (2, 0)
    assert turn(outside, team[0]) is None
    end(session, review_id=cast.review_id, calibration_set_id=made.id, by=cast.lead)
    assert turn(other, team[0]) is None


def test_a_copy_leaves_its_round_and_joining_takes_no_result_back(session, cast, team):
    first, copy, early, late = make_records(session, cast.review_id, 4)
    for who in team[:2]:
        decided(session, cast, late, who)
    began(session, cast, numbers=[2, 3])

    def joined(left, right):
        judge(session, review_id=cast.review_id, left_id=left, right_id=right,
              verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip

    joined(first, copy)
    joined(early, late)
    for who in team[:2]:
        decided(session, cast, first, who)

    assert stands(session, cast, [first, copy]) == "include"
    assert stands(session, cast, [early, late]) == "include"
    assert queue(session, cast, team[2]) == []
    [found] = rounds(session, review_id=cast.review_id, by=cast.lead)
    assert (found.n_records, found.n_complete, found.agreement.n) == (2, 2, 2)
    assert list(verify(session)) == []


def test_copies_that_join_a_record_of_a_round_count_with_it(session, cast, team):
    first, copy = make_records(session, cast.review_id, 2)
    began(session, cast, numbers=[1])
    decided(session, cast, first, team[0])
    judge(session, review_id=cast.review_id, left_id=first, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip
    for who in team[1:]:
        assert queue(session, cast, who) == [first]
        decided(session, cast, first, who)

    [found] = rounds(session, review_id=cast.review_id, by=cast.lead)

    assert (found.n_records, found.n_complete, found.agreement.n) == (1, 1, 3)


def test_a_round_is_for_those_who_began_it(session, cast, team):
    one, other, outside = make_records(session, cast.review_id, 3)
    began(session, cast, numbers=[1, 2])
    newcomer, email = make_account(session, "reviewer-d")
    add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)

    assert queue(session, cast, newcomer) == [outside]
    assert turn_of(session, review_id=cast.review_id, record_id=one, stage=STAGE,
                   by=newcomer) is None  # fmt: skip
    with pytest.raises(Conflicting, match="not need your decision"):
        decided(session, cast, one, newcomer)
    for who in team:
        decided(session, cast, one, who)
    assert stands(session, cast, one) == "include"

    remove_member(session, review_id=cast.review_id, email=cast.emails["reviewer_b"],
                  role=Role.REVIEWER, by=cast.lead)  # fmt: skip
    [found] = rounds(session, review_id=cast.review_id, by=cast.lead)
    assert list(found.gone) == ["Reviewer_B"]
    assert stands(session, cast, other) == "unscreened"
    remove_member(session, review_id=cast.review_id, email=cast.emails["reviewer_a"],
                  role=Role.REVIEWER, by=cast.lead)  # fmt: skip
    assert list(rounds(session, review_id=cast.review_id, by=cast.lead)[0].gone) == [
        "Reviewer_A", "Reviewer_B",
    ]  # fmt: skip


def test_a_lead_who_screens_names_no_records(session, cast, team):
    make_records(session, cast.review_id, 20)
    add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_a"], role=Role.LEAD,
               by=cast.lead)  # fmt: skip

    with pytest.raises(Invalid, match="10 records at least"):
        begin(session, review_id=cast.review_id, stage=STAGE, label="Mine", n=1, by=cast.reviewer_a)
    with pytest.raises(NotAllowed, match="at random"):
        begin(session, review_id=cast.review_id, stage=STAGE, label="Mine", numbers=[1],
              by=cast.reviewer_a)  # fmt: skip
    begin(session, review_id=cast.review_id, stage=STAGE, label="Mine", n=10, by=cast.reviewer_a)


def test_somebody_has_to_be_able_to_settle(session, cast, team):
    assert can_be_settled(session, review_id=cast.review_id, by=cast.lead)
    add_member(session, review_id=cast.review_id, email=cast.emails["adjudicator"],
               role=Role.REVIEWER, by=cast.lead)  # fmt: skip
    assert not can_be_settled(session, review_id=cast.review_id, by=cast.lead)


@pytest.mark.parametrize("how", [{"numbers": []}, {"numbers": [1, 1]}, {"numbers": [99]},
                                 {"n": 0}, {"n": 501}, {"numbers": [3]}])  # fmt: skip
def test_a_round_of_nothing_twice_or_read_records_is_refused_and_begins_nothing(
    session, cast, team, how
):
    records = make_records(session, cast.review_id, 3)
    decided(session, cast, records[2], team[0])

    with pytest.raises(Invalid):
        began(session, cast, **how)

    assert rounds(session, review_id=cast.review_id, by=cast.lead) == []


def test_rounds_are_for_the_lead_of_the_review(session, cast, team):
    make_records(session, cast.review_id, 2)
    made = began(session, cast, numbers=[1])
    other = make_review(session)

    with pytest.raises(NotAllowed):
        begin(session, review_id=cast.review_id, stage=STAGE, label="Mine", n=1, by=team[0])
    with pytest.raises(NotAllowed):
        rounds(session, review_id=cast.review_id, by=team[0])
    with pytest.raises(NotFound):
        end(session, review_id=other.review_id, calibration_set_id=made.id, by=other.lead)
    with pytest.raises(Invalid, match="in an open round"):
        began(session, cast, "Again", numbers=[1])


def test_a_round_comes_before_ranked_records_too(database: Database):
    with database.writing() as session:
        cast = make_review(session)
        make_records(session, cast.review_id, 10)
    rank_records(database, review_id=cast.review_id, stage=STAGE, by=cast.lead)
    with database.writing() as session:
        began(session, cast, numbers=[9, 4])
        numbers = dict(session.execute(select(Record.id, Record.number)).all())
        found = [numbers[one] for one in queue(session, cast, cast.reviewer_a)]

    assert found[:2] == [9, 4]
    assert sorted(found) == list(range(1, 11))
