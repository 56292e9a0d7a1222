"""Exports: what a lead may download, and what would reveal a colleague's decision."""

import json

import pytest

from review.decisions.decisions import decide
from review.exports import ExportFormat, ExportKind, write_export
from review.reviews import give_role
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.vocabulary import Role, Stage, Verdict
from tests.factories import decide_both, include_fully, make_records


@pytest.fixture
def exported(session, cast, tmp_path):
    """Return a function that exports as the lead and returns the rows."""

    def rows(kind):
        target = tmp_path / "export"
        write_export(
            session, review_id=cast.review_id, kind=kind, format=ExportFormat.JSONL,
            target=target, by=cast.lead,
        )  # fmt: skip
        return [json.loads(line) for line in target.read_text().splitlines()]

    return rows


def test_a_lead_who_screens_does_not_see_how_far_others_are_with_a_record(session, cast, exported):
    _unscreened, decided_once, resolved = make_records(session, cast.review_id, 3)
    decide(
        session, review_id=cast.review_id, record_id=decided_once, stage=Stage.TITLE_ABSTRACT,
        verdict=Verdict.INCLUDE, by=cast.reviewer_a,
    )  # fmt: skip
    decide_both(session, cast, resolved, Verdict.EXCLUDE)

    before = [row["flow_state"] for row in exported(ExportKind.RECORDS)]
    give_role(
        session, review_id=cast.review_id, account_id=cast.lead.account_id, role=Role.REVIEWER,
        by=cast.lead,
    )  # fmt: skip
    after = [row["flow_state"] for row in exported(ExportKind.RECORDS)]

    assert before == ["unscreened", "awaiting_second", "excluded"]
    assert after == ["awaiting_screening", "awaiting_screening", "excluded"]


def test_a_code_that_awaits_its_second_coder_stays_with_the_first(session, cast, exported):
    [record] = make_records(session, cast.review_id, 1)
    include_fully(session, cast, record)
    as_lead = {"review_id": cast.review_id, "by": cast.lead}
    study = add_study(session, label="Doe 2001", reports=[record], **as_lead)
    contract = add_contract(session, label="Northmoor", **as_lead)
    link_contract(session, study_id=study.id, contract_id=contract.id, **as_lead)
    value = {"review_id": cast.review_id, "contract_id": contract.id, "item": "area"}

    code(session, **value, value="work", by=cast.reviewer_a)
    one_coder = exported(ExportKind.CODES)
    code(session, **value, value="home", by=cast.lead)
    two_coders = exported(ExportKind.CODES)

    assert one_coder == []
    assert [(row["value"], row["state"]) for row in two_coders] == [
        ("work", "conflict"),
        ("home", "conflict"),
    ]
