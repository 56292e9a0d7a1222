"""Codes at three levels: what the codebook allows, and who may code."""

import pytest

from review.errors import Conflicting, Invalid, NotAllowed, NotFound, ReviewError
from review.events import OPERATOR
from review.studies.agreement import CodeState, coded_values
from review.studies.coding import Subject, codes_of, items_coded_by
from review.studies.saved_codes import clear_code, cleared_codes, restore_code
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


def test_a_cleared_code_counts_nowhere_and_comes_back_with_its_quote(session, review):
    study, a, b = {"study_id": review.study}, review.cast.reviewer_a, review.cast.reviewer_b
    first = review.code("design", "trial", **study, quote="We drew lots.", note="see p. 3")
    review.code("design", "case", **study, by=b)
    before = review.now()

    with pytest.raises(NotFound), session.begin_nested():
        review.do(clear_code, code_id=first.id, by=b)
    review.do(clear_code, code_id=first.id, by=a)

    own = review.do(codes_of, study_id=review.study, contract_id=None)
    assert [(row.coder_id, row.value) for row in own] == [(b.account_id, "case")]
    assert review.do(items_coded_by, by=a) == set()
    assert review.value("design", as_of=before).state is CodeState.CONFLICT
    with pytest.raises(Conflicting), session.begin_nested():
        review.do(clear_code, code_id=first.id, by=a)
    with pytest.raises(NotFound), session.begin_nested():
        review.do(restore_code, code_id=first.id, by=b)

    back = review.do(restore_code, code_id=first.id, by=a)

    assert (back.value, back.quote, back.note) == ("trial", "We drew lots.", "see p. 3")
    assert review.value("design").state is CodeState.CONFLICT
    with pytest.raises(Conflicting), session.begin_nested():
        review.do(restore_code, code_id=first.id, by=a)
    assert [fault.what for fault in verify(session)] == []


def test_the_last_value_that_was_cleared_is_the_one_that_comes_back(session, review):
    study, a = {"study_id": review.study}, review.cast.reviewer_a
    old = review.do(clear_code, code_id=review.code("design", "trial", **study).id, by=a)
    newer = review.code("design", "case", **study)
    review.do(clear_code, code_id=newer.id, by=a)

    subject = Subject(review.study, None)
    assert review.do(cleared_codes, subject=subject, by=a) == {"design": newer}
    with pytest.raises(Conflicting), session.begin_nested():
        review.do(restore_code, code_id=old.id, by=a)
    assert review.do(coded_values) == []
