"""Screening, full texts and coding through the API: who may see what, and when."""

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


def test_a_conflict_is_resolved_without_names_and_counted_in_agreement(
    program, people, database, base
):
    with database.writing() as session:
        records = make_records(session, people.review_id, 4)
    verdict_pairs = [("include", "include"), ("exclude", "exclude"), ("include", "exclude")]
    for record, verdicts in zip(records, verdict_pairs, strict=False):
        for reviewer, verdict in zip(people.reviewers, verdicts, strict=True):
            decided = program(reviewer).post(
                f"{base}{TA}/decisions", {"record": str(record), "verdict": verdict}
            )
            assert decided.status_code == 201
    adjudicator, lead = program(people.adjudicator), program(people.lead)

    [conflict] = adjudicator.get(f"{base}{TA}/conflicts").json()["items"]
    settles = [decision["id"] for decision in conflict["decisions"]]
    body = {"record": str(records[2]), "verdict": "include", "settles": settles}
    stale = adjudicator.post(f"{base}{TA}/adjudications", body | {"settles": settles[:1]})
    resolved = adjudicator.post(f"{base}{TA}/adjudications", body)
    agreement = lead.get(f"{base}{TA}/agreement").json()
    progress = lead.get(f"{base}{TA}/progress").json()
    stopping = lead.get(f"{base}{TA}/stopping").json()
    own = program(people.reviewer_a).get(f"{base}{TA}/progress").json()

    assert {key for decision in conflict["decisions"] for key in decision} == {
        "id", "verdict", "exclusion_reason", "note",
    }  # fmt: skip
    assert (stale.status_code, resolved.status_code) == (409, 201)
    overall = agreement["overall"]
    assert (overall["n"], overall["both_include"], overall["both_exclude"]) == (3, 1, 1)
    assert overall["raw"] == pytest.approx(2 / 3)
    [pair] = agreement["by_pair"]
    assert set(pair["reviewers"]) == {str(reviewer.account_id) for reviewer in people.reviewers}
    assert progress["own_decisions"] is None
    assert progress["resolutions"] == {
        "unscreened": 1, "awaiting_second": 0, "conflict": 0, "include": 2, "exclude": 1,
        "not_screened": 0,
    }  # fmt: skip
    assert (stopping["n_seen"], stopping["n_included"], stopping["n_total"]) == (3, 2, 4)
    assert own == {"stage": "title_abstract", "own_decisions": 3, "resolutions": None}


@pytest.mark.parametrize("closes_after", [20])
def test_agreement_counts_the_live_decisions_when_the_second_reviewer_decided(
    program, people, database, base
):
    with database.writing() as session:
        records = make_records(session, people.review_id, 2)
        a, b = people.reviewers
        target = {"session": session, "review_id": people.review_id, "stage": Stage.TITLE_ABSTRACT}
        first = decide(**target, record_id=records[0], verdict=Verdict.INCLUDE, by=a)
        decide(
            **target, record_id=records[0], verdict=Verdict.EXCLUDE, by=a, supersedes_id=first.id
        )  # before: it counts
        second = decide(**target, record_id=records[0], verdict=Verdict.EXCLUDE, by=b)
        decide(
            **target, record_id=records[0], verdict=Verdict.INCLUDE, by=b, supersedes_id=second.id
        )  # after: it does not
        once = decide(**target, record_id=records[1], verdict=Verdict.INCLUDE, by=a)
        decide(
            **target, record_id=records[1], verdict=Verdict.WITHDRAWN, by=a, supersedes_id=once.id
        )  # there is no live decision
        decide(**target, record_id=records[1], verdict=Verdict.INCLUDE, by=b)

    overall = program(people.lead).get(f"{base}{TA}/agreement").json()["overall"]

    assert (overall["n"], overall["both_exclude"]) == (1, 1)


def test_only_leads_see_how_far_reviewers_are(program, people, database, base):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
        decide(session, review_id=people.review_id, record_id=record, stage=Stage.TITLE_ABSTRACT,
               verdict=Verdict.INCLUDE, by=people.reviewer_a)  # fmt: skip

    def state_shown_to(person):
        query = {"box": "awaiting_title_abstract"}
        [listed] = program(person).get(f"{base}/records", params=query).json()["items"]
        return listed["flow_state"]

    assert state_shown_to(people.lead) == "awaiting_second"
    assert (
        state_shown_to(people.advisor) == state_shown_to(people.adjudicator) == "awaiting_screening"
    )


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
        act = {"session": session, "review_id": people.review_id, "by": people.reviewer_a}
        contract = add_contract(label="Essex", **act)
        link_contract(study_id=filled["study"], contract_id=contract.id, **act)
        code(item="area", value="work", contract_id=contract.id, quote="Jobs.", **act)
        code(item="country", value="GB", contract_id=contract.id, **act)
        subject = str(contract.id)
    first, second = program(people.reviewer_a), program(people.reviewer_b)
    path, query = f"{base}/codes", {"params": {"contract": subject}}
    body = {"contract": subject, "item": "area", "value": "home"}

    before = [coded["item"] for coded in second.get(path, **query).json()["items"]]
    [own] = first.get(path, params={"item": "area"}).json()["items"]
    assert second.post(path, body).status_code == 201
    after = {coded["item"]: coded for coded in second.get(path, **query).json()["items"]}
    agreed = first.post(f"{path}/agreed", body | {"basis": "consensus"})
    [final] = second.get(path, params={"item": "area"}).json()["items"]

    assert before == ["country"]
    assert (own["state"], own["value"], own["own"]["quote"]) == (
        "awaiting_second",
        None,
        "Jobs.",
    )
    assert after["area"]["state"] == "conflict"
    assert after["area"]["differing"] == ["work", "home"]
    assert agreed.status_code == 201
    assert (final["state"], final["value"]) == ("agreed", "home")


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
    assert [contract["label"] for contract in whole["contracts"]] == ["Essex"]


@pytest.mark.parametrize("closes_after", [20])
def test_marked_words_come_with_the_callers_own_decisions_and_follow_their_changes(
    program, people, database, base
):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
    caller, path = program(people.reviewer_a), f"{base}{TA}/decisions"
    body = {"record": str(record), "verdict": "include"}

    first = caller.post(path, body | {"marked_words": ["paid for outcomes"]})
    listed = caller.get(path).json()["items"]
    changed = caller.post(path, body | {"supersedes": first.json()["id"], "verdict": "exclude"})
    too_many = caller.post(path, body | {"marked_words": [f"word {n}" for n in range(21)]})

    assert first.json()["marked_words"] == listed[0]["marked_words"] == ["paid for outcomes"]
    assert changed.json()["marked_words"] == []
    assert too_many.status_code == 422
    assert program(people.reviewer_b).get(path).json()["items"] == []
