"""What is in a cell: current values with their quotes, and no others."""

import pytest
from sqlalchemy import select

from heatmap.contents import cell_contents
from heatmap.counting import build
from review.decisions.reopening import reopen
from review.duplicates.judgements import judge
from review.studies.agreement import agree
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study, link_report
from review.tables import StudyReport
from review.vocabulary import AgreedBy, Judgement, Stage, Verdict
from tests.factories import decide_both, include_fully, make_records


@pytest.fixture
def coded(session, cast):
    """Make a study of one contract in a cell; return a function that codes the contract, and it."""
    [record] = make_records(session, cast.review_id)
    include_fully(session, cast, record)
    into = {"review_id": cast.review_id}
    study = add_study(session, label="Doe 2001", reports=[record], by=cast.lead, **into)
    contract = add_contract(session, label="Northmoor", by=cast.lead, **into)
    link_contract(session, study_id=study.id, contract_id=contract.id, by=cast.lead, **into)

    def code_contract(item, value, *, by, **more):
        code(session, contract_id=contract.id, item=item, value=value, by=by, **more, **into)

    for coder in cast.reviewers:
        code_contract("area", "work", by=coder)
    code_contract("contract_type", "sib", by=cast.reviewer_a, quote="A social impact bond paid.")
    return code_contract, contract


def values_in_cell(session, cast):
    heatmap = build(session, review_id=cast.review_id)
    [content] = cell_contents(
        session, review_id=cast.review_id, heatmap=heatmap, row="work", column="sib"
    )
    return [(value.item, value.value, value.quote) for value in content.passages]


def test_each_value_comes_with_its_quotes_or_once_without(session, cast, coded):
    code_contract, _ = coded
    code_contract("country", "GB", by=cast.reviewer_a)
    code_contract("country", "KE", by=cast.reviewer_b)  # coders differ: nobody else sees either

    assert values_in_cell(session, cast) == [
        ("Contract type", "Social impact bond", "A social impact bond paid."),
        ("Outcome area", "Employment", None),
    ]


def test_a_value_comes_with_what_a_coder_wrote_about_it(session, cast, coded):
    code_contract, _ = coded
    code_contract("country", "GB", by=cast.reviewer_a, details="In the north alone.")
    heatmap = build(session, review_id=cast.review_id)

    [content] = cell_contents(
        session, review_id=cast.review_id, heatmap=heatmap, row="work", column="sib"
    )

    found = {value.item: (value.details, value.quote) for value in content.passages}
    assert found["Country"] == ("In the north alone.", None)
    assert found["Contract type"] == (None, "A social impact bond paid.")


def test_an_agreed_value_that_no_coder_gave_is_shown(session, cast, coded):
    code_contract, contract = coded
    code_contract("country", "GB", by=cast.reviewer_a, quote="In Britain.")
    code_contract("country", "KE", by=cast.reviewer_b, quote="In Kenya.")
    agree(session, review_id=cast.review_id, contract_id=contract.id, item="country", value="IN",
          basis=AgreedBy.ADJUDICATION, by=cast.lead)  # fmt: skip

    assert ("Country", "India", None) in values_in_cell(session, cast)
    assert "In Kenya." not in {quote for _, _, quote in values_in_cell(session, cast)}


def test_a_study_shows_the_reports_that_are_included_each_once(session, cast, coded):
    [copy, excluded] = make_records(session, cast.review_id, 2)
    include_fully(session, cast, excluded)
    include_fully(session, cast, copy)
    study = session.scalar(select(StudyReport.study_id))
    kept = session.scalar(select(StudyReport.record_id))
    into = {"review_id": cast.review_id}
    link_report(session, study_id=study, record_id=excluded, by=cast.lead, **into)
    link_report(session, study_id=study, record_id=copy, by=cast.lead, **into)
    reopen(session, record_id=excluded, stage=Stage.FULL_TEXT, why="A look.", by=cast.lead, **into)
    decide_both(session, cast, excluded, Verdict.EXCLUDE, stage=Stage.FULL_TEXT,
                reason="population")  # fmt: skip
    judge(session, left_id=kept, right_id=copy, verdict=Judgement.DUPLICATE, by=cast.lead, **into)

    heatmap = build(session, review_id=cast.review_id, unit="report")
    [content] = cell_contents(session, review_id=cast.review_id, heatmap=heatmap, row="work",
                              column="sib")  # fmt: skip

    assert [report.record_id for report in content.reports] == [kept]
    assert heatmap.count("work", "sib") == 1
