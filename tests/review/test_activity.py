"""Recent activity is described in words, whatever was done."""

from review.activity import PHRASES, recent_activity
from review.vocabulary import Act
from tests.review.test_events import make_everything


def test_every_act_has_its_phrases():
    assert set(PHRASES) == set(Act)


def test_the_activity_of_a_review_in_which_everything_was_done_is_in_words(session):
    cast = make_everything(session)

    activities = recent_activity(session, review_id=cast.review_id, by=cast.lead, limit=100)

    assert any("imported decisions" in activity.sentence for activity in activities)
    assert all(activity.sentence for activity in activities)
