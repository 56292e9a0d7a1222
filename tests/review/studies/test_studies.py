"""Studies: which reports and contracts they are linked to."""

import pytest
from sqlalchemy import select

from review.errors import Conflicting, Invalid
from review.states.flow import FlowState, flow_states
from review.studies.contracts import add_contract, contracts_of, is_contract_of, link_contract
from review.studies.studies import add_study, link_report
from review.verify import verify
from tests.factories import include_fully, make_records


def test_a_study_is_coded_on_its_own_contracts_only(session, review):
    unlinked = review.do(add_contract, label="Unlinked", by=review.cast.lead).id
    link = {"study_id": review.study, "contract_id": unlinked}

    with pytest.raises(Invalid, match="not linked"), session.begin_nested():
        review.code("costs", "present", **link)
    review.do(link_contract, **link, by=review.cast.lead)
    review.code("costs", "present", **link)
    linked = [contract.id for contract in review.do(contracts_of, study_id=review.study)]
    review.do(link_contract, **link, by=review.cast.lead, linked=False)
    before = review.now()
    review.do(link_contract, **link, by=review.cast.lead, linked=False)  # again is harmless

    assert linked == [review.contract, unlinked]
    assert not review.do(is_contract_of, **link)
    assert review.now() == before


def test_a_report_belongs_to_one_study_at_a_time(session, review):
    [report] = make_records(session, review.cast.review_id)
    include_fully(session, review.cast, report)
    [unscreened] = make_records(session, review.cast.review_id)

    with pytest.raises(Conflicting, match="another study"), session.begin_nested():
        review.do(add_study, label="Twice", reports=[review.report], by=review.cast.lead)
    with pytest.raises(Conflicting, match="included on its full text"), session.begin_nested():
        review.do(add_study, label="Early", reports=[unscreened], by=review.cast.lead)
    with pytest.raises(Invalid), session.begin_nested():
        review.do(add_study, label="None", reports=[], by=review.cast.lead)
    with pytest.raises(Conflicting, match="already exists"), session.begin_nested():
        review.do(add_study, label=" Doe  2001 ", reports=[report], by=review.cast.lead)
    second = review.do(add_study, label="Roe 2002", reports=[report], by=review.cast.lead)
    review.do(link_report, study_id=review.study, record_id=review.report, linked=False,
            by=review.cast.lead)  # fmt: skip
    review.do(link_report, study_id=second.id, record_id=review.report, by=review.cast.lead)

    table = flow_states(session, review_id=review.cast.review_id)
    rows = session.execute(select(table.c.record_id, table.c.flow_state, table.c.study_id)).all()
    assert {tuple(row) for row in rows} == {
        (review.report, FlowState.INCLUDED, second.id),
        (report, FlowState.INCLUDED, second.id),
        (unscreened, FlowState.UNSCREENED, None),
    }
    assert [fault.what for fault in verify(session)] == []
