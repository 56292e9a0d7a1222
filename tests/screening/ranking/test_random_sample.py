"""The random share of the queue: its order, and what the sample says."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.ranking.random_sample import (
    SAMPLE_STEP,
    SampleEstimate,
    known_sample,
    random_order,
    with_random_share,
)


@given(st.lists(st.booleans(), min_size=1, max_size=90), st.sampled_from([0, 0.05, 0.1, 0.3, 1]))
def test_every_record_keeps_a_position_and_only_open_ones_move(is_open, share):
    n = len(is_open)
    order = np.arange(n)[::-1].copy()

    is_behind = [record % 3 == 0 for record in range(n)]
    mixed = with_random_share(
        order, numbers=range(1, n + 1), is_open=is_open, share=share, is_behind=is_behind
    ).order

    assert sorted(mixed) == list(range(n))
    assert all(
        before == after for before, after in zip(order, mixed, strict=True) if not is_open[before]
    )


def test_every_twentieth_open_record_is_the_next_in_random_order():
    n = 200
    order, is_open = np.arange(n), [True] * n

    result = with_random_share(order, numbers=range(1, n + 1), is_open=is_open, share=0.05)

    mixed = result.order
    assert result.picked_from_all == set(mixed[19::20].tolist())
    drawn = [number - 1 for number in random_order(range(1, n + 1))]
    assert mixed[:19].tolist() == list(range(19))
    first = next(record for record in drawn if record >= 19)
    assert mixed[19] == first
    left = [record for record in drawn if record not in set(mixed[:39].tolist())]
    assert mixed[39] == left[0]
    assert np.array_equal(order, np.arange(n))  # the caller's own array is unchanged


def test_a_share_of_one_is_random_order_and_of_zero_the_ranking():
    order, is_open = np.arange(30), [True] * 30
    numbers = range(1, 31)

    result = with_random_share(order, numbers=numbers, is_open=is_open, share=1)

    assert [numbers[record] for record in result.order] == random_order(numbers)
    assert len(result.picked_from_all) == 30
    assert with_random_share(order, numbers=numbers, is_open=is_open, share=0).order is order


def test_groups_that_are_behind_get_as_many_random_picks_again():
    n = 200
    order, is_open, is_behind = np.arange(n), [True] * n, [record >= 150 for record in range(n)]

    result = with_random_share(
        order, numbers=range(1, n + 1), is_open=is_open, share=0.05, is_behind=is_behind
    )

    assert result.picked_from_groups == set(result.order[9::20].tolist())
    assert all(is_behind[record] for record in result.picked_from_groups)
    drawn = [number - 1 for number in random_order(range(1, n + 1)) if is_behind[number - 1]]
    assert result.order[9] == drawn[0]
    assert len(result.picked_from_all) == len(result.picked_from_groups) == 10


def test_picks_of_a_group_with_no_records_left_go_back_to_the_ranking():
    n = 60
    order, is_behind = np.arange(n), [record == 59 for record in range(n)]

    result = with_random_share(
        order, numbers=range(1, n + 1), is_open=[True] * n, share=0.1, is_behind=is_behind
    )

    assert result.picked_from_groups <= {59}
    assert sorted(result.order.tolist()) == list(range(n))


def test_the_random_order_of_earlier_records_stays_when_others_are_added():
    few, more = random_order(range(1, 50)), random_order(range(1, 500))

    assert [number for number in more if number < 50] == few


def test_the_sample_grows_by_steps_and_is_complete_at_the_end():
    assert known_sample([0] * (SAMPLE_STEP - 1) + [-1]) == []
    assert len(known_sample([0] * (SAMPLE_STEP + 20) + [-1, 1])) == SAMPLE_STEP
    assert len(known_sample([0, 1, 0])) == 3


def slow_most_relevant(n_sample, k, n_total, *, confidence):
    """Try every number of relevant records there can be, counting ways to draw."""

    def probability(n_relevant):
        ways = sum(
            comb(n_relevant, i) * comb(n_total - n_relevant, n_sample - i) for i in range(k + 1)
        )  # fmt: skip
        return ways / comb(n_total, n_sample)

    possible = range(k, n_total - (n_sample - k) + 1)
    return max(n_relevant for n_relevant in possible if probability(n_relevant) >= 1 - confidence)


@given(st.data())
def test_the_bound_agrees_with_counting_every_way_to_draw(data):
    n_total = data.draw(st.integers(1, 60))
    n_sample = data.draw(st.integers(1, n_total))
    k = data.draw(st.integers(0, n_sample))

    estimate = SampleEstimate(n_sample, k, n_total, n_found=k, confidence=0.95)

    assert estimate.most_relevant == slow_most_relevant(n_sample, k, n_total, confidence=0.95)


@pytest.mark.parametrize("n_relevant", [5, 40, 400])
def test_the_bound_is_right_as_often_as_it_says(n_relevant):
    """Reviews are screened in an order that finds relevant records first, with a random share."""
    n, n_right, n_trials, rng = 2_000, 0, 200, np.random.default_rng(3)
    for _ in range(n_trials):
        labels = np.zeros(n, dtype=int)
        labels[rng.choice(n, n_relevant, replace=False)] = 1
        score = labels * 1.5 + rng.normal(size=n)
        order = np.argsort(-score)
        mixed = with_random_share(
            order, numbers=range(1, n + 1), is_open=[True] * n, share=0.05
        ).order
        screened = set(mixed[: n // 3].tolist())
        known = known_sample(
            [
                int(labels[number - 1]) if number - 1 in screened else -1
                for number in random_order(range(1, n + 1))
            ]
        )
        estimate = SampleEstimate(
            len(known), sum(known), n, int(labels[list(screened)].sum()), confidence=0.95
        )
        n_right += estimate.most_relevant >= n_relevant
    assert n_right / n_trials >= 0.92  # 0.95 less three standard errors


@pytest.mark.parametrize(("share", "n_between"), [(0.05, 15), (0.03, 25), (0.01, 50), (0.7, 20)])
def test_rankings_that_are_soon_replaced_keep_the_share(share, n_between):
    n, n_resolved, n_picked = 3_000, 0, 0
    is_open, order = np.ones(n, dtype=bool), np.arange(n)
    while n_resolved < 1_500:
        result = with_random_share(
            order,
            numbers=range(1, n + 1),
            is_open=is_open.tolist(),
            share=share,
            n_resolved=n_resolved,
        )
        screened = [record for record in result.order.tolist() if is_open[record]][:n_between]
        n_picked += len(result.picked_from_all.intersection(screened))
        is_open[screened] = False
        n_resolved += len(screened)

    assert n_picked == pytest.approx(share * n_resolved, abs=2)
