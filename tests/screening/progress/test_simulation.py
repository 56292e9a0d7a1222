"""A simulation screens every record once, learns as it goes, and is measured as published."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import Invalid
from screening.progress.simulation import draw_priors, measure, simulate


def make_frame(n_relevant: int = 6, n_others: int = 54) -> pd.DataFrame:
    topics = ["Social impact bonds for homeless people"] * n_relevant
    topics += ["Growth of salmon in warm rivers"] * n_others
    rows = [
        {
            "id": f"r{i}",
            "title": f"{topic} number {i}",
            "abstract": None,
            "label": int(i < n_relevant),
        }
        for i, topic in enumerate(topics)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=3).reset_index(drop=True)


FRAME = make_frame()
BENCHMARK = Path(__file__).resolve().parents[4] / "shared" / "bench" / "score_ranking.py"


def test_a_simulation_screens_every_record_but_the_priors_once():
    order = simulate(FRAME, question=None, priors=["r0", "r20"], seed=0).order

    assert order["position"].tolist() == list(range(1, 59))
    assert sorted([*order["id"], "r0", "r20"]) == sorted(FRAME["id"])
    assert order.columns.tolist() == ["position", "id", "label", "score"]


def test_a_simulation_finds_the_relevant_records_early():
    from_priors = simulate(FRAME, seed=1)
    from_question = simulate(FRAME, question="social impact bonds")

    assert from_priors.order["label"].head(5).tolist() == [1] * 5
    assert from_question.order["label"].head(6).tolist() == [1] * 6
    assert from_question.metrics["n"] == 60
    assert from_question.metrics["included"] == 6


def test_the_same_simulation_gives_the_same_order_and_figures():
    first, second = simulate(FRAME, seed=4), simulate(FRAME, seed=4)

    pd.testing.assert_frame_equal(first.order, second.order)
    assert first.metrics | {"seconds": 0} == second.metrics | {"seconds": 0}
    assert simulate(FRAME, seed=5).order["id"].tolist() != first.order["id"].tolist()


def test_priors_are_drawn_as_the_benchmark_draws_them():
    y = FRAME["label"].to_numpy()
    draw = np.random.RandomState(1007)
    expected = [draw.choice(np.flatnonzero(y == 1)), draw.choice(np.flatnonzero(y == 0))]

    order = simulate(FRAME, seed=7).order

    assert draw_priors(y, seed=7) == expected
    assert set(FRAME["id"]) - set(order["id"]) == set(FRAME["id"].iloc[expected])


def test_with_empty_priors_and_no_question_screening_starts_in_input_order():
    order = simulate(FRAME, priors=[]).order

    assert order["id"].iloc[0] == FRAME["id"].iloc[0]
    assert len(order) == len(FRAME)


def test_progress_is_reported_until_every_record_is_known():
    reports = []

    simulate(make_frame(4, 76), seed=0, on_progress=lambda n_known, n: reports.append((n_known, n)))

    assert reports[0] == (3, 80)
    assert reports[-1] == (80, 80)
    known = [n_known for n_known, _ in reports]
    assert np.diff(known).tolist() == [1] * 47 + [2] * 5 + [3] * 6 + [2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="abstract"), "no column abstract"),
        (lambda frame: frame.assign(id="same"), "same id"),
        (lambda frame: frame.assign(label=2), "must be 1"),
        (lambda frame: frame.assign(label=0), "to start from"),
        (lambda frame: frame[frame.label.eq(0) | frame.label.cumsum().eq(1)], "only one label"),
    ],
)
def test_a_table_that_cannot_be_simulated_is_refused_with_the_reason(change, message):
    with pytest.raises(Invalid, match=message):
        simulate(change(FRAME), seed=0)


def test_an_unknown_prior_is_refused_by_its_id():
    with pytest.raises(Invalid, match="the id nobody"):
        simulate(FRAME, priors=["nobody"])


def test_the_measures_are_right_on_an_example_computed_by_hand():
    # Ten records, two relevant, at positions 1 and 4.  floor(.95 × 2) = 1 is found at position 1;
    # the even spread 0, 2/9, 4/9, 6/9 … rounds to 1 first at the fourth position: 3 of 10 saved.
    measured = measure([1, 0, 0, 1, 0, 0, 0, 0, 0, 0])

    assert measured["wss95"] == pytest.approx(0.3)
    assert measured["rrf10"] == 0.5
    assert measured["atd"] == pytest.approx((1 + 4) / 2 / 10)
    gain = 1 / np.log2(2) + 1 / np.log2(5)
    assert measured["ndcg"] == pytest.approx(gain / (1 / np.log2(2) + 1 / np.log2(3)))


def test_the_best_order_has_the_greatest_gain_and_the_worst_saves_nothing():
    best, worst = measure([1] * 5 + [0] * 95), measure([0] * 95 + [1] * 5)

    assert best["ndcg"] == pytest.approx(1.0)
    assert best["rrf10"] == 1.0
    assert worst["rrf10"] == 0.0
    assert worst["wss95"] < 0 < best["wss95"]


@given(st.lists(st.integers(0, 1), min_size=2, max_size=60))
def test_a_relevant_record_that_comes_earlier_never_makes_a_measure_worse(labels):
    if len(set(labels)) < 2 or labels == sorted(labels, reverse=True):
        return
    position = next(i for i in range(1, len(labels)) if labels[i - 1 : i + 1] == [0, 1])
    better = [*labels[: position - 1], 1, 0, *labels[position + 1 :]]

    before, after = measure(labels), measure(better)

    assert after["atd"] < before["atd"]
    assert after["ndcg"] > before["ndcg"]
    assert after["wss95"] >= before["wss95"]
    assert after["rrf10"] >= before["rrf10"]


@pytest.mark.skipif(not BENCHMARK.exists(), reason="the benchmark's own scorer is not here")
@given(st.lists(st.integers(0, 1), min_size=2, max_size=300))
def test_the_measures_are_those_of_the_benchmark(labels):
    if len(set(labels)) == 2:
        scored = runpy.run_path(str(BENCHMARK))["score"](labels)

        assert measure(labels) == pytest.approx(scored)


@pytest.mark.parametrize("labels", [[], [0, 0], [1, 1, 1]])
def test_an_order_with_one_label_is_not_measured(labels):
    with pytest.raises(Invalid, match="only one label"):
        measure(labels)
