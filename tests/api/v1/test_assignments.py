"""Assignments and calibration sets through the API."""

from tests.factories import make_records


def test_assignments_are_made_and_listed(program, people, database):
    with database.writing() as session:
        make_records(session, people.review_id, 4)
    lead, address = program(people.lead), f"/reviews/{people.slug}/assignments"
    account_id = str(people.reviewer_a.account_id)

    made = lead.post(address, {"account": account_id, "workload": 0, "languages": ["es"]})
    refused = lead.post(address, {"account": account_id, "languages": ["klingon"]})
    listed = {assignment["account"]: assignment for assignment in lead.get(address).json()["items"]}

    assert made.status_code == 201
    assert refused.status_code == 422
    assert (
        listed[account_id]["workload"],
        listed[account_id]["n_first"],
        listed[account_id]["languages"],
    ) == (
        0,
        0,
        ["es"],
    )
    assert listed[str(people.reviewer_b.account_id)]["n_first"] == 4


def test_a_calibration_set_is_started_listed_and_ended(program, people, database):
    with database.writing() as session:
        make_records(session, people.review_id, 4)
    lead, base = program(people.lead), f"/reviews/{people.slug}"

    made = lead.post(f"{base}/screening/title_abstract/calibrations", {"label": "One", "n": 2})
    ended = lead.post(f"{base}/calibrations/{made.json()['id']}/end", {})
    again = lead.post(f"{base}/calibrations/{made.json()['id']}/end", {})
    [line] = lead.get(f"{base}/calibrations").json()["items"]

    assert (made.status_code, ended.status_code, again.status_code) == (201, 200, 409)
    assert (line["label"], line["n_records"], line["n_complete"], line["is_open"]) == (
        "One", 2, 0, False,
    )  # fmt: skip
    assert line["agreement"]["kappa"] is None
