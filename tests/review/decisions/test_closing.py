"""Until when a reviewer may change a decision, and that nothing uses it before."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from review.decisions.adjudication import adjudicate
from review.decisions.closing import close_decisions, own_open_decisions
from review.decisions.conflicts import open_conflicts
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.decisions.reopening_requests import (
    ask_to_reopen,
    open_requests,
    own_request,
    refuse_reopening,
    reopen_as_asked,
)
from review.errors import Conflicting, Invalid, NotAllowed, NotFound, Settled
from review.events import last_event
from review.reports.retrieval import retrieve
from review.reviews import add_member, amend_protocol
from review.states import closing
from review.states.closing import open_decisions
from review.states.viewers import read_for
from review.studies.studies import add_study
from review.tables.base import utc_now
from review.vocabulary import RetrievalState, Role, Stage, Verdict
from screening.ranking.runs import current_run, is_due, rank_records, refresh_if_stale
from screening.ranking.training_data import training_data
from tests.factories import decide_both, make_account, make_records, make_review, protocol_text

TITLE_ABSTRACT, FULL_TEXT = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT
INCLUDE, EXCLUDE = Verdict.INCLUDE, Verdict.EXCLUDE
pytestmark = pytest.mark.parametrize("closes_after", [3])


@pytest.fixture
def say(session, cast):
    """Return a function that decides on a record."""

    def decided(record, by, verdict=INCLUDE, stage=TITLE_ABSTRACT, **more):
        return decide(session, review_id=cast.review_id, record_id=record, stage=stage,
                      verdict=verdict, by=by, **more)  # fmt: skip

    return decided


@pytest.fixture
def is_open(session, cast):
    """Return a function that says whether a decision is open."""
    return lambda decision: any(
        decision.id == still.id
        for stage in Stage
        for still in open_decisions(session, review_id=cast.review_id, stage=stage)
    )


def close(session, cast, *people, stage=TITLE_ABSTRACT):
    for person in people or cast.reviewers:
        close_decisions(session, review_id=cast.review_id, stage=stage, by=person)


def test_a_decision_closes_after_further_decisions_of_its_author_at_that_stage(
    session, cast, say, is_open
):
    records = make_records(session, cast.review_id, 6)
    first = say(records[0], cast.reviewer_a)
    for record in records[1:6]:
        say(record, cast.reviewer_b)  # others' do not matter
    say(records[1], cast.reviewer_a)
    say(records[2], cast.reviewer_a)
    before = is_open(first)
    say(records[3], cast.reviewer_a)

    assert (before, is_open(first)) == (True, False)
    with pytest.raises(Settled, match=r"can no longer be changed\. Ask the lead to reopen"):
        say(records[0], cast.reviewer_a, EXCLUDE, supersedes_id=first.id)
    with pytest.raises(Settled):
        say(records[0], cast.reviewer_a, Verdict.WITHDRAWN, supersedes_id=first.id)


def test_a_withdrawal_is_no_further_decision_and_a_change_starts_again(session, cast, say, is_open):
    records = make_records(session, cast.review_id, 4)
    first = say(records[0], cast.reviewer_a)
    second = say(records[1], cast.reviewer_a)
    say(records[1], cast.reviewer_a, Verdict.WITHDRAWN, supersedes_id=second.id)
    say(records[2], cast.reviewer_a)

    changed = say(records[0], cast.reviewer_a, EXCLUDE, supersedes_id=first.id)
    say(records[1], cast.reviewer_a)
    say(records[3], cast.reviewer_a)

    assert is_open(changed)
    assert own_open_decisions(session, review_id=cast.review_id, stage=TITLE_ABSTRACT,
                              by=cast.reviewer_a)[-1].n_left == 1  # fmt: skip


def test_a_decision_closes_after_a_day(session, cast, say, is_open, monkeypatch):
    [record] = make_records(session, cast.review_id)
    decision = say(record, cast.reviewer_a)

    for hours, expected in ((23.9, True), (24.1, False)):
        later = decision.decided_at + timedelta(hours=hours)
        monkeypatch.setattr(closing, "utc_now", lambda later=later: later)
        assert is_open(decision) is expected


def test_a_reviewer_who_is_done_closes_all_of_theirs_at_that_stage(session, cast, say, is_open):
    first, second = make_records(session, cast.review_id, 2)
    own, others = say(first, cast.reviewer_a), say(first, cast.reviewer_b)

    n_closed = close_decisions(session, review_id=cast.review_id, stage=TITLE_ABSTRACT,
                               by=cast.reviewer_a)  # fmt: skip
    before = last_event(session, cast.review_id)
    n_again = close_decisions(session, review_id=cast.review_id, stage=TITLE_ABSTRACT,
                              by=cast.reviewer_a)  # fmt: skip
    after = say(second, cast.reviewer_a)

    assert (n_closed, n_again) == (1, 0)
    assert (is_open(own), is_open(others), is_open(after)) == (False, True, True)
    assert last_event(session, cast.review_id) == before + 1  # nothing but the last decision
    with pytest.raises(NotAllowed):
        close(session, cast, cast.lead)


def test_an_amended_protocol_opens_nothing_again(session, cast, say, is_open):
    first, second = make_records(session, cast.review_id, 2)
    amend_protocol(session, review_id=cast.review_id, protocol_text=protocol_text(closes_after=0),
                   why="Quicker.", by=cast.lead)  # fmt: skip
    decision = say(first, cast.reviewer_a)
    amend_protocol(session, review_id=cast.review_id, protocol_text=protocol_text(closes_after=9),
                   why="Slower.", by=cast.lead)  # fmt: skip

    assert not is_open(decision)
    assert is_open(say(second, cast.reviewer_a))


def test_nothing_uses_a_decision_that_is_open(session, cast, say):
    """Every refusal is in the same words, whatever was decided."""
    conflict, included = make_records(session, cast.review_id, 2)
    cited = [say(conflict, cast.reviewer_a).id, say(conflict, cast.reviewer_b, EXCLUDE).id]
    decide_both(session, cast, included, INCLUDE)
    scope = {"review_id": cast.review_id}
    acts = [
        lambda record: adjudicate(session, record_id=record, stage=TITLE_ABSTRACT,
                                  verdict=INCLUDE, settles=cited, by=cast.adjudicator, **scope),
        lambda record: retrieve(session, record_id=record, state=RetrievalState.RETRIEVED,
                                by=cast.lead, **scope),
        lambda record: reopen(session, record_id=record, stage=TITLE_ABSTRACT, why="Again.",
                              by=cast.lead, **scope),
        lambda record: add_study(session, label="Doe", reports=[record], by=cast.lead, **scope),
    ]  # fmt: skip

    refusals = set()
    for act in acts:
        for record in (conflict, included):
            with pytest.raises(Conflicting) as refusal:
                act(record)
            refusals.add(str(refusal.value))
    shown = open_conflicts(session, stages=[TITLE_ABSTRACT], by=cast.adjudicator, **scope)
    close(session, cast)

    assert len(refusals) == 1
    assert shown == []
    [after] = open_conflicts(session, stages=[TITLE_ABSTRACT], by=cast.adjudicator, **scope)
    assert after.record.id == conflict
    acts[0](conflict)
    acts[1](included)


def test_after_closing_every_refusal_is_the_same_whatever_the_other_reviewer_decided(
    session, cast, say
):
    answers = set()
    for verdict in (INCLUDE, EXCLUDE):
        with session.begin_nested() as savepoint:
            [record] = make_records(session, cast.review_id)
            own = say(record, cast.reviewer_b)
            other = say(record, cast.reviewer_a, verdict)
            close(session, cast)
            if verdict is EXCLUDE:
                adjudicate(session, review_id=cast.review_id, record_id=record,
                           stage=TITLE_ABSTRACT, verdict=INCLUDE, settles=[own.id, other.id],
                           by=cast.adjudicator)  # fmt: skip
            for supersedes in (own.id, None):
                with pytest.raises(Conflicting) as refusal:
                    say(record, cast.reviewer_b, EXCLUDE, supersedes_id=supersedes)
                answers.add((type(refusal.value), str(refusal.value)))
            savepoint.rollback()

    assert len(answers) == 1


def test_a_reviewer_who_withdrew_may_decide_until_the_others_decisions_have_closed(
    session, cast, say
):
    [record] = make_records(session, cast.review_id)
    third, email = make_account(session, "third")
    add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)
    own = say(record, third)
    withdrawn = say(record, third, Verdict.WITHDRAWN, supersedes_id=own.id)
    decide_both(session, cast, record, INCLUDE)

    with session.begin_nested() as savepoint:
        say(record, third, EXCLUDE, supersedes_id=withdrawn.id)
        savepoint.rollback()
    close(session, cast)
    with pytest.raises(Conflicting, match="does not need your decision"):
        say(record, third, EXCLUDE, supersedes_id=withdrawn.id)


def test_the_ranker_learns_from_closed_decisions_alone(database, closes_after):
    with database.writing() as session:
        cast = make_review(session, closes_after=closes_after)
        records = make_records(session, cast.review_id, 6)
        decide_both(session, cast, records[0], INCLUDE)
    where = {"review_id": cast.review_id, "stage": TITLE_ABSTRACT}
    rank_records(database, by=cast.lead, **where)

    with database.reading() as session:
        before = training_data(session, **where)
        run = current_run(session, **where)
        not_yet = is_due(session, after_acts=10, after=timedelta(0))
    with database.writing() as session:
        close(session, cast)
    with database.reading() as session:
        after = training_data(session, **where)
    refreshed = refresh_if_stale(database, **where)

    assert (before.labels[0], before.n_resolved, before.is_open[0]) == (-1, 0, True)
    assert (after.labels[0], after.n_resolved, after.is_open[0]) == (1, 1, False)
    assert not_yet == []
    assert refreshed is not None
    assert refreshed.fingerprint != run.fingerprint


def test_a_ranking_is_due_once_decisions_have_closed_with_time(database, closes_after, monkeypatch):
    with database.writing() as session:
        cast = make_review(session, closes_after=closes_after)
        [record, *_] = make_records(session, cast.review_id, 6)
        decide_both(session, cast, record, INCLUDE)
    rank_records(database, review_id=cast.review_id, stage=TITLE_ABSTRACT, by=cast.lead)
    tomorrow = utc_now() + timedelta(hours=25)

    with database.reading() as session:
        today = is_due(session, after_acts=10, after=timedelta(0))
        monkeypatch.setattr(closing, "utc_now", lambda: tomorrow)
        then = is_due(session, after_acts=10, after=timedelta(0), now=tomorrow)

    assert (today, then) == ([], [(cast.review_id, TITLE_ABSTRACT)])


# --------------------------------------------------------------------------- asking to reopen


def test_a_reviewer_asks_and_the_lead_reopens_or_says_why_not(session, cast, say):
    [record] = make_records(session, cast.review_id)
    decide_both(session, cast, record, INCLUDE)
    close(session, cast)
    on_record = {"review_id": cast.review_id, "record_id": record, "stage": TITLE_ABSTRACT}
    in_review = {"review_id": cast.review_id, "by": cast.lead}

    first = ask_to_reopen(session, why=" I misread it. ", by=cast.reviewer_a, **on_record)
    with pytest.raises(Conflicting, match="already asked"):
        ask_to_reopen(session, why="Again.", by=cast.reviewer_a, **on_record)
    waiting = own_request(session, by=cast.reviewer_a, **on_record)
    refuse_reopening(session, request_id=first.id, why="It is right.", **in_review)
    refused = own_request(session, by=cast.reviewer_a, **on_record)
    second = ask_to_reopen(session, why="It is not.", by=cast.reviewer_a, **on_record)
    [asked] = open_requests(session, **in_review)
    reopened = reopen_as_asked(session, request_id=second.id, **in_review)

    assert (waiting.why, waiting.refusal) == ("I misread it.", None)
    assert (refused.why, refused.refusal) == ("I misread it.", "It is right.")
    assert (asked.id, asked.record.id, asked.why) == (second.id, record, "It is not.")
    assert (reopened.round, reopened.why) == (2, "It is not.")
    assert open_requests(session, **in_review) == []
    assert own_request(session, by=cast.reviewer_a, **on_record) is None
    for request in (first, second):
        with pytest.raises(Conflicting, match="already been answered"):
            reopen_as_asked(session, request_id=request.id, **in_review)
    say(record, cast.reviewer_a, EXCLUDE)


def test_only_who_decided_may_ask_and_only_the_lead_answers(session, cast, say):
    decided, untouched = make_records(session, cast.review_id, 2)
    say(decided, cast.reviewer_a)
    with pytest.raises(Conflicting, match="still change this decision yourself"):
        ask_to_reopen(session, review_id=cast.review_id, record_id=decided, why="A slip.",
                      stage=TITLE_ABSTRACT, by=cast.reviewer_a)  # fmt: skip
    close(session, cast)
    at = {"review_id": cast.review_id, "stage": TITLE_ABSTRACT}

    for record, by in ((untouched, cast.reviewer_a), (decided, cast.reviewer_b)):
        with pytest.raises(Conflicting, match="no decision on this record"):
            ask_to_reopen(session, record_id=record, why="A slip.", by=by, **at)
    with pytest.raises(Invalid):
        ask_to_reopen(session, record_id=decided, why=" ", by=cast.reviewer_a, **at)
    request = ask_to_reopen(session, record_id=decided, why="A slip.", by=cast.reviewer_a, **at)
    for person in (cast.reviewer_b, cast.adjudicator, cast.advisor):
        with pytest.raises(NotAllowed):
            refuse_reopening(session, review_id=cast.review_id, request_id=request.id, why="No.",
                             by=person)  # fmt: skip
    with pytest.raises(Invalid):
        refuse_reopening(session, review_id=cast.review_id, request_id=request.id, why="",
                         by=cast.lead)  # fmt: skip
    other = make_review(session)
    with pytest.raises(NotFound):
        refuse_reopening(session, review_id=other.review_id, request_id=request.id, why="No.",
                         by=other.lead)  # fmt: skip


def test_a_lead_who_screens_reads_no_request_about_a_record_that_is_hidden_from_them(
    session, cast, say
):
    [record] = make_records(session, cast.review_id)
    add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_b"], role=Role.LEAD,
               by=cast.lead)  # fmt: skip
    say(record, cast.reviewer_a)
    close(session, cast)
    ask_to_reopen(session, review_id=cast.review_id, record_id=record, stage=TITLE_ABSTRACT,
                  why="I should have excluded it.", by=cast.reviewer_a)  # fmt: skip

    def n_read(lead):
        with Session(session.connection()) as reading:  # acts read for nobody
            read_for(reading, lambda: lead.account_id)
            return len(open_requests(reading, review_id=cast.review_id, by=lead))

    before = n_read(cast.lead), n_read(cast.reviewer_b)
    say(record, cast.reviewer_b)
    undecided = n_read(cast.reviewer_b)
    close(session, cast)

    assert (before, undecided, n_read(cast.reviewer_b)) == ((1, 0), 0, 1)
