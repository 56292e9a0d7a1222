"""Permissions in the API: every role and route, and own, foreign and missing reviews."""

from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from api.v1 import create_api
from review.events import OPERATOR, Actor, last_event
from review.people.accounts import add_account
from review.people.tokens import TokenScope, revoke_token, tokens_of
from review.permissions import may
from review.reviews import remove_member
from review.vocabulary import Role
from tests.api.v1.api_routes import API_ROUTES, UNSAFE
from tests.factories import make_review

ROLES = {
    "lead": {Role.LEAD},
    "reviewer_a": {Role.REVIEWER},
    "adjudicator": {Role.ADJUDICATOR},
    "advisor": {Role.ADVISOR},
}
IN_A_REVIEW = [route for route in API_ROUTES if "{review}" in route.path or "{job}" in route.path]
IDS = ("record", "other", "included", "report", "study", "search", "job", "publication", "link")


def is_problem(answer, status):
    document = answer.json()
    return (
        answer.headers["content-type"] == "application/problem+json"
        and answer.status_code == document["status"] == status
        and {"type", "title", "detail"} <= document.keys()
    )


def test_no_route_of_the_api_is_left_out_of_the_table(app):
    api = create_api(app.state)
    declared = {
        (method.upper(), path)
        for path, operations in api.openapi()["paths"].items()
        for method in operations
    }

    assert declared == {(route.method, route.path) for route in API_ROUTES}


@pytest.mark.parametrize("name", ROLES)
def test_each_role_may_do_what_the_table_says_and_nothing_else(program, people, filled, name):
    caller = program(getattr(people, name))
    wrong = []

    for route in IN_A_REVIEW:
        answer = caller.call(route, filled)
        allowed = any(may(frozenset(ROLES[name]), action) for action in route.actions)
        if (answer.status_code != 403) != allowed or answer.status_code >= 500:
            wrong.append((str(route), answer.status_code, answer.text))
        if answer.status_code >= 400:
            assert is_problem(answer, answer.status_code), route

    assert not wrong


def test_the_examples_make_sense(program, people, filled):
    """Those who may send an example are not refused for what is in it."""
    done = {}
    for name in reversed(ROLES):  # the lead last: what she reopens, somebody has decided on
        caller = program(getattr(people, name))
        for route in IN_A_REVIEW:
            if any(may(frozenset(ROLES[name]), action) for action in route.actions):
                done.setdefault(str(route), set()).add(caller.call(route, filled).status_code)

    refused = {route for route, statuses in done.items() if min(statuses) >= 400}

    assert refused == {  # what cannot be done to these very records; each has a test of its own
        "GET /jobs/{job}/file ",
        "POST /reviews/{review}/duplicates/above ",
        "POST /reviews/{review}/duplicates/undo ",
        "POST /reviews/{review}/screening/{stage}/adjudications ",
        "POST /reviews/{review}/screening/{stage}/calibrations ",
        "POST /reviews/{review}/reopening-requests/{request_id}/reopen ",  # it was refused before
        "POST /reviews/{review}/screening/{stage}/rules ",
        "POST /reviews/{review}/studies ",
        "POST /reviews/{review}/codes/agreed ",
        "POST /reviews/{review}/codes/{code}/clear ",
        "POST /reviews/{review}/studies/{study}/moves/{event}/undo ",
    }


@pytest.mark.parametrize("name", ["other_lead", "outsider", "ex_member", "admin"])
def test_a_foreign_review_answers_exactly_like_a_missing_one(
    program, people, filled, database, name
):
    with database.writing() as session:
        stranger = make_review(session)
        remove_member(session, review_id=people.review_id, email=people.emails["reviewer_b"],
                      role=Role.REVIEWER, by=OPERATOR)  # fmt: skip
        admin = add_account(
            session, email="a@example.org", name="A", password_hash=None, is_admin=True
        )
        operator = Actor.person(admin.id)
    chosen = {
        "other_lead": stranger.lead, "outsider": people.outsider, "ex_member": people.reviewer_b,
        "admin": operator,
    }  # fmt: skip
    caller = program(chosen[name])
    other = "x" * len(people.slug)

    for route in IN_A_REVIEW:
        foreign = caller.call(route, filled)
        missing = caller.call(route, filled | {"review": other, "job": uuid4()})

        assert is_problem(foreign, 404), route
        assert is_problem(missing, 404), route
        assert foreign.text.replace(people.slug, other) == missing.text


def test_ids_of_another_review_do_not_exist_in_ones_own(program, people, filled, database):
    with database.writing() as session:
        stranger = make_review(session)
    callers = {name: program(getattr(stranger, name)) for name in ROLES}
    names = filled | {"review": stranger.slug}

    for route in IN_A_REVIEW:
        if not any(f"{{{name}}}" in f"{route.path}{route.query}{route.body}" for name in IDS):
            continue
        name = next(
            name for name in ROLES
            if any(may(frozenset(ROLES[name]), action) for action in route.actions)
        )  # fmt: skip
        foreign = callers[name].call(route, names)
        missing = callers[name].call(route, names | {name: uuid4() for name in IDS})
        assert is_problem(foreign, 404), (str(route), foreign.text)
        assert foreign.text == missing.text, route


def test_without_a_valid_token_the_answer_is_to_sign_in(program, people, filled, database):
    revoked = program(people.lead)
    with database.writing() as session:
        [token] = tokens_of(session, people.lead.account_id)
        revoke_token(session, account_id=people.lead.account_id, token_id=token.id)
    forged, basic = program(), program()
    forged.token = "siftmap_" + "f" * 43
    basic.client.headers["authorization"] = "Basic bGVhZDpsZWFk"

    for caller in (program(), revoked, forged, basic):
        for route in API_ROUTES:
            for names in (filled, filled | {"review": "none"}):
                answer = caller.call(route, names)
                assert is_problem(answer, 401), route
                assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_that_may_only_read_changes_nothing(program, people, filled, database):
    caller = program(people.lead, (TokenScope.READ,))
    with database.reading() as session:
        before = last_event(session, people.review_id)

    for route in UNSAFE:
        answer = caller.call(route, filled)
        assert is_problem(answer, 403), route
        assert "read" in answer.json()["detail"]
    assert caller.get("/reviews").status_code == 200
    with database.reading() as session:
        assert last_event(session, people.review_id) == before


def test_a_cookie_may_write_only_from_our_own_pages(sign_in, people, filled):
    browser = sign_in(people.lead)
    ours = {"origin": "http://testserver"}
    foreign = [
        {}, {"origin": "https://evil.example"}, {"origin": "null"},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
        ours | {"content-type": "text/plain"},
        ours | {"content-type": "application/x-www-form-urlencoded"},
    ]  # fmt: skip

    for route in UNSAFE:
        path = "/api/v1" + route.path.format(**filled)
        for headers in foreign:
            answer = browser.client.request(route.method, path, headers=headers)
            assert is_problem(answer, 403), (str(route), headers)
    path = f"/api/v1/reviews/{people.slug}/dedupe"
    for headers in (ours, {"sec-fetch-site": "same-origin"}):
        assert browser.client.post(path, headers=headers).status_code == 202


def test_a_wrong_token_is_refused_in_spite_of_a_cookie(sign_in, people):
    browser = sign_in(people.lead)

    answer = browser.get("/api/v1/reviews", headers={"authorization": "Bearer siftmap_no"})

    assert is_problem(answer, 401)


def test_reading_through_the_api_writes_nothing(program, people, filled, database):
    with database.reading() as session:
        before = last_event(session, people.review_id)

    for name in ROLES:
        caller = program(getattr(people, name))
        for route in API_ROUTES:
            if route.method == "GET":
                caller.call(route, filled)

    with database.reading() as session:
        assert last_event(session, people.review_id) == before


def test_only_those_who_run_the_server_can_start_reviews(program, people, database):
    with database.writing() as session:
        admin = add_account(
            session, email="a@example.org", name="A", password_hash=None, is_admin=True
        )
        operator = Actor.person(admin.id)
    body = {"protocol": "blank", "title": "A map of Things!"}

    refused = program(people.lead).post("/reviews", body)
    made = program(operator).post("/reviews", body)
    repeated = program(operator).post("/reviews", body | {"slug": "a-map-of-things"})
    again = program(operator).post("/reviews", body)
    faulty = program(operator).post("/reviews", {"protocol": "title: x\nlanguages: [xx]\n"})

    assert is_problem(refused, 403)
    assert made.status_code == 201
    assert made.json() == {"slug": "a-map-of-things", "title": body["title"], "roles": ["lead"]}
    assert program(operator).get("/reviews/a-map-of-things").json()["protocol"]["version"] == 1
    assert is_problem(repeated, 409)
    assert again.json()["slug"] == "a-map-of-things-2"
    assert is_problem(faulty, 422)
    assert len(faulty.json()["problems"]) > 1


def test_every_route_uses_our_own_route_class(app):
    api = create_api(app.state)

    def every(routes):
        for route in routes:
            if isinstance(route, APIRoute):
                yield route
            else:
                original = getattr(route, "original_router", None)
                yield from every(original.routes if original else ())

    kinds = {type(route).__name__ for route in every(api.routes)}

    assert kinds == {"Route"}
