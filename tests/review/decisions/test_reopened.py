"""What reviewers see of a record that was reopened."""

from typing import Any

from review.decisions.reopening import reopen, reopened
from review.decisions.reopening_requests import ask_to_reopen, reopen_as_asked
from review.duplicates.judgements import judge
from review.vocabulary import Judgement, Stage, Verdict
from tests.factories import decide_both, make_records


def seen(session, cast, record, by):
    scope: dict[str, Any] = {"review_id": cast.review_id, "stage": Stage.TITLE_ABSTRACT, "by": by}
    found = reopened(session, record_ids=[record], **scope).get(record)
    return found and found.why


def test_a_reopened_record_says_so_with_the_leads_newest_reason(session, cast):
    record, other = make_records(session, cast.review_id, 2)
    for why in ("The abstract was cut.", "The whole abstract is here now."):
        decide_both(session, cast, record, Verdict.INCLUDE)
        reopen(session, review_id=cast.review_id, record_id=record, stage=Stage.TITLE_ABSTRACT,
               why=why, by=cast.lead)  # fmt: skip

    assert seen(session, cast, record, cast.reviewer_b) == "The whole abstract is here now."
    assert seen(session, cast, other, cast.reviewer_b) is None


def test_why_a_reviewer_asked_is_not_told_to_the_others(session, cast):
    [record] = make_records(session, cast.review_id)
    decide_both(session, cast, record, Verdict.EXCLUDE)
    asked = ask_to_reopen(session, review_id=cast.review_id, record_id=record, by=cast.reviewer_a,
                          stage=Stage.TITLE_ABSTRACT, why="It should be included.")  # fmt: skip
    reopen_as_asked(session, review_id=cast.review_id, request_id=asked.id, by=cast.lead)

    assert seen(session, cast, record, cast.reviewer_a) == "It should be included."
    scope: dict[str, Any] = {"review_id": cast.review_id, "stage": Stage.TITLE_ABSTRACT}
    found = reopened(session, record_ids=[record], by=cast.reviewer_b, **scope)
    assert found[record].why is None


def test_not_either_where_the_reviewer_asked_about_a_copy(session, cast):
    first, copy = make_records(session, cast.review_id, 2)
    decide_both(session, cast, copy, Verdict.EXCLUDE)
    judge(session, review_id=cast.review_id, left_id=first, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip
    asked = ask_to_reopen(session, review_id=cast.review_id, record_id=copy, by=cast.reviewer_a,
                          stage=Stage.TITLE_ABSTRACT, why="It should be included.")  # fmt: skip
    reopen_as_asked(session, review_id=cast.review_id, request_id=asked.id, by=cast.lead)

    assert seen(session, cast, first, cast.reviewer_a) == "It should be included."
    assert seen(session, cast, first, cast.reviewer_b) is None
