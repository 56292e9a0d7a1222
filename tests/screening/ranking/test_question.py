"""How texts match the question, and how its words lose weight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from screening.ranking.features import extract
from screening.ranking.question import QuestionMatch, bm25, match_question, standardise

TEXTS = ["bond bond homeless", "bond", "fish in the sea"]


def match(texts: list[str], question: str) -> QuestionMatch:
    rows = extract(texts)
    words = [[float(word in text.split()) for word in rows.words] for text in texts]
    return match_question(rows, question, tfidf=csr_array(np.array(words)))


def weights(found: QuestionMatch, *, included=(), excluded=()) -> np.ndarray:
    return found.word_weights(
        included=np.array(included, dtype=np.intp), excluded=np.array(excluded, dtype=np.intp)
    )


def test_bm25_is_the_written_formula():
    scores = bm25(extract(TEXTS), ["bond"]).toarray()

    idf = np.log(1 + 1.5 / 2.5)
    mean_length = 8 / 3
    first = idf * 2 / (2 + 1.2 * (0.25 + 0.75 * 3 / mean_length))
    second = idf * 1 / (1 + 1.2 * (0.25 + 0.75 * 1 / mean_length))
    np.testing.assert_allclose(scores, [[first], [second], [0.0]])


def test_each_distinct_word_of_the_question_counts_once_if_some_text_contains_it():
    found = match(TEXTS, "Bond, bond, nowhere: a FISH")

    assert found.words == ("bond", "fish")
    np.testing.assert_allclose(found.scores(np.ones(2)), standardise(found.word_scores.sum(axis=1)))


def test_a_word_that_ends_in_a_star_means_every_word_that_begins_so():
    texts = ["contract", "contracts and bonds", "contraction", "contrary", "a bond"]

    found = match(texts, "outcome contract*, Bond")

    assert found.words == ("bond", "contract", "contraction", "contracts")


def test_a_word_loses_weight_with_every_miss_and_regains_it_with_hits():
    found = match(["bond fish", "bond", "bond", "sea"], "bond fish sea")

    assert found.words == ("bond", "fish", "sea")
    assert weights(found).tolist() == [1, 1, 1]
    assert weights(found, excluded=[1]).tolist() == [5 / 6, 1, 1]
    assert weights(found, excluded=[0, 1]).tolist() == [5 / 7, 5 / 6, 1]
    assert weights(found, included=[0], excluded=[1]).tolist() == [15 / 16, 1, 1]


def test_after_many_misses_the_question_says_next_to_nothing():
    texts = [f"bond {n}" for n in range(1000)] + ["sea 1"] * 9
    found = match(texts, "bond")

    scores = found.scores(weights(found, excluded=range(900)))

    assert np.abs(scores).max() < 0.06 * np.abs(found.scores(np.ones(1))).max()


@given(st.data())
def test_the_weights_lie_between_0_and_1_and_depend_on_no_order(data):
    found = match(["a1 b1", "a1", "b1 c1", "c1 a1 b1"], "a1 b1 c1")
    excluded = data.draw(st.lists(st.integers(0, 3), max_size=8))
    included = data.draw(st.lists(st.integers(0, 3), max_size=8))

    drawn = weights(found, included=included, excluded=excluded)

    assert ((drawn > 0) & (drawn <= 1)).all()
    assert (
        drawn.tolist() == weights(found, included=included[::-1], excluded=excluded[::-1]).tolist()
    )
    one_more_miss = weights(found, included=included, excluded=[*excluded, 3])
    assert (one_more_miss <= drawn).all()


def test_a_language_that_the_question_has_no_words_in_is_not_put_behind():
    english = [f"impact bond study {n} of the town" for n in range(30)]
    spanish = [f"estudio {n} del bono de la ciudad" for n in range(10)]
    rows = extract([*english, *spanish])
    words = [[float(word in text.split()) for word in rows.words] for text in [*english, *spanish]]
    tfidf, languages = csr_array(np.array(words)), ["en"] * 30 + ["es"] * 10
    is_spanish = np.arange(40) >= 30

    apart = match_question(rows, "impact bond", tfidf=tfidf)
    fair = match_question(rows, "impact bond", tfidf=tfidf, languages=languages)

    assert apart.scores(np.ones(2))[is_spanish].mean() < -1
    assert apart.typicality[is_spanish].max() < apart.typicality[~is_spanish].min()
    assert np.abs(fair.scores(np.ones(2))).max() < 0.2
    assert fair.typicality[is_spanish].mean() == pytest.approx(fair.typicality[~is_spanish].mean())


@pytest.mark.parametrize("question", ["", "zzz", "... ?"])
def test_without_a_word_of_the_question_in_the_texts_the_most_typical_come_first(question):
    found = match(["fish sea", "fish sea tide", "fish", "stone"], question)

    assert found.words == ()
    assert found.scores(np.ones(0)).tolist() == [0] * 4
    assert np.argmin(found.typicality) == 3
    assert found.typicality.mean() == pytest.approx(0)


def test_the_words_of_a_text_are_listed_from_the_rarest():
    found = match(["bond fish", "bond", "sea"], "sea bond fish")

    assert found.words_in(0, np.array([True, True, True])) == ["fish", "bond"]
    assert found.words_in(0, np.array([False, True, True])) == ["fish"]
    assert found.is_telling.tolist() == [False, True, True]
