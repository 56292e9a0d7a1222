"""A random sample measures a run of deduplication, and everybody draws the same sample."""

import numpy as np
import pytest

from review.duplicates.deduplication import deduplicate
from review.duplicates.judgements import judge, merge_above
from review.duplicates.merge_check import MergeCheck, merge_check
from review.duplicates.sample import Proportion, sample_of_last_run
from review.errors import Invalid, NotAllowed
from review.states.clusters import Scope, cluster_ids
from review.tables import Record
from review.vocabulary import Judgement
from tests.factories import make_records, make_review

TOWNS = ("Leeds", "Ghent", "Porto", "Turku", "Brno", "Cork", "Lille", "Malmo")


def add_known_duplicates(session, cast):
    """Add six reports twice, and eight single records of which two are one report."""
    fields = [
        {"title": f"A bond for shelters in {town}", "doi": f"10.5555/{index}", "year": 2001 + index}
        for index, town in enumerate(TOWNS[:6])
    ]
    alone = [
        {"title": f"Schools and {word} of {town}", "authors": [f"{town}, A."], "year": 1990 + index}
        for index, (word, town) in enumerate(
            zip(("rents", "rivers", "roads", "wells", "mills", "yards"), TOWNS, strict=False)
        )
    ]
    missed = [
        {"title": "Paying for outcomes that nobody foresaw", "year": year, "authors": [name]}
        for year, name in ((2005, "Roe, B."), (2012, "Poe, E."))
    ]
    make_records(session, cast.review_id, fields + fields + alone + missed)


def answer_all(database, cast, truth, size):
    """Answer a whole sample by ``truth``, a function of two records; return it and the pairs."""
    asked = []
    for _ in range(100):
        with database.writing() as session:
            sample = sample_of_last_run(session, review_id=cast.review_id, by=cast.lead, size=size)
            if sample.next_pair is None:
                return sample, asked
            left, right = (session.get_one(Record, record) for record in sample.next_pair)
            asked.append((sample.next_pair, sample.sampled))
            judge(
                session, review_id=cast.review_id, left_id=left.id, right_id=right.id,
                verdict=Judgement.DUPLICATE if truth(left, right) else Judgement.DISTINCT,
                by=cast.lead, sampled=sample.sampled,
            )  # fmt: skip
    pytest.fail("The sample never ends")


@pytest.fixture
def cast(database):
    with database.writing() as session:
        cast = make_review(session)
        add_known_duplicates(session, cast)
    deduplicate(database, review_id=cast.review_id, by=cast.lead)
    return cast


def same_title(left, right):
    return left.title == right.title


def test_checking_everything_shows_exactly_what_the_run_did(database, cast):
    sample, _ = answer_all(database, cast, same_title, size=50)

    assert (sample.n_merged, sample.n_alone) == (6, 14)
    assert (sample.correct.n, sample.correct.k) == (6, 6)
    assert (sample.missed.n, sample.missed.k) == (14, 2)
    assert sample.copies_left[0] == pytest.approx(1)
    assert sample.sensitivity[0] == pytest.approx(6 / 7)


def test_wrong_merges_lower_precision_and_are_split(database, cast):
    sample, asked = answer_all(
        database, cast, lambda left, right: same_title(left, right) and left.year != 2001, size=50
    )

    assert (sample.correct.n, sample.correct.k) == (6, 5)
    assert sample.sensitivity[0] == pytest.approx(5 / 6)
    assert [sampled for _, sampled in asked][:6] == [None] * 6


def test_a_larger_sample_begins_with_the_smaller_whatever_was_answered(database, cast):
    small, first = answer_all(database, cast, same_title, size=3)
    assert (small.correct.n, small.missed.n >= 3) == (3, True)

    _, more = answer_all(database, cast, same_title, size=50)

    assert not set(first) & set(more)
    assert len([answer for answer in (*first, *more) if answer[1] is None]) == 6


def test_an_answer_out_of_the_draws_order_does_not_count(database, cast):
    """Pairs that somebody picks are not a random sample."""
    with database.writing() as session:
        sample = sample_of_last_run(session, review_id=cast.review_id, by=cast.lead)
        roots = cluster_ids(session, Scope(cast.review_id))
        for record, root in roots.items():
            if record != root and (root, record) != sample.next_pair:
                judge(
                    session, review_id=cast.review_id, left_id=root, right_id=record,
                    verdict=Judgement.DISTINCT, by=cast.lead,
                )  # fmt: skip
        again = sample_of_last_run(session, review_id=cast.review_id, by=cast.lead)

    assert (again.correct.n, again.next_pair) == (0, sample.next_pair)


def test_the_sampled_record_must_be_one_of_the_pair(session):
    cast = make_review(session)
    a, b, c = make_records(session, cast.review_id, 3)

    with pytest.raises(Invalid, match="one of the two"):
        judge(
            session, review_id=cast.review_id, left_id=a, right_id=b,
            verdict=Judgement.DISTINCT, by=cast.lead, sampled=c,
        )  # fmt: skip


def test_pairs_merged_above_a_score_do_not_count_as_checked(session):
    cast = make_review(session)
    a, b = make_records(session, cast.review_id, 2)
    from tests.review.duplicates.test_judgements import add_model_judgements

    add_model_judgements(session, cast, [(a, b, 0.9, Judgement.POSSIBLE)])
    merge_above(session, review_id=cast.review_id, score=0.8, by=cast.lead)

    sample = sample_of_last_run(session, review_id=cast.review_id, by=cast.lead)

    assert (sample.correct.n, sample.missed.n) == (0, 0)


def test_only_a_lead_draws_a_sample_and_there_is_none_before_a_run(session):
    cast = make_review(session)

    assert sample_of_last_run(session, review_id=cast.review_id, by=cast.lead) is None
    with pytest.raises(NotAllowed):
        sample_of_last_run(session, review_id=cast.review_id, by=cast.reviewer_a)


@pytest.mark.parametrize(
    ("n", "k", "low", "high"),
    # By the quantiles of the beta distribution, as Clopper and Pearson (1934) have it.
    [(50, 50, 0.9289, 1.0), (50, 0, 0.0, 0.0711), (20, 3, 0.0321, 0.3789), (0, 0, 0.0, 1.0)],
)
def test_intervals_are_exact(n, k, low, high):
    assert Proportion(n, k).interval == pytest.approx((k / n if n else 0, low, high), abs=1e-4)


def test_the_most_merges_that_can_be_wrong_is_the_exact_limit():
    assert MergeCheck(n_merged=6, n_checked=6, n_wrong=1).at_most_wrong == 1
    assert MergeCheck(n_merged=100, n_checked=50, n_wrong=0).at_most_wrong == 4
    # With five wrong, a sample of half of them has none with a chance of 1 in 36.
    assert MergeCheck(n_merged=100, n_checked=100, n_wrong=0).at_most_wrong == 0


def test_the_limit_holds_in_95_of_100_made_up_reviews():
    random = np.random.default_rng(20261126)
    kept = []
    for _ in range(2_000):
        n_merged = int(random.integers(1, 3_000))
        n_wrong = int(random.binomial(n_merged, random.choice([0, 0.001, 0.01, 0.05, 0.2])))
        n_checked = min(int(random.choice([50, 100, 200])), n_merged)
        found = int(random.hypergeometric(n_wrong, n_merged - n_wrong, n_checked))
        check = MergeCheck(n_merged=n_merged, n_checked=n_checked, n_wrong=found)
        kept.append(n_wrong <= check.at_most_wrong)

    assert np.mean(kept) >= 0.95
    assert min(np.mean(kept[start : start + 200]) for start in range(0, 2_000, 200)) >= 0.95


def test_a_checked_sample_says_how_many_merges_can_be_wrong(database, cast):
    with database.reading() as session:
        before = merge_check(session, review_id=cast.review_id)
    answer_all(
        database, cast, lambda left, right: same_title(left, right) and left.year != 2001, size=50
    )
    with database.reading() as session:
        after = merge_check(session, review_id=cast.review_id)
        past = merge_check(session, review_id=cast.review_id, as_of=3)

    assert before is None
    assert (after.n_merged, after.n_checked, after.n_wrong, after.at_most_wrong) == (6, 6, 1, 1)
    assert past is None
