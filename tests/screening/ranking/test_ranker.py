"""What ranks first: similarity to the question, then to included records."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from screening.ranking.features import extract, tokenise
from screening.ranking.ranker import RelevanceRanker, bm25, in_text_forms, standardise

QUESTION = "Do social impact bonds reduce homelessness?"
BONDS = [f"Social impact bonds and homelessness in town {i}: an evaluation" for i in range(5)]
FISH = [f"Growth of salmon in river number {i} under warming water" for i in range(15)]
TEXTS = [*FISH[:8], *BONDS[:2], *FISH[8:], *BONDS[2:]]
IS_BOND = np.array([text in BONDS for text in TEXTS], dtype=int)
FEATURES = extract(TEXTS)
NOTHING = FEATURES.take([])

# Of QUESTION and two bonds and three fishes of TEXTS; changes only with a VERSION.
FINGERPRINT = "704bd637dcea604ebb24caa44744c670a7c28d0c6b10be4367e59850544ffbfa"

SCRIPT = """
from screening.ranking.features import extract
from screening.ranking.ranker import RelevanceRanker
features = extract({texts!r})
ranker = RelevanceRanker(question={question!r}).fit(features.take([8, 0, 1]), [1, 0, 0])
print(ranker.fingerprint(), ranker.score(features).tolist(), ranker.rank(features).tolist())
"""


def labelled(n_bonds: int, n_fish: int) -> np.ndarray:
    """Return labels for TEXTS, of which that many of each topic are known."""
    y = np.full(len(TEXTS), -1)
    y[np.flatnonzero(IS_BOND == 1)[:n_bonds]] = 1
    y[np.flatnonzero(IS_BOND == 0)[:n_fish]] = 0
    return y


def test_without_labels_the_records_most_like_the_question_come_first():
    ranker = RelevanceRanker(question=QUESTION).fit(NOTHING, [])

    assert IS_BOND[ranker.rank(FEATURES)[:5]].all()


@pytest.mark.parametrize("question", [None, "", "zzz", "... ?"])
def test_without_labels_and_question_the_input_order_stays(question):
    ranker = RelevanceRanker(question=question).fit(NOTHING, [])

    assert ranker.score(FEATURES).tolist() == [0.0] * len(TEXTS)
    assert ranker.rank(FEATURES).tolist() == list(range(len(TEXTS)))


@pytest.mark.parametrize(("n_bonds", "n_fish"), [(1, 1), (1, 0), (0, 3), (2, 5)])
def test_labels_alone_bring_the_included_topic_to_the_front(n_bonds, n_fish):
    y = labelled(n_bonds, n_fish)

    ranks = RelevanceRanker().fit(FEATURES, y).rank(FEATURES)

    assert IS_BOND[ranks[:5]].all()


def test_labels_overrule_the_question_as_included_records_grow_in_number():
    liked = np.where(IS_BOND == 1, 0, 1)

    early = RelevanceRanker(question=QUESTION).fit(NOTHING, []).rank(FEATURES)
    late = RelevanceRanker(question=QUESTION).fit(FEATURES, liked).rank(FEATURES)

    assert IS_BOND[early[0]] == 1
    assert not IS_BOND[late[:10]].any()


@pytest.mark.parametrize("n_included", [1, 5])
def test_the_share_of_the_question_fades_with_the_square_of_included_records(n_included):
    y = labelled(n_included, 4)

    without = RelevanceRanker().fit(FEATURES, y).score(FEATURES)
    asked = RelevanceRanker(question=QUESTION).fit(FEATURES, y).score(FEATURES)

    share = (10 / (10 + n_included)) ** 2
    expected = without + share * standardise(bm25(FEATURES, QUESTION))
    np.testing.assert_allclose(asked, expected, atol=1e-5)


def test_the_classifier_is_the_published_recipe_of_elas_u4():
    y = labelled(2, 6)
    known = np.flatnonzero(y >= 0)
    weights = np.where(y[known] == 1, 1.0, 2 / (9.8 * 6))
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_df=0.95)
    X = vectors.fit_transform(TEXTS)
    model = LinearSVC(C=0.11, tol=1e-10, max_iter=100_000)
    model.fit(X[known], y[known], sample_weight=weights * len(known) / weights.sum())

    score = RelevanceRanker(stem_length=None).fit(FEATURES, y).score(FEATURES)

    np.testing.assert_allclose(score, standardise(model.decision_function(X)), atol=0.01)


def test_words_with_the_same_stem_count_as_one():
    texts = ["hemşireler ve hekimler", "çelik köprüler", "hemşirelerin eğitimi", "çelikten kuleler"]
    rows, labels = extract(texts), [1, 0, -1, -1]

    def scores(**parameters):
        return RelevanceRanker(**parameters).fit(rows, labels).score(rows.take([2, 3]))

    likely, unlikely = scores()
    assert likely > unlikely
    assert len(set(scores(stem_length=None))) == 1  # no whole word is in a labelled text


@given(
    st.lists(st.text(alphabet="abc d", max_size=12), max_size=10),
    st.data(),
    st.none() | st.text(alphabet="abc d", max_size=8),
)
def test_every_record_is_ranked_exactly_once_whatever_is_known(texts, data, question):
    features = extract(texts)
    labels = st.lists(st.sampled_from([-1, 0, 1]), min_size=len(texts), max_size=len(texts))
    y = data.draw(labels)

    ranker = RelevanceRanker(question=question).fit(features, y)

    assert sorted(ranker.rank(features).tolist()) == list(range(len(texts)))
    assert np.isfinite(ranker.score(features)).all()


@given(st.randoms(use_true_random=False), st.integers(0, 5), st.integers(0, 15))
def test_the_order_of_the_training_rows_changes_nothing(rng: random.Random, n_bonds, n_fish):
    y = labelled(n_bonds, n_fish)
    rows = np.flatnonzero(y >= 0).tolist()
    shuffled = rng.sample(rows, len(rows))

    in_order = RelevanceRanker(question=QUESTION).fit(FEATURES.take(rows), y[rows])
    in_disorder = RelevanceRanker(question=QUESTION).fit(FEATURES.take(shuffled), y[shuffled])
    with_unlabelled = RelevanceRanker(question=QUESTION).fit(FEATURES, y)

    assert in_order.score(FEATURES).tolist() == in_disorder.score(FEATURES).tolist()
    assert in_order.score(FEATURES).tolist() == with_unlabelled.score(FEATURES).tolist()
    assert in_order.fingerprint() == in_disorder.fingerprint() == with_unlabelled.fingerprint()


def test_another_process_with_another_hash_seed_gives_the_same_ranks():
    script = SCRIPT.format(texts=TEXTS, question=QUESTION)

    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    ranker = RelevanceRanker(question=QUESTION).fit(FEATURES.take([8, 0, 1]), [1, 0, 0])
    assert len(answers) == 1
    assert answers.pop().startswith(ranker.fingerprint())


def test_every_cause_of_another_ranking_changes_the_fingerprint():
    y = labelled(2, 3)
    fewer, opposite = labelled(2, 2), np.where(y == -1, -1, 1 - y)
    rankers = [
        RelevanceRanker().fit(FEATURES, y),
        RelevanceRanker(question=QUESTION).fit(FEATURES, y),
        RelevanceRanker(C=1.0).fit(FEATURES, y),
        RelevanceRanker().fit(FEATURES, fewer),
        RelevanceRanker().fit(FEATURES, opposite),
        RelevanceRanker().fit(FEATURES.extend(["one more"]), [*y, -1]),
    ]

    assert len({ranker.fingerprint() for ranker in rankers}) == len(rankers)
    assert clone(rankers[0]).fit(FEATURES, y).fingerprint() == rankers[0].fingerprint()


def test_renamed_parameters_keep_their_stored_names_and_the_fingerprint():
    ranker = RelevanceRanker(question=QUESTION).fit(FEATURES, labelled(2, 3))

    assert list(ranker.stored_parameters()) == [
        "C", "cut", "decimals", "fair_from", "fair_to", "max_df", "ngram_range", "question",
        "question_fade", "question_weight", "ratio", "short", "sublinear_tf",
    ]  # fmt: skip
    assert len(ranker.stored_parameters()) == len(ranker.get_params())
    assert ranker.fingerprint() == FINGERPRINT  # as before the parameters were renamed


def test_a_row_has_the_same_score_in_every_selection():
    ranker = RelevanceRanker(question=QUESTION).fit(FEATURES, labelled(1, 1))

    chosen = ranker.score(FEATURES.take([9, 3]))

    assert chosen.tolist() == ranker.score(FEATURES)[[9, 3]].tolist()


def test_equal_texts_keep_their_input_order():
    features = extract(["the same", "social bonds"] * 50)

    ranks = RelevanceRanker(question="bonds").fit(features.take([]), []).rank(features)

    assert ranks.tolist() == [*range(1, 100, 2), *range(0, 100, 2)]


def test_a_record_without_an_abstract_is_ranked_on_its_title():
    features = extract(["", "Salmon in rivers", "Social impact bonds", "Trout and salmon"])

    ranks = RelevanceRanker(question=QUESTION).fit(features.take([]), []).rank(features)

    assert ranks[0] == 2
    assert sorted(ranks) == [0, 1, 2, 3]


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["one"], ["same", "same"], ["?", "!"]])
@pytest.mark.parametrize("label", [-1, 0, 1])
def test_degenerate_collections_are_ranked_in_input_order(texts, label):
    features = extract(texts)

    ranker = RelevanceRanker(question="one").fit(features, [label] * len(texts))

    assert ranker.rank(features).tolist() == list(range(len(texts)))


def test_a_text_labelled_both_ways_is_learned_from_and_not_refused():
    features = extract(["same text", "same text", "other"])

    ranker = RelevanceRanker().fit(features, [1, 0, -1])

    assert len(ranker.rank(features)) == 3


def test_wrong_labels_and_rows_of_another_collection_are_refused():
    ranker = RelevanceRanker()
    with pytest.raises(NotFittedError):
        ranker.rank(FEATURES)
    with pytest.raises(ValueError, match="as many labels"):
        ranker.fit(FEATURES, [1])
    with pytest.raises(ValueError, match="Labels are"):
        ranker.fit(FEATURES.take([0]), [2])
    with pytest.raises(ValueError, match="another collection"):
        ranker.fit(FEATURES, labelled(1, 1)).score(extract(["other"]))


def test_bm25_is_the_written_formula():
    features = extract(["bond bond homeless", "bond", "fish in the sea"])

    scores = bm25(features, "Bond, bond, nowhere")

    idf = np.log(1 + 1.5 / 2.5)
    mean_length = 8 / 3
    first = idf * 2 / (2 + 1.2 * (0.25 + 0.75 * 3 / mean_length))
    second = idf * 1 / (1 + 1.2 * (0.25 + 0.75 * 1 / mean_length))
    np.testing.assert_allclose(scores, [first, second, 0.0])


def test_a_record_is_explained_by_its_own_terms_and_those_of_the_question():
    texts = ["impact bonds for young people", "impact bonds for homes", "marine algae and tides",
             "marine tides of the north", "impact bonds and tides"]  # fmt: skip
    rows = extract(texts)
    ranker = RelevanceRanker(question="bonds for homes").fit(rows, [1, 1, 0, 0, -1])

    explained = ranker.explain(rows)

    for text, terms in zip(texts, explained, strict=True):
        for term in (*terms.raised, *terms.lowered, *terms.asked):
            assert term in text
    assert "impact bonds" in explained[4].raised
    assert "impact" not in explained[4].raised  # it is part of the pair
    assert "tides" in explained[4].lowered
    assert "homes" in explained[1].asked
    assert ranker.explain(rows.take([4])) == [explained[4]]


def test_terms_are_shown_in_the_forms_of_the_text_they_explain():
    words = tokenise("Nursing interventions at school, and an intervention elsewhere")

    forms = in_text_forms(["interval", "interval at", "bonds", "nursing intervene"], words)

    assert forms == ["interventions", "interventions at", "bonds", "nursing interventions"]


def test_before_any_label_the_question_alone_explains():
    rows = extract(["impact bonds", "marine algae", "tides"])

    explained = RelevanceRanker(question="impact bonds").fit(rows, [-1, -1, -1]).explain(rows)

    assert [(terms.raised, terms.lowered) for terms in explained] == [([], [])] * 3
    assert [set(terms.asked) for terms in explained] == [{"impact", "bonds"}, set(), set()]


def test_a_held_out_score_does_not_know_its_own_label():
    texts = [f"{word} {n}" for n in range(12) for word in ("impact bonds", "marine algae")]
    labels = [1, 0] * 12
    rows = extract(texts)
    ranker = RelevanceRanker()

    scores = ranker.held_out_scores(rows, labels)
    one_label_wrong = [0, *labels[1:]]

    assert min(scores[0::2]) > max(scores[1::2])
    assert ranker.held_out_scores(rows, one_label_wrong)[0] == scores[0]
    unlabelled = ranker.held_out_scores(rows, [-1, *labels[1:]])
    assert np.isnan(unlabelled[0])
    assert not np.isnan(unlabelled[1:]).any()


def test_short_texts_are_compared_more_and_more_with_each_other():
    """Twenty titles alone and sixty texts with abstracts; half of either is about bonds."""
    topics = ("impact bonds outcomes payment", "marine algae tides coast")
    texts, labels = [], []
    for n in range(80):
        is_bare, is_bond = n % 4 == 0, (n // 4) % 2 == 0
        words = topics[0] if is_bond else topics[1]
        texts.append(f"{words} {n}" if is_bare else f"{words} {n} " + "method result " * 20 + words)
        labels.append(int(is_bond))
    rows, is_bare = extract(texts), np.arange(80) % 4 == 0
    early = [label if n < 8 else -1 for n, label in enumerate(labels)]
    late = [label if n < 40 else -1 for n, label in enumerate(labels)]
    plain = RelevanceRanker(group_norm_start=1, group_norm_end=2)

    first, last = RelevanceRanker().fit(rows, early), RelevanceRanker().fit(rows, late)

    assert np.array_equal(first.score(rows), plain.fit(rows, early).score(rows))
    scores = last.score(rows)
    assert abs(scores[is_bare].mean() - scores[~is_bare].mean()) < 1e-6
    unfair = plain.fit(rows, late).score(rows)
    assert abs(unfair[is_bare].mean() - unfair[~is_bare].mean()) > 0.1
    for group in (is_bare, ~is_bare):  # within a group nothing moves
        assert np.corrcoef(scores[group], unfair[group])[0, 1] == pytest.approx(1, abs=1e-9)


def test_a_few_short_texts_keep_their_scores():
    texts = [f"impact bonds {n} " + "method result " * 20 for n in range(40)] + ["impact bonds"] * 9
    rows, labels = extract(texts), [n % 2 for n in range(49)]

    fair, plain = RelevanceRanker(), RelevanceRanker(group_norm_start=1, group_norm_end=2)

    assert np.array_equal(fair.fit(rows, labels).score(rows), plain.fit(rows, labels).score(rows))
