"""Codes at three levels: what is accepted, who must agree, and what held at any past event."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Conflicting, Invalid, NotAllowed, NotFound, ReviewError
from review.events import OPERATOR, last_event
from review.states.flow import FlowState, flow_states
from review.studies.coding import (
    CodedValue,
    CodeState,
    Subject,
    agree,
    code,
    coded_values,
    codes_of,
)
from review.studies.studies import (
    add_contract,
    add_study,
    contracts_of,
    is_contract_of,
    link_contract,
    link_report,
)
from review.tables import Code
from review.verify import verify
from review.vocabulary import AgreedBy
from tests.factories import Cast, include_fully, make_records, make_review


class Desk:
    """A review with one study of one report, and a contract that it reports on."""

    def __init__(self, session: Session, cast: Cast, label: str = "Doe 2001") -> None:
        self.session = session
        self.cast = cast
        [self.report] = make_records(session, cast.review_id)
        include_fully(session, cast, self.report)
        self.study = self.do(add_study, label=label, reports=[self.report], by=cast.lead).id
        self.contract = self.do(add_contract, label=f"Contract of {label}", by=cast.lead).id
        self.do(link_contract, study_id=self.study, contract_id=self.contract, by=cast.reviewer_a)

    def do(self, act: Any, **asked: Any) -> Any:
        return act(self.session, review_id=self.cast.review_id, **asked)

    def code(self, item: str, value: object, *, by: Any = None, **about: UUID | str) -> Code:
        return self.do(code, item=item, value=value, by=by or self.cast.reviewer_a, **about)

    def value(self, item: str, as_of: int | None = None) -> CodedValue:
        [found] = self.do(coded_values, items=[item], as_of=as_of)
        return found

    def now(self) -> int:
        return last_event(self.session, self.cast.review_id)


@pytest.fixture
def desk(session, cast):
    return Desk(session, cast)


def test_each_level_takes_its_own_subject_and_no_other(session, desk):
    study, contract = {"study_id": desk.study}, {"contract_id": desk.contract}
    fits = {"design": study, "area": contract, "costs": study | contract}
    values = {"design": "trial", "area": "work", "costs": "present"}

    for item, about in fits.items():
        for wrong in (study, contract, study | contract, {}):
            if wrong != about:
                with pytest.raises(Invalid, match="is coded for"), session.begin_nested():
                    desk.code(item, values[item], **wrong)
        desk.code(item, values[item], **about)

    assert {value.item: (value.subject, value.value) for value in desk.do(coded_values)} == {
        "design": (Subject(desk.study, None), "trial"),
        "area": (Subject(None, desk.contract), None),  # coded once, and wants two coders
        "costs": (Subject(desk.study, desk.contract), "present"),
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
def test_a_value_that_the_codebook_does_not_allow_is_refused(session, desk, item, value):
    about = {"study_id": desk.study} if item == "design" else {"contract_id": desk.contract}

    with pytest.raises(Invalid), session.begin_nested():
        desk.code(item, value, **about)

    assert desk.do(coded_values) == []


@pytest.mark.parametrize(
    ("item", "value", "stored"),
    [
        ("design", {"special": "not_reported"}, {"special": "not_reported"}),
        ("secondary", ["home", "work", "home"], ["work", "home"]),
        ("country", "NO", "NO"),
    ],
)
def test_a_value_is_kept_as_the_codebook_writes_it(desk, item, value, stored):
    about = {"study_id": desk.study} if item == "design" else {"contract_id": desk.contract}

    desk.code(item, value, **about)

    assert desk.value(item).value == stored


def test_another_reviews_study_contract_or_report_cannot_be_coded(session, desk):
    other = Desk(session, make_review(session))
    wrong = [
        ("design", "trial", {"study_id": other.study}),
        ("area", "work", {"contract_id": other.contract}),
        ("costs", "present", {"study_id": desk.study, "contract_id": other.contract}),
        ("design", "trial", {"study_id": desk.study, "report_id": other.report, "quote": "Here."}),
    ]

    for item, value, about in wrong:
        with pytest.raises((NotFound, Invalid)), session.begin_nested():
            desk.code(item, value, **about)


def test_a_passage_is_quoted_from_a_report_of_the_study(session, desk):
    [stray] = make_records(session, desk.cast.review_id)

    with pytest.raises(ReviewError), session.begin_nested():
        desk.code("design", "trial", study_id=desk.study, report_id=stray, quote="Not here.")


def test_a_long_page_or_confidence_is_refused_kindly_on_every_database(session, desk):
    for field in ("page", "confidence"):
        long = {field: "9" * 300, "quote": "The passage."}
        with pytest.raises(Invalid), session.begin_nested():
            desk.code("design", "trial", study_id=desk.study, **long)


def test_a_page_belongs_to_a_quoted_passage(session, desk):
    with pytest.raises(Invalid, match="passage"), session.begin_nested():
        desk.code("design", "trial", study_id=desk.study, page="12")
    row = desk.code("design", "trial", study_id=desk.study, page="12", quote="We randomised.")

    assert (row.quote, row.page, row.coder_id) == (
        "We randomised.", "12", desk.cast.reviewer_a.account_id
    )  # fmt: skip


def test_only_coders_code(session, desk):
    for who in (desk.cast.advisor, desk.cast.adjudicator, OPERATOR):
        with pytest.raises(NotAllowed), session.begin_nested():
            desk.code("design", "trial", by=who, study_id=desk.study)


def test_an_item_coded_twice_needs_two_coders_who_say_the_same(desk):
    about = {"contract_id": desk.contract}
    a, b = desk.cast.reviewers
    states = []

    for value, by in [("work", a), ("work", a), ("home", b), ("work", b)]:
        desk.code("area", value, by=by, **about)
        states.append((desk.value("area").state, desk.value("area").value))

    assert states == [
        (CodeState.AWAITING_SECOND, None),
        (CodeState.AWAITING_SECOND, None),  # the same coder again is no second one
        (CodeState.CONFLICT, None),
        (CodeState.CODED, "work"),
    ]


def test_where_one_coder_is_enough_two_who_differ_are_still_a_conflict(desk):
    a, b = desk.cast.reviewers

    desk.code("design", "trial", by=a, study_id=desk.study)
    alone = desk.value("design")
    desk.code("design", "case", by=b, study_id=desk.study)

    assert (alone.state, alone.value) == (CodeState.CODED, "trial")
    assert (desk.value("design").state, desk.value("design").value) == (CodeState.CONFLICT, None)


def test_an_agreed_value_holds_and_past_states_stay_readable(session, desk):
    about = {"contract_id": desk.contract}
    a, b = desk.cast.reviewers
    agreement = {"item": "area", "basis": AgreedBy.CONSENSUS, "by": a} | about
    with pytest.raises(NotAllowed, match="between those who coded"), session.begin_nested():
        desk.do(agree, value="home", **agreement)
    moments = {}

    desk.code("area", "work", by=a, **about)
    moments[desk.now()] = (CodeState.AWAITING_SECOND, None)
    desk.code("area", "home", by=b, **about)
    moments[desk.now()] = (CodeState.CONFLICT, None)
    with pytest.raises(Invalid), session.begin_nested():
        desk.do(agree, value="play", **agreement)
    desk.do(agree, value="home", **agreement)
    moments[desk.now()] = (CodeState.AGREED, "home")
    desk.code("area", "work", by=b, **about)  # what was agreed is not changed by a code
    moments[desk.now()] = (CodeState.AGREED, "home")
    desk.do(agree, value="work", **agreement)
    moments[desk.now()] = (CodeState.AGREED, "work")

    then = {number: desk.value("area", as_of=number) for number in moments}
    assert {number: (value.state, value.value) for number, value in then.items()} == moments
    assert desk.do(coded_values, as_of=min(moments) - 1) == []
    assert [fault.what for fault in verify(session)] == []


def test_agreeing_is_for_coders_who_differ_and_settling_for_the_lead(session, desk):
    about = {"contract_id": desk.contract, "item": "area", "value": "home"}
    a, b = desk.cast.reviewers
    desk.code("area", "work", by=a, contract_id=desk.contract)
    with pytest.raises(Conflicting), session.begin_nested():
        desk.do(agree, basis=AgreedBy.ADJUDICATION, by=desk.cast.lead, **about)
    desk.code("area", "home", by=b, contract_id=desk.contract)

    for basis, by in ((AgreedBy.CONSENSUS, desk.cast.lead), (AgreedBy.ADJUDICATION, a)):
        with pytest.raises(NotAllowed), session.begin_nested():
            desk.do(agree, basis=basis, by=by, **about)
    desk.do(agree, basis=AgreedBy.ADJUDICATION, by=desk.cast.lead, **about)

    assert desk.value("area").value == "home"


def test_codes_of_shows_each_coders_newest(desk):
    a, b = desk.cast.reviewers
    for value, by in [("trial", a), ("case", a), ("trial", b)]:
        desk.code("design", value, by=by, study_id=desk.study)

    shown = desk.do(codes_of, study_id=desk.study, contract_id=None)

    assert sorted((row.coder_id, row.value) for row in shown) == sorted(
        [(a.account_id, "case"), (b.account_id, "trial")]
    )


def test_a_study_is_coded_on_its_own_contracts_only(session, desk):
    stranger = desk.do(add_contract, label="Elsewhere", by=desk.cast.lead).id
    about = {"study_id": desk.study, "contract_id": stranger}

    with pytest.raises(Invalid, match="not linked"), session.begin_nested():
        desk.code("costs", "present", **about)
    desk.do(link_contract, **about, by=desk.cast.lead)
    desk.code("costs", "present", **about)
    linked = [contract.id for contract in desk.do(contracts_of, study_id=desk.study)]
    desk.do(link_contract, **about, by=desk.cast.lead, linked=False)
    before = desk.now()
    desk.do(link_contract, **about, by=desk.cast.lead, linked=False)  # again is harmless

    assert linked == [desk.contract, stranger]
    assert not desk.do(is_contract_of, **about)
    assert desk.now() == before


def test_a_report_belongs_to_one_study_at_a_time(session, desk):
    [report] = make_records(session, desk.cast.review_id)
    include_fully(session, desk.cast, report)
    [unread] = make_records(session, desk.cast.review_id)

    with pytest.raises(Conflicting, match="another study"), session.begin_nested():
        desk.do(add_study, label="Twice", reports=[desk.report], by=desk.cast.lead)
    with pytest.raises(Conflicting, match="included on its full text"), session.begin_nested():
        desk.do(add_study, label="Early", reports=[unread], by=desk.cast.lead)
    with pytest.raises(Invalid), session.begin_nested():
        desk.do(add_study, label="None", reports=[], by=desk.cast.lead)
    with pytest.raises(Conflicting, match="already one called"), session.begin_nested():
        desk.do(add_study, label=" Doe  2001 ", reports=[report], by=desk.cast.lead)
    other = desk.do(add_study, label="Roe 2002", reports=[report], by=desk.cast.lead)
    desk.do(link_report, study_id=desk.study, record_id=desk.report, linked=False,
            by=desk.cast.lead)  # fmt: skip
    desk.do(link_report, study_id=other.id, record_id=desk.report, by=desk.cast.lead)

    table = flow_states(session, review_id=desk.cast.review_id)
    rows = session.execute(select(table.c.record_id, table.c.flow_state, table.c.study_id)).all()
    assert {tuple(row) for row in rows} == {
        (desk.report, FlowState.INCLUDED, other.id),
        (report, FlowState.INCLUDED, other.id),
        (unread, FlowState.UNSCREENED, None),
    }
    assert [fault.what for fault in verify(session)] == []
