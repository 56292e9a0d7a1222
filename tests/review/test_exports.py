"""Exports: what a lead may take away, and what not while it would tell on a colleague."""

import json

import pytest

from review.decisions.decisions import decide
from review.exports import ExportFormat, Kind, write
from review.reviews import give_role
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.vocabulary import Role, Stage, Verdict
from tests.factories import decide_both, include_fully, make_records


@pytest.fixture
def exported(session, cast, tmp_path):
    """A function that gives the rows of an export, for the lead."""

    def rows(kind):
        target = tmp_path / "export"
        write(
            session, review_id=cast.review_id, kind=kind, format=ExportFormat.JSONL,
            target=target, by=cast.lead,
        )  # fmt: skip
        return [json.loads(line) for line in target.read_text().splitlines()]

    return rows


def test_a_lead_who_screens_is_not_told_how_far_others_are_with_a_record(session, cast, exported):
    _fresh, begun, done = make_records(session, cast.review_id, 3)
    decide(
        session, review_id=cast.review_id, record_id=begun, stage=Stage.TITLE_ABSTRACT,
        verdict=Verdict.INCLUDE, by=cast.reviewer_a,
    )  # fmt: skip
    decide_both(session, cast, done, Verdict.EXCLUDE)

    before = [row["where"] for row in exported(Kind.RECORDS)]
    give_role(
        session, review_id=cast.review_id, account_id=cast.lead.account_id, role=Role.REVIEWER,
        by=cast.lead,
    )  # fmt: skip
    after = [row["where"] for row in exported(Kind.RECORDS)]

    assert before == ["unscreened", "awaiting_second", "excluded"]
    assert after == ["awaiting_screening", "awaiting_screening", "excluded"]


def test_a_code_that_awaits_its_second_coder_stays_with_the_first(session, cast, exported):
    [record] = make_records(session, cast.review_id, 1)
    include_fully(session, cast, record)
    into = {"review_id": cast.review_id, "by": cast.lead}
    study = add_study(session, label="Doe 2001", reports=[record], **into)
    contract = add_contract(session, label="Northmoor", **into)
    link_contract(session, study_id=study.id, contract_id=contract.id, **into)
    said = {"review_id": cast.review_id, "contract_id": contract.id, "item": "area"}

    code(session, **said, value="work", by=cast.reviewer_a)
    alone = exported(Kind.CODES)
    code(session, **said, value="home", by=cast.lead)
    both = exported(Kind.CODES)

    assert alone == []
    assert [(row["value"], row["state"]) for row in both] == [
        ("work", "conflict"),
        ("home", "conflict"),
    ]
