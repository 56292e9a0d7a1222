"""The records of a calibration set that were not judged alike."""

import pytest

from review.decisions.decisions import decide
from review.decisions.discussion import comment
from review.errors import NotAllowed, NotFound
from review.events import OPERATOR
from review.reviews import add_member
from review.vocabulary import Role, Stage, Verdict
from screening.queue.calibration import begin, end
from screening.queue.calibration_differences import differences
from tests.factories import make_records, make_review

STAGE = Stage.TITLE_ABSTRACT
YES, NO = Verdict.INCLUDE, Verdict.EXCLUDE


def decide_as(session, cast, record, verdict, *, by, reason=None):
    decide(session, review_id=cast.review_id, record_id=record, stage=STAGE, verdict=verdict,
           exclusion_reason=reason, by=by)  # fmt: skip


@pytest.fixture
def judged(session, cast):
    """Return a set of five records: alike, a verdict, a reason, one awaited; and its records."""
    records = make_records(session, cast.review_id, 5)
    calibration = begin(session, review_id=cast.review_id, stage=STAGE, label="First",
                        numbers=[5, 4, 3, 2, 1], by=cast.lead)  # fmt: skip
    a, b = cast.reviewers
    for reviewer, record, verdict, reason in (
        (a, 0, NO, "date"), (b, 0, NO, "date"),
        (a, 1, NO, "date"), (b, 1, NO, "population"),
        (a, 2, YES, None), (b, 2, NO, "population"),
        (a, 3, Verdict.MAYBE, None), (b, 3, YES, None),
        (a, 4, NO, None),
    ):  # fmt: skip
        decide_as(session, cast, records[record], verdict, by=reviewer, reason=reason)
    return calibration.id, records


def seen(session, cast, calibration_set_id, by=None):
    return differences(session, review_id=cast.review_id, calibration_set_id=calibration_set_id,
                       by=by or cast.lead)  # fmt: skip


def test_those_that_all_decided_on_and_not_alike_are_listed_with_who_said_what(
    session, cast, judged
):
    calibration_set_id, records = judged
    comment(session, review_id=cast.review_id, record_id=records[2], stage=STAGE,
            text="Is this a contract?", by=cast.lead)  # fmt: skip

    of_verdict, of_reason = seen(session, cast, calibration_set_id)

    assert (of_verdict.record.id, of_reason.record.id) == (records[2], records[1])
    assert (of_verdict.is_of_verdict, of_reason.is_of_verdict) == (True, False)
    assert {(one.name, one.verdict, one.exclusion_reason) for one in of_verdict.judgements} == {
        ("Reviewer_A", YES, None), ("Reviewer_B", NO, "population"),
    }  # fmt: skip
    assert (of_verdict.n_comments, of_reason.n_comments) == (1, 0)


def test_what_is_resolved_and_decided_after_the_end_changes_nothing(session, cast, judged):
    calibration_set_id, records = judged
    before = [one.record.id for one in seen(session, cast, calibration_set_id)]
    end(session, review_id=cast.review_id, calibration_set_id=calibration_set_id, by=cast.lead)
    decide_as(session, cast, records[4], YES, by=cast.reviewer_b)

    assert [one.record.id for one in seen(session, cast, calibration_set_id)] == before


def test_a_lead_who_screens_sees_numbers_and_only_after_the_end(session, cast, judged):
    calibration_set_id, _ = judged
    add_member(session, review_id=cast.review_id, email=cast.emails["reviewer_a"], role=Role.LEAD,
               by=OPERATOR)  # fmt: skip
    assert seen(session, cast, calibration_set_id, by=cast.reviewer_a) is None
    end(session, review_id=cast.review_id, calibration_set_id=calibration_set_id, by=cast.lead)

    found = seen(session, cast, calibration_set_id, by=cast.reviewer_a)

    assert {one.name for each in found for one in each.judgements} == {"Reviewer 1", "Reviewer 2"}


def test_it_is_for_the_lead_of_the_review(session, cast, judged):
    calibration_set_id, _ = judged
    with pytest.raises(NotAllowed):
        seen(session, cast, calibration_set_id, by=cast.reviewer_b)
    elsewhere = make_review(session)
    with pytest.raises(NotFound):
        seen(session, elsewhere, calibration_set_id)
