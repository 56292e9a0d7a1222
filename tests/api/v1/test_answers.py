"""What the API answers: each act, and what follows from it."""

from itertools import pairwise

import pytest
from sqlalchemy import select

from heatmap.publications import publication_for
from review.events import OPERATOR, last_event
from review.reviews import add_member, remove_member
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.tables import Decision
from review.vocabulary import Judgement, Role
from tests.api.conftest import work_off
from tests.api.v1.api_routes import RIS
from tests.factories import make_records
from tests.review.duplicates.test_judgements import add_model_judgements


@pytest.fixture
def base(people):
    return f"/reviews/{people.slug}"


def test_the_pages_of_a_list_are_complete_and_without_repeats(program, people, database, base):
    with database.writing() as session:
        made = make_records(session, people.review_id, 23)
    caller, listed, cursor = program(people.advisor), [], None

    while True:
        query = {"limit": 5} | ({"cursor": cursor} if cursor else {})
        page = caller.get(f"{base}/records", params=query).json()
        listed += [record["id"] for record in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["items"]) == 5

    assert listed == [str(record_id) for record_id in made]


@pytest.mark.parametrize("path", ["/events", "/members", "/searches", "/duplicates"])
def test_pages_of_one_add_up_to_the_whole_list(program, people, filled, base, path):
    caller = program(people.lead)
    whole = caller.get(base + path).json()
    items, cursor = [], None

    for _ in range(len(whole["items"]) + 1):
        page = caller.get(base + path, params={"limit": 1} | ({"cursor": cursor} if cursor else {}))
        items += page.json()["items"]
        if (cursor := page.json()["next"]) is None:
            break

    assert items == whole["items"]
    assert whole["next"] is None


def test_a_search_file_is_imported_in_the_background(program, people, app, base):
    caller = program(people.lead)
    search = caller.post(f"{base}/searches", {"source": "Scopus", "kind": "database"}).json()
    damaged = RIS + b"\nTY  - JOUR\nER  - \n"

    asked = caller.ask(
        "POST", f"{base}/searches/{search['id']}/files",
        files=[("files", ("one.ris", RIS)), ("files", ("../two.ris", damaged))],
    )  # fmt: skip
    job = f"/jobs/{asked.json()['job']}"
    before = caller.get(job).json()
    work_off(app)
    after, whole = caller.get(job).json(), caller.get(f"{base}/searches/{search['id']}").json()

    assert (asked.status_code, before["state"], after["state"]) == (202, "waiting", "done")
    assert [file["name"] for file in whole["files"]] == ["one.ris", "two.ris"]
    assert (whole["n_accepted"], whole["n_rejected"]) == (2, 1)
    assert len(whole["rejected"]) == 1
    assert caller.post(f"{job}/cancel").status_code == 409


def test_an_export_can_be_downloaded_by_those_who_may_ask_for_it(
    program, people, app, base, database
):
    with database.writing() as session:
        make_records(session, people.review_id, 2)
    caller = program(people.lead)
    asked = caller.post(f"{base}/exports", {"kind": "records", "format": "csv"}).json()
    job = f"/jobs/{asked['job']}"
    none_yet = caller.get(f"{job}/file")
    work_off(app)

    file = caller.get(f"{job}/file")

    assert none_yet.status_code == 404
    assert file.status_code == 200
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert file.text.count("An outcomes contract") == 2
    assert program(people.reviewer_a).get(f"{job}/file").status_code == 403
    wrong = caller.post(f"{base}/exports", {"kind": "codes", "format": "ris"})
    assert wrong.status_code == 422


def test_a_former_lead_can_no_longer_download_their_export(program, people, app, base, database):
    caller = program(people.lead)
    asked = caller.post(f"{base}/exports", {"kind": "events", "format": "jsonl"}).json()
    work_off(app)
    act = {"review_id": people.review_id, "by": OPERATOR}
    with database.writing() as session:
        add_member(session, email=people.emails["outsider"], role=Role.LEAD, **act)
        add_member(session, email=people.emails["lead"], role=Role.ADVISOR, **act)
    path = f"/jobs/{asked['job']}/file"
    assert caller.get(path).status_code == 200

    for role, status in ((Role.LEAD, 403), (Role.ADVISOR, 404)):
        with database.writing() as session:
            remove_member(session, email=people.emails["lead"], role=role, **act)
        assert caller.get(path).status_code == status


def test_a_cancelled_job_is_not_done(program, people, app, base):
    caller = program(people.lead)
    job = f"/jobs/{caller.post(f'{base}/dedupe').json()['job']}"

    cancelled = caller.post(f"{job}/cancel")
    work_off(app)

    assert cancelled.json()["state"] == caller.get(job).json()["state"] == "cancelled"
    assert [listed["state"] for listed in caller.get(f"{base}/jobs").json()["items"]] == [
        "cancelled"
    ]


def test_the_numbers_of_the_flow_lead_to_their_records(program, people, filled, base):
    caller = program(people.advisor)

    counts = caller.get(f"{base}/prisma").json()

    assert counts["adds_up"] is True
    for box in ("database_results", "records_screened", "dbr_assessed", "new_reports"):
        behind = caller.get(f"{base}/prisma/{box}/records").json()["items"]
        assert len(behind) == counts[box], box
        assert behind == caller.get(f"{base}/records", params={"box": box}).json()["items"]
    past = caller.get(f"{base}/prisma", params={"as_of": "2"}).json()
    assert past["as_of"] == 2


@pytest.mark.parametrize(
    "name",
    ["prisma.csv", "prisma.svg", "prisma.png", "prisma.pdf", "heatmap.csv", "heatmap.xlsx",
     "heatmap.svg", "heatmap.png", "heatmap.html"],
)  # fmt: skip
def test_numbers_can_be_downloaded_as_files(program, people, filled, base, name):
    kinds = {"csv": "text/csv", "svg": "image/svg+xml", "png": "image/png", "html": "text/html",
             "pdf": "application/pdf", "xlsx": "application/vnd.openxml"}  # fmt: skip

    file = program(people.advisor).get(f"{base}/{name}")

    assert file.status_code == 200
    assert file.headers["content-type"].startswith(kinds[name.split(".")[1]])
    assert file.headers["content-disposition"].startswith("attachment")


def test_a_cell_of_the_map_leads_to_its_studies_and_a_filter_keeps_some(
    program, people, filled, database, base
):
    with database.writing() as session:
        act = {"session": session, "review_id": people.review_id, "by": people.reviewer_a}
        contract = add_contract(label="Essex", **act)
        link_contract(study_id=filled["study"], contract_id=contract.id, **act)
        for item, value in {"area": "work", "contract_type": "sib", "country": "GB"}.items():
            code(item=item, value=value, contract_id=contract.id, **act)
        code(item="area", value="work", contract_id=contract.id,
             **act | {"by": people.reviewer_b})  # fmt: skip
    caller = program(people.advisor)

    whole = caller.get(f"{base}/heatmap").json()
    cell = {"row": "work", "column": "sib"}
    [line] = caller.get(f"{base}/heatmap/cell", params=cell).json()["items"]
    kept = caller.get(f"{base}/heatmap", params={"country": ["GB", "US"]}).json()
    none = caller.get(f"{base}/heatmap/cell", params=cell | {"country": "US"}).json()["items"]

    assert {
        **cell,
        "contracts": 1,
        "studies": 1,
        "reports": 1,
        "empty": None,
        "known": None,
        "known_studied": None,
    } in whole["cells"]
    assert (line["study"], line["contract"]) == ("Doe 2000", "Essex")
    assert len(line["reports"]) == 1
    assert kept["cells"] == whole["cells"]
    assert none == []


def test_a_publication_opens_by_its_share_link_until_the_link_is_turned_off(
    program, people, filled, database, base
):
    caller = program(people.lead)
    made = caller.post(f"{base}/publications", {"title": "Spring"}).json()
    token = made["url"].rsplit("/p/", 1)[1]
    with database.reading() as session:
        assert publication_for(session, token)[0].title == "Spring"

    more = caller.post(
        f"{base}/publications/{made['publication']}/links",
        {"expires_at": "2999-01-01T00:00:00+02:00", "frame_origins": ["https://example.org"]},
    )
    ended = caller.ask("DELETE", f"{base}/links/{made['link']}")
    listed = caller.get(f"{base}/publications").json()["items"][0]

    assert made["url"].startswith("http://testserver/p/")
    assert more.json()["expires_at"] == "2998-12-31T22:00:00Z"
    assert ended.status_code == 204
    assert [bool(link["revoked_at"]) for link in listed["links"]] == [True, False]
    assert token not in caller.get(f"{base}/publications").text


def test_the_log_is_a_chain(program, people, filled, database, base):
    items = program(people.lead).get(f"{base}/events", params={"limit": 200}).json()["items"]

    with database.reading() as session:
        assert [event["number"] for event in items] == list(
            range(1, last_event(session, people.review_id) + 1)
        )
    for before, after in pairwise(items):
        assert after["previous_hash"] == before["hash"]
    assert "detail" not in items[0]


def test_all_possible_duplicates_above_a_score_are_merged_and_the_merge_undone(
    program, people, database, base
):
    with database.writing() as session:
        a, b, c, d = make_records(session, people.review_id, 4)
        add_model_judgements(
            session, people,
            [(a, b, 0.96, Judgement.POSSIBLE), (c, d, 0.7, Judgement.POSSIBLE)],
        )  # fmt: skip
    caller = program(people.lead)

    merged = caller.post(f"{base}/duplicates/above", {"score": 0.9})
    left = caller.get(f"{base}/duplicates").json()["items"]
    again = caller.post(f"{base}/duplicates/above", {"score": 0.9})
    undone = caller.post(f"{base}/duplicates/undo", {"event": merged.json()["event"]})

    assert merged.status_code == undone.status_code == 201
    assert [pair["left"]["id"] for pair in left] == [str(c)]
    assert again.status_code == 409
    assert len(caller.get(f"{base}/duplicates").json()["items"]) == 2


def test_a_table_is_read_by_the_mapping_in_the_request(program, people, base, app):
    caller = program(people.lead)
    search = caller.post(f"{base}/searches", {"source": "A register", "kind": "register"}).json()
    address = f"{base}/searches/{search['id']}/files"
    sent = {"files": ("a.csv", b"Kop,Jaar\nEen obligatie,2019\n", "text/csv")}

    wrong = caller.client.post(
        f"/api/v1{address}", files=sent, data={"mapping": '{"Kop": "password"}'},
        headers={"authorization": f"Bearer {caller.token}"},
    )  # fmt: skip
    asked = caller.client.post(
        f"/api/v1{address}", files=sent, data={"mapping": '{"Kop": "title", "Jaar": "year"}'},
        headers={"authorization": f"Bearer {caller.token}"},
    )  # fmt: skip
    work_off(app)

    assert wrong.status_code == 422
    assert asked.status_code == 202
    [record] = caller.get(f"{base}/records").json()["items"]
    assert (record["title"], record["year"]) == ("Een obligatie", 2019)


def test_decisions_of_another_program_are_imported(program, people, database, base, app):
    with database.writing() as session:
        make_records(session, people.review_id, [{"title": "Homes before jobs in Leeds"}])
    caller = program(people.lead)
    file = {"files": ("r.csv", b"Kop,vote,reviewer\nHomes before jobs in Leeds,kept,A\n")}
    address = f"{base}/screening/title_abstract/decisions/files"
    form = {
        "mapping": '{"Kop": "title"}',
        "verdicts": '{"kept": "include"}',
        "people": f'{{"A": "{people.emails["reviewer_a"]}"}}',
    }

    wrong = caller.post(address, files=file, data=form | {"verdicts": '{"kept": "nonsense"}'})
    job = caller.post(address, files=file, data=form).json()["job"]
    work_off(app)
    done = caller.get(f"/jobs/{job}").json()

    assert wrong.status_code == 422
    assert done["result"]["counts"] == {"imported": 1}
    with database.reading() as session:
        decision = session.scalars(select(Decision)).one()
    assert (decision.verdict, decision.reviewer_id) == ("include", people.reviewer_a.account_id)
