"""What explains a record's rank."""

from protocols.loader import load
from review.tables import Rank
from screening.ranking.explanation import explanation, subject_of
from tests.factories import protocol_text


def test_the_reviews_own_subject_never_speaks_against_a_record():
    subject = subject_of(load(protocol_text()).protocol)
    why = {"lowered": ["impact bonds", "heart", "young people with asthma", "social"],
           "raised": ["employment"]}  # fmt: skip

    shown = explanation(Rank(why=why), subject)

    assert shown["lowered"] == ["heart", "young people with asthma"]
    assert shown["raised"] == ["employment"]


def test_a_ranking_by_an_older_release_explains_nothing():
    shown = explanation(Rank(why=None), frozenset())

    assert (shown["raised"], shown["lowered"], shown["asked"]) == ([], [], [])
