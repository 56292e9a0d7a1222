"""Codes at three levels: what the codebook allows, and who may code."""

import pytest

from review.errors import Invalid, NotAllowed, NotFound, ReviewError
from review.events import OPERATOR
from review.studies.agreement import coded_values
from review.studies.coding import Subject, codes_of
from review.verify import verify
from tests.factories import make_records, make_review
from tests.review.studies.coding_review import CodingReview


def test_each_level_takes_its_own_kind_of_subject_only(session, review):
    study, contract = {"study_id": review.study}, {"contract_id": review.contract}
    right_subjects = {"design": study, "area": contract, "costs": study | contract}
    values = {"design": "trial", "area": "work", "costs": "present"}

    for item, subject in right_subjects.items():
        for wrong in (study, contract, study | contract, {}):
            if wrong != subject:
                with pytest.raises(Invalid, match="is coded for"), session.begin_nested():
                    review.code(item, values[item], **wrong)
        review.code(item, values[item], **subject)

    assert {value.item: (value.subject, value.value) for value in review.do(coded_values)} == {
        "design": (Subject(review.study, None), "trial"),
        "area": (Subject(None, review.contract), None),  # coded once, but needs two coders
        "costs": (Subject(review.study, review.contract), "present"),
    }
    assert [fault.what for fault in verify(session)] == []


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("design", "survey"), ("design", ["trial"]), ("design", None), ("design", ""),
        ("design", {"special": "perhaps"}), ("design", {"special": "unclear", "why": "?"}),
        ("secondary", []), ("secondary", "work"), ("secondary", ["work", "play"]),
        ("country", "Kenya, probably"), ("country", False), ("nothing", "trial"),
    ],
)  # fmt: skip
def test_a_value_that_the_codebook_does_not_allow_is_refused(session, review, item, value):
    subject = {"study_id": review.study} if item == "design" else {"contract_id": review.contract}

    with pytest.raises(Invalid), session.begin_nested():
        review.code(item, value, **subject)

    assert review.do(coded_values) == []


@pytest.mark.parametrize(
    ("item", "value", "stored"),
    [
        ("design", {"special": "not_reported"}, {"special": "not_reported"}),
        ("secondary", ["home", "work", "home"], ["work", "home"]),
        ("country", "NO", "NO"),
    ],
)
def test_a_value_is_stored_as_the_codebook_writes_it(review, item, value, stored):
    subject = {"study_id": review.study} if item == "design" else {"contract_id": review.contract}

    review.code(item, value, **subject)

    assert review.value(item).value == stored


def test_another_reviews_study_contract_or_report_cannot_be_coded(session, review):
    foreign = CodingReview(session, make_review(session))
    mistakes = [
        ("design", "trial", {"study_id": foreign.study}),
        ("area", "work", {"contract_id": foreign.contract}),
        ("costs", "present", {"study_id": review.study, "contract_id": foreign.contract}),
        (
            "design",
            "trial",
            {"study_id": review.study, "report_id": foreign.report, "quote": "Here."},
        ),
    ]

    for item, value, subject in mistakes:
        with pytest.raises((NotFound, Invalid)), session.begin_nested():
            review.code(item, value, **subject)


def test_a_quote_is_from_a_report_of_the_study(session, review):
    [stray] = make_records(session, review.cast.review_id)

    with pytest.raises(ReviewError), session.begin_nested():
        review.code("design", "trial", study_id=review.study, report_id=stray, quote="Not here.")


def test_a_long_page_or_confidence_is_refused_on_every_database(session, review):
    for field in ("page", "confidence"):
        long = {field: "9" * 300, "quote": "The words."}
        with pytest.raises(Invalid), session.begin_nested():
            review.code("design", "trial", study_id=review.study, **long)


def test_a_page_belongs_to_a_quote(session, review):
    with pytest.raises(Invalid, match="needs a quote"), session.begin_nested():
        review.code("design", "trial", study_id=review.study, page="12")
    row = review.code("design", "trial", study_id=review.study, page="12", quote="We randomised.")

    assert (row.quote, row.page, row.coder_id) == (
        "We randomised.", "12", review.cast.reviewer_a.account_id
    )  # fmt: skip


def test_only_coders_can_code(session, review):
    for person in (review.cast.advisor, review.cast.adjudicator, OPERATOR):
        with pytest.raises(NotAllowed), session.begin_nested():
            review.code("design", "trial", by=person, study_id=review.study)


def test_codes_of_returns_each_coders_newest_codes(review):
    a, b = review.cast.reviewers
    for value, by in [("trial", a), ("case", a), ("trial", b)]:
        review.code("design", value, by=by, study_id=review.study)

    codes = review.do(codes_of, study_id=review.study, contract_id=None)

    assert sorted((row.coder_id, row.value) for row in codes) == sorted(
        [(a.account_id, "case"), (b.account_id, "trial")]
    )
