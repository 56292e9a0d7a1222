"""Records that nobody is left to decide on."""

import pytest

from review.decisions.decisions import decide
from review.errors import NotAllowed
from review.events import OPERATOR
from review.reports.retrieval import retrieve
from review.reviews import add_member, remove_member
from review.vocabulary import RetrievalState, Role, Stage, Verdict
from screening.queue.coverage import Uncovered, uncovered, uncovered_without_each
from tests.factories import decide_both, make_records

TITLE_ABSTRACT, FULL_TEXT = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT


def missing(session, cast, *without, stage=TITLE_ABSTRACT):
    ids = [person.account_id for person in without]
    return uncovered(session, review_id=cast.review_id, stage=stage, by=cast.lead, without=ids)


def decide_once(session, cast, record, by, stage=TITLE_ABSTRACT):
    decide(session, review_id=cast.review_id, record_id=record, stage=stage, by=by,
           verdict=Verdict.INCLUDE)  # fmt: skip


def test_a_reviewer_who_leaves_strands_what_only_they_could_have_decided(session, cast):
    a, b = cast.reviewers
    own, theirs, both, _new = make_records(session, cast.review_id, 4)
    decide_once(session, cast, own, a)
    decide_once(session, cast, theirs, b)
    decide_both(session, cast, both, Verdict.INCLUDE)

    assert not missing(session, cast)
    assert missing(session, cast, b) == Uncovered(n_new=1, n_begun=1)
    assert missing(session, cast, a, b) == Uncovered(n_new=1, n_begun=2)
    assert uncovered_without_each(
        session, review_id=cast.review_id, stage=TITLE_ABSTRACT, by=cast.lead
    ) == {one.account_id: missing(session, cast, one) for one in (a, b)}

    remove_member(session, review_id=cast.review_id, email=cast.emails["reviewer_b"],
                  role=Role.REVIEWER, by=OPERATOR)  # fmt: skip
    assert missing(session, cast) == Uncovered(n_new=1, n_begun=1)
    add_member(session, review_id=cast.review_id, email=cast.emails["outsider"],
               role=Role.REVIEWER, by=OPERATOR)  # fmt: skip
    assert not missing(session, cast)


def test_full_texts_are_counted_once_they_can_be_read(session, cast):
    sought, read = make_records(session, cast.review_id, 2)
    for record in (sought, read):
        decide_both(session, cast, record, Verdict.INCLUDE)
    retrieve(session, review_id=cast.review_id, record_id=read, state=RetrievalState.RETRIEVED,
             by=cast.lead)  # fmt: skip
    decide_once(session, cast, read, cast.reviewer_a, FULL_TEXT)

    assert missing(session, cast, cast.reviewer_b, stage=FULL_TEXT) == Uncovered(0, 1)


def test_only_the_lead_asks(session, cast):
    with pytest.raises(NotAllowed):
        uncovered(session, review_id=cast.review_id, stage=TITLE_ABSTRACT, by=cast.reviewer_a)
    with pytest.raises(NotAllowed):
        uncovered_without_each(
            session, review_id=cast.review_id, stage=TITLE_ABSTRACT, by=cast.reviewer_a
        )
