"""A random sample says how good a run of deduplication was, and everybody draws the same one."""

import pytest

from review.duplicates.judgements import deduplicate, join_above, judge
from review.duplicates.sample import Share, sample_of_last_run
from review.errors import Invalid, NotAllowed
from review.states.clusters import Scope, cluster_ids
from review.tables import Record
from review.vocabulary import Judgement
from tests.factories import make_records, make_review

TOWNS = ("Leeds", "Ghent", "Porto", "Turku", "Brno", "Cork", "Lille", "Malmo")


def plant(session, cast):
    """Six reports that came twice, and eight records by themselves of which two are one report."""
    fields = [
        {"title": f"A bond for shelters in {town}", "doi": f"10.5555/{place}", "year": 2001 + place}
        for place, town in enumerate(TOWNS[:6])
    ]
    alone = [
        {"title": f"Schools and {word} of {town}", "authors": [f"{town}, A."], "year": 1990 + place}
        for place, (word, town) in enumerate(
            zip(("rents", "rivers", "roads", "wells", "mills", "yards"), TOWNS, strict=False)
        )
    ]
    missed = [
        {"title": "Paying for outcomes that nobody foresaw", "year": year, "authors": [name]}
        for year, name in ((2005, "Roe, B."), (2012, "Poe, E."))
    ]
    make_records(session, cast.review_id, fields + fields + alone + missed)


def answer_all(database, cast, truth, size):
    """Look through a sample, answering as ``truth`` (a function of two titles) says."""
    asked = []
    for _ in range(100):
        with database.writing() as session:
            sample = sample_of_last_run(session, review_id=cast.review_id, by=cast.lead, size=size)
            if sample.next is None:
                return sample, asked
            left, right = (session.get_one(Record, one) for one in sample.next)
            asked.append((sample.next, sample.sampled))
            judge(
                session, review_id=cast.review_id, left_id=left.id, right_id=right.id,
                verdict=Judgement.DUPLICATE if truth(left, right) else Judgement.DISTINCT,
                by=cast.lead, sampled=sample.sampled,
            )  # fmt: skip
    pytest.fail("The sample never comes to its end")


@pytest.fixture
def cast(database):
    with database.writing() as session:
        cast = make_review(session)
        plant(session, cast)
    deduplicate(database, review_id=cast.review_id, by=cast.lead)
    return cast


def same_title(left, right):
    return left.title == right.title


def test_looking_at_everything_tells_exactly_what_the_run_did(database, cast):
    sample, _ = answer_all(database, cast, same_title, size=50)

    assert (sample.n_joined, sample.n_alone) == (6, 14)
    assert (sample.right.n, sample.right.k) == (6, 6)
    assert (sample.missed.n, sample.missed.k) == (14, 2)
    assert sample.copies_left[0] == pytest.approx(1)
    assert sample.sensitivity[0] == pytest.approx(6 / 7)


def test_wrong_joins_lower_precision_and_come_apart(database, cast):
    sample, asked = answer_all(
        database, cast, lambda left, right: same_title(left, right) and left.year != 2001, size=50
    )

    assert (sample.right.n, sample.right.k) == (6, 5)
    assert sample.sensitivity[0] == pytest.approx(5 / 6)
    assert [sampled for _, sampled in asked][:6] == [None] * 6


def test_a_larger_sample_begins_with_the_smaller_whatever_was_answered(database, cast):
    small, first = answer_all(database, cast, same_title, size=3)
    assert (small.right.n, small.missed.n >= 3) == (3, True)

    _, more = answer_all(database, cast, same_title, size=50)

    assert not set(first) & set(more)
    assert len([one for one in (*first, *more) if one[1] is None]) == 6


def test_an_answer_out_of_the_draws_order_does_not_count(database, cast):
    """Whoever picks pairs to look at picks no random ones."""
    with database.writing() as session:
        sample = sample_of_last_run(session, review_id=cast.review_id, by=cast.lead)
        home = cluster_ids(session, Scope(cast.review_id))
        for record, root in home.items():
            if record != root and (root, record) != sample.next:
                judge(
                    session, review_id=cast.review_id, left_id=root, right_id=record,
                    verdict=Judgement.DISTINCT, by=cast.lead,
                )  # fmt: skip
        again = sample_of_last_run(session, review_id=cast.review_id, by=cast.lead)

    assert (again.right.n, again.next) == (0, sample.next)


def test_what_was_drawn_is_one_of_the_pair(session):
    cast = make_review(session)
    a, b, c = make_records(session, cast.review_id, 3)

    with pytest.raises(Invalid, match="one of the two"):
        judge(
            session, review_id=cast.review_id, left_id=a, right_id=b,
            verdict=Judgement.DISTINCT, by=cast.lead, sampled=c,
        )  # fmt: skip


def test_pairs_joined_above_a_score_do_not_count_as_looked_at(session):
    cast = make_review(session)
    a, b = make_records(session, cast.review_id, 2)
    from tests.review.duplicates.test_judgements import ask_model

    ask_model(session, cast, [(a, b, 0.9, Judgement.POSSIBLE)])
    join_above(session, review_id=cast.review_id, score=0.8, by=cast.lead)

    sample = sample_of_last_run(session, review_id=cast.review_id, by=cast.lead)

    assert (sample.right.n, sample.missed.n) == (0, 0)


def test_only_who_manages_draws_one_and_none_is_there_before_a_run(session):
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
    assert Share(n, k).interval == pytest.approx((k / n if n else 0, low, high), abs=1e-4)
