"""Studies merged and split: reports move with what was coded, and nothing is overwritten."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from heatmap.coded import read_coded
from review.duplicates.judgements import judge
from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.prisma.counts import count_flow
from review.reviews import amend_protocol
from review.states.clusters import Scope
from review.studies.agreement import CodeState, agree, coded_values
from review.studies.coding import Subject, codes_of
from review.studies.contracts import add_contract, contracts_of, link_contract
from review.studies.current_codes import current_codes
from review.studies.differences import differences
from review.studies.moves.acts import Move, merge_study, move_reports
from review.studies.moves.history import left_codes, moves_of
from review.studies.moves.undo import undo_move
from review.studies.saved_codes import cleared_codes
from review.studies.studies import (
    add_study,
    link_report,
    merged_studies,
    reports_of,
    studies_by_label,
)
from review.tables import AgreedCode, Code, Study
from review.verify import verify
from review.vocabulary import AgreedBy, Judgement
from tests.factories import include_fully, make_records, protocol_text
from tests.review.studies.coding_review import CodingReview


@pytest.fixture
def other(review):
    """A second study, of two reports and a contract of its own."""
    return _study(review, "Roe 2003", n_reports=2)


def _study(review: CodingReview, label: str, *, n_reports: int) -> UUID:
    cast = review.cast
    reports = make_records(
        review.session, cast.review_id, [{"title": f"{label}, {n}"} for n in range(n_reports)]
    )
    for report in reports:
        include_fully(review.session, cast, report)
    study: UUID = review.do(add_study, label=label, reports=reports, by=cast.lead).id
    contract = review.do(add_contract, label=f"Contract of {label}", by=cast.lead).id
    review.do(link_contract, study_id=study, contract_id=contract, by=cast.lead)
    return study


def _reports(review: CodingReview, study: UUID) -> list[UUID]:
    return [one.id for one in review.do(reports_of, study_id=study)]


def _contracts(review: CodingReview, study: UUID) -> list[str]:
    return [one.label for one in review.do(contracts_of, study_id=study)]


def _codes(review: CodingReview, study: UUID, contract: UUID | None = None) -> set[Any]:
    codes = review.do(codes_of, study_id=study, contract_id=contract)
    return {(one.item, one.value, one.quote, one.coder_id) for one in codes}


def _state(review: CodingReview) -> Any:
    """Everything that a move may change, and that undoing it must bring back."""
    studies = sorted(review.session.scalars(select(Study.id)))
    return [
        (_reports(review, study), _contracts(review, study), _values(review, study))
        for study in studies
    ]


def _values(review: CodingReview, study: UUID) -> Sequence[Any]:
    """Every code and agreed value in force of a study, with its quote, coder and contract."""
    found = []
    for table in (Code, AgreedCode):
        rows = current_codes(Scope(review.cast.review_id), table, where=table.study_id == study)
        for row in review.session.execute(select(rows)).mappings():
            kept = {key: value for key, value in row.items() if key not in OWN_OF_ROW}
            found.append(str(sorted(kept.items(), key=str)))
    return sorted(found)


OWN_OF_ROW = {"id", "event_number"}


def test_merging_two_studies_brings_reports_contracts_and_codes_together(session, review, other):
    a, b = review.cast.reviewers
    [contract] = review.do(contracts_of, study_id=other)
    review.code("design", "trial", by=a, study_id=other, quote="We drew lots.", note="sure")
    review.code("costs", "present", by=b, study_id=other, contract_id=contract.id)
    reports = _reports(review, review.study) + _reports(review, other)
    before = count_flow(session, review_id=review.cast.review_id)

    review.do(merge_study, study_id=other, into_id=review.study, by=review.cast.lead)

    assert _reports(review, review.study) == reports
    assert _contracts(review, review.study) == ["Contract of Doe 2001", "Contract of Roe 2003"]
    assert _codes(review, review.study) == {("design", "trial", "We drew lots.", a.account_id)}
    assert _codes(review, review.study, contract.id) == {("costs", "present", None, b.account_id)}
    assert _codes(review, other) == _codes(review, other, contract.id) == set()
    assert [one.label for one in review.do(studies_by_label)] == ["Doe 2001"]
    after = count_flow(session, review_id=review.cast.review_id)
    assert (before.counts["new_studies"], after.counts["new_studies"]) == (2, 1)
    assert {key: n for key, n in after.counts.items() if "studies" not in key} == {
        key: n for key, n in before.counts.items() if "studies" not in key
    }
    coded = read_coded(session, review_id=review.cast.review_id, items=["design"])
    assert coded.studies == [review.study]
    assert [fault.what for fault in verify(session)] == []


def test_a_value_that_its_coder_gave_differently_is_neither_overwritten_nor_lost(
    session, review, other
):
    a, lead = review.cast.reviewer_a, review.cast.lead
    review.code("design", "trial", study_id=review.study)
    review.code("design", "case", study_id=other, quote="One city.")

    review.do(merge_study, study_id=other, into_id=review.study, by=lead)

    assert _codes(review, review.study) == {("design", "trial", None, a.account_id)}
    [left] = review.do(left_codes, study_id=other, by=lead)
    assert (left.code.value, left.code.quote) == ("case", "One city.")
    with pytest.raises(Conflicting, match="was merged into Doe 2001"), session.begin_nested():
        review.code("design", "trial", study_id=other)
    with pytest.raises(NotAllowed), session.begin_nested():
        review.do(left_codes, study_id=other, by=a)


def test_the_same_value_with_a_quote_brings_the_quote(review, other):
    a = review.cast.reviewer_a
    review.code("design", "trial", study_id=review.study)
    review.code("design", "trial", study_id=other, quote="We drew lots.")

    review.do(merge_study, study_id=other, into_id=review.study, by=review.cast.lead)

    assert _codes(review, review.study) == {("design", "trial", "We drew lots.", a.account_id)}


def test_what_was_agreed_goes_along_unless_it_would_decide_about_other_codes(review, other):
    a, b = review.cast.reviewers
    lead = review.cast.lead
    for coder, value in ((a, "trial"), (b, "case")):
        review.code("design", value, by=coder, study_id=other)
    about = {"item": "design", "value": "trial", "basis": AgreedBy.ADJUDICATION, "by": lead}
    review.do(agree, study_id=other, **about)

    event = review.do(merge_study, study_id=other, into_id=review.study, by=lead)
    assert review.value("design").state is CodeState.AGREED
    review.do(undo_move, event_number=event, by=lead)
    review.code("design", "case", by=a, study_id=review.study)
    review.do(merge_study, study_id=other, into_id=review.study, by=lead)

    [value] = [one for one in review.do(coded_values) if one.subject.study_id == review.study]
    assert (value.subject, value.state) == (Subject(review.study, None), CodeState.CODED)


def test_a_report_that_moves_to_a_study_of_its_own_takes_what_quotes_it(session, review, other):
    lead, a = review.cast.lead, review.cast.reviewer_a
    first, second = _reports(review, other)
    [contract] = review.do(contracts_of, study_id=other)
    subject = {"study_id": other, "contract_id": contract.id}
    review.code("design", "trial", study_id=other, quote="Lots.", report_id=second)
    review.code("costs", "present", **subject, quote="Dear.", report_id=first)
    review.code("equity", "absent", **subject)

    move = Move(other, [second], shared=[contract.id])
    new = review.do(move_reports, move=move, label="Roe 2004", by=lead)

    assert (_reports(review, other), _reports(review, new)) == ([first], [second])
    assert _contracts(review, other) == _contracts(review, new) == ["Contract of Roe 2003"]
    assert _codes(review, new) == {("design", "trial", "Lots.", a.account_id)}
    assert _codes(review, other) == set()
    assert len(_codes(review, other, contract.id)) == 2
    assert _codes(review, new, contract.id) == set()
    assert review.do(merged_studies_of) == {}
    assert [fault.what for fault in verify(session)] == []


def merged_studies_of(session, review_id):
    return merged_studies(session, review_id)


def test_the_new_study_may_begin_with_a_copy_of_all_codes(review, other):
    lead, a = review.cast.lead, review.cast.reviewer_a
    first, second = _reports(review, other)
    review.code("design", "trial", study_id=other, quote="Lots.", report_id=first)

    move = Move(other, [second], copies_codes=True)
    new = review.do(move_reports, move=move, label="Roe 2004", by=lead)

    assert (
        _codes(review, other) == _codes(review, new) == {("design", "trial", "Lots.", a.account_id)}
    )
    assert _contracts(review, new) == []


def test_a_move_is_undone_while_its_reports_are_where_it_put_them(session, review, other):
    lead = review.cast.lead
    review.code("design", "trial", study_id=other, quote="Lots.")
    before = _state(review)
    event = review.do(merge_study, study_id=other, into_id=review.study, by=lead)
    merged = _state(review)

    assert review.do(undo_move, event_number=event, by=lead) == other
    assert _state(review) == before
    undoing, first = review.do(moves_of, study_id=other, by=lead)
    assert (undoing.undoes, undoing.is_undoable, first.is_undoable) == (event, True, False)
    with pytest.raises(Conflicting), session.begin_nested():
        review.do(undo_move, event_number=event, by=lead)
    review.do(undo_move, event_number=undoing.number, by=lead)
    assert _state(review) == merged

    [report, *_] = _reports(review, review.study)
    review.do(link_report, study_id=review.study, record_id=report, linked=False, by=lead)
    newest = review.do(moves_of, study_id=other, by=lead)[0]
    assert newest.is_undoable  # that report was never moved
    for report in newest.reports:
        review.do(link_report, study_id=review.study, record_id=report.id, linked=False, by=lead)
    assert not review.do(moves_of, study_id=other, by=lead)[0].is_undoable


def test_what_is_coded_after_a_merge_stays_where_it_was_coded(review, other):
    lead, a = review.cast.lead, review.cast.reviewer_a
    review.code("design", "trial", study_id=other)
    event = review.do(merge_study, study_id=other, into_id=review.study, by=lead)
    review.code("design", "case", study_id=review.study)

    review.do(undo_move, event_number=event, by=lead)

    assert _codes(review, review.study) == {("design", "case", None, a.account_id)}
    assert _codes(review, other) == {("design", "trial", None, a.account_id)}


def test_a_move_that_cannot_be_is_refused_in_words(session, review, other):
    lead, reviewer = review.cast.lead, review.cast.reviewer_a
    [report, _] = _reports(review, other)
    [contract] = review.do(contracts_of, study_id=other)
    wrong = [
        (Invalid, {"move": Move(other, [report]), "to": other}),
        (Invalid, {"move": Move(other, []), "to": review.study}),
        (Invalid, {"move": Move(other, [report]), "label": " "}),
        (Conflicting, {"move": Move(other, [report]), "label": "Doe 2001"}),
        (Conflicting, {"move": Move(other, [review.report]), "to": review.study}),
        (Conflicting, {"move": Move(other, [report], [review.contract]), "to": review.study}),
        (NotFound, {"move": Move(other, [report]), "to": report}),
        (NotFound, {"move": Move(report, [report]), "to": other}),
    ]
    before = review.now()
    for error, arguments in wrong:
        with pytest.raises(error), session.begin_nested():
            review.do(move_reports, **arguments, by=lead)
    for act, arguments in [
        (move_reports, {"move": Move(other, [report], [contract.id]), "to": review.study}),
        (merge_study, {"study_id": other, "into_id": review.study}),
        (undo_move, {"event_number": 1}),
    ]:
        with pytest.raises(NotAllowed), session.begin_nested():
            review.do(act, **arguments, by=reviewer)
    with pytest.raises(NotFound), session.begin_nested():
        review.do(undo_move, event_number=1, by=lead)
    assert review.now() == before


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["code", "agree", "merge", "split", "undo"]),
        st.integers(0, 3), st.integers(0, 3), st.booleans(),
    ),
    min_size=3, max_size=9,
)  # fmt: skip


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=max(4, settings.default.max_examples // 8),
    phases=[Phase.explicit, Phase.generate],
)
@given(steps=STEPS)
def test_any_moves_undone_in_turn_bring_back_what_was(session, review, other, steps):
    outer = session.begin_nested()
    lead, coders = review.cast.lead, review.cast.reviewers
    n_reports = {review.report, *_reports(review, other)}
    for n, (step, left, right, flag) in enumerate(steps):
        studies = [study for study in sorted(session.scalars(select(Study.id)))
                   if _reports(review, study)]  # fmt: skip
        source, target = studies[left % len(studies)], studies[right % len(studies)]
        if step == "code":
            value, quote = "trial" if flag else "case", "Q" if left % 2 else ""
            review.code("design", value, by=coders[right % 2], study_id=source, quote=quote,
                        report_id=_reports(review, source)[0])  # fmt: skip
            continue
        before, number = _state(review), review.now()
        try:
            with session.begin_nested():
                if step == "agree":
                    review.do(agree, item="design", value="trial", study_id=source, by=lead,
                              basis=AgreedBy.ADJUDICATION)  # fmt: skip
                    continue
                if step == "merge":
                    review.do(merge_study, study_id=source, into_id=target, by=lead)
                elif step == "split":
                    move = Move(source, _reports(review, source)[:1], copies_codes=flag)
                    review.do(move_reports, move=move, label=f"New {n}", by=lead)
                else:
                    lines = [line for study in session.scalars(select(Study.id))
                             for line in review.do(moves_of, study_id=study, by=lead)
                             if line.is_undoable]  # fmt: skip
                    if not lines:
                        continue
                    chosen = lines[left % len(lines)].number
                    review.do(undo_move, event_number=chosen, by=lead)
        except (Conflicting, Invalid):
            assert (_state(review), review.now()) == (before, number)
            continue
        now = [report for study in session.scalars(select(Study.id))
               for report in _reports(review, study)]  # fmt: skip
        assert sorted(now) == sorted(n_reports)
        assert [fault.what for fault in verify(session)] == []
        with session.begin_nested() as tried:
            review.do(undo_move, event_number=review.now(), by=lead)
            undone = [part for part in _state(review) if any(part)]
            assert undone == [part for part in before if any(part)]
            tried.rollback()
    outer.rollback()


def test_a_merge_on_top_of_another_is_undone_first(session, review, other):
    lead = review.cast.lead
    third = _study(review, "Poe 2004", n_reports=1)
    for study in (other, third):
        review.do(link_contract, study_id=study, contract_id=review.contract, by=lead)
        review.code("design", "trial", study_id=study)
    first = review.do(merge_study, study_id=other, into_id=review.study, by=lead)
    before = _state(review)
    second = review.do(merge_study, study_id=third, into_id=review.study, by=lead)

    with pytest.raises(Conflicting), session.begin_nested():
        review.do(undo_move, event_number=first, by=lead)
    review.do(undo_move, event_number=second, by=lead)
    assert _state(review) == before
    review.do(undo_move, event_number=first, by=lead)
    assert _reports(review, review.study) == [review.report]


def test_what_was_agreed_stays_with_the_codes_that_it_decided_about(review, other):
    a, b = review.cast.reviewers
    lead = review.cast.lead
    _, second = _reports(review, other)
    about = {"study_id": other, "quote": "Lots.", "report_id": second}
    for coder, value in ((a, "trial"), (b, "case")):
        review.code("design", value, by=coder, study_id=other)
    review.do(agree, item="design", value="trial", basis=AgreedBy.ADJUDICATION, by=lead, **about)

    new = review.do(move_reports, move=Move(other, [second]), label="Roe 2004", by=lead)

    assert review.value("design").state is CodeState.AGREED
    assert _values(review, new) == []


def test_evidence_of_the_same_value_is_joined_and_none_is_lost(review, other):
    lead = review.cast.lead
    review.code("design", "trial", study_id=review.study, details="By lot.", note="p. 3")
    review.code("design", "trial", study_id=other, quote="We drew lots.")
    review.do(merge_study, study_id=other, into_id=review.study, by=lead)
    [code] = review.do(codes_of, study_id=review.study, contract_id=None)
    assert (code.details, code.note, code.quote) == ("By lot.", "p. 3", "We drew lots.")

    third = _study(review, "Poe 2004", n_reports=1)
    review.code("design", "trial", study_id=third, quote="Another quote.")
    review.do(merge_study, study_id=third, into_id=review.study, by=lead)
    [left] = review.do(left_codes, study_id=third, by=lead)
    assert left.code.quote == "Another quote."


def test_nobody_learns_from_a_merge_what_a_first_coder_said(review, other):
    lead, a = review.cast.lead, review.cast.reviewer_a
    contract = {"contract_id": review.contract}
    review.do(link_contract, study_id=other, **contract, by=lead)
    review.do(amend_protocol, why="Two for costs.", by=lead, protocol_text=protocol_text().replace(
        "key: costs, label: Costs", "key: costs, double_coded: true, label: Costs"))  # fmt: skip
    for study, value in ((review.study, "present"), (other, "absent")):
        review.code("costs", value, study_id=study, **contract)
    review.do(merge_study, study_id=other, into_id=review.study, by=lead)

    assert review.do(left_codes, study_id=other, by=lead) == []
    review.code("costs", "present", study_id=review.study, **contract, by=lead)
    assert [one.code.value for one in review.do(left_codes, study_id=other, by=lead)] == ["absent"]
    assert review.do(differences, by=a, is_lead=False) == []


def test_a_copy_quotes_no_report_that_stays_behind_and_nobody_seems_to_have_cleared_it(
    review, other
):
    lead, a = review.cast.lead, review.cast.reviewer_a
    first, second = _reports(review, other)
    review.code("design", "trial", study_id=other, quote="Lots.", report_id=first, page="2")
    move = Move(other, [second], copies_codes=True)
    new = review.do(move_reports, move=move, label="Roe 2004", by=lead)

    [copy] = review.do(codes_of, study_id=new, contract_id=None)
    assert (copy.quote, copy.report_id, copy.page) == ("Lots.", None, None)
    review.do(undo_move, event_number=review.now(), by=lead)
    assert review.do(cleared_codes, subject=Subject(new, None), by=a) == {}


def test_reports_that_are_duplicates_by_now_are_not_moved_apart(session, review, other):
    lead = review.cast.lead
    event = review.do(merge_study, study_id=other, into_id=review.study, by=lead)
    judge(session, review_id=review.cast.review_id, left_id=review.report, by=lead,
          right_id=review.do(reports_of, study_id=review.study)[1].id,
          verdict=Judgement.DUPLICATE)  # fmt: skip

    with pytest.raises(Conflicting, match="duplicate"), session.begin_nested():
        review.do(undo_move, event_number=event, by=lead)


def test_a_contract_that_was_coded_since_stays_with_the_study(review, other):
    lead = review.cast.lead
    [contract] = review.do(contracts_of, study_id=other)
    event = review.do(merge_study, study_id=other, into_id=review.study, by=lead)
    review.code("costs", "present", study_id=review.study, contract_id=contract.id)

    review.do(undo_move, event_number=event, by=lead)

    assert "Contract of Roe 2003" in _contracts(review, review.study)
    assert _contracts(review, other) == ["Contract of Roe 2003"]
    review.do(merge_study, study_id=other, into_id=review.study, by=lead)
    with pytest.raises(Conflicting, match="was merged into"):
        review.do(link_contract, study_id=other, contract_id=review.contract, by=lead)


def test_codes_of_a_contract_that_goes_along_quote_no_report_that_stays(review, other):
    lead = review.cast.lead
    first, second = _reports(review, other)
    [contract] = review.do(contracts_of, study_id=other)
    review.code("costs", "present", study_id=other, contract_id=contract.id, quote="Dear.",
                report_id=first, page="2")  # fmt: skip

    move = Move(other, [second], contracts=[contract.id])
    new = review.do(move_reports, move=move, label="Roe 2004", by=lead)

    [code] = review.do(codes_of, study_id=new, contract_id=contract.id)
    assert (code.value, code.quote, code.report_id, code.page) == ("present", "Dear.", None, None)
    assert _contracts(review, other) == []
