"""Agreement of coders on each item, from their own codes alone."""

import pytest

from review.errors import NotAllowed
from review.studies.coding import codes_of
from review.studies.contracts import add_contract
from review.studies.differences import differences, take_code
from review.studies.moves.acts import merge_study
from review.studies.saved_codes import clear_code
from review.vocabulary import AgreedBy
from screening.progress.code_agreement import code_agreement
from tests.review.studies.coding_review import CodingReview


@pytest.fixture
def review(session, cast):
    return CodingReview(session, cast)


def code_pairs(review, item, pairs):
    """Let the two reviewers code an item of as many contracts as there are pairs."""
    a, b = review.cast.reviewers
    for number, (one, other) in enumerate(pairs):
        contract = review.do(add_contract, label=f"{item} {number}", by=a).id
        for coder, value in ((a, one), (b, other)):
            if value:
                review.code(item, value, by=coder, contract_id=contract)


def test_kappa_and_alpha_are_those_worked_out_by_hand(review):
    # Of ten contracts coded by both: 4 work–work, 3 home–home, 2 work–home, 1 home–work.
    pairs = [("work", "work")] * 4 + [("home", "home")] * 3 + [("work", "home")] * 2
    code_pairs(review, "area", [*pairs, ("home", "work"), ("home", None)])

    [area] = review.do(code_agreement, by=review.cast.lead)

    assert (area.item.key, area.n, area.n_agreed, area.share) == ("area", 10, 7, 0.7)
    # Cohen: expected .6 × .5 + .4 × .5 = .5, so (.7 − .5) / (1 − .5).
    assert area.kappa == pytest.approx(0.4)
    # Krippendorff: 11 values work, 9 home, of 20; 1 − 19 × 3 × 2 / (2 × 11 × 9).
    assert area.alpha == pytest.approx(1 - 19 * 6 / (2 * 11 * 9))


def test_one_value_throughout_has_no_coefficient_and_a_special_value_is_a_value(review):
    code_pairs(review, "area", [("work", "work")] * 3)
    code_pairs(review, "country", [("KE", {"special": "unclear"}), ("KE", "KE")])

    area, country = review.do(code_agreement, by=review.cast.lead)

    assert (area.share, area.kappa, area.alpha) == (1, None, None)
    assert (country.n, country.n_agreed) == (2, 1)


def test_a_third_coder_leaves_alpha_alone_defined(review):
    code_pairs(review, "area", [("work", "home"), ("work", "work")])
    contract = review.contract
    for coder in (review.cast.reviewer_a, review.cast.lead):
        review.code("area", "home", by=coder, contract_id=contract)

    [area] = review.do(code_agreement, by=review.cast.lead)

    assert (area.n, area.kappa) == (3, None)
    assert area.alpha is not None


def test_what_is_resolved_does_not_change_it_and_it_is_for_the_lead(review):
    code_pairs(review, "area", [("work", "home"), ("work", "work")])
    before = review.do(code_agreement, by=review.cast.lead)
    [open_one] = review.do(differences, by=review.cast.lead, is_lead=True)

    review.do(take_code, code_id=open_one.codes[0].id, basis=AgreedBy.ADJUDICATION,
              by=review.cast.lead)  # fmt: skip

    assert review.do(code_agreement, by=review.cast.lead) == before
    with pytest.raises(NotAllowed):
        review.do(code_agreement, by=review.cast.reviewer_a)


def test_cleared_codes_and_those_of_merged_studies_are_no_values(session, review):
    a, b = review.cast.reviewers
    for coder in (a, b):
        review.code("design", "trial", study_id=review.study, by=coder)
    other = CodingReview(session, review.cast, label="Roe 2003")
    for coder, value in ((a, "trial"), (b, "case")):
        other.code("design", value, study_id=other.study, by=coder)
    [design] = review.do(code_agreement, by=review.cast.lead)
    assert (design.n, design.n_agreed) == (2, 1)

    review.do(merge_study, study_id=other.study, into_id=review.study, by=review.cast.lead)
    [design] = review.do(code_agreement, by=review.cast.lead)
    assert (design.n, design.n_agreed) == (1, 1)
    [own, _] = review.do(codes_of, study_id=review.study, contract_id=None)
    review.do(clear_code, code_id=own.id, by=a)
    assert review.do(code_agreement, by=review.cast.lead) == []
