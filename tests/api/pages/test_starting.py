"""The first account, starting a review in the browser, the demonstration, and the server's page."""

import re

import pytest
from sqlalchemy import func, select

from api.web.demo_logins import LOGINS
from protocols.loader import read_shipped
from review.people.accounts import add_account
from review.people.first_account import FIRST_ID, first_account_token
from review.permissions import roles_of
from review.reviews import find_review, protocol_of
from review.tables import Account
from review.vocabulary import Role
from tests.api.conftest import KEY
from tests.factories import protocol_text

TOKEN = first_account_token(KEY.encode())
NEWCOMER = {"name": "Nia New", "email": "nia@example.org", "password": "three plain words"}


@pytest.fixture
def admin(database, people):
    with database.writing() as session:
        session.get_one(Account, people.lead.account_id).is_admin = True
    return people.lead


def accounts(database):
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Account))


def test_the_link_makes_the_first_account_and_works_once(sign_in, database):
    browser = sign_in()
    assert "Nobody has an account" in browser.get("/login").text
    assert "Create the first account" in browser.get(f"/first-account/{TOKEN}").text

    made = browser.client.post(f"/first-account/{TOKEN}", data=NEWCOMER)
    again = sign_in().client.post(
        f"/first-account/{TOKEN}", data=NEWCOMER | {"email": "eve@example.org"}
    )

    assert (made.status_code, made.headers["location"]) == (303, "/start")
    assert browser.get("/start").status_code == 200  # signed in, and may start reviews
    assert again.status_code == 404
    assert accounts(database) == 1
    with database.reading() as session:
        first = session.get_one(Account, FIRST_ID)
        assert (first.email, first.is_admin) == ("nia@example.org", True)
    assert "Nobody has an account" not in sign_in().get("/login").text


@pytest.mark.parametrize("token", ["x" * 32, "", "é" * 32, TOKEN[:-1]])
def test_no_other_link_makes_an_account(sign_in, database, token):
    answer = sign_in().client.post(f"/first-account/{token}", data=NEWCOMER)

    assert answer.status_code in (404, 405)
    assert accounts(database) == 0


def test_a_weak_first_password_is_refused_and_the_link_still_works(sign_in, database):
    browser = sign_in()

    short = browser.client.post(f"/first-account/{TOKEN}", data=NEWCOMER | {"password": "short"})
    made = browser.client.post(f"/first-account/{TOKEN}", data=NEWCOMER)

    assert (short.status_code, made.status_code) == (422, 303)


def start(browser, **fields):
    return browser.post("/start", {"title": "A new one", "origin": "shipped:blank"} | fields)


@pytest.mark.parametrize(
    ("origin", "slug"),
    [("shipped:blank", ""), ("shipped:social-outcomes-contracting", "bonds"), ("copy:OWN", "")],
)
def test_a_review_starts_from_a_shipped_protocol_or_from_another_review(
    sign_in, people, admin, database, origin, slug
):
    origin = origin.replace("OWN", people.slug)

    answer = start(sign_in(admin), origin=origin, slug=slug, title="Évaluer  les contrats")

    made = slug or "evaluer-les-contrats"
    assert answer.headers["location"] == f"/reviews/{made}/protocol?new=yes"
    with database.reading() as session:
        review = find_review(session, made)
        assert review.title == "Évaluer les contrats"
        assert protocol_of(session, review.id).title == "Évaluer les contrats"
        roles = roles_of(session, review_id=review.id, account_id=admin.account_id)
        assert roles == {Role.LEAD}


def test_of_two_reviews_of_one_name_the_second_gets_another_address(sign_in, admin, database):
    browser = sign_in(admin)

    addresses = [start(browser).headers["location"].split("/")[2] for _ in range(3)]

    assert addresses == ["a-new-one", "a-new-one-2", "a-new-one-3"]


def test_a_file_with_mistakes_starts_nothing_and_is_shown_again_with_its_mistakes(
    sign_in, admin, database
):
    wrong = protocol_text().replace("languages: [en, es]", "languages: [xx]")

    answer = start(sign_in(admin), origin="file", text=wrong, slug="mine")

    assert answer.status_code == 422
    assert re.search(r"line \d+: .*xx", answer.text)
    for typed in ("languages: [xx]", 'value="A new one"', 'value="mine"'):
        assert typed in answer.text
    sent = start(
        sign_in(admin), origin="file", slug="mine",
    )  # fmt: skip
    assert sent.status_code == 422  # no file, no text


def test_a_file_starts_a_review_as_it_is(sign_in, admin, database):
    text = protocol_text()
    answer = sign_in(admin).post(
        "/start", {"title": "From a file", "origin": "file"},
        files={"file": ("own.yaml", text.encode())},
    )  # fmt: skip
    assert answer.status_code == 303
    with database.reading() as session:
        review = find_review(session, "from-a-file")
        assert protocol_of(session, review.id).title != "From a file"  # the text is not touched


def test_an_address_in_use_is_refused_and_nothing_typed_is_lost(sign_in, people, admin):
    answer = start(sign_in(admin), slug=people.slug, title="Another")

    assert answer.status_code == 422
    assert "already" in answer.text
    assert 'value="Another"' in answer.text


@pytest.mark.parametrize("origin", ["shipped:none", "copy:none", "elsewhere", ""])
def test_an_unknown_beginning_starts_nothing(sign_in, admin, database, origin):
    assert start(sign_in(admin), origin=origin).status_code == 422


def test_only_those_whom_the_operator_allows_start_reviews(sign_in, app, people):
    browser = sign_in(people.reviewer_a)

    assert "Start a review" not in browser.get("/").text
    assert (browser.get("/start").status_code, start(browser).status_code) == (403, 403)

    app.state.settings = app.state.settings.model_copy(update={"reviews_started_by": "everybody"})
    assert "Start a review" in browser.get("/").text
    assert (browser.get("/start").status_code, start(browser).status_code) == (200, 303)
    assert browser.get("/server").status_code == 403


def test_the_demonstration_offers_its_people_and_no_other_server_does(sign_in, database):
    with database.writing() as session:
        add_account(session, email=LOGINS["lead"], name="Lea", password_hash=None)
    assert "Look around as" in sign_in().get("/login").text


def test_a_server_that_did_not_begin_as_the_demonstration_offers_nobody(sign_in, database, people):
    with database.writing() as session:
        add_account(session, email=LOGINS["lead"], name="Lea", password_hash=None)
    assert "Look around as" not in sign_in().get("/login").text


def act(browser, people, who, what):
    return browser.post("/server/accounts", {"email": people.emails[who], "act": what})


def test_the_server_page_closes_opens_and_trusts_accounts(sign_in, people, admin, database):
    with database.writing() as session:
        for who in ("reviewer_a", "lead"):
            account = session.get_one(Account, getattr(people, who).account_id)
            account.password_hash = "x"
    browser, other = sign_in(admin), sign_in(people.reviewer_a)

    assert act(browser, people, "reviewer_a", "close").status_code == 303
    assert other.get("/").status_code == 303  # signed out at once
    assert "closed on" in browser.get("/server").text
    assert act(browser, people, "reviewer_a", "reopen").status_code == 303
    assert act(browser, people, "reviewer_a", "make_admin").status_code == 303
    assert sign_in(people.reviewer_a).get("/server").status_code == 200
    assert act(browser, people, "lead", "no_admin").status_code == 303
    assert browser.get("/server").status_code == 403


@pytest.mark.parametrize("what", ["close", "no_admin"])
def test_the_last_who_looks_after_the_server_stays(sign_in, people, admin, what):
    browser = sign_in(admin)

    answer = act(browser, people, "lead", what)

    assert answer.status_code == 409
    assert "only administrator" in answer.text
    assert browser.get("/server").status_code == 200


def test_the_shipped_protocols_are_what_a_review_can_start_with(sign_in, admin):
    page = sign_in(admin).get("/start").text

    for name in ("blank", "health-interventions", "social-outcomes-contracting"):
        assert f'value="shipped:{name}"' in page
        assert f'data-origin="shipped:{name}"' in page
        assert read_shipped(name)
