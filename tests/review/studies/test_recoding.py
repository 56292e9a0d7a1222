"""Which values are looked at again after the codebook has changed."""

import pytest
from sqlalchemy import select

from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.reviews import amend_protocol
from review.studies.agreement import agree
from review.studies.contracts import link_contract
from review.studies.recoding import impossible_agreed, keep_value, outdated_codes
from review.tables import Code
from review.vocabulary import AgreedBy
from tests.factories import make_review, protocol_text
from tests.review.studies.coding_review import CodingReview

WORK = "{key: work, label: Employment}, {key: home, label: Homelessness}]}\n  - {key: secondary"


@pytest.fixture
def people(session):
    return make_review(session)


@pytest.fixture
def review(session, people):
    return CodingReview(session, people)


@pytest.fixture
def amend(session, people):
    def act(old, new):
        text = protocol_text()
        assert text.count(old) == 1
        amend_protocol(session, review_id=people.review_id, protocol_text=text.replace(old, new),
                       why="So.", by=people.lead)  # fmt: skip

    return act


@pytest.fixture
def outdated(session, people):
    def found(by=people.reviewer_a, *, is_lead=False):
        return outdated_codes(session, review_id=people.review_id, by=by, is_lead=is_lead)

    return found


def test_nothing_is_outdated_while_the_codebook_stays(review, people, amend, outdated):
    review.code("area", "work", by=people.reviewer_a, contract_id=review.contract)
    amend("label: Published outside the dates", "label: Published too early or too late")

    assert outdated() == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (WORK, WORK.replace("]}", ", {key: care, label: Care}]}", 1), "New: Care."),
        (WORK, WORK.replace("Employment", "Work"), "“Employment” is called “Work” now."),
        (WORK, WORK.replace("label: Employment", "label: Employment, definition: Paid"),
         "“Employment” has another definition now."),
        ("label: Outcome area,", "label: Outcome area, help: The main one.,",
         "Its question or help has changed."),
    ],
)  # fmt: skip
def test_a_value_is_looked_at_again_when_its_item_changes(
    review, people, amend, outdated, old, new, says
):
    review.code("area", "work", by=people.reviewer_a, contract_id=review.contract)
    review.code("design", "trial", by=people.reviewer_a, study_id=review.study)
    amend(old, new)

    [one] = outdated()
    assert (one.item.key, one.code.value, list(one.changes)) == ("area", "work", [says])
    assert one.is_possible
    assert one.contract.id == review.contract


def test_only_who_chose_a_value_is_asked_about_its_name_and_all_about_definitions(
    review, people, amend, outdated
):
    review.code("area", "home", by=people.reviewer_a, contract_id=review.contract)
    review.code("design", "trial", by=people.reviewer_a, study_id=review.study)
    amend(WORK, WORK.replace("Employment", "Work"))
    assert outdated() == []
    amend(", values: [\n      {key: trial, label: Trial}, {key: case, label: Case study}]}",
          ", values: [\n      {key: trial, label: Trial}]}")  # fmt: skip
    assert outdated() == []

    amend(WORK, WORK.replace("label: Employment", "label: Employment, definition: Paid"))
    assert [list(one.changes) for one in outdated()] == [
        ["“Employment” has another definition now."]
    ]


def test_a_value_is_kept_with_all_that_goes_with_it_and_leaves_the_list(
    session, review, people, amend, outdated
):
    given = review.code("area", "work", by=people.reviewer_a, contract_id=review.contract,
                        details="Jobs.", confidence="sure", note="See p. 3.")  # fmt: skip
    amend(WORK, WORK.replace("]}", ", {key: care, label: Care}]}", 1))

    kept = keep_value(session, review_id=people.review_id, code_id=given.id, by=people.reviewer_a)

    same = ("value", "details", "confidence", "note", "quote", "page", "report_id", "coder_id")
    assert [getattr(kept, name) for name in same] == [getattr(given, name) for name in same]
    assert kept.protocol_version == given.protocol_version + 1
    assert outdated() == []
    assert len(session.scalars(select(Code)).all()) == 2  # nothing is overwritten
    with pytest.raises(Conflicting):
        keep_value(session, review_id=people.review_id, code_id=given.id, by=people.reviewer_a)


def test_only_the_coder_keeps_a_value_and_only_one_that_there_is(
    session, review, people, amend, outdated
):
    given = review.code("design", "trial", by=people.reviewer_a, study_id=review.study)
    amend("{key: trial, label: Trial}, ", "")

    [one] = outdated()
    assert (list(one.changes), one.is_possible) == (["No longer there: Trial."], False)
    for other in (people.reviewer_b, people.lead):
        with pytest.raises(NotFound):
            keep_value(session, review_id=people.review_id, code_id=given.id, by=other)
    with pytest.raises(Invalid):
        keep_value(session, review_id=people.review_id, code_id=given.id, by=people.reviewer_a)
    assert outdated(people.reviewer_b) == []
    assert [one.coder for one in outdated(people.lead, is_lead=True)] == ["Reviewer_A"]


def test_the_lead_sees_agreed_values_that_the_codebook_no_longer_has(
    session, review, people, amend
):
    in_review = {"review_id": people.review_id, "study_id": review.study}
    for coder, value in zip(people.reviewers, ("trial", "case"), strict=True):
        review.code("design", value, by=coder, study_id=review.study)
    agree(session, item="design", value="trial", basis=AgreedBy.ADJUDICATION, by=people.lead,
          **in_review)  # fmt: skip
    assert impossible_agreed(session, review_id=people.review_id, by=people.lead) == []

    amend("{key: trial, label: Trial}, ", "")
    [one] = impossible_agreed(session, review_id=people.review_id, by=people.lead)
    assert (one.item.key, one.value, one.study.id) == ("design", "trial", review.study)
    with pytest.raises(NotAllowed):
        impossible_agreed(session, review_id=people.review_id, by=people.reviewer_a)


def test_what_no_study_has_any_more_is_left_out(session, review, people, amend, outdated):
    review.code("area", "work", by=people.reviewer_a, contract_id=review.contract)
    amend(WORK, WORK.replace("]}", ", {key: care, label: Care}]}", 1))
    assert len(outdated()) == 1

    link_contract(session, review_id=people.review_id, study_id=review.study,
                  contract_id=review.contract, by=people.lead, linked=False)  # fmt: skip
    assert outdated() == []
