"""What the order of screening says, and when it says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.schema import StoppingRule
from review.vocabulary import Resolution, Stage
from screening.progress.history import ScreenedLabels
from screening.progress.order_evidence import CURVE_POINTS, OrderEvidence
from screening.progress.stopping_report import StoppingReport
from screening.ranking.random_sample import IN_CONFLICT, SAMPLE_STEP, UNKNOWN


def evidence(*, imported=(), unranked=(), ranked=(), n_left=0):
    """The evidence of a stage with these labels and ``n_left`` more records."""
    labels = [*imported, *unranked, *ranked]
    counts = dict.fromkeys(Resolution, 0) | {
        Resolution.INCLUDE: labels.count(1),
        Resolution.EXCLUDE: labels.count(0),
        Resolution.CONFLICT: labels.count(-1),
        Resolution.UNSCREENED: n_left,
    }
    return OrderEvidence(counts, ScreenedLabels(imported, unranked, ranked), StoppingRule())


def report(order, random_order=()):
    return StoppingReport(Stage.TITLE_ABSTRACT, order, list(random_order), random_share=0.05)


NOTHING = [
    (evidence(), "There are no records to screen"),
    (evidence(n_left=50), "No record has been screened"),
    (evidence(imported=[1] * 178 + [0] * 46, n_left=169), "Decisions on 224 records were imported"),
    (evidence(unranked=[1, 0], n_left=9), "2 records had not been ranked"),
    (evidence(imported=[1], unranked=[0], n_left=9), "Decisions on 1 record were imported"),
    (evidence(ranked=[0] * 960, n_left=40), "No relevant record has been found yet"),
]


@pytest.mark.parametrize(("order", "why"), NOTHING)
def test_without_a_known_order_or_a_relevant_record_nothing_is_said_and_why(order, why):
    assert why in order.sentence
    assert why in report(order).methods
    assert not order.is_reached
    assert (order.test, order.recall_floor) == (None, None)
    assert "rejected" not in report(order).methods
    assert report(order).numbers["p_value"] is None


@pytest.mark.parametrize("part", ["imported", "unranked", "ranked"])
def test_where_nothing_is_left_the_sentence_says_that_and_no_more(part):
    order = evidence(**{part: [1, 0, 0]})

    assert order.sentence == "All 3 records have been screened, so none is left to screen."
    assert order.sentence in report(order).methods
    assert "p <" not in report(order).methods


def test_records_of_no_known_order_count_as_found_and_begin_no_tail():
    known = evidence(imported=[1] * 178 + [0] * 46, ranked=[0] * 500, n_left=1000)
    weaker = evidence(imported=[1] * 178 + [0] * 546, n_left=1000)

    assert known.recall_floor is not None
    assert known.test.n_included == 178
    assert weaker.recall_floor is None
    assert "Decisions on 224 records were imported" in report(known).methods


def test_irrelevant_records_before_the_ranking_are_no_reason_to_stop():
    found = {"n_left": 100}

    in_order = evidence(ranked=[1] * 20 + [0] * 900, **found)
    before = evidence(unranked=[1] * 20 + [0] * 899, ranked=[0], **found)

    assert in_order.is_reached
    assert not before.is_reached


def test_a_conflict_counts_as_relevant_in_the_random_sample_and_hides_nothing():
    order = evidence(ranked=[1] * 5 + [0] * 44 + [-1], n_left=450)
    in_random_order = [1] * 5 + [IN_CONFLICT] + [0] * 44 + [UNKNOWN] * 450

    with_conflict = report(order, in_random_order)
    resolved = evidence(ranked=[1] * 6 + [0] * 44, n_left=450)
    included = report(resolved, [1] * 6 + [0] * 44 + [UNKNOWN] * 450)

    assert with_conflict.sample.n_sample == SAMPLE_STEP
    assert with_conflict.sample.most_relevant == included.sample.most_relevant
    assert with_conflict.sample.most_missed == included.sample.most_missed + 1
    assert "5 of them relevant and 1 in conflict, counted as relevant" in with_conflict.methods


def test_the_report_says_how_far_the_next_sample_is():
    order = evidence(ranked=[1] + [0] * 46, n_left=453)
    in_random_order = [0] * 20 + [UNKNOWN] * 3 + [0] * 27 + [UNKNOWN] * 450

    assert report(order, in_random_order).sample is None
    assert report(order, in_random_order).next_sample == (
        "47 of the first 50 records in random order have all the decisions they need;"
        " 3 still need some."
    )
    assert report(evidence(ranked=[1, 0]), [1, 0]).next_sample is None


def test_the_two_bounds_are_never_joined_in_one_sentence():
    order = evidence(ranked=[1] * 20 + [0] * 900, n_left=80)
    methods = report(order, [1] + [0] * 49 + [UNKNOWN] * 950).methods

    for sentence in methods.split(". "):
        assert not ("rejected" in sentence and "at most" in sentence)


@given(
    ranked=st.lists(st.sampled_from([0, 0, 0, 1, -1]), min_size=1, max_size=400),
    n_left=st.integers(0, 500),
)
def test_what_may_be_missing_is_just_what_the_test_does_not_reject(ranked, n_left):
    order = evidence(ranked=ranked, n_left=n_left)
    missed = order.most_missed

    if missed is None:
        assert order.test is None or not order.recall_floor
        return
    assert 0 <= missed <= order.n_unscreened + order.n_conflicts
    # A share r that the test supports leaves at most found / r: not one record more, nor less.
    most = order.n_included / order.recall_floor
    if missed < order.n_unscreened + order.n_conflicts:
        assert order.n_included + missed <= most + 1e-6 < order.n_included + missed + 1.000002


@given(ranked=st.lists(st.sampled_from([0, 1, -1]), max_size=900))
def test_the_curve_ends_where_screening_is_and_never_falls(ranked):
    curve = evidence(ranked=ranked, n_left=5).curve

    assert len(curve) <= CURVE_POINTS
    assert (curve[0], curve[-1]) == ((0, 0), (len(ranked), ranked.count(1)))
    assert curve == sorted(curve)
    assert all(found == ranked[:read].count(1) for read, found in curve)


ANSWERS = [
    (evidence(), "Not yet: nothing can be said"),
    (evidence(n_left=9), "Not yet: nothing can be said"),
    (evidence(ranked=[1, 0, 0]), "Everything has been screened."),
    (evidence(ranked=[1, 0, -1]), "Everything has been screened, and 1 record is in conflict."),
    (evidence(ranked=[1] * 40 + [0] * 10, n_left=200), "Not yet: up to 53 relevant records may"),
    (
        evidence(ranked=[1] * 100 + [0] * 900, n_left=100),
        "Yes, by the protocol's rule: at least",
    ),
]


@pytest.mark.parametrize(("order", "answer"), ANSWERS)
def test_the_page_begins_with_whether_to_stop(order, answer):
    assert report(order).answer.startswith(answer)


def test_without_a_ranking_the_random_sample_answers():
    order = evidence(unranked=[1] * 5 + [0] * SAMPLE_STEP, n_left=40)
    known = report(order, [0] * (SAMPLE_STEP - 1) + [1])

    assert report(order).answer.startswith("Not yet: nothing can be said")
    assert known.answer.startswith(f"Not yet: up to {known.sample.most_missed} relevant record")
