"""Passwords, sessions, and what a wrong or forged one is told."""

import pytest
from fastapi.testclient import TestClient

from review.events import Actor
from review.people.accounts import add_account
from review.people.passwords import hash_password
from review.tables import Account, LoginSession
from review.tables.base import utc_now
from tests.factories import make_review

PASSWORD = "three plain words"


@pytest.fixture
def person(database):
    with database.writing() as session:
        cast = make_review(session)
        account = add_account(
            session, email="ada@example.org", name="Ada", password_hash=hash_password(PASSWORD)
        )
        return Actor.person(account.id), cast


def login(browser, password, email="ada@example.org", **more):
    return browser.client.post("/login", data={"email": email, "password": password} | more)


def test_the_right_password_signs_in_and_goes_where_the_person_wanted(sign_in, person):
    browser = sign_in()

    answer = login(browser, PASSWORD, next="/reviews/x")

    assert (answer.status_code, answer.headers["location"]) == (303, "/reviews/x")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert browser.get("/").status_code == 200


def test_over_https_the_cookie_is_for_this_host_and_https_alone(app, person):
    browser = TestClient(app, base_url="https://testserver", follow_redirects=False)

    answer = browser.post("/login", data={"email": "ada@example.org", "password": PASSWORD})

    name, *flags = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-siftmap=")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(flags)
    assert not any(flag.lower().startswith("domain") for flag in flags)
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil", "a\nb"])
def test_no_address_leads_away_from_here(sign_in, person, target):
    answer = login(sign_in(), PASSWORD, next=target)

    assert answer.headers["location"] == "/"


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(sign_in, person):
    browser = sign_in()

    wrong = login(browser, "not the right words")
    unknown = login(browser, PASSWORD, email="nobody@example.org")

    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace("ada@", "nobody@") == unknown.text
    assert "do not match" in wrong.text
    assert "set-cookie" not in wrong.headers


def test_after_ten_failures_one_waits_but_others_do_not(sign_in, person):
    browser = sign_in()
    for _ in range(10):
        login(browser, "not the right words")

    locked_out = login(browser, PASSWORD)
    somebody_else = login(browser, "not the right words", email="nobody@example.org")

    assert "Wait five minutes" in locked_out.text
    assert "Wait five minutes" not in somebody_else.text


def test_a_session_begins_with_a_new_token_and_ends_at_sign_out(sign_in, person, database):
    browser = sign_in(person[0])
    before = browser.token

    login(browser, PASSWORD)
    after = browser.client.cookies.get("siftmap", domain="testserver.local")

    assert after != before
    browser.token = after
    browser.client.cookies.clear()
    browser.client.cookies.set("siftmap", before)
    assert browser.get("/").status_code == 303
    browser.client.cookies.set("siftmap", after)
    assert browser.post("/logout").status_code == 303
    browser.client.cookies.set("siftmap", after)
    assert browser.get("/").status_code == 303
    with database.reading() as session:
        assert session.query(LoginSession).count() == 0


def test_a_forged_session_is_nobodys(sign_in, person):
    browser = sign_in()
    browser.client.cookies.set("siftmap", "f" * 43)

    answer = browser.get(f"/reviews/{person[1].slug}/prisma")

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    assert person[1].slug not in answer.text


def test_a_disabled_account_is_out_at_once(sign_in, people, database):
    browser = sign_in(people.lead)
    with database.writing() as session:
        session.get_one(Account, people.lead.account_id).disabled_at = utc_now()

    assert browser.get(f"/reviews/{people.slug}").status_code == 303


def test_every_answer_carries_the_headers(sign_in, people):
    answer = sign_in(people.lead).get(f"/reviews/{people.slug}")

    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
