"""What is left for a reviewer: the count and the queue ask the same question."""

from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.vocabulary import Stage, Verdict
from screening.queue.next_records import n_left, next_records
from tests.factories import make_records, make_review

STAGE = Stage.TITLE_ABSTRACT


def test_records_that_the_queue_does_not_give_are_not_counted(session):
    cast = make_review(session)
    scope = {"review_id": cast.review_id, "stage": STAGE}
    ana, ben = cast.reviewers
    reopened, other = make_records(session, cast.review_id, 2)
    for by in (ana, ben):
        decide(session, **scope, record_id=reopened, verdict=Verdict.EXCLUDE, by=by)
    reopen(session, **scope, record_id=reopened, why="Look again.", by=cast.lead)

    for by in (ana, ben):  # who decided after it was reopened has nothing left there
        decide(session, **scope, record_id=reopened, verdict=Verdict.INCLUDE, by=by)
    assert n_left(session, **scope, by=ana) == 1
    decide(session, **scope, record_id=other, verdict=Verdict.EXCLUDE, by=ana)

    assert next_records(session, **scope, by=ana) == []
    assert n_left(session, **scope, by=ana) == 0


def test_what_others_leave_is_counted_once_nothing_assigned_is_left(session):
    cast = make_review(session, needed=1)
    scope = {"review_id": cast.review_id, "stage": STAGE}
    ana = cast.reviewer_a
    make_records(session, cast.review_id, 6)

    for left in range(6, 0, -1):
        [record] = next_records(session, **scope, by=ana)
        assert n_left(session, **scope, by=ana) == (left - 3 if left > 3 else left)
        decide(session, **scope, record_id=record.id, verdict=Verdict.EXCLUDE, by=ana)

    assert n_left(session, **scope, by=ana) == 0
