"""What a cell opens onto: settled values with the passages they rest on, and no others."""

import pytest

from heatmap.cells import build
from heatmap.contents import cell_contents
from review.studies.agreement import agree
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.vocabulary import AgreedBy
from tests.factories import include_fully, make_records


@pytest.fixture
def coded(session, cast):
    """A study of one contract that stands in a cell; returns a function that codes the contract."""
    [record] = make_records(session, cast.review_id)
    include_fully(session, cast, record)
    into = {"review_id": cast.review_id}
    study = add_study(session, label="Doe 2001", reports=[record], by=cast.lead, **into)
    contract = add_contract(session, label="Northmoor", by=cast.lead, **into)
    link_contract(session, study_id=study.id, contract_id=contract.id, by=cast.lead, **into)

    def say(item, value, by, quote=None):
        code(session, contract_id=contract.id, item=item, value=value, by=by, quote=quote, **into)

    for coder in cast.reviewers:
        say("area", "work", coder)
    say("contract_type", "sib", cast.reviewer_a, "A social impact bond paid.")
    return say, contract


def opened(session, cast):
    heatmap = build(session, review_id=cast.review_id)
    [line] = cell_contents(
        session, review_id=cast.review_id, heatmap=heatmap, row="work", column="sib"
    )
    return [(one.item, one.value, one.quote) for one in line.passages]


def test_each_value_comes_with_its_passages_or_once_without(session, cast, coded):
    say, _ = coded
    say("country", "GB", cast.reviewer_a)
    say("country", "KE", cast.reviewer_b)  # coders differ: nobody else's to read

    assert opened(session, cast) == [
        ("Contract type", "Social impact bond", "A social impact bond paid."),
        ("Outcome area", "Employment", None),
    ]


def test_a_settled_value_that_no_coder_gave_is_shown(session, cast, coded):
    say, contract = coded
    say("country", "GB", cast.reviewer_a, "In Britain.")
    say("country", "KE", cast.reviewer_b, "In Kenya.")
    agree(session, review_id=cast.review_id, contract_id=contract.id, item="country", value="IN",
          basis=AgreedBy.ADJUDICATION, by=cast.lead)  # fmt: skip

    assert ("Country", "India", None) in opened(session, cast)
    assert "In Kenya." not in {quote for _, _, quote in opened(session, cast)}
