"""Bringing rounds that have begun under newer rules of the protocol."""

import pytest

from review.decisions.decisions import decide
from review.decisions.new_rules import Begun, apply_rules, begun, n_under_earlier_rules
from review.duplicates.judgements import judge
from review.errors import Conflicting, Invalid, NotAllowed
from review.events import OPERATOR, last_event
from review.reports.retrieval import retrieve
from review.reviews import add_member, amend_protocol
from review.states.flow import flow_states
from review.verify import verify
from review.vocabulary import Judgement, RetrievalState, Role, Stage, Verdict
from tests.factories import decide_both, make_records, protocol_text

INCLUDE, EXCLUDE = Verdict.INCLUDE, Verdict.EXCLUDE
TITLE_ABSTRACT = Stage.TITLE_ABSTRACT


def amend(session, cast, needed):
    amend_protocol(session, review_id=cast.review_id, protocol_text=protocol_text(needed=needed),
                   why="Time.", by=cast.lead)  # fmt: skip


def decide_once(session, cast, record, verdict, by=None):
    decide(session, review_id=cast.review_id, record_id=record, stage=TITLE_ABSTRACT,
           verdict=verdict, by=by or cast.reviewer_a)  # fmt: skip


def bring(session, cast, why="One is enough.", by=None):
    return apply_rules(session, review_id=cast.review_id, stage=TITLE_ABSTRACT, why=why,
                       by=by or cast.lead)  # fmt: skip


def numbers(session, cast):
    return begun(session, review_id=cast.review_id, stage=TITLE_ABSTRACT, by=cast.lead)


def n_earlier(session, cast):
    return n_under_earlier_rules(
        session, review_id=cast.review_id, stage=TITLE_ABSTRACT, by=cast.lead
    )


def states(session, cast, records, as_of=None):
    table = flow_states(session, review_id=cast.review_id, as_of=as_of)
    found = dict(session.execute(table.select().with_only_columns(
        table.c.record_id, table.c.flow_state)).all())  # fmt: skip
    return [found[record] for record in records]


def test_from_two_decisions_to_one_those_with_one_are_resolved(session, cast):
    records = make_records(session, cast.review_id, 4)
    _new, waiting, excluded, both = records
    decide_once(session, cast, waiting, INCLUDE)
    decide_once(session, cast, excluded, EXCLUDE)
    decide_both(session, cast, both, EXCLUDE)
    assert numbers(session, cast) == Begun(n_new=1, n_waiting=2, n_resolved=0)
    amend(session, cast, needed=1)
    before = last_event(session, cast.review_id)
    held = ["unscreened", "awaiting_second", "awaiting_second", "excluded"]
    assert states(session, cast, records) == held
    assert n_earlier(session, cast) == 2

    assert bring(session, cast) == 2

    assert states(session, cast, records) == [
        "unscreened", "awaiting_retrieval", "excluded", "excluded"
    ]  # fmt: skip
    assert states(session, cast, records, as_of=before) == held
    assert n_earlier(session, cast) == 0
    with pytest.raises(Conflicting):
        bring(session, cast)
    assert not list(verify(session))


def test_from_one_decision_to_two_those_from_which_nothing_followed_wait_again(session, cast):
    amend(session, cast, needed=1)
    included, sought, excluded = make_records(session, cast.review_id, 3)
    for record, verdict in ((included, INCLUDE), (sought, INCLUDE), (excluded, EXCLUDE)):
        decide_once(session, cast, record, verdict)
    retrieve(session, review_id=cast.review_id, record_id=sought, state=RetrievalState.RETRIEVED,
             by=cast.lead)  # fmt: skip
    amend(session, cast, needed=2)
    assert numbers(session, cast) == Begun(n_new=0, n_waiting=0, n_resolved=2)

    assert bring(session, cast, why="Two are safer.") == 2

    assert states(session, cast, [included, sought, excluded]) == [
        "awaiting_second", "full_text_unscreened", "awaiting_second"
    ]  # fmt: skip
    decide_once(session, cast, excluded, INCLUDE, by=cast.reviewer_b)
    assert states(session, cast, [excluded]) == ["conflict"]
    assert not list(verify(session))


def test_it_takes_the_lead_and_a_reason(session, cast):
    [record] = make_records(session, cast.review_id)
    decide_once(session, cast, record, INCLUDE)
    amend(session, cast, needed=1)
    with pytest.raises(Invalid):
        bring(session, cast, why="  ")
    with pytest.raises(NotAllowed):
        bring(session, cast, by=cast.reviewer_a)
    assert n_earlier(session, cast) == 1


def make_screening_lead(session, cast):
    add_member(session, review_id=cast.review_id, email=cast.emails["lead"], role=Role.REVIEWER,
               by=OPERATOR)  # fmt: skip


def test_a_lead_who_screens_applies_them_without_learning_how_many_there_are(session, cast):
    make_screening_lead(session, cast)
    [record] = make_records(session, cast.review_id)
    assert n_earlier(session, cast) == 0
    amend(session, cast, needed=1)
    assert n_earlier(session, cast) is None
    assert bring(session, cast) is None  # there is none

    amend(session, cast, needed=2)
    decide_once(session, cast, record, EXCLUDE)
    amend(session, cast, needed=1)
    assert bring(session, cast) is None
    assert states(session, cast, [record]) == ["excluded"]


def test_nobody_who_may_know_the_first_decision_is_asked_for_the_second(session, cast):
    amend(session, cast, needed=1)
    [record] = make_records(session, cast.review_id)
    decide_once(session, cast, record, EXCLUDE)
    amend(session, cast, needed=2)
    assert n_earlier(session, cast) == 1
    add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_b"],
               role=Role.ADJUDICATOR, by=OPERATOR)  # fmt: skip

    assert n_earlier(session, cast) == 0
    with pytest.raises(Conflicting):
        bring(session, cast)


def test_after_a_split_each_record_goes_by_its_own_rules(session, cast):
    empty, decided = make_records(session, cast.review_id, 2)
    decide_once(session, cast, decided, EXCLUDE)
    pair = {"review_id": cast.review_id, "left_id": empty, "right_id": decided, "by": cast.lead}
    judge(session, verdict=Judgement.DUPLICATE, **pair)
    amend(session, cast, needed=1)
    bring(session, cast)
    judge(session, verdict=Judgement.DISTINCT, **pair)

    assert states(session, cast, [empty, decided]) == ["unscreened", "excluded"]
