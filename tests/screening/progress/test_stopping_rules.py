"""When to stop screening: a test for people to weigh, checked against counting."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.progress.stopping_rules import consecutive_irrelevant, recall_test

LABELS = st.lists(st.integers(0, 1), max_size=30)


def slow_p_value(labels: list[int], *, n_total: int, percent: int, n_unordered: int = 0) -> float:
    """Try every tail, every number of relevant records and every way to draw, in whole numbers."""
    included, n_unscreened = sum(labels), n_total - len(labels)
    fewest = next(k for k in range(1, 9999) if 100 * included < percent * k)
    if fewest - included > n_unscreened:
        return 0.0
    least = Fraction(1)
    for size in range(1, len(labels) - n_unordered + 1):
        in_tail = sum(labels[-size:])
        hidden = fewest - (included - in_tail)
        urn = size + n_unscreened
        ways = sum(comb(hidden, k) * comb(urn - hidden, size - k) for k in range(in_tail + 1))
        least = min(least, Fraction(ways, comb(urn, size)))
    return float(least)


@given(LABELS, st.integers(0, 30), st.sampled_from([50, 70, 90, 95, 99, 100]))
def test_the_test_agrees_with_counting_every_way_to_draw(labels, n_unscreened, percent):
    n_total = len(labels) + n_unscreened

    found = recall_test(labels, n_total=n_total, recall_target=percent / 100)

    expected = slow_p_value(labels, n_total=n_total, percent=percent)
    assert found.p_value == pytest.approx(expected, abs=1e-9)


@given(LABELS, st.integers(1, 30), st.data())
def test_no_tail_begins_among_records_of_no_known_order(labels, n_unscreened, data):
    n_unordered = data.draw(st.integers(0, len(labels)))
    n_total = len(labels) + n_unscreened

    found = recall_test(labels, n_total=n_total, n_unordered=n_unordered)

    expected = slow_p_value(labels, n_total=n_total, percent=95, n_unordered=n_unordered)
    assert found.p_value == pytest.approx(expected, abs=1e-9)


@given(LABELS, st.integers(1, 30))
def test_one_more_irrelevant_record_never_raises_the_p_value(labels, n_unscreened):
    n_total = len(labels) + n_unscreened

    before = recall_test(labels, n_total=n_total)
    after = recall_test([*labels, 0], n_total=n_total)

    assert after.p_value <= before.p_value + 1e-12


def test_a_long_irrelevant_tail_is_enough_and_the_sentence_says_so():
    found = recall_test([1] * 20 + [0] * 900, n_total=1000)

    assert found.is_reached
    assert found.sentence == (
        "After 920 of 1,000 records, 20 of them relevant, recall of at least 95 % is supported"
        " at 95 % confidence (p = 0.007)."
    )


def test_a_short_irrelevant_tail_is_not_enough_and_the_sentence_says_so():
    found = recall_test([1, 0] * 10, n_total=1000, recall_target=0.975)

    assert not found.is_reached
    assert "recall below 97.5 % cannot be ruled out" in found.sentence


def test_once_everything_is_screened_recall_is_certain():
    found = recall_test([0, 1, 1], n_total=3)

    assert found.p_value == 0.0
    assert found.is_reached
    assert "(p < 0.001)" in found.sentence


def test_before_anything_is_screened_nothing_is_known():
    assert recall_test([], n_total=10).p_value == 1.0
    assert consecutive_irrelevant([]) == 0


def test_a_target_is_meant_in_decimals():
    # 57 of 60 is 95 %, so that one more hidden record is the fewest that would miss the target;
    # in binary numbers 57 / .95 is a little more than 60.
    found = recall_test([1] * 57, n_total=60)

    assert found.p_value == 0.0


@pytest.mark.parametrize(
    ("labels", "irrelevant"), [([0, 0], 2), ([1], 0), ([1, 0, 1, 0, 0, 0], 3), ([0, 0, 1], 0)]
)
def test_irrelevant_records_are_counted_since_the_last_relevant_one(labels, irrelevant):
    assert consecutive_irrelevant(labels) == irrelevant


@pytest.mark.parametrize(
    ("labels", "settings", "message"),
    [
        ([0, 1], {"n_total": 1}, "more than the 1 there are"),
        ([2], {"n_total": 5}, "Labels are"),
        ([1], {"n_total": 5, "recall_target": 0}, "shares between 0 and 1"),
        ([1], {"n_total": 5, "confidence": 1.0}, "shares between 0 and 1"),
    ],
)
def test_impossible_numbers_are_refused(labels, settings, message):
    with pytest.raises(ValueError, match=message):
        recall_test(labels, **settings)


@given(st.lists(st.integers(-1, 1), max_size=30), st.integers(0, 30), st.data())
def test_however_unresolved_records_are_resolved_the_p_value_was_no_smaller(
    labels, n_unscreened, data
):
    n_total = len(labels) + n_unscreened
    resolved = [data.draw(st.integers(0, 1)) if label == -1 else label for label in labels]

    before = recall_test(labels, n_total=n_total)
    after = recall_test(resolved, n_total=n_total)

    assert before.p_value >= after.p_value - 1e-12
    assert before.n_included == labels.count(1)


def test_conflicts_keep_a_review_from_stopping():
    labels = [1] * 100 + [0] * 1900

    assert recall_test([*labels, *[0] * 100], n_total=2600).is_reached
    assert not recall_test([*labels, *[-1] * 100], n_total=2600).is_reached
    assert consecutive_irrelevant([1, 0, -1, 0, 0]) == 2
