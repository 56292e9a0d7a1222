"""Before the first decision a lead learns in which languages the ranking knows no words."""

import pytest

from protocols.loader import load
from review.vocabulary import Stage, Verdict
from screening.progress.languages import language_gap
from screening.ranking.training_data import question_phrasings, question_text, training_data
from tests.factories import decide_both, make_records, make_review, protocol_text

STAGE = Stage.TITLE_ABSTRACT
SPANISH = """phrasings:
  es: ["¿Mejoran los bonos de impacto social el empleo?", Jóvenes sin trabajo.]
criteria:"""
PHRASED = protocol_text().replace("criteria:", SPANISH, 1)


def gap(session, cast):
    return language_gap(session, review_id=cast.review_id, stage=STAGE)


def test_languages_without_words_are_counted_in_one_sentence(session, cast):
    languages = ["eng"] * 3 + ["Turkish"] * 3 + ["es"] * 2 + ["spa", None, "no language at all"]
    make_records(session, cast.review_id, [{"language": language} for language in languages])

    found = gap(session, cast)

    assert found.n_records == {"tr": 3, "es": 3}
    assert found.sentence == (
        "6 records are in Spanish (3) and Turkish (3). The protocol has no words in these"
        " languages, so the ranking cannot order them until some in the same language have been"
        " included."
    )


def test_a_single_record_is_named_in_the_singular(session, cast):
    make_records(session, cast.review_id, [{"language": "tr"}])

    assert gap(session, cast).sentence.startswith(
        "1 record is in Turkish. The protocol has no words in this language, so"
    )


def test_a_language_is_no_longer_named_once_one_of_its_records_is_included(session, cast):
    turkish, _, spanish = make_records(
        session, cast.review_id, [{"language": "tr"}, {"language": "tr"}, {"language": "es"}]
    )
    decide_both(session, cast, turkish, Verdict.INCLUDE)
    decide_both(session, cast, spanish, Verdict.EXCLUDE)

    assert gap(session, cast).n_records == {"es": 1}


@pytest.mark.parametrize(
    "words",
    [
        SPANISH,
        "highlights:\n  - {language: es, include: [bono de impacto*]}\ncriteria:",
        "terminology:\n  - {key: bond, label: Bond, names: {es: [bono de impacto]}}\ncriteria:",
    ],
    ids=["phrasings", "highlights", "terminology"],
)
def test_words_in_the_protocol_close_the_gap_and_feed_the_ranking(session, words):
    cast = make_review(session, text=protocol_text().replace("criteria:", words, 1))
    make_records(session, cast.review_id, [{"language": "es"}, {"language": "en"}])

    question = training_data(session, review_id=cast.review_id, stage=STAGE).question

    assert gap(session, cast) is None
    assert "impacto" in question


def test_there_is_one_phrasing_for_each_language():
    protocol = load(PHRASED).protocol

    phrasings = question_phrasings(protocol)

    assert list(phrasings) == ["en", "es"]
    assert "Young people out of work." in phrasings["en"]
    assert "bonos" in phrasings["es"]
    assert "Jóvenes sin trabajo." in phrasings["es"]
    assert question_text(protocol) == "\n".join(phrasings.values())


def test_the_own_language_is_the_one_that_the_question_is_in():
    text = protocol_text().replace(
        "Do social impact bonds improve employment among young people?",
        "¿Mejoran los bonos de impacto social el empleo de los jóvenes?",
    )

    assert "empleo" in question_phrasings(load(text).protocol)["es"]
