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

from screening.ranking.features import extract
from screening.ranking.question import standardise
from screening.ranking.ranker import RelevanceRanker

QUESTION = "Do social impact bonds reduce homelessness?"
BONDS = [f"Social impact bonds and homelessness in town {i}: an evaluation" for i in range(5)]
SPECIES = "salmon trout carp pike perch herring cod tuna eel bream roach tench sprat plaice halibut"
WATERS = "rivers lakes ponds fjords canals marshes lagoons creeks streams reefs bays deltas seas"
FISH = [
    f"Growth of {fish} in warming {water}, number {i}"
    for i, (fish, water) in enumerate(
        zip(SPECIES.split(), [*WATERS.split(), "springs", "wells"], strict=True)
    )
]
TEXTS = [*FISH[:8], *BONDS[:2], *FISH[8:], *BONDS[2:]]
IS_BOND = np.array([text in BONDS for text in TEXTS], dtype=int)
FEATURES = extract(TEXTS)
NOTHING = FEATURES.take([])

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


@pytest.mark.parametrize("question", [None, ""])
@pytest.mark.parametrize("n_fish", [0, 3])
def test_with_neither_a_question_nor_an_included_record_the_input_order_stays(question, n_fish):
    ranker = RelevanceRanker(question=question).fit(FEATURES, labelled(0, n_fish))

    assert ranker.score(FEATURES).tolist() == [0.0] * len(TEXTS)
    assert ranker.rank(FEATURES).tolist() == list(range(len(TEXTS)))


@pytest.mark.parametrize(("n_bonds", "n_fish"), [(1, 1), (1, 0), (2, 5)])
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


def test_the_classifier_is_the_published_recipe_of_elas_u4():
    y = labelled(2, 6)
    known = np.flatnonzero(y >= 0)
    weights = np.where(y[known] == 1, 1.0, 2 / (9.8 * 6))
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_df=0.95)
    X = vectors.fit_transform(TEXTS)
    model = LinearSVC(C=0.11, tol=1e-10, max_iter=100_000)
    model.fit(X[known], y[known], sample_weight=weights * len(known) / weights.sum())

    score = RelevanceRanker().fit(FEATURES, y).score(FEATURES)

    np.testing.assert_allclose(score, standardise(model.decision_function(X)), atol=0.01)


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
        RelevanceRanker().fit(FEATURES, y, languages=["en"] * len(TEXTS)),
    ]

    assert len({ranker.fingerprint() for ranker in rankers}) == len(rankers)
    assert clone(rankers[0]).fit(FEATURES, y).fingerprint() == rankers[0].fingerprint()


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


@pytest.mark.parametrize("n_included", [1, 5])
def test_the_weight_of_the_question_falls_with_the_square_of_included_records(n_included):
    y = labelled(n_included, 0)  # no misses, so all words keep their weights

    without = RelevanceRanker().fit(FEATURES, y).score(FEATURES)
    asked = RelevanceRanker(question=QUESTION).fit(FEATURES, y).score(FEATURES)
    before = RelevanceRanker(question=QUESTION).fit(NOTHING, []).score(FEATURES)

    np.testing.assert_allclose(asked, without + (10 / (10 + n_included)) ** 2 * before, atol=1e-5)


def test_a_question_that_misleads_gives_way_with_every_miss():
    """Five words of the question are in irrelevant texts, one in the relevant text alone."""
    fillers = [f"word{n} other{n} third{n}" for n in range(60)]
    texts = [f"health services review policy delivery {filler}" for filler in fillers[:20]]
    texts += [f"bond health review {fillers[20]}", *fillers[21:]]
    rows = extract(texts)
    question = "A review of the policy and delivery of health services: bond"

    def position_of_the_bond(n_misses: int) -> int:
        y = [0] * n_misses + [-1] * (len(texts) - n_misses)
        ranker = RelevanceRanker(question=question).fit(rows, y)
        ranks = ranker.rank(rows.take(np.arange(n_misses, len(texts))))
        return int(np.flatnonzero(ranks == 20 - n_misses)[0])

    assert position_of_the_bond(0) == 20
    assert position_of_the_bond(16) == 0


def test_a_clear_match_with_the_question_outweighs_being_unusual():
    texts = [f"growth of salmon in warm rivers number {n}" for n in range(54)] + [
        "impact bonds"
    ] * 6

    rows = extract(texts)

    ranks = RelevanceRanker(question="social impact bonds").fit(rows.take([]), []).rank(rows)

    assert sorted(ranks[:6].tolist()) == list(range(54, 60))


TOPICS = ("impact bonds outcomes payment", "marine algae tides coast")


def short_and_long() -> tuple[list[str], np.ndarray, list[int]]:
    """Return eighty texts, which of them are short, and labels: half of either is about bonds."""
    texts, labels = [], []
    for n in range(80):
        is_short, is_bond = n % 4 == 0, (n // 4) % 2 == 0
        words = TOPICS[0] if is_bond else TOPICS[1]
        texts.append(f"{words} {n}" if is_short else f"{words} {n} " + "method result " * 20)
        labels.append(int(is_bond))
    return texts, np.arange(80) % 4 == 0, labels


def test_short_texts_stay_where_they_are_until_one_of_them_is_included():
    texts, is_short, labels = short_and_long()
    rows = extract(texts)
    known = [
        -1 if n >= 40 or (short and label) else label
        for n, (short, label) in enumerate(zip(is_short, labels, strict=True))
    ]

    ranker = RelevanceRanker().fit(rows, known)
    plain = RelevanceRanker(short_text_words=0).fit(rows, known)

    assert ranker.short_text_lift_ == 0
    assert np.array_equal(ranker.score(rows), plain.score(rows))


def test_short_texts_are_lifted_as_far_as_they_prove_relevant():
    texts, is_short, labels = short_and_long()
    rows = extract(texts)

    lifts, gaps = [], []
    for n_known in (8, 16, 40, 80):
        known = [label if n < n_known else -1 for n, label in enumerate(labels)]
        ranker = RelevanceRanker().fit(rows, known)
        scores = ranker.score(rows)
        plain = RelevanceRanker(short_text_words=0).fit(rows, known).score(rows)
        lifts.append(ranker.short_text_lift_)
        gaps.append(abs(scores[is_short].mean() - scores[~is_short].mean()))
        for group in (is_short, ~is_short):  # within a group nothing moves
            assert np.corrcoef(scores[group], plain[group])[0, 1] == pytest.approx(1, abs=1e-9)

    assert lifts == sorted(lifts)
    assert 0 < lifts[0] < lifts[-1] < 1
    assert lifts[-1] == pytest.approx(10 / (20 + 10) / (30 / 60))
    assert gaps[-1] < gaps[0]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1)), max_size=40), st.booleans())
def test_more_evidence_for_short_texts_never_lowers_the_lift(read, at_least_one_other):
    """An included short text instead of an excluded one raises the lift or leaves it."""
    read = [*read, (False, 1)] if at_least_one_other else read

    def lift(read: list[tuple[bool, int]]) -> float:
        is_short = np.array([short for short, _ in read], dtype=bool)
        labels = np.array([label for _, label in read], dtype=np.int64)
        return RelevanceRanker()._short_text_lift(is_short, labels)

    before = lift(read)
    assert 0 <= before <= 1
    assert lift(read[::-1]) == before
    for place, (short, label) in enumerate(read):
        if short and not label:
            assert lift([*read[:place], (True, 1), *read[place + 1 :]]) >= before


def test_a_few_short_texts_keep_their_scores():
    texts = [f"impact bonds {n} " + "method result " * 20 for n in range(40)] + ["impact bonds"] * 9
    rows, labels = extract(texts), [n % 2 for n in range(49)]

    fair, plain = RelevanceRanker(), RelevanceRanker(short_text_words=0)

    assert np.array_equal(fair.fit(rows, labels).score(rows), plain.fit(rows, labels).score(rows))
