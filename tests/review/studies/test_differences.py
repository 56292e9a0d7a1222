"""Where coders differ, and taking one of their values with its quote."""

import pytest

from review.errors import Conflicting, NotAllowed, NotFound
from review.events import row_line
from review.studies.agreement import CodeState, agree
from review.studies.coding import codes_of
from review.studies.contracts import link_contract
from review.studies.differences import differences, take_code
from review.tables import AgreedCode
from review.verify import verify
from review.vocabulary import AgreedBy
from tests.factories import make_review
from tests.review.studies.coding_review import CodingReview

CONSENSUS, ADJUDICATION = AgreedBy.CONSENSUS, AgreedBy.ADJUDICATION


@pytest.fixture
def differing(review):
    """The codes of two coders who differ on the area of a contract, each with a quote."""
    a, b = review.cast.reviewers
    quoted = {"contract_id": review.contract, "report_id": review.report}
    return (
        review.code("area", "work", by=a, quote="Jobs were paid for.", page="3", **quoted),
        review.code("area", "home", by=b, quote="Rents were paid for.", details="Rents.", **quoted),
    )


def test_a_coder_takes_the_others_value_with_its_quote_and_both_codes_stay(
    session, review, differing
):
    a = review.cast.reviewer_a

    agreed = review.do(take_code, code_id=differing[1].id, basis=CONSENSUS, by=a)

    assert (agreed.value, agreed.quote, agreed.details) == (
        "home",
        "Rents were paid for.",
        "Rents.",
    )
    assert agreed.report_id == review.report
    assert review.value("area").state is CodeState.AGREED
    assert review.value("area").value == "home"
    kept = review.do(codes_of, study_id=None, contract_id=review.contract)
    assert {code.value for code in kept} == {"work", "home"}
    assert [fault.what for fault in verify(session)] == []


def test_nobody_decides_alone_but_the_lead(session, review, differing):
    a = review.cast.reviewer_a
    subject = {"contract_id": review.contract, "item": "area"}

    for value in ("work", {"special": "unclear"}):
        with pytest.raises(NotAllowed, match="takes the other's value"), session.begin_nested():
            review.do(agree, value=value, basis=CONSENSUS, by=a, **subject)
    with pytest.raises(NotAllowed), session.begin_nested():
        review.do(take_code, code_id=differing[1].id, basis=ADJUDICATION, by=a)

    agreed = review.do(
        agree, value={"special": "unclear"}, basis=ADJUDICATION, by=review.cast.lead,
        quote="It is not said.", page="4", report_id=review.report, **subject,
    )  # fmt: skip
    assert (agreed.quote, agreed.page) == ("It is not said.", "4")
    assert review.value("area").value == {"special": "unclear"}


def test_a_code_that_was_replaced_or_is_of_another_review_is_not_taken(session, review, differing):
    foreign = CodingReview(session, make_review(session))
    of_another = foreign.code("area", "home", contract_id=foreign.contract)
    review.code("area", "work", by=review.cast.reviewer_b, contract_id=review.contract)

    for code, error in ((differing[1], Conflicting), (of_another, NotFound)):
        with pytest.raises(error), session.begin_nested():
            review.do(take_code, code_id=code.id, basis=CONSENSUS, by=review.cast.reviewer_a)


def test_coders_see_the_differences_on_what_they_coded_and_the_lead_sees_all(review, differing):
    a, b = review.cast.reviewers
    review.code("design", "trial", by=b, study_id=review.study)

    def seen(by, is_lead=False):
        found = review.do(differences, by=by, is_lead=is_lead)
        assert {one.study.label for one in found} <= {"Doe 2001"}
        return [(one.item.key, [code.value for code in one.codes]) for one in found]

    area = ("area", ["work", "home"])
    assert seen(a) == seen(b) == [area]
    review.code("design", "case", by=review.cast.lead, study_id=review.study)
    design = ("design", ["trial", "case"])
    assert seen(review.cast.lead, is_lead=True) == [design, area]
    assert seen(a) == [area]


def test_a_difference_about_a_contract_that_was_unlinked_is_no_longer_listed(review):
    a, b = review.cast.reviewers
    subject = {"study_id": review.study, "contract_id": review.contract}
    for coder, value in ((a, "present"), (b, "absent")):
        review.code("costs", value, by=coder, **subject)
    assert len(review.do(differences, by=a, is_lead=False)) == 1

    review.do(link_contract, linked=False, by=a, **subject)

    assert review.do(differences, by=a, is_lead=False) == []


def test_rows_of_before_are_hashed_as_they_were():
    row = {"id": "1", "value": "work", "basis": "consensus"}
    later = dict.fromkeys(("details", "quote", "page", "report_id"))

    assert row_line(AgreedCode.__tablename__, row | later) == row_line("agreed_code", row)
