"""What was done lately is said in words, whatever was done."""

from review.activity import SAID, done_lately
from review.vocabulary import Act
from tests.review.test_events import make_everything


def test_every_act_has_its_words():
    assert set(SAID) == set(Act)


def test_a_review_in_which_everything_was_done_is_told_in_words(session):
    cast = make_everything(session)

    lines = done_lately(session, review_id=cast.review_id, by=cast.lead, limit=100)

    assert any("took over decisions made elsewhere" in line.sentence for line in lines)
    assert all(line.sentence for line in lines)
