"""Agreement over all, by pair and by kinds of records."""

import pytest

from review.decisions.decisions import decide
from review.errors import NotAllowed
from review.vocabulary import Stage, Verdict
from screening.progress.agreement_groups import (
    ReasonAgreement,
    alpha,
    reason_agreement,
    stage_agreement,
)
from screening.progress.history import RoundDecision
from tests.factories import decide_both, disagree, make_records

A, B, C = "a", "b", "c"
YES, NO, MAYBE = Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.MAYBE


def found(session, cast, by=None):
    return stage_agreement(session, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT,
                           by=by or cast.lead)  # fmt: skip


def test_alpha_is_that_of_the_book():
    # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", part A: two observers,
    # twelve articles, binary values; alpha is 0.095.
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    judged = [
        [(A, YES if one else NO), (B, YES if other else NO)]
        for one, other in zip(first, second, strict=True)
    ]

    assert alpha(judged) == pytest.approx(0.095, abs=0.0005)


def test_alpha_needs_two_verdicts_and_two_reviewers():
    assert alpha([]) is None
    assert alpha([[(A, YES)], [(B, NO)]]) is None
    assert alpha([[(A, YES), (B, YES)], [(A, MAYBE), (B, YES)]]) is None
    assert alpha([[(A, YES), (B, YES), (C, MAYBE)], [(A, NO), (B, NO)]]) == 1.0


def test_groups_are_those_of_the_records(session, cast):
    english = make_records(session, cast.review_id, [{"language": "en"}] * 2, source="Scopus")
    spanish = make_records(session, cast.review_id, [{"language": "es"}] * 2, source="Scielo")
    for record in english:
        decide_both(session, cast, record, NO)
    decide_both(session, cast, spanish[0], YES)
    disagree(session, cast, spanish[1])
    [awaiting] = make_records(session, cast.review_id, 1)
    decide(session, review_id=cast.review_id, record_id=awaiting, stage=Stage.TITLE_ABSTRACT,
           verdict=YES, by=cast.reviewer_a)  # fmt: skip

    now = found(session, cast)

    assert now.overall.n == 4
    assert list(now.by_pair) == [
        tuple(sorted(person.account_id for person in cast.reviewers))
    ]  # fmt: skip
    assert {kind: {name: one.raw for name, one in groups.items()}
            for kind, groups in now.by_group.items()} == {
        "language": {"en": 1.0, "es": 0.5}, "search": {"Scielo": 0.5, "Scopus": 1.0},
    }  # fmt: skip
    assert now.overall.positive == pytest.approx(2 / 3)
    assert now.overall.negative == pytest.approx(4 / 5)


def test_only_the_lead_sees_it(session, cast):
    with pytest.raises(NotAllowed):
        found(session, cast, by=cast.reviewer_a)


def made(reviewer, verdict, reason=None):
    return RoundDecision(None, reviewer, verdict, None, 1, reason)


def test_agreement_on_a_reason_counts_who_gave_it_and_what_the_other_did():
    found = reason_agreement(
        [
            [made(A, NO, "date"), made(B, NO, "date")],
            [made(A, NO, "date"), made(B, YES)],
            [made(A, NO, "date"), made(B, NO, "population")],
            [made(A, NO), made(B, NO, "population")],
            [made(A, MAYBE), made(B, YES)],
            [made(A, NO), made(B, NO)],
        ]
    )

    assert found == {
        "date": ReasonAgreement(n_both=1, n_included=1, n_otherwise=1),
        "population": ReasonAgreement(n_both=0, n_included=0, n_otherwise=2),
    }
    assert list(found) == ["date", "population"]
    # Twice the pairs that agree, over all times that it was given (Cicchetti & Feinstein 1990).
    assert found["date"].specific == 2 / 4
    assert found["population"].specific == 0


def test_a_pages_reasons_are_those_that_count_when_all_had_decided(session, cast):
    [record] = make_records(session, cast.review_id, 1)
    for reviewer, reason in zip(cast.reviewers, ("date", "population"), strict=True):
        decide(session, review_id=cast.review_id, record_id=record, stage=Stage.TITLE_ABSTRACT,
               verdict=NO, exclusion_reason=reason, by=reviewer)  # fmt: skip

    assert found(session, cast).by_reason == {
        "date": ReasonAgreement(0, 0, 1), "population": ReasonAgreement(0, 0, 1)
    }  # fmt: skip
