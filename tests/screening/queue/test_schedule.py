"""When a stage is due, and pausing it."""

from datetime import date

import pytest

from review.decisions.decisions import decide
from review.errors import Invalid, NotAllowed
from review.verify import verify
from review.vocabulary import Stage, Verdict
from screening.queue.next_records import n_left, next_records
from screening.queue.schedule import Schedule, schedule_of, set_schedule
from tests.factories import make_records

TITLES = Stage.TITLE_ABSTRACT


def schedule(session, cast, stage=TITLES, by=None, **values):
    return set_schedule(
        session, review_id=cast.review_id, stage=stage, by=by or cast.lead, **values
    )


def now(session, cast, stage=TITLES):
    return schedule_of(session, review_id=cast.review_id, stage=stage, by=cast.reviewer_a)


def queue(session, cast):
    found = next_records(
        session, review_id=cast.review_id, stage=TITLES, by=cast.reviewer_a, limit=9
    )
    return [record.id for record in found]


def test_the_newest_schedule_of_a_stage_counts(session, cast):
    assert now(session, cast) == Schedule()
    schedule(session, cast, due_on=date(2026, 12, 18))
    schedule(session, cast, due_on=date(2027, 1, 8), note=" After the holidays. ")

    found = now(session, cast)

    assert (found.due_on, found.note) == (date(2027, 1, 8), "After the holidays.")
    assert not found.is_paused
    assert now(session, cast, Stage.FULL_TEXT) == Schedule()
    assert [fault.what for fault in verify(session)] == []


def test_a_paused_stage_gives_nobody_records_until_it_is_resumed(session, cast):
    records = make_records(session, cast.review_id, 3)
    before = queue(session, cast)
    schedule(session, cast, is_paused=True)

    assert queue(session, cast) == []
    scope = {"review_id": cast.review_id, "stage": TITLES, "by": cast.reviewer_a}
    assert n_left(session, **scope) == 3
    # What was pressed on a page that does not know of the pause yet is not lost.
    decide(session, record_id=records[0], verdict=Verdict.INCLUDE, **scope)

    schedule(session, cast, is_paused=False)
    assert queue(session, cast) == [record for record in before if record != records[0]]


def test_only_the_lead_sets_it_and_a_note_has_a_limit(session, cast):
    with pytest.raises(NotAllowed):
        schedule(session, cast, by=cast.reviewer_a, is_paused=True)
    with pytest.raises(Invalid, match="500 characters"):
        schedule(session, cast, note="x" * 501)
