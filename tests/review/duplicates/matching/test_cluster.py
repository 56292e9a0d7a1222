"""Clusters: a star onto the smallest member, the same for any order of records and pairs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.duplicates.matching import Band, cluster, find_pairs, questions

PAIR_COLUMNS = ["left", "right", "score", "band", "tie"]


def make_pairs(*pairs):
    rows = [(*pair, f"{index:04d}") for index, pair in enumerate(pairs)]
    return pd.DataFrame(rows, columns=PAIR_COLUMNS).astype({"left": int, "right": int})


@st.composite
def many_pairs(draw, n=8):
    ends = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda e: e[0] < e[1])
    chosen = draw(st.lists(ends, unique=True, max_size=20))
    bands = st.sampled_from([Band.MERGE, Band.ASK, Band.APART])
    scores = st.sampled_from([0.5, 0.7, 0.9])
    return make_pairs(*[(*pair, draw(scores), draw(bands).value) for pair in chosen])


@given(many_pairs(), st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter(pairs, random):
    order = list(range(len(pairs)))
    random.shuffle(order)

    assert cluster(8, pairs).tolist() == cluster(8, pairs.iloc[order]).tolist()


@given(many_pairs())
def test_a_label_is_the_smallest_member_and_labels_itself(pairs):
    labels = cluster(8, pairs)

    assert (labels <= np.arange(8)).all()
    assert (labels[labels] == labels).all()


@given(many_pairs())
def test_no_cluster_holds_a_pair_that_is_apart(pairs):
    labels = cluster(8, pairs)

    apart = pairs[pairs["band"] == Band.APART]
    assert (labels[apart["left"]] != labels[apart["right"]]).all()


@given(many_pairs())
def test_there_is_at_most_one_question_between_two_clusters(pairs):
    labels = cluster(8, pairs)

    asked = questions(8, labels, pairs)

    between = [frozenset(ends) for ends in labels[asked[["left", "right"]].to_numpy()].tolist()]
    assert all(len(ends) == 2 for ends in between)
    assert len(set(between)) == len(between)
    assert asked["score"].is_monotonic_decreasing


def test_a_refused_merge_does_not_happen_through_a_third_record():
    pairs = make_pairs((0, 1, 0.9, "merge"), (1, 2, 0.8, "merge"))

    assert cluster(3, pairs).tolist() == [0, 0, 0]
    assert cluster(3, pairs, apart={(2, 0)}).tolist() == [0, 0, 2]


def test_a_persons_duplicate_overrules_the_model():
    pairs = make_pairs((0, 1, 0.9, "apart"))

    assert cluster(2, pairs, together={(0, 1)}).tolist() == [0, 0]


def test_answers_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="both together and apart"):
        cluster(3, make_pairs(), together={(0, 1), (1, 2)}, apart={(0, 2)})


def test_answers_outside_the_records_are_refused():
    with pytest.raises(ValueError, match="outside"):
        cluster(2, make_pairs(), together={(0, 2)})


TITLES = [
    "Social impact bonds and the homeless of London",
    "Social impact bonds and the homeless of London: part 2",
    "Social impact bonds and the homeless of London…",
    "Erratum: Social impact bonds and the homeless of London",
    "Editorial",
]
records_of_few_works = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(TITLES),
            "author": st.sampled_from(["", "Disley, E.; Rubin, J.", "Disley E, Rubin J"]),
            "year": st.sampled_from(["", "2011", "2012"]),
            "journal": st.sampled_from(["", "Public Money and Management", "Public Money Manag"]),
            "volume": st.sampled_from(["", "31"]),
            "pages": st.sampled_from(["", "12-30", "12", "40-41"]),
            "doi": st.sampled_from(["", "10.1000/182"]),
        }
    ),
    min_size=2,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(records_of_few_works, st.randoms(use_true_random=False))
def test_the_partition_does_not_depend_on_the_order_of_the_records(records, random):
    order = list(range(len(records)))
    random.shuffle(order)
    shuffled = [records[position] for position in order]

    assert _partition(records) == _partition(shuffled)


def _partition(records):
    labels = cluster(len(records), find_pairs(pd.DataFrame(records)))
    contents = [tuple(record.values()) for record in records]
    groups = {
        label: sorted(contents[i] for i in np.flatnonzero(labels == label)) for label in labels
    }
    return sorted(groups.values())


@settings(max_examples=20, deadline=None)
@given(records_of_few_works)
def test_two_runs_give_the_same_pairs(records):
    first, second = (find_pairs(pd.DataFrame(records)) for _ in range(2))

    pd.testing.assert_frame_equal(first, second)
    assert (first["score"] == first["score"].round(6)).all()
    assert (first["left"] < first["right"]).all()
