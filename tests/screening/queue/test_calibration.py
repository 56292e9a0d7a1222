"""Calibration sets: the same records for everybody, none resolved before all have decided."""

import pytest
from sqlalchemy import select

from review.decisions.closing import close_decisions
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.duplicates.judgements import judge
from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.reviews import add_member, remove_member
from review.states.resolution import stage_state
from review.states.viewers import read_for
from review.storage.database import Database
from review.tables import Record
from review.verify import verify
from review.vocabulary import Judgement, Role, Stage, Verdict
from screening.queue.calibration import begin, can_conflicts_be_resolved, end, summaries
from screening.queue.next_records import n_left, next_records
from screening.queue.open_calibrations import calibration_progress
from screening.ranking.random_sample import random_order
from screening.ranking.runs import rank_records
from tests.factories import make_account, make_records, make_review

STAGE = Stage.TITLE_ABSTRACT


@pytest.fixture
def team(session, cast):
    """Add a third reviewer to the two; return all three."""
    actor, email = make_account(session, "reviewer-c")
    add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)
    return [*cast.reviewers, actor]


def make_calibration(session, cast, label="First set", **records):
    return begin(
        session, review_id=cast.review_id, stage=STAGE, label=label, by=cast.lead, **records
    )


def queue_of(session, cast, reviewer):
    records = next_records(session, review_id=cast.review_id, stage=STAGE, by=reviewer, limit=50)
    return [record.id for record in records]


def make_decision(session, cast, record, *, by, verdict=Verdict.INCLUDE):
    return decide(session, review_id=cast.review_id, record_id=record, stage=STAGE,
                  verdict=verdict, by=by)  # fmt: skip


def resolution_of(session, cast, records):
    cluster = records if isinstance(records, list) else [records]
    return stage_state(session, review_id=cast.review_id, stage=STAGE, cluster=cluster).resolution


def test_everybody_starts_with_the_records_of_the_set_in_its_order(session, cast, team):
    records = make_records(session, cast.review_id, 8)

    make_calibration(session, cast, numbers=[6, 2, 4])

    for reviewer in team:
        queue = queue_of(session, cast, reviewer)
        assert queue[:3] == [records[5], records[1], records[3]]
        assert sorted(queue, key=records.index) == records  # each once, and nothing is lost
        assert n_left(session, review_id=cast.review_id, stage=STAGE, by=reviewer) >= 3


def test_records_picked_at_random_are_the_next_of_the_random_order(session, cast, team):
    records = make_records(session, cast.review_id, 12)
    number_of = dict(zip(records, range(1, 13), strict=True))
    first, second, *rest = random_order(range(1, 13))
    make_decision(session, cast, records[first - 1], by=team[0])

    make_calibration(session, cast, n=3)
    make_calibration(session, cast, "Second set", n=2)

    numbers = [number_of[record] for record in queue_of(session, cast, team[1])]
    assert numbers[:5] == [second, *rest[:4]]


def test_a_record_of_a_set_is_resolved_once_all_have_decided(session, cast, team):
    first, second = make_records(session, cast.review_id, 2)
    make_calibration(session, cast, numbers=[1, 2])
    for reviewer in team[:2]:
        make_decision(session, cast, first, by=reviewer)
    make_decision(session, cast, second, by=team[0], verdict=Verdict.INCLUDE)
    make_decision(session, cast, second, by=team[1], verdict=Verdict.EXCLUDE)

    assert resolution_of(session, cast, first) == "awaiting_second"
    # A conflict would show others' decisions.
    assert resolution_of(session, cast, second) == "awaiting_second"
    assert queue_of(session, cast, team[2]) == [first, second]

    for record in (first, second):
        make_decision(session, cast, record, by=team[2])

    assert resolution_of(session, cast, first) == "include"
    assert resolution_of(session, cast, second) == "conflict"
    assert list(verify(session)) == []


def test_a_set_that_has_ended_needs_no_more_than_the_protocol_asks_for(session, cast, team):
    first, second = make_records(session, cast.review_id, 2)
    calibration = make_calibration(session, cast, numbers=[1, 2])
    for reviewer in team[:2]:
        make_decision(session, cast, first, by=reviewer)

    end(session, review_id=cast.review_id, calibration_set_id=calibration.id, by=cast.lead)

    assert resolution_of(session, cast, first) == "include"
    assert queue_of(session, cast, team[2]) == [second]
    with pytest.raises(Conflicting, match="not need your decision"):
        make_decision(session, cast, first, by=team[2])
    with pytest.raises(Conflicting, match="already ended"):
        end(session, review_id=cast.review_id, calibration_set_id=calibration.id, by=cast.lead)


def test_the_agreement_of_a_set_is_that_of_every_two_reviewers(session, cast, team):
    records = make_records(session, cast.review_id, 4)
    make_calibration(session, cast, numbers=[1, 2, 3])
    verdicts_of = {0: "iii", 1: "eee", 2: "iie", 3: "ei"}  # the last record is not in the set
    for index, verdicts in verdicts_of.items():
        for reviewer, letter in zip(team, verdicts, strict=False):
            verdict = Verdict.INCLUDE if letter == "i" else Verdict.EXCLUDE
            make_decision(session, cast, records[index], by=reviewer, verdict=verdict)

    [summary] = summaries(session, review_id=cast.review_id, by=cast.lead)

    assert (summary.n_records, summary.n_complete, summary.is_open) == (3, 3, True)
    agreement = summary.agreement
    assert (agreement.n, agreement.both_include, agreement.both_exclude) == (9, 4, 3)
    assert agreement.first_only + agreement.second_only == 2


@pytest.mark.parametrize("closes_after", [20])
def test_a_lead_who_screens_sees_figures_only_after_the_end_and_once_their_decisions_closed(
    session, cast, team
):
    first, second = make_records(session, cast.review_id, 2)
    add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_a"], role=Role.LEAD,
               by=cast.lead)  # fmt: skip
    calibration = make_calibration(session, cast, numbers=[1, 2])
    for reviewer, verdict in zip(
        team, (Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.INCLUDE), strict=True
    ):
        make_decision(session, cast, first, by=reviewer, verdict=verdict)
        make_decision(session, cast, second, by=reviewer)

    def figures(lead):
        read_for(session, lambda: lead.account_id)
        [summary] = summaries(session, review_id=cast.review_id, by=lead)
        return summary.n_complete, summary.agreement.n

    assert (figures(cast.reviewer_a), figures(cast.lead)) == ((None, 0), (2, 6))
    end(session, review_id=cast.review_id, calibration_set_id=calibration.id, by=cast.lead)
    assert (figures(cast.reviewer_a), figures(cast.lead)) == ((0, 0), (2, 6))
    close_decisions(session, review_id=cast.review_id, stage=STAGE, by=cast.reviewer_a)
    assert figures(cast.reviewer_a) == (2, 6)


def test_the_figures_of_a_set_stay_when_its_records_are_reopened(session, cast, team):
    [record] = make_records(session, cast.review_id, 1)
    calibration = make_calibration(session, cast, numbers=[1])
    for reviewer, verdict in zip(
        team, (Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.INCLUDE), strict=True
    ):
        make_decision(session, cast, record, by=reviewer, verdict=verdict)
    end(session, review_id=cast.review_id, calibration_set_id=calibration.id, by=cast.lead)
    [before] = summaries(session, review_id=cast.review_id, by=cast.lead)

    reopen(session, review_id=cast.review_id, record_id=record, stage=STAGE, why="We talked.",
           by=cast.lead)  # fmt: skip
    for reviewer in team[:2]:
        make_decision(session, cast, record, by=reviewer)

    [after] = summaries(session, review_id=cast.review_id, by=cast.lead)
    assert after.agreement == before.agreement
    assert (before.agreement.n, before.agreement.raw, before.n_complete) == (3, 1 / 3, 1)


def test_a_decision_on_a_copy_is_refused_while_its_record_is_in_an_open_set(session, cast, team):
    first, copy = make_records(session, cast.review_id, 2)
    make_calibration(session, cast, numbers=[1])
    make_decision(session, cast, first, by=team[0])
    judge(session, review_id=cast.review_id, left_id=first, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip

    with pytest.raises(Conflicting, match="not need your decision"):
        make_decision(session, cast, copy, by=team[1], verdict=Verdict.EXCLUDE)

    assert resolution_of(session, cast, [first, copy]) == "awaiting_second"
    assert queue_of(session, cast, team[1]) == [first]


@pytest.mark.parametrize("closes_after", [20])
def test_a_reviewer_who_undoes_a_decision_after_the_end_may_decide_again(session, cast, team):
    [record] = make_records(session, cast.review_id, 1)
    calibration = make_calibration(session, cast, numbers=[1])
    own, *_ = [make_decision(session, cast, record, by=reviewer) for reviewer in team]
    end(session, review_id=cast.review_id, calibration_set_id=calibration.id, by=cast.lead)

    decide(session, review_id=cast.review_id, record_id=record, stage=STAGE, by=team[0],
           verdict=Verdict.WITHDRAWN, supersedes_id=own.id)  # fmt: skip
    make_decision(session, cast, record, by=team[0], verdict=Verdict.EXCLUDE)

    assert resolution_of(session, cast, record) == "conflict"
    assert list(verify(session)) == []


def test_a_reviewer_sees_the_set_and_only_their_own_progress_in_it(session, cast, team):
    first, second, outside = make_records(session, cast.review_id, 3)
    calibration = make_calibration(session, cast, numbers=[1, 2])
    make_decision(session, cast, first, by=team[0])

    def progress(record, reviewer):
        return calibration_progress(
            session, review_id=cast.review_id, record_id=record, stage=STAGE, by=reviewer
        )

    assert (progress(second, team[0]).label, progress(second, team[0]).n_own) == ("First set", 1)
    assert (progress(second, team[1]).n_records, progress(second, team[1]).n_own) == (2, 0)
    assert progress(outside, team[0]) is None
    end(session, review_id=cast.review_id, calibration_set_id=calibration.id, by=cast.lead)
    assert progress(second, team[0]) is None


def test_a_copy_leaves_its_set_and_merging_undoes_no_resolution(session, cast, team):
    first, copy, early, late = make_records(session, cast.review_id, 4)
    for reviewer in team[:2]:
        make_decision(session, cast, late, by=reviewer)
    make_calibration(session, cast, numbers=[2, 3])

    def merge(left, right):
        judge(session, review_id=cast.review_id, left_id=left, right_id=right,
              verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip

    merge(first, copy)
    merge(early, late)
    for reviewer in team[:2]:
        make_decision(session, cast, first, by=reviewer)

    assert resolution_of(session, cast, [first, copy]) == "include"
    assert resolution_of(session, cast, [early, late]) == "include"
    assert queue_of(session, cast, team[2]) == []
    [summary] = summaries(session, review_id=cast.review_id, by=cast.lead)
    assert (summary.n_records, summary.n_complete, summary.agreement.n) == (2, 2, 2)
    assert list(verify(session)) == []


def test_copies_merged_with_a_record_of_a_set_count_with_it(session, cast, team):
    first, copy = make_records(session, cast.review_id, 2)
    make_calibration(session, cast, numbers=[1])
    make_decision(session, cast, first, by=team[0])
    judge(session, review_id=cast.review_id, left_id=first, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip
    for reviewer in team[1:]:
        assert queue_of(session, cast, reviewer) == [first]
        make_decision(session, cast, first, by=reviewer)

    [summary] = summaries(session, review_id=cast.review_id, by=cast.lead)

    assert (summary.n_records, summary.n_complete, summary.agreement.n) == (1, 1, 3)


def test_a_set_is_for_those_who_were_reviewers_at_its_start(session, cast, team):
    first, second, outside = make_records(session, cast.review_id, 3)
    make_calibration(session, cast, numbers=[1, 2])
    newcomer, email = make_account(session, "reviewer-d")
    add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)

    assert queue_of(session, cast, newcomer) == [outside]
    assert calibration_progress(session, review_id=cast.review_id, record_id=first, stage=STAGE,
                   by=newcomer) is None  # fmt: skip
    with pytest.raises(Conflicting, match="not need your decision"):
        make_decision(session, cast, first, by=newcomer)
    for reviewer in team:
        make_decision(session, cast, first, by=reviewer)
    assert resolution_of(session, cast, first) == "include"

    remove_member(session, review_id=cast.review_id, email=cast.emails["reviewer_b"],
                  role=Role.REVIEWER, by=cast.lead)  # fmt: skip
    [summary] = summaries(session, review_id=cast.review_id, by=cast.lead)
    assert list(summary.gone) == ["Reviewer_B"]
    assert resolution_of(session, cast, second) == "unscreened"
    remove_member(session, review_id=cast.review_id, email=cast.emails["reviewer_a"],
                  role=Role.REVIEWER, by=cast.lead)  # fmt: skip
    assert list(summaries(session, review_id=cast.review_id, by=cast.lead)[0].gone) == [
        "Reviewer_A", "Reviewer_B",
    ]  # fmt: skip


def test_a_lead_who_screens_names_no_records(session, cast, team):
    make_records(session, cast.review_id, 20)
    add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_a"], role=Role.LEAD,
               by=cast.lead)  # fmt: skip

    with pytest.raises(Invalid, match="at least 10 records"):
        begin(session, review_id=cast.review_id, stage=STAGE, label="Mine", n=1, by=cast.reviewer_a)
    with pytest.raises(NotAllowed, match="at random"):
        begin(session, review_id=cast.review_id, stage=STAGE, label="Mine", numbers=[1],
              by=cast.reviewer_a)  # fmt: skip
    begin(session, review_id=cast.review_id, stage=STAGE, label="Mine", n=10, by=cast.reviewer_a)


def test_somebody_has_to_be_able_to_resolve_conflicts(session, cast, team):
    assert can_conflicts_be_resolved(session, review_id=cast.review_id, by=cast.lead)
    add_member(session, review_id=cast.review_id, email=cast.emails["adjudicator"],
               role=Role.REVIEWER, by=cast.lead)  # fmt: skip
    assert not can_conflicts_be_resolved(session, review_id=cast.review_id, by=cast.lead)


@pytest.mark.parametrize("chosen", [{"numbers": []}, {"numbers": [1, 1]}, {"numbers": [99]},
                                 {"n": 0}, {"n": 501}, {"numbers": [3]}])  # fmt: skip
def test_a_set_of_no_repeated_or_screened_records_is_refused_and_not_started(
    session, cast, team, chosen
):
    records = make_records(session, cast.review_id, 3)
    make_decision(session, cast, records[2], by=team[0])

    with pytest.raises(Invalid):
        make_calibration(session, cast, **chosen)

    assert summaries(session, review_id=cast.review_id, by=cast.lead) == []


def test_sets_are_for_the_lead_of_the_review(session, cast, team):
    make_records(session, cast.review_id, 2)
    calibration = make_calibration(session, cast, numbers=[1])
    other_review = make_review(session)

    with pytest.raises(NotAllowed):
        begin(session, review_id=cast.review_id, stage=STAGE, label="Mine", n=1, by=team[0])
    with pytest.raises(NotAllowed):
        summaries(session, review_id=cast.review_id, by=team[0])
    with pytest.raises(NotFound):
        end(
            session,
            review_id=other_review.review_id,
            calibration_set_id=calibration.id,
            by=other_review.lead,
        )
    with pytest.raises(Invalid, match="in an open calibration set"):
        make_calibration(session, cast, "Again", numbers=[1])


def test_a_set_comes_before_ranked_records_too(database: Database):
    with database.writing() as session:
        cast = make_review(session)
        make_records(session, cast.review_id, 10)
    rank_records(database, review_id=cast.review_id, stage=STAGE, by=cast.lead)
    with database.writing() as session:
        make_calibration(session, cast, numbers=[9, 4])
        number_of = dict(session.execute(select(Record.id, Record.number)).all())
        numbers = [number_of[record] for record in queue_of(session, cast, cast.reviewer_a)]

    assert numbers[:2] == [9, 4]
    assert sorted(numbers) == list(range(1, 11))
