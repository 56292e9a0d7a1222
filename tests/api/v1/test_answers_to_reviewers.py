"""Screening, full texts and coding through the API: who is told what, and when."""

import pytest

from review.decisions.decisions import decide
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.vocabulary import Stage, Verdict
from tests.api.v1.api_routes import PDF
from tests.factories import make_records

TA = "/screening/title_abstract"


@pytest.fixture
def base(people):
    return f"/reviews/{people.slug}"


def test_a_conflict_is_settled_without_names_and_counted_in_agreement(
    program, people, database, base
):
    with database.writing() as session:
        records = make_records(session, people.review_id, 4)
    ways = [("include", "include"), ("exclude", "exclude"), ("include", "exclude")]
    for record, said in zip(records, ways, strict=False):
        for reviewer, verdict in zip(people.reviewers, said, strict=True):
            decided = program(reviewer).post(
                f"{base}{TA}/decisions", {"record": str(record), "verdict": verdict}
            )
            assert decided.status_code == 201
    judge, lead = program(people.adjudicator), program(people.lead)

    [conflict] = judge.get(f"{base}{TA}/conflicts").json()["items"]
    settles = [one["id"] for one in conflict["decisions"]]
    said = {"record": str(records[2]), "verdict": "include", "settles": settles}
    stale = judge.post(f"{base}{TA}/adjudications", said | {"settles": settles[:1]})
    settled = judge.post(f"{base}{TA}/adjudications", said)
    agreement = lead.get(f"{base}{TA}/agreement").json()
    progress = lead.get(f"{base}{TA}/progress").json()
    stopping = lead.get(f"{base}{TA}/stopping").json()
    own = program(people.reviewer_a).get(f"{base}{TA}/progress").json()

    assert {key for one in conflict["decisions"] for key in one} == {
        "id", "verdict", "exclusion_reason", "note",
    }  # fmt: skip
    assert (stale.status_code, settled.status_code) == (409, 201)
    overall = agreement["overall"]
    assert (overall["n"], overall["both_include"], overall["both_exclude"]) == (3, 1, 1)
    assert overall["raw"] == pytest.approx(2 / 3)
    [pair] = agreement["by_pair"]
    assert set(pair["reviewers"]) == {str(one.account_id) for one in people.reviewers}
    assert progress["own_decisions"] is None
    assert progress["resolutions"] == {
        "unscreened": 1, "awaiting_second": 0, "conflict": 0, "include": 2, "exclude": 1,
        "not_screened": 0,
    }  # fmt: skip
    assert (stopping["n_seen"], stopping["n_included"], stopping["n_total"]) == (3, 2, 4)
    assert own == {"stage": "title_abstract", "own_decisions": 3, "resolutions": None}


def test_agreement_counts_what_stood_when_the_second_had_decided(program, people, database, base):
    with database.writing() as session:
        records = make_records(session, people.review_id, 2)
        a, b = people.reviewers
        given = {"session": session, "review_id": people.review_id, "stage": Stage.TITLE_ABSTRACT}
        first = decide(**given, record_id=records[0], verdict=Verdict.INCLUDE, by=a)
        decide(
            **given, record_id=records[0], verdict=Verdict.EXCLUDE, by=a, supersedes_id=first.id
        )  # before: it counts
        second = decide(**given, record_id=records[0], verdict=Verdict.EXCLUDE, by=b)
        decide(
            **given, record_id=records[0], verdict=Verdict.INCLUDE, by=b, supersedes_id=second.id
        )  # after: it does not
        once = decide(**given, record_id=records[1], verdict=Verdict.INCLUDE, by=a)
        decide(
            **given, record_id=records[1], verdict=Verdict.WITHDRAWN, by=a, supersedes_id=once.id
        )  # nobody's decision stands here
        decide(**given, record_id=records[1], verdict=Verdict.INCLUDE, by=b)

    overall = program(people.lead).get(f"{base}{TA}/agreement").json()["overall"]

    assert (overall["n"], overall["both_exclude"]) == (1, 1)


def test_how_far_reviewers_are_is_for_leads(program, people, database, base):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
        decide(session, review_id=people.review_id, record_id=record, stage=Stage.TITLE_ABSTRACT,
               verdict=Verdict.INCLUDE, by=people.reviewer_a)  # fmt: skip

    def flow_state_for(person):
        query = {"box": "awaiting_title_abstract"}
        [item] = program(person).get(f"{base}/records", params=query).json()["items"]
        return item["flow_state"]

    assert flow_state_for(people.lead) == "awaiting_second"
    assert flow_state_for(people.advisor) == "awaiting_screening"
    assert flow_state_for(people.adjudicator) == "awaiting_screening"


def test_a_full_text_is_shown_in_place_and_can_run_nothing(program, people, filled, base):
    path = f"{base}/reports/{filled['report']}/full-text"

    shown = program(people.reviewer_a).get(path)

    assert shown.content == PDF
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert shown.headers["x-content-type-options"] == "nosniff"
    named = shown.headers["content-disposition"]
    assert named.startswith("inline; filename*=utf-8''Doe%E2%80%99s")
    assert '"' not in named
    assert program(people.advisor).get(path).status_code == 403


def test_a_code_is_hidden_from_the_second_coder_until_they_have_coded(
    program, people, filled, database, base
):
    with database.writing() as session:
        given = {"session": session, "review_id": people.review_id, "by": people.reviewer_a}
        contract = add_contract(label="Essex", **given)
        link_contract(study_id=filled["study"], contract_id=contract.id, **given)
        code(item="area", value="work", contract_id=contract.id, quote="Jobs.", **given)
        code(item="country", value="GB", contract_id=contract.id, **given)
        subject = str(contract.id)
    first, second = program(people.reviewer_a), program(people.reviewer_b)
    path, query = f"{base}/codes", {"params": {"contract": subject}}
    said = {"contract": subject, "item": "area", "value": "home"}

    before = [one["item"] for one in second.get(path, **query).json()["items"]]
    [mine] = first.get(path, params={"item": "area"}).json()["items"]
    assert second.post(path, said).status_code == 201
    after = {one["item"]: one for one in second.get(path, **query).json()["items"]}
    agreed = first.post(f"{path}/agreed", said | {"basis": "consensus"})
    [settled] = second.get(path, params={"item": "area"}).json()["items"]

    assert before == ["country"]
    assert (mine["state"], mine["value"], mine["own"]["quote"]) == (
        "awaiting_second",
        None,
        "Jobs.",
    )
    assert after["area"]["state"] == "conflict"
    assert after["area"]["differing"] == ["work", "home"]
    assert agreed.status_code == 201
    assert (settled["state"], settled["value"]) == ("agreed", "home")


def test_a_study_keeps_its_reports_and_contracts(program, people, filled, base):
    coder, lead = program(people.reviewer_a), program(people.lead)
    path = f"{base}/studies/{filled['study']}"

    new = coder.post(f"{path}/contracts", {"label": "Essex"})
    both = coder.post(f"{path}/contracts", {"label": "x", "contract": new.json()["id"]})
    again = coder.post(f"{path}/contracts", {"contract": new.json()["id"]})
    unlinked = lead.post(f"{path}/reports", {"record": str(filled["included"]), "linked": False})
    linked = lead.post(f"{path}/reports", {"record": str(filled["included"])})
    whole = coder.get(path).json()

    assert (new.status_code, both.status_code, again.status_code) == (201, 422, 201)
    assert unlinked.json()["reports"] == []
    assert linked.json() == whole
    assert [one["label"] for one in whole["contracts"]] == ["Essex"]
