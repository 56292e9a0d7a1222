"""An unsafe request under a key is done once, however often and however fast it is sent."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from review.events import OPERATOR, last_event
from review.reviews import remove_member
from review.tables import AnsweredRequest, Decision, Event, Job, Search
from review.vocabulary import Act, Role
from tests.api.v1.api_routes import PDF, RIS
from tests.factories import make_records

SEARCH = {"source": "Scopus", "kind": "database", "query": "impact bond*"}


def count(database, table, *where):
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where))


@pytest.fixture
def records(database, people):
    with database.writing() as session:
        return make_records(session, people.review_id, 3)


def test_eight_equal_requests_at_once_are_one_act_and_eight_equal_answers(
    program, people, records, database
):
    caller = program(people.reviewer_a)
    path = f"/reviews/{people.slug}/screening/title_abstract/decisions"
    body = {"record": str(records[0]), "verdict": "include"}

    def send(_):
        return caller.post(path, body, headers={"idempotency-key": "one intent"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["content-type"] for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 7
    assert count(database, Decision) == count(database, Event, Event.act == Act.DECIDE) == 1


def test_a_key_with_another_request_is_refused(program, people, database):
    caller = program(people.lead)
    key = {"idempotency-key": "k"}
    path = f"/reviews/{people.slug}/searches"
    first = caller.post(path, SEARCH, headers=key)

    others = [
        caller.post(path, SEARCH | {"hits": 3}, headers=key),
        caller.post(f"/reviews/{people.slug}/dedupe", headers=key),
    ]
    spelled_otherwise = caller.ask(
        "POST", path, headers=key | {"content-type": "application/json"},
        content=b'{"query":"impact bond*",   "kind":"database","source":"Scopus"}',
    )  # fmt: skip

    assert first.status_code == 201
    for answer in others:
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("key-reused")
    assert spelled_otherwise.json() == first.json()
    assert spelled_otherwise.headers["idempotency-replayed"] == "true"
    assert (count(database, Search), count(database, Job)) == (1, 0)


def test_keys_are_each_persons_own(program, people, database):
    with database.writing() as session:
        make_records(session, people.review_id)
    key = {"headers": {"idempotency-key": "k"}}
    lead_answer = program(people.lead).post(f"/reviews/{people.slug}/dedupe", **key)

    reviewer_answer = program(people.reviewer_a).post(f"/reviews/{people.slug}/dedupe", **key)

    assert lead_answer.status_code == 202
    assert reviewer_answer.status_code == 403
    assert "idempotency-replayed" not in reviewer_answer.headers


def test_a_refused_request_stores_nothing_and_may_be_sent_again(program, people, records, database):
    caller = program(people.lead)
    key = {"headers": {"idempotency-key": "k"}}
    path = f"/reviews/{people.slug}/records/{records[0]}/removal"

    refused = caller.post(path, {"kind": "other", "why": " "}, **key)
    assert count(database, AnsweredRequest) == 0
    done = caller.post(path, {"kind": "other", "why": "Retracted."}, **key)

    assert (refused.status_code, done.status_code) == (422, 201)


def test_a_former_member_gets_no_repeated_answer(program, people, database):
    caller = program(people.reviewer_a)
    key = {"headers": {"idempotency-key": "k"}}
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
    path = f"/reviews/{people.slug}/screening/title_abstract/decisions"
    body = {"record": str(record), "verdict": "include"}
    assert caller.post(path, body, **key).status_code == 201
    with database.writing() as session:
        remove_member(session, review_id=people.review_id, email=people.emails["reviewer_a"],
                      role=Role.REVIEWER, by=OPERATOR)  # fmt: skip

    assert caller.post(path, body, **key).status_code == 404


def test_files_are_part_of_a_request(program, people, filled, database):
    caller = program(people.lead)
    key = {"headers": {"idempotency-key": "k"}}
    path = f"/reviews/{people.slug}/searches/{filled['search']}/files"

    def send(data, name="a.ris"):
        return caller.ask("POST", path, files={"files": (name, data)}, **key)

    first, again, other = send(RIS), send(RIS), send(RIS + b"\n")

    assert first.status_code == again.status_code == 202
    assert first.content == again.content
    assert other.status_code == send(RIS, "b.ris").status_code == 422


def test_an_answer_without_a_body_is_repeated_without_one(program, people, database):
    caller = program(people.lead)
    path = f"/reviews/{people.slug}/members/{people.advisor.account_id}"
    key = {"params": {"role": "advisor"}, "headers": {"idempotency-key": "k"}}

    first, again = caller.ask("DELETE", path, **key), caller.ask("DELETE", path, **key)

    assert (first.status_code, first.content) == (again.status_code, again.content) == (204, b"")
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_empty_or_long_key_is_refused(program, people, key):
    answer = program(people.lead).post(
        f"/reviews/{people.slug}/dedupe", headers={"idempotency-key": key}
    )

    assert answer.status_code == 422


@pytest.mark.parametrize("closes_after", [20])
def test_the_second_of_two_tabs_gets_the_live_decision(program, people, records, database):
    caller = program(people.reviewer_a)
    path = f"/reviews/{people.slug}/screening/title_abstract/decisions"
    record = str(records[0])
    first = caller.post(path, {"record": record, "verdict": "include"}).json()

    def change(verdict):
        return caller.post(path, {"record": record, "verdict": verdict, "supersedes": first["id"]})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(change, ["exclude", "maybe"]))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    listed = caller.get(path).json()["items"]

    assert (won.status_code, lost.status_code) == (201, 409)
    assert lost.json()["type"].endswith("out-of-date")
    assert lost.json()["current"] == won.json() == listed[0]
    assert len(listed) == 1


def test_every_unsafe_route_takes_a_key(app):
    document = next(
        route.app for route in app.routes if getattr(route, "path", "") == "/api/v1"
    ).openapi()

    without = [
        (method, path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method != "get"
        and "idempotency-key" not in {parameter["name"] for parameter in operation["parameters"]}
    ]

    assert not without


def test_a_full_text_sent_twice_is_stored_once(program, people, filled, database):
    caller = program(people.lead)
    path = f"/reviews/{people.slug}/reports/{filled['report']}/full-text"
    with database.reading() as session:
        before = last_event(session, people.review_id)

    for _ in range(3):
        sent = caller.ask("POST", path, files={"file": ("new.pdf", PDF + b"%%EOF")},
                          headers={"idempotency-key": "k"})  # fmt: skip
        assert sent.status_code == 201

    with database.reading() as session:
        assert last_event(session, people.review_id) == before + 1
