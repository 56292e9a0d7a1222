"""Items asked only for some values of another item: on the form, in progress, and in one press."""

import pytest

from api.web.forms import form_fields
from heatmap.axes import NONE_OF_THESE, axes_of
from heatmap.coded import read_coded, tidy
from review.errors import Invalid
from review.reviews import amend_protocol
from review.studies.agreement import agree
from review.studies.batches import CodingForm, code_rest
from review.studies.coding import codes_of
from review.studies.progress import coding_progress
from review.studies.saved_codes import clear_code
from review.vocabulary import AgreedBy
from tests.factories import protocol_text

EQUITY = "{key: equity, label: Equity"
CONDITIONAL = protocol_text().replace(
    EQUITY, "{key: equity, asked_if: {item: design, values: [trial]}, label: Equity"
)


@pytest.fixture
def asking(review):
    review.do(
        amend_protocol, protocol_text=CONDITIONAL, why="Equity is for trials.", by=review.cast.lead
    )
    return review


def _asked(review, by):
    fields = review.do(
        form_fields, study_id=review.study, contract_id=review.contract, by=by, is_lead=False
    )
    return {field.item.key: field.is_asked for field in fields}


def _n_items(review, by):
    progress = review.do(coding_progress, studies=[review.study], by=by)[review.study]
    return progress.by_contract[review.contract][1]


def test_an_item_is_asked_once_the_other_has_one_of_the_values(asking):
    a, b = asking.cast.reviewers
    assert not _asked(asking, a)["equity"]
    n = _n_items(asking, a)

    row = asking.code("design", "trial", study_id=asking.study)

    assert _asked(asking, a)["equity"]
    assert (_n_items(asking, a), _n_items(asking, b)) == (n + 1, n)
    assert _n_items(asking, None) == n + 1
    assert all(asked for key, asked in _asked(asking, b).items() if key != "equity")
    asking.do(clear_code, code_id=row.id, by=a)
    assert not _asked(asking, a)["equity"]
    asking.code("design", {"special": "unclear"}, study_id=asking.study)
    assert not _asked(asking, a)["equity"]


def test_what_coders_agreed_on_decides_for_those_who_coded_it(asking):
    a, b = asking.cast.reviewers
    asking.code("design", "trial", study_id=asking.study)
    asking.code("design", "case", study_id=asking.study, by=b)
    assert (_asked(asking, a)["equity"], _asked(asking, b)["equity"]) == (True, False)

    asking.do(agree, item="design", value="trial", study_id=asking.study, by=asking.cast.lead,
              basis=AgreedBy.ADJUDICATION)  # fmt: skip

    assert _asked(asking, b)["equity"]
    assert not _asked(asking, asking.cast.lead)["equity"]


def test_all_the_rest_means_the_items_that_are_asked(session, asking):
    a = asking.cast.reviewer_a
    form = CodingForm(asking.cast.review_id, asking.study, asking.contract, a)

    assert code_rest(session, form, group="themes", value="absent") == 1
    with pytest.raises(Invalid):
        code_rest(session, form, group="themes", value="absent")
    asking.code("design", "trial", study_id=asking.study)
    assert code_rest(session, form, group="themes", value="absent") == 1

    codes = asking.do(codes_of, study_id=asking.study, contract_id=asking.contract)
    assert {row.item for row in codes} == {"costs", "equity"}


def test_the_leads_total_tells_nothing_of_what_a_first_coder_said(asking):
    text = CONDITIONAL.replace("{key: design,", "{key: design, double_coded: true,")
    asking.do(amend_protocol, protocol_text=text, why="Two coders.", by=asking.cast.lead)
    a, b = asking.cast.reviewers
    n = _n_items(asking, None)

    asking.code("design", "trial", study_id=asking.study, by=a)
    assert _n_items(asking, None) == n
    asking.code("design", "trial", study_id=asking.study, by=b)
    assert _n_items(asking, None) == n + 1


def test_a_value_of_an_item_that_is_not_asked_counts_in_no_total(asking):
    a = asking.cast.reviewer_a
    asking.code("equity", "present", study_id=asking.study, contract_id=asking.contract)

    parts = asking.do(coding_progress, studies=[asking.study], by=a)[asking.study].by_contract
    assert parts[asking.contract][0] == 0


def test_a_theme_that_is_not_asked_about_leaves_no_gap_on_a_map(session, asking):
    about = {"study_id": asking.study, "contract_id": asking.contract}
    asking.code("design", "case", study_id=asking.study)
    asking.code("costs", "absent", **about)

    coded = read_coded(session, review_id=asking.cast.review_id, items=["costs", "equity"])
    protocol = asking.protocol()
    frame = tidy(coded, axes_of(protocol, protocol.framework("area_by_theme")))
    assert set(frame["column"]) == {NONE_OF_THESE}
