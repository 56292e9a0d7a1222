"""Agreement beyond chance, and a sentence where there is no such number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from screening.progress.agreement import agreement

VERDICTS = st.sampled_from(["include", "exclude", "maybe"])
I, E = "include", "exclude"  # noqa: E741


def make_pairs(a: int, b: int, c: int, *, d: int) -> list[tuple[str, str]]:
    return [(I, I)] * a + [(I, E)] * b + [(E, I)] * c + [(E, E)] * d


@given(st.lists(st.tuples(VERDICTS, VERDICTS), min_size=1, max_size=40))
def test_kappa_is_that_of_scikit_learn_wherever_it_is_defined(pairs):
    first, second = (
        ["exclude" if v == E else "include" for v in side] for side in zip(*pairs, strict=True)
    )

    found = agreement(pairs)

    assert found.n == len(pairs)
    if len({*first, *second}) == 1:
        assert found.kappa is None
        assert "not defined: reviewers always agreed" in found.kappa_reason
    else:
        assert found.kappa == pytest.approx(cohen_kappa_score(first, second))
        low, high = found.kappa_interval
        assert -1 <= low <= found.kappa <= high <= 1


def test_the_numbers_are_right_on_an_example_computed_by_hand():
    found = agreement(make_pairs(20, 5, 10, d=15))

    assert found.table == ((20, 5), (10, 15))
    assert found.raw == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)
    assert found.pabak == pytest.approx(0.4)
    assert found.positive == pytest.approx(40 / 55)
    assert found.negative == pytest.approx(30 / 45)
    expected_by_chance = 2 * 0.55 * 0.45
    assert found.ac1 == pytest.approx((0.7 - expected_by_chance) / (1 - expected_by_chance))


def test_the_interval_of_kappa_covers_what_resampling_gives():
    pairs = make_pairs(40, 12, 20, d=128)
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(200, np.array([40, 12, 20, 128]) / 200, size=2000)
    kappas = [agreement(make_pairs(*cells[:3], d=cells[3])).kappa for cells in drawn]

    low, high = agreement(pairs).kappa_interval

    assert (low, high) == pytest.approx(np.quantile(kappas, [0.025, 0.975]), abs=0.02)


def test_ac1_stays_high_where_kappa_collapses_because_includes_are_rare():
    found = agreement(make_pairs(1, 2, 2, d=95))

    assert found.raw == 0.96
    assert found.kappa < 0.35
    assert found.ac1 > 0.95


def test_maybe_counts_as_include_unless_asked_otherwise():
    pairs = [("maybe", "include"), ("maybe", "exclude"), ("exclude", "exclude")]

    assert agreement(pairs).table == ((1, 1), (0, 1))
    assert agreement(pairs, maybe="exclude").table == ((0, 0), (1, 2))


@pytest.mark.parametrize("verdict", ["include", "exclude"])
def test_one_class_only_is_full_agreement_without_a_kappa(verdict):
    found = agreement([(verdict, verdict)] * 7)

    assert found.raw == 1.0
    assert found.kappa is None
    assert found.kappa_interval is None
    assert found.kappa_reason == (
        f"Kappa is not defined: reviewers always agreed, and every decision was {verdict}."
    )
    assert found.ac1 == found.pabak == 1.0
    assert {found.positive, found.negative} == {1.0, None}


def test_always_contradicting_each_other_has_a_kappa():
    found = agreement(make_pairs(0, 5, 0, d=0))

    assert found.kappa == 0.0
    assert found.kappa_reason is None
    assert found.raw == found.positive == 0.0


def test_without_any_pair_nothing_is_defined_and_the_reason_says_so():
    found = agreement([])

    assert found.n == 0
    assert {found.raw, found.kappa, found.pabak, found.ac1, found.positive, found.negative} == {
        None
    }
    assert found.kappa_reason == (
        "Kappa is not defined: no two reviewers have decided on the same record."
    )


def test_another_word_than_the_three_verdicts_is_refused():
    with pytest.raises(ValueError, match="'withdrawn'"):
        agreement([("include", "withdrawn")])
