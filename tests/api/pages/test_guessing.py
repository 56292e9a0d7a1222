"""Guessing passwords gets nobody far, and keeps the owner of an account out of nothing."""

import re

import pytest
from fastapi.testclient import TestClient

from api.web import known_browsers
from review.people.sign_in import MAX_FOR_ACCOUNT, MAX_FROM_KNOWN
from tests.api.conftest import KEY
from tests.factories import make_account

PASSWORD = "three plain words"
WRONG = "not the right words"
COOKIE = "siftmap-known"


@pytest.fixture
def owner(database) -> tuple:
    with database.writing() as session:
        return make_account(session, "ada", PASSWORD)


def visitor(app, host="192.0.2.1") -> TestClient:
    return TestClient(app, client=(host, 50_000), follow_redirects=False)


def login(client, email, password=WRONG):
    return client.post("/login", data={"email": email, "password": password})


def guess_from_everywhere(app, email) -> list[int]:
    """Use up the account's attempts; return the statuses."""
    return [login(visitor(app, f"192.0.2.{n}"), email).status_code for n in range(14)]


def test_guesses_from_many_addresses_end_and_say_when_to_come_back(app, owner):
    statuses = guess_from_everywhere(app, owner[1])
    refused = login(visitor(app, "198.51.100.7"), owner[1], PASSWORD)

    assert statuses == [403] * MAX_FOR_ACCOUNT + [429] * 4
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "300"
    assert "Wait five minutes" in refused.text
    assert owner[1] in refused.text


def test_the_owner_signs_in_from_a_browser_they_used_before(app, owner):
    own_browser = visitor(app, "192.0.2.1")
    login(own_browser, owner[1], PASSWORD)
    own_browser.cookies.delete("siftmap")
    guess_from_everywhere(app, owner[1])

    assert login(own_browser, owner[1], PASSWORD).status_code == 303


def test_the_cookie_of_a_known_browser_allows_few_guesses_and_for_one_account(app, owner, database):
    with database.writing() as session:
        _, other = make_account(session, "eve", PASSWORD)
    browser = visitor(app)
    login(browser, owner[1], PASSWORD)

    own = [login(browser, owner[1]).status_code for _ in range(8)]
    guess_from_everywhere(app, other)
    of_other = login(browser, other, PASSWORD)

    assert own == [403] * MAX_FROM_KNOWN + [429] * 3
    assert of_other.status_code == 429


@pytest.mark.parametrize(
    "forge",
    [
        lambda cookie: cookie[:-1],
        lambda cookie: re.sub(r"\|\d+\|", "|99999999999|", cookie),
        lambda cookie: "0" * 64 + cookie[64:],
        lambda cookie: cookie.replace("known", "other"),
    ],
)
def test_a_forged_cookie_is_a_strangers(app, owner, forge):
    browser = visitor(app)
    login(browser, owner[1], PASSWORD)
    cookie = browser.cookies[COOKIE].strip('"')
    guess_from_everywhere(app, owner[1])
    browser.cookies.clear()
    browser.cookies.set(COOKIE, forge(cookie))

    assert login(browser, owner[1], PASSWORD).status_code == 429


def test_an_old_cookie_is_a_strangers(app, owner, monkeypatch):
    browser = visitor(app)
    login(browser, owner[1], PASSWORD)
    guess_from_everywhere(app, owner[1])
    monkeypatch.setattr(known_browsers, "LIFETIME", 0)

    assert login(browser, owner[1], PASSWORD).status_code == 429


def test_the_cookie_is_closed_to_scripts_signs_nobody_in_and_names_nobody(app, owner):
    browser = visitor(app)
    headers = login(browser, owner[1], PASSWORD).headers.get_list("set-cookie")
    (header,) = [header for header in headers if header.startswith(COOKIE)]
    browser.cookies.delete("siftmap")

    assert "httponly" in header.lower()
    assert "samesite=lax" in header.lower()
    assert owner[1] not in header
    assert KEY not in header
    assert browser.get("/").headers["location"].startswith("/login")


def test_guessers_do_not_keep_the_owner_from_a_new_password(app, owner, sign_in):
    guess_from_everywhere(app, owner[1])
    new = {"old": PASSWORD, "new": "a new long password"}

    answer = sign_in(owner[0]).post("/account/password", new)

    assert answer.headers["location"] == "/account?said=password"


def test_who_found_an_open_session_does_not_guess_the_password(app, owner, sign_in):
    browser = sign_in(owner[0])
    new = {"old": WRONG, "new": "a new long password"}

    answers = [browser.post("/account/password", new) for _ in range(8)]

    assert [answer.status_code for answer in answers] == [403] * MAX_FROM_KNOWN + [429] * 3
    assert answers[-1].headers["retry-after"] == "300"


def test_addresses_of_one_ipv6_network_are_one_client(app, database):
    answers = [
        login(visitor(app, f"2001:db8::{n}"), f"{n}@example.org").status_code for n in range(12)
    ]

    assert answers == [403] * 10 + [429] * 2
