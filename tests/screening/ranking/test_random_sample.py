"""The random share of what is read: its order, and what the sample says."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.ranking.random_sample import (
    STEP,
    SampleEstimate,
    known_beginning,
    random_order,
    with_random_share,
)


@given(st.lists(st.booleans(), min_size=1, max_size=90), st.sampled_from([0, 0.05, 0.1, 0.3, 1]))
def test_every_record_keeps_a_place_and_only_open_ones_move(is_open, share):
    n = len(is_open)
    order = np.arange(n)[::-1].copy()

    is_behind = [place % 3 == 0 for place in range(n)]
    mixed = with_random_share(
        order, numbers=range(1, n + 1), is_open=is_open, share=share, is_behind=is_behind
    ).order

    assert sorted(mixed) == list(range(n))
    assert all(a == b for a, b in zip(order, mixed, strict=True) if not is_open[a])


def test_every_twentieth_open_record_is_the_next_in_random_order():
    n = 200
    order, is_open = np.arange(n), [True] * n

    found = with_random_share(order, numbers=range(1, n + 1), is_open=is_open, share=0.05)

    mixed = found.order
    assert found.of_all == set(mixed[19::20].tolist())
    drawn = [number - 1 for number in random_order(range(1, n + 1))]
    assert mixed[:19].tolist() == list(range(19))
    first = next(one for one in drawn if one >= 19)
    assert mixed[19] == first
    left = [one for one in drawn if one not in set(mixed[:39].tolist())]
    assert mixed[39] == left[0]
    assert np.array_equal(order, np.arange(n))  # the caller's own is left alone


def test_a_share_of_one_is_random_order_and_of_none_the_ranked_one():
    order, is_open = np.arange(30), [True] * 30
    numbers = range(1, 31)

    alone = with_random_share(order, numbers=numbers, is_open=is_open, share=1)

    assert [numbers[place] for place in alone.order] == random_order(numbers)
    assert len(alone.of_all) == 30
    assert with_random_share(order, numbers=numbers, is_open=is_open, share=0).order is order


def test_records_of_kinds_that_are_behind_have_as_many_turns_again():
    n = 200
    order, is_open, is_behind = np.arange(n), [True] * n, [place >= 150 for place in range(n)]

    found = with_random_share(
        order, numbers=range(1, n + 1), is_open=is_open, share=0.05, is_behind=is_behind
    )

    assert found.of_kinds == set(found.order[9::20].tolist())
    assert all(is_behind[place] for place in found.of_kinds)
    drawn = [one - 1 for one in random_order(range(1, n + 1)) if is_behind[one - 1]]
    assert found.order[9] == drawn[0]
    assert len(found.of_all) == len(found.of_kinds) == 10


def test_turns_of_a_kind_that_is_read_to_the_end_go_back_to_the_order():
    n = 60
    order, is_behind = np.arange(n), [place == 59 for place in range(n)]

    found = with_random_share(
        order, numbers=range(1, n + 1), is_open=[True] * n, share=0.1, is_behind=is_behind
    )

    assert found.of_kinds <= {59}
    assert sorted(found.order.tolist()) == list(range(n))


def test_the_random_order_of_earlier_records_is_kept_as_others_come():
    few, more = random_order(range(1, 50)), random_order(range(1, 500))

    assert [one for one in more if one < 50] == few


def test_the_sample_grows_by_steps_and_is_whole_at_the_end():
    assert known_beginning([0] * (STEP - 1) + [-1]) == []
    assert len(known_beginning([0] * (STEP + 20) + [-1, 1])) == STEP
    assert len(known_beginning([0, 1, 0])) == 3


def slow_most(n_sample, k, n_total, confidence):
    """Try every number of relevant records there can be, counting ways to draw."""

    def likely(most):
        ways = sum(
            comb(most, i) * comb(n_total - most, n_sample - i) for i in range(k + 1)
        )  # fmt: skip
        return ways / comb(n_total, n_sample)

    possible = range(k, n_total - (n_sample - k) + 1)
    return max(most for most in possible if likely(most) >= 1 - confidence)


@given(st.data())
def test_the_bound_agrees_with_counting_every_way_to_draw(data):
    n_total = data.draw(st.integers(1, 60))
    n_sample = data.draw(st.integers(1, n_total))
    k = data.draw(st.integers(0, n_sample))

    found = SampleEstimate(n_sample, k, n_total, n_found=k, confidence=0.95)

    assert found.most_in_all == slow_most(n_sample, k, n_total, 0.95)


@pytest.mark.parametrize("n_relevant", [5, 40, 400])
def test_the_bound_holds_as_often_as_it_says(n_relevant):
    """Over reviews read by an order that finds relevant records first, with a random share."""
    n, n_held, n_trials, chance = 2_000, 0, 200, np.random.default_rng(3)
    for _ in range(n_trials):
        labels = np.zeros(n, dtype=int)
        labels[chance.choice(n, n_relevant, replace=False)] = 1
        score = labels * 1.5 + chance.normal(size=n)
        order = np.argsort(-score)
        mixed = with_random_share(
            order, numbers=range(1, n + 1), is_open=[True] * n, share=0.05
        ).order
        read = set(mixed[: n // 3].tolist())
        known = known_beginning(
            [
                int(labels[one - 1]) if one - 1 in read else -1
                for one in random_order(range(1, n + 1))
            ]
        )
        found = SampleEstimate(
            len(known), sum(known), n, int(labels[list(read)].sum()), confidence=0.95
        )
        n_held += found.most_in_all >= n_relevant
    assert n_held / n_trials >= 0.92  # 0.95 less three standard errors


@pytest.mark.parametrize(("share", "n_between"), [(0.05, 15), (0.03, 25), (0.01, 50), (0.7, 20)])
def test_orders_that_are_soon_replaced_keep_the_share(share, n_between):
    n, n_read, n_picked = 3_000, 0, 0
    is_open, order = np.ones(n, dtype=bool), np.arange(n)
    while n_read < 1_500:
        found = with_random_share(
            order, numbers=range(1, n + 1), is_open=is_open.tolist(), share=share, n_read=n_read
        )
        read = [place for place in found.order.tolist() if is_open[place]][:n_between]
        n_picked += len(found.of_all.intersection(read))
        is_open[read] = False
        n_read += len(read)

    assert n_picked == pytest.approx(share * n_read, abs=2)
