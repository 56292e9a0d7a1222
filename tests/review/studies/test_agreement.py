"""How coders' values are compared: who must agree, and the current value at any past event."""

import pytest

from review.errors import Conflicting, Invalid, NotAllowed
from review.studies.agreement import CodeState, agree, coded_values
from review.verify import verify
from review.vocabulary import AgreedBy


def test_a_double_coded_item_needs_two_coders_with_the_same_value(review):
    subject = {"contract_id": review.contract}
    a, b = review.cast.reviewers
    states = []

    for value, by in [("work", a), ("work", a), ("home", b), ("work", b)]:
        review.code("area", value, by=by, **subject)
        states.append((review.value("area").state, review.value("area").value))

    assert states == [
        (CodeState.AWAITING_SECOND, None),
        (CodeState.AWAITING_SECOND, None),  # the same coder again is not a second coder
        (CodeState.CONFLICT, None),
        (CodeState.CODED, "work"),
    ]


def test_where_one_coder_is_enough_two_who_disagree_are_still_a_conflict(review):
    a, b = review.cast.reviewers

    review.code("design", "trial", by=a, study_id=review.study)
    before = review.value("design")
    review.code("design", "case", by=b, study_id=review.study)

    assert (before.state, before.value) == (CodeState.CODED, "trial")
    assert (review.value("design").state, review.value("design").value) == (
        CodeState.CONFLICT,
        None,
    )


def test_an_agreed_value_counts_and_past_states_stay_readable(session, review):
    subject = {"contract_id": review.contract}
    a, b = review.cast.reviewers
    agreement = {"item": "area", "basis": AgreedBy.CONSENSUS, "by": a} | subject
    with pytest.raises(NotAllowed, match="Only people who coded this"), session.begin_nested():
        review.do(agree, value="home", **agreement)
    expected = {}

    review.code("area", "work", by=a, **subject)
    expected[review.now()] = (CodeState.AWAITING_SECOND, None)
    review.code("area", "home", by=b, **subject)
    expected[review.now()] = (CodeState.CONFLICT, None)
    with pytest.raises(Invalid), session.begin_nested():
        review.do(agree, value="play", **agreement)
    review.do(agree, value="home", **agreement)
    expected[review.now()] = (CodeState.AGREED, "home")
    review.code("area", "work", by=b, **subject)  # a code does not change what was agreed
    expected[review.now()] = (CodeState.AGREED, "home")
    with pytest.raises(Conflicting, match="resolved meanwhile"), session.begin_nested():
        review.do(agree, value="work", **agreement)
    by_lead = {"basis": AgreedBy.ADJUDICATION, "by": review.cast.lead}
    review.do(agree, value="work", **agreement | by_lead)
    expected[review.now()] = (CodeState.AGREED, "work")

    values = {number: review.value("area", as_of=number) for number in expected}
    assert {number: (value.state, value.value) for number, value in values.items()} == expected
    assert review.do(coded_values, as_of=min(expected) - 1) == []
    assert [fault.what for fault in verify(session)] == []


def test_consensus_is_for_coders_who_disagree_and_adjudication_for_the_lead(session, review):
    subject = {"contract_id": review.contract, "item": "area", "value": "home"}
    a, b = review.cast.reviewers
    review.code("area", "work", by=a, contract_id=review.contract)
    with pytest.raises(Conflicting), session.begin_nested():
        review.do(agree, basis=AgreedBy.ADJUDICATION, by=review.cast.lead, **subject)
    review.code("area", "home", by=b, contract_id=review.contract)

    for basis, by in ((AgreedBy.CONSENSUS, review.cast.lead), (AgreedBy.ADJUDICATION, a)):
        with pytest.raises(NotAllowed), session.begin_nested():
            review.do(agree, basis=basis, by=by, **subject)
    review.do(agree, basis=AgreedBy.ADJUDICATION, by=review.cast.lead, **subject)

    assert review.value("area").value == "home"
